"""How sure a mean is, over one thing or over two, and a share."""

import numpy as np
from jaxtyping import Float
from torch import Tensor

RESAMPLES = 2000


def interval(values: Float[Tensor, " n"]) -> tuple[float, float]:
    """The 95 % percentile bootstrap interval of a mean (Efron 1979), NaN left out; the same for the same values."""
    from scipy.stats import bootstrap  # 30 MB, and not every page needs it

    there = values[~values.isnan()].double().numpy()
    if len(there) < 2:
        return (float(there.mean()),) * 2 if len(there) else (np.nan, np.nan)
    found = bootstrap((there,), np.mean, n_resamples=RESAMPLES, method="percentile", rng=0).confidence_interval
    return float(found.low), float(found.high)


def two_way(
    values: Float[np.ndarray | Tensor, "nets images"], less: Float[np.ndarray | Tensor, "controls images"] | None = None
) -> tuple[float, float]:
    """The 95 % percentile interval of a mean over nets and images, both drawn with replacement.

    Of `less` other nets are drawn, apart, and the same images: the interval is then that of the first mean less the
    second. Owen 2007, "The pigeonhole bootstrap". Of n nets it makes their spread too small by a share of about 1 / 2n.
    """
    generator, own = np.random.default_rng(0), np.asarray(values, dtype=float)
    rows = generator.integers(len(own), size=(RESAMPLES, len(own)))
    columns = generator.integers(own.shape[1], size=(RESAMPLES, own.shape[1]))[:, None]
    means = own[rows[:, :, None], columns].mean((1, 2))
    if less is not None:
        others = np.asarray(less, dtype=float)
        rows = generator.integers(len(others), size=(RESAMPLES, len(others)))
        means -= others[rows[:, :, None], columns].mean((1, 2))
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def binomial(right: int, asked: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927): `right` of `asked`, of which there is at least one."""
    from scipy.stats import binomtest

    found = binomtest(right, asked).proportion_ci(method="wilson")
    return float(found.low), float(found.high)
