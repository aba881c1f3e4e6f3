"""What is computed of a net's layers to test a claim, and how sure it is, over units and over nets."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from core.telling import SLACK

RESAMPLES = 2000
CHANCE = 0.5  # of two images
LINE = 0.75  # of XOR's points
HALF = 0.5  # of a response
ROUNDING = 1e-9  # of a statistic: what varies by less does not vary

# The mean of each hidden layer, by its depth, and of the pixels at depth 0: one number, or one a resample.
ByDepth = Mapping[int, Float[np.ndarray, " draws"]]
# Of a measure by depth, and of what it is put beside, if anything: the statistic.
Statistic = Callable[[ByDepth, ByDepth | None], Float[np.ndarray, " draws"]]


def rise(own: ByDepth, beside: ByDepth | None) -> Float[np.ndarray, " draws"]:
    """From the first hidden layer to the last one."""
    depths = _hidden(own)
    return own[depths[-1]] - own[depths[0]]


def rank(own: ByDepth, beside: ByDepth | None) -> Float[np.ndarray, " draws"]:
    """Spearman's rank correlation between a hidden layer's depth and its mean; 0 where all layers are alike."""
    from scipy.stats import rankdata  # 30 MB, and the app never needs it

    depths = _hidden(own)
    places = rankdata(np.stack([own[depth] for depth in depths]), axis=0)
    places -= places.mean(0)
    along = np.arange(len(depths)) - (len(depths) - 1) / 2
    sizes = np.sqrt((places**2).sum(0) * (along**2).sum())
    return np.divide(along @ places, sizes, out=np.zeros(places.shape[1]), where=sizes > 0)


def level(own: ByDepth, beside: ByDepth | None) -> Float[np.ndarray, " draws"]:
    """The mean over hidden layers, less that of what it is put beside, over the layers that both have."""
    depths = [depth for depth in _hidden(own) if beside is None or depth in beside]
    apart = [own[depth] - (0.0 if beside is None else beside[depth]) for depth in depths]
    return np.mean(apart, axis=0)


def over_pixels(own: ByDepth, beside: ByDepth | None) -> Float[np.ndarray, " draws"]:
    """The last hidden layer less the pixels."""
    return own[_hidden(own)[-1]] - own[0]


def over_chance(own: ByDepth, beside: ByDepth | None) -> Float[np.ndarray, " draws"]:
    """The mean over hidden layers, less what guessing gives."""
    return level(own, beside) - CHANCE


def over_half(own: ByDepth, beside: ByDepth | None) -> Float[np.ndarray, " draws"]:
    """The mean over hidden layers, less one half."""
    return level(own, beside) - HALF


def over_line(own: ByDepth, beside: ByDepth | None) -> Float[np.ndarray, " draws"]:
    """The deepest layer, less what any straight line gets of XOR."""
    return own[_hidden(own)[-1]] - LINE


def no_worse(own: ByDepth, beside: ByDepth | None) -> Float[np.ndarray, " draws"]:
    """How much more than SLACK less it is than what it is put beside."""
    return level(own, beside) + SLACK


def _hidden(own: ByDepth) -> list[int]:
    return sorted(depth for depth in own if depth > 0)


class Estimate(NamedTuple):
    """A statistic's mean over nets, its standard error, and the degrees of freedom that it is known with."""

    value: float
    error: float
    freedom: float

    def interval(self) -> tuple[float, float]:
        """Of 95 %, by Student's distribution."""
        from scipy.stats import t

        reach = t.ppf(0.975, self.freedom) * self.error if self.error > 0 else 0.0
        return self.value - reach, self.value + reach

    def p(self, sign: int) -> float:
        """How likely it is, were the truth 0, that the statistic lies as far on that side: one-sided."""
        from scipy.stats import t

        if self.error == 0:
            return 0.0 if sign * self.value > 0 else 1.0
        return float(t.sf(sign * self.value / self.error, self.freedom))

    def less(self, control: "Estimate") -> "Estimate":
        """The difference of two that are independent: degrees of freedom by Welch 1947."""
        parts = [(each.error**2, each.freedom) for each in (self, control)]
        total = sum(variance for variance, _ in parts)
        spread = sum(variance**2 / freedom for variance, freedom in parts)
        return Estimate(self.value - control.value, total**0.5, total**2 / spread if spread else 1.0)


def estimate(observed: Float[np.ndarray, " nets"], drawn: Float[np.ndarray, "nets draws"], units: int) -> Estimate:
    """Of each net's statistic as it is, and of resamples of its units; of one net alone, units are what is drawn.

    n - 1 of n nets are drawn with replacement (Rao and Wu 1988).
    """
    nets, draws = drawn.shape
    if nets == 1:
        return Estimate(float(observed[0]), float(drawn[0].std()), max(1, units - 1))
    chosen = np.random.default_rng(0).integers(nets, size=(nets - 1, draws))
    error = float(np.take_along_axis(drawn, chosen, axis=0).mean(0).std())
    return Estimate(float(observed.mean()), error if error > ROUNDING * abs(observed).max() else 0.0, nets - 1)


def resampled(
    values: Mapping[int, np.ndarray], generator: np.random.Generator, draws: int = RESAMPLES
) -> dict[int, Float[np.ndarray, " draws"]]:
    """The means of a measure by depth, over units that are drawn with replacement."""
    found = {}
    for depth, own in values.items():
        found[depth] = own[generator.integers(len(own), size=(draws, len(own)))].mean(1)
    return found


def means(values: Mapping[int, np.ndarray]) -> dict[int, Float[np.ndarray, " one"]]:
    """The means of a measure by depth, as they are."""
    return {depth: np.array([np.mean(own)]) for depth, own in values.items()}


def holm(ps: Sequence[float]) -> list[float]:
    """p-values corrected for how many there are (Holm 1979)."""
    order = np.argsort(ps, kind="stable")
    steps = np.maximum.accumulate(np.array(ps)[order] * np.arange(len(ps), 0, -1))
    found = np.empty(len(ps))
    found[order] = np.minimum(steps, 1)
    return found.tolist()
