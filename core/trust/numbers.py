"""How far a map can be trusted, as numbers: what it adds up to, what happens when pixels go, what it resembles."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from scipy.stats import rankdata
from torch import Generator, Tensor, nn

from core.attribution.outcome import GONE, Images, Outcome, Target, baselines
from core.attribution.removal import superpixels
from core.layers import list_layers

PARTS = 14  # steps in which ink, or a photo's superpixels, are taken out or put in
SIDE, STEPS = 1 / 4, 8  # of the image's height are the squares that go for the infidelity; steps down and across
RADIUS, NEARBY = 0.02, 16  # how far the images lie whose maps are compared for the sensitivity, and how many

PerImage = Float[Tensor, " batch"]
Curve = Float[Tensor, "parts batch"]


@torch.no_grad()
def difference(model: nn.Module, x: Images, target: Target, baseline: str = "black") -> PerImage:
    """How much the target changes from the baseline, on the mean over several, to the image: f(x) - f(x')."""
    outcome = Outcome(model, target)
    return outcome(x) - torch.stack([outcome(begin) for begin in baselines(x, baseline)]).mean(0)


def completeness_gap(model: nn.Module, x: Images, target: Target, found: Images, baseline: str = "black") -> PerImage:
    """What a map's sum has too much, or lacks: sum - (f(x) - f(x')), in the target's units (Sundararajan 2017)."""
    return found.flatten(1).sum(1) - difference(model, x, target, baseline)


@torch.no_grad()
def infidelity(model: nn.Module, x: Images, target: Target, found: Images, *, gradients: bool) -> PerImage:
    """Which share a map does not predict of what happens when squares go: 0 is nothing, 1 all of it.

    The mean of (b I . map - (f(x) - f(x - I)))^2 over squares I that go, with the b >= 0 that fits best, beside the
    mean of (f(x) - f(x - I))^2. Yeh et al. 2019, equation 1, have no b, and no share; with a negative b, which their
    normalised form allows, a map and its negative would score the same. A map of gradients says what a unit of
    brightness does; any other map has it multiplied in, and is summed over the square. The squares lie evenly over the
    image.
    """
    (without,) = baselines(x, GONE[x.shape[1]])
    outcome, change = Outcome(model, target), x - without
    before, weights = outcome(x), found * change if gradients else found
    predicted, happened = [], []
    for square in _squares(x):
        predicted.append((square * weights).flatten(1).sum(1))
        happened.append(before - outcome(x - square * change))
    p, h = torch.stack(predicted), torch.stack(happened)
    size = p.square().sum(0)
    b = ((p * h).sum(0) / torch.where(size == 0, 1.0, size)).clamp(min=0)
    total = h.square().sum(0)
    return (b * p - h).square().sum(0) / torch.where(total == 0, 1.0, total)


def _squares(x: Images) -> Iterator[Float[Tensor, "height width"]]:
    """Squares that lie evenly over the image, each as ones, so many down and across."""
    height, width = x.shape[2:]
    side = round(SIDE * height)
    for top in np.linspace(0, height - side, STEPS).round().astype(int):
        for left in np.linspace(0, width - side, STEPS).round().astype(int):
            square = torch.zeros(height, width)
            square[top : top + side, left : left + side] = 1
            yield square


def near(x: Images) -> Iterator[Images]:
    """Images in random corners of the box of RADIUS round these: each pixel is brighter or darker by all of it.

    Corners lie farthest away, and find larger changes than as many draws from within. Every image has the same corners.
    """
    generator = Generator().manual_seed(0)
    for _ in range(NEARBY):
        yield x + RADIUS * (2 * torch.randint(0, 2, x.shape[1:], generator=generator) - 1)


def change(found: Images, other: Images) -> PerImage:
    """How far another map is from a map, beside its own size where it has any; most of it nearby is the sensitivity.

    Yeh et al. 2019, definition 2, which is a maximum over the whole box: what so many corners find is a lower bound.
    """
    size = found.flatten(1).norm(dim=1)
    return (other - found).flatten(1).norm(dim=1) / torch.where(size == 0, 1.0, size)


@torch.no_grad()
def curve(model: nn.Module, x: Images, target: Target, order: Float[Tensor, "batch pixels"], insert: bool) -> Curve:
    """The target's share, (parts + 1, batch), while what is there goes in this order, the largest first, or comes.

    Deletion and insertion of Petsiuk, Das, Saenko 2018, with two differences. What goes is a digit's ink alone: to take
    out paper changes nothing, and over all pixels a random order would lose to anything that finds the ink. Of a photo
    go whole superpixels, because single pixels that go make a grain that no photo has. What is not there is black in a
    digit and blurred in a photo. A class's share is its probability, that of one class and not another is its
    probability if there were only the two, and another unit's is how much is left of the difference that the image
    makes to it (NaN where it makes none).
    """
    share = _share_of(model, x, target)
    (without,) = baselines(x, GONE[x.shape[1]])
    ranks, count = _ranks(x, order)
    gone = [ranks < (part * count / PARTS).round() for part in range(PARTS + 1)]
    there = [first == insert for first in gone]
    return torch.stack([share(torch.where(kept.view(len(x), 1, *x.shape[2:]), x, without)) for kept in there])


def _ranks(x: Images, order: Float[Tensor, "batch pixels"]) -> tuple[Float[Tensor, "batch pixels"], Tensor]:
    """Each pixel's place in its image's order, and how many places (batch, 1) there are; paper has none: infinity.

    Among equals chance decides, the same in every image. A superpixel's pixels share a place, by their mean.
    """
    if x.shape[1] == 1:
        places, there = order, x.flatten(1) > 0
    else:
        parts = superpixels(x).flatten(1)
        places = torch.stack([_mean_of_each(own, part) for own, part in zip(order, parts, strict=True)])
        there = torch.ones_like(places, dtype=torch.bool)
    chance = torch.randperm(order.shape[1], generator=Generator().manual_seed(0))
    by_place = torch.where(there, places, -torch.inf)[:, chance].argsort(dim=1, descending=True, stable=True)
    ranks = chance[by_place].argsort(1)  # of each pixel
    if x.shape[1] == 3:
        ranks = torch.stack([_first_of_each(own, part) for own, part in zip(ranks, parts, strict=True)])
    return torch.where(there, ranks.float(), torch.inf), there.sum(1, keepdim=True)


def _mean_of_each(values: Tensor, parts: Tensor) -> Tensor:
    return (parts.bincount(values.double()) / parts.bincount())[parts].to(values.dtype)


def _first_of_each(ranks: Tensor, parts: Tensor) -> Tensor:
    """The lowest rank of each pixel's superpixel: all of it goes at once."""
    return ranks.new_full((int(parts.max()) + 1,), ranks.numel()).scatter_reduce(0, parts, ranks, "amin")[parts]


def _share_of(model: nn.Module, whole: Images, target: Target) -> Callable[[Images], PerImage]:
    """How to take the target's share in images that were made out of the whole ones."""
    outcome = Outcome(model, target)
    if target.layer == list_layers(model, whole.shape[1:])[-1].name:
        if target.minus is None:
            return lambda changed: model(changed).softmax(1)[:, target.index]
        return lambda changed: outcome(changed).sigmoid()
    (without,) = baselines(whole, GONE[whole.shape[1]])
    nothing = outcome(without)
    made = outcome(whole) - nothing
    made = torch.where(made == 0, torch.nan, made)
    return lambda changed: (outcome(changed) - nothing) / made


def area(shares: Curve) -> PerImage:
    """The area under a curve, by the trapezoid rule; its width is 1."""
    return torch.trapezoid(shares, dx=1 / (len(shares) - 1), dim=0)


def importance(found: Images) -> Float[Tensor, "batch pixels"]:
    """How important a map finds each pixel, for or against: the sum of its absolute values over the colours."""
    return found.abs().sum(1).flatten(1)


def support(found: Images) -> Float[Tensor, "batch pixels"]:
    """How much each pixel speaks for the target: the sum over the colours, with its sign."""
    return found.sum(1).flatten(1)


def erased(x: Images, order: Float[Tensor, "batch pixels"], share: float) -> Images:
    """Digits without that share, between 0 and 1, of their pixels with ink, the largest of the order first."""
    ranks, count = _ranks(x, order)
    return x * (ranks >= (share * count).round()).view(len(x), 1, *x.shape[2:])


@torch.no_grad()
def fall(
    model: nn.Module, x: Images, target: Target, order: Float[Tensor, "batch pixels"], gone: Sequence[float]
) -> Float[Tensor, " shares"]:
    """The target's share in one image without so much of its ink, the first of the order first; as in `curve`."""
    return _share_of(model, x, target)(torch.cat([erased(x, order, share) for share in gone]))


def rank_correlation(a: Images, b: Images, x: Images) -> PerImage:
    """Spearman's, of what two maps make of the pixels with ink: 1 is the same order, 0 none.

    Where a digit has no ink, methods that multiply by the pixel have 0 in any net: counted in, all of them would agree.
    """
    return torch.tensor(_rank_correlations([a, b], x)[:, 0, 1])


def product_floor(x: Images) -> PerImage:
    """What two maps share that are the pixel times noise, each with its own: nothing of a net, and yet not 0.

    It is the floor for methods that multiply by the pixel, when all weights are random.
    """
    noise, other = (x * torch.randn(x.shape[1:], generator=Generator().manual_seed(seed)) for seed in (0, 1))
    return rank_correlation(noise, other, x)


def _rank_correlations(maps: Sequence[Images], x: Images) -> np.ndarray:
    """Of each image, between all maps: (batch, maps, maps)."""
    found = np.empty((len(x), len(maps), len(maps)), np.float32)
    for place, image in enumerate(x):
        ink = image.amax(0).flatten() > 0
        ranks = np.stack([rankdata(importance(own[[place]])[0, ink].numpy()) for own in maps])
        from_mean = ranks - ranks.mean(1, keepdims=True)
        size = np.linalg.norm(from_mean, axis=1, keepdims=True)
        from_mean /= np.where(size == 0, np.inf, size)  # a map without differences orders nothing
        found[place] = from_mean @ from_mean.T
    return found


def agreement(maps: Mapping[str, Images], x: Images) -> pd.DataFrame:
    """The rank correlations between methods, a row and a column each, on the mean over the images."""
    return pd.DataFrame(_rank_correlations(list(maps.values()), x).mean(0), index=list(maps), columns=list(maps))
