"""How sure a mean is, and a share."""

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


def binomial(right: int, asked: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927): `right` of `asked`, of which there is at least one."""
    from scipy.stats import binomtest

    found = binomtest(right, asked).proportion_ci(method="wilson")
    return float(found.low), float(found.high)
