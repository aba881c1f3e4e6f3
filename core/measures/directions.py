"""Units against directions: whether what a layer tells apart lies along its units, or along other axes as well."""

import warnings
from collections.abc import Iterator, Sequence

import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from core.measures.constant import constant
from core.measures.forced_choice import OBSERVERS, observers
from core.measures.held_out import split
from core.measures.selectivity import by_mean, eta_squared

UNIT, RANDOM, INDEPENDENT = "unit", "random", "independent"
STRONGEST = 9  # images
RANK = 1e-6  # of the largest singular value: less is rounding
TOLERANCE, STEPS, STARTS = 1e-3, 300, 5  # of the fixed point: 1 - |cos| of a step, steps from a start, and starts


def directions(
    activation: Float[Tensor, "n units *place"],
    labels: Int[Tensor, " n"],
    seen: Sequence[Float[Tensor, "n numbers"]],
    seed: int = 0,
) -> pd.DataFrame:
    """How much the class decides along a layer's units, as many random directions, and its independent components.

    A row a direction and measure: basis ("unit", "random" or "independent"), unit (its number), measure and value.
    "eta squared" is the class's share of the variance, "purity" the share of the commonest label among the nine
    strongest images, "coherence" their mean cosine in `seen`, which is what `features` gives. All are of held-out
    images; a map counts by its mean. If units are what a net computes with, they have more of each than random
    directions; Szegedy et al. 2013, "Intriguing properties of neural networks", section 3, find no difference, Bau et
    al. 2017, "Network dissection", section 3.2, do. That there are better directions than units is superposition
    (Elhage et al. 2022, "Toy models of superposition"). Units that never change are NaN, and have no part in the other
    bases. All are turned to where the skew is positive, units too, so that no basis has the better side.
    """
    learned, held = split(len(labels))
    values = by_mean(activation)
    alive = ~(constant(values[learned]) | constant(values[held]))
    some = values[:, alive]
    bases = {
        UNIT: _upright(torch.where(alive, values, torch.nan), learned),
        RANDOM: _upright(some @ random_directions(some.shape[1], seed), learned),
        INDEPENDENT: _upright(independent_components(some, learned, seed), learned),
    }
    rows = [(basis, *row) for basis, along in bases.items()
            for row in _measured(along[held], labels[held], [each[held] for each in seen])]  # fmt: skip
    return pd.DataFrame(rows, columns=["basis", "unit", "measure", "value"])


def features(images: Float[Tensor, "n 1 28 28"], but: tuple[str, str] = ("", "")) -> list[Float[Tensor, "n numbers"]]:
    """Where images lie for other nets: unit vectors, (n, numbers) a net, but for the one of that name and weights."""
    seeing = observers(images)
    return [seeing[name](images) for name, (*net, _) in OBSERVERS.items() if tuple(net) != but]


def _measured(
    values: Float[Tensor, "held units"], labels: Int[Tensor, " held"], seen: Sequence[Tensor]
) -> Iterator[tuple[int, str, float]]:
    shares = eta_squared(values, labels).tolist() if values.shape[1] else []
    for unit, (along, share) in enumerate(zip(values.T, shares, strict=True)):
        there = not bool(along.isnan().any())
        strongest = along.argsort(descending=True, stable=True)[:STRONGEST]
        yield unit, "eta squared", share
        yield unit, "purity", purity(labels[strongest]) if there else torch.nan
        yield unit, "coherence", coherence([each[strongest] for each in seen]) if there else torch.nan


def purity(labels: Int[Tensor, " n"]) -> float:
    """The share of the commonest label."""
    return float(labels.bincount().max() / len(labels))


def coherence(seen: Sequence[Float[Tensor, "n numbers"]]) -> float:
    """The mean cosine of each two images, given as unit vectors, on the mean of all who see them."""
    count = len(seen[0])
    cosines = [(each.sum(0).square().sum() - count) / (count * (count - 1)) for each in seen]
    return float(torch.stack(cosines).mean())


def random_directions(count: int, seed: int) -> Float[Tensor, "count count"]:
    """So many orthogonal directions in as many dimensions, one a column, each turn as likely as any other.

    Mezzadri 2007, "How to generate random matrices from the classical compact groups": the Q of a normal matrix, its
    signs set by R's diagonal.
    """
    drawn = torch.randn(count, count, generator=Generator().manual_seed(seed), dtype=torch.float64)
    turned, upper = torch.linalg.qr(drawn)
    return turned * upper.diagonal().sign()


def independent_components(
    values: Float[Tensor, "n units"], learned: Int[Tensor, " learned"], seed: int
) -> Float[Tensor, "n components"]:
    """All images along the directions in which those that are learned from are the least normal, at variance 1.

    Hyvärinen 1999, "Fast and robust fixed-point algorithms for independent component analysis": all components at once,
    by log cosh. There are as many as the activations have dimensions. Where the fixed point is not reached it is sought
    from another start; where it is from none, there is a warning and the last one counts.
    """
    from sklearn.exceptions import ConvergenceWarning  # 60 MB, and the app never needs it

    apart = values.double() - values[learned].double().mean(0)
    if not apart.shape[1]:
        return apart
    _, sizes, axes = torch.linalg.svd(apart[learned], full_matrices=False)
    there = sizes > RANK * sizes[0]
    white = apart @ axes[there].T / sizes[there] * len(learned) ** 0.5
    for start in range(STARTS):
        turn, reached = _fixed_point(white[learned], STARTS * seed + start)
        if reached:
            break
    else:
        warnings.warn(f"No fixed point in {STEPS} steps from {STARTS} starts.", ConvergenceWarning, stacklevel=2)
    return white @ turn.T


def _fixed_point(white: Float[Tensor, "n numbers"], seed: int) -> tuple[Float[Tensor, "numbers numbers"], bool]:
    """The turn that was found, and whether it stays where it is."""
    from sklearn.decomposition import FastICA
    from sklearn.exceptions import ConvergenceWarning

    search = FastICA(whiten=False, fun="logcosh", tol=TOLERANCE, max_iter=STEPS, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # whoever called looks, and says so
        search.fit(white.numpy())
    return torch.from_numpy(search.components_), search.n_iter_ < STEPS


def _upright(values: Float[Tensor, "n units"], learned: Int[Tensor, " learned"]) -> Float[Tensor, "n units"]:
    """The same, turned over where the images that are learned from have a negative skew."""
    skew = (values[learned] - values[learned].mean(0)).pow(3).sum(0)
    return torch.where(skew < 0, -values, values)
