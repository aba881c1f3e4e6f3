"""How far a map can be trusted, as numbers: what it adds up to, what happens when pixels go, what it resembles."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from captum import metrics
from jaxtyping import Float
from scipy.stats import rankdata
from torch import Tensor, nn

from core.attribution.outcome import AT_ONCE, Images, Outcome, Target, baselines
from core.layers import list_layers
from core.process import seeded

GONE = {1: "black", 3: "blurred"}  # by colours, the baseline that stands for pixels that are gone
PARTS = 14  # steps in which pixels are taken out or put in
SIDE, SQUARES = 1 / 4, 32  # of the image's height are the squares that go for the infidelity, and how many go
RADIUS, NEARBY = 0.02, 8  # how far the images lie whose maps are compared for the sensitivity, and how many

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
    """Which share a map does not foretell of what happens when squares go: 0 is nothing, 1 all of it.

    The mean of (I . map - (f(x) - f(x - I)))^2 over random squares I that go, the map scaled to fit best (Yeh et al.
    2019, equation 1), beside the mean of (f(x) - f(x - I))^2. A map of gradients says what a unit of brightness does;
    any other map has it multiplied in, and is summed over the square.
    """
    (without,) = baselines(x, GONE[x.shape[1]])

    def without_a_square(images: Tensor) -> tuple[Tensor, Tensor]:  # each image several times in a row
        squares = _squares(images)
        gone = squares * (images - without.repeat_interleave(len(images) // len(x), 0))
        return (gone if gradients else squares.expand_as(images)), images - gone

    def measured(found: Images, scaled: bool) -> PerImage:
        with seeded():
            return metrics.infidelity(
                Outcome(model, target), without_a_square, x, found, n_perturb_samples=SQUARES, normalize=scaled,
                max_examples_per_batch=max(AT_ONCE[x.shape[1]], len(x)),
            )  # fmt: skip

    happened = measured(torch.zeros_like(found), scaled=False)
    return measured(found, scaled=True) / torch.where(happened == 0, 1.0, happened)


def _squares(x: Images) -> Float[Tensor, "batch 1 height width"]:
    """One square at a random place in each image, as ones."""
    side = round(SIDE * x.shape[2])
    inside = []
    for length in x.shape[2:]:
        begin = torch.randint(0, length - side + 1, (len(x), 1))
        place = torch.arange(length)
        inside.append((begin <= place) & (place < begin + side))
    rows, columns = inside
    return (rows[:, None, :, None] & columns[:, None, None, :]).to(x.dtype)


def near(x: Images) -> Iterator[Images]:
    """Images that differ from these by noise, in each pixel even and at most RADIUS."""
    generator = torch.Generator().manual_seed(0)
    for _ in range(NEARBY):
        yield x + RADIUS * (2 * torch.rand(x.shape, generator=generator) - 1)


def change(found: Images, other: Images) -> PerImage:
    """How far another map is from a map, beside its own size where it has any; most of it nearby is the sensitivity.

    Yeh et al. 2019, definition 2. Captum has it, too, but cannot be watched nor stopped.
    """
    size = found.flatten(1).norm(dim=1)
    return (other - found).flatten(1).norm(dim=1) / torch.where(size == 0, 1.0, size)


@torch.no_grad()
def curve(model: nn.Module, x: Images, target: Target, order: Float[Tensor, "batch pixels"], insert: bool) -> Curve:
    """The target's share, (parts + 1, batch), while pixels go in this order, the largest first, or come.

    Deletion and insertion of Petsiuk, Das, Saenko 2018. Of a digit, what is not there is black; of a photo it is
    blurred, because the first black dots by lot take a net for photos its answer, whatever they cover. A class's share
    is its probability, that of one class and not another is its probability if there were only the two, and another
    unit's is how much is left of the difference that the image makes to it (NaN where it makes none).
    """
    ranks = order.argsort(1, descending=True).argsort(1).view(len(x), 1, *x.shape[2:])
    pixels, share = order.shape[1], _share_of(model, x, target)
    (without,) = baselines(x, GONE[x.shape[1]])
    kept = [(ranks < part * pixels / PARTS) == insert for part in range(PARTS + 1)]
    return torch.stack([share(torch.where(there, x, without)) for there in kept])


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
    """How much a map makes of each pixel, for or against: the sum of its absolute values over the colours."""
    return found.abs().sum(1).flatten(1)


def random_order(x: Images, draw: int) -> Float[Tensor, "batch pixels"]:
    """The control: pixels in an order that knows nothing."""
    return torch.rand(len(x), x[0, 0].numel(), generator=torch.Generator().manual_seed(draw))


def erased(x: Images, order: Float[Tensor, "batch pixels"], share: float) -> Images:
    """Images without that share, between 0 and 1, of their pixels with ink, the largest of the order first."""
    ink = (x.amax(1) > 0).flatten(1)
    ranks = torch.where(ink, order, -torch.inf).argsort(dim=1, descending=True, stable=True).argsort(1)
    gone = ranks < (share * ink.sum(1, keepdim=True)).round()
    return x * ~gone.view(len(x), 1, *x.shape[2:])


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
