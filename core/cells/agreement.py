"""How well numbers along a text agree with a feature of it: AUC with a flag, rank correlation with a number; exact."""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

PASSAGE = 1000  # characters that are drawn together: those beside each other tell the same
RESAMPLES = 2000
Array = np.ndarray


def agreements(
    values: Float[Tensor, "units time"], features: Mapping[str, Tensor]
) -> dict[str, Float[Tensor, " units"]]:
    """Each unit's agreement with each feature: AUC, from 0 over chance's 0.5 to 1, or a correlation, from -1 to 1.

    AUC is the share of pairs of a character with the flag and one without in which the former has the larger value,
    a tie counting half (Hanley and McNeil 1982): from the mean rank of those with the flag (Mann and Whitney 1947).
    The correlation is Spearman's, of the ranks. A feature that is the same everywhere has NaN.
    """
    from scipy.stats import rankdata

    weights = {name: _weights(feature) for name, feature in features.items()}
    found = torch.full((len(features), len(values)), torch.nan, dtype=torch.double)
    for unit, row in enumerate(values):
        ranks = rankdata(row.numpy())
        for place, (name, feature) in enumerate(features.items()):
            found[place, unit] = _agreement(ranks, weights[name], feature.dtype == torch.bool)
    return dict(zip(features, found, strict=True))


def _weights(feature: Tensor) -> Array:
    """Of a flag itself, of a number its ranks about their mean."""
    from scipy.stats import rankdata

    if feature.dtype == torch.bool:
        return feature.double().numpy()
    ranks = rankdata(feature.numpy())
    return ranks - ranks.mean()


def _agreement(ranks: Array, weights: Array, flags: bool) -> float:
    count = len(ranks)
    if flags:
        ones = weights.sum()
        return (ranks @ weights - ones * (ones + 1) / 2) / (ones * (count - ones)) if 0 < ones < count else np.nan
    apart = ranks - (count + 1) / 2
    size = np.sqrt((apart @ apart) * (weights @ weights))
    return apart @ weights / size if size else np.nan


def draws(length: int, seed: int = 0) -> Int[Array, "draws passages"]:
    """How often each passage of a text of that length is drawn: once for all, then as bootstraps draw (Efron 1979)."""
    passages = -(-length // PASSAGE)
    drawn = np.random.default_rng(seed).multinomial(passages, np.full(passages, 1 / passages), RESAMPLES)
    return np.concatenate([np.ones((1, passages), int), drawn])


def drawn_agreement(values: Float[Array, " time"], feature: Tensor, drawn: Int[Array, "draws passages"]) -> Array:
    """The agreement with a feature in each draw of passages, the first of all; NaN where a draw has no flag.

    AUC is exact in each draw; of a correlation the ranks are those in the whole text.
    """
    passage = np.arange(len(values)) // PASSAGE
    with np.errstate(invalid="ignore", divide="ignore"):
        if feature.dtype == torch.bool:
            return _drawn_auc(values, feature.numpy(), passage, drawn)
        return _drawn_correlation(values, feature.numpy(), passage, drawn)


def _drawn_auc(values: Array, flags: Array, passage: Array, drawn: Array) -> Array:
    """From the number of pairs, one of each two passages, in which the one with the flag has the larger value."""
    count = drawn.shape[1]
    wins, ones, zeros = np.zeros((count, count)), np.zeros(count), np.zeros(count)
    with_flag, its_passage = values[flags], passage[flags]
    ones += np.bincount(its_passage, minlength=count)
    for place in range(count):
        others = np.sort(values[(passage == place) & ~flags])
        zeros[place] = len(others)
        below = np.searchsorted(others, with_flag, "left") + np.searchsorted(others, with_flag, "right")
        wins[:, place] = np.bincount(its_passage, below / 2, minlength=count)
    return ((drawn @ wins) * drawn).sum(1) / ((drawn @ ones) * (drawn @ zeros))


def _drawn_correlation(values: Array, numbers: Array, passage: Array, drawn: Array) -> Array:
    from scipy.stats import rankdata

    x, y = (ranks - ranks.mean() for ranks in (rankdata(values), rankdata(numbers)))
    parts = np.stack([np.bincount(passage, part) for part in (np.ones_like(x), x, y, x * x, y * y, x * y)], 1)
    n, sx, sy, sxx, syy, sxy = (drawn @ parts).T
    return (n * sxy - sx * sy) / np.sqrt((n * sxx - sx * sx) * (n * syy - sy * sy))


def bounds(drawn: Array) -> tuple[float, float]:
    """The 95 % interval: percentiles of the draws behind the first."""
    there = drawn[1:][~np.isnan(drawn[1:])]
    return (float(np.percentile(there, 2.5)), float(np.percentile(there, 97.5))) if len(there) else (np.nan, np.nan)
