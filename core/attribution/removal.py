"""Methods that take parts of the image away, and see what becomes of the answer."""

from collections.abc import Iterator
from functools import partial
from itertools import product

import numpy as np
import torch
from captum import attr
from jaxtyping import Float, Int
from torch import Tensor, nn

from core.attribution.outcome import AT_ONCE, Forming, Images, Outcome, Target, baselines, mean
from core.process import seeded

CELLS, SEGMENTS = 7, 40  # superpixels of a digit's side; superpixels of a photo
ORDERS = 25  # random orders of Shapley value sampling
FITS, COALITIONS = {1: 2, 3: 5}, {1: 200, 3: 100}  # linear models of Kernel SHAP, and the samples of each
WINDOW = {1: (4, 2), 3: (16, 8)}  # by colours: side and step of the square that occludes
COARSE = 4  # times as large are the squares of the first pass


def occlusion(model: nn.Module, x: Images, target: Target, baseline: str = "black") -> Iterator[Forming]:
    """How far the target falls when a square is covered, on the mean over a pixel's squares (Zeiler, Fergus 2014).

    With large squares first; they stand where no small one has been yet. Colours share a pixel's evenly.
    """
    *_, coarse = _by_rows(model, x, target, baseline, COARSE, x)
    yield Forming(coarse.found, 0.0)
    yield from _by_rows(model, x, target, baseline, 1, coarse.found)


def _by_rows(
    model: nn.Module, x: Images, target: Target, baseline: str, coarse: int, before: Images
) -> Iterator[Forming]:
    side, step = (min(coarse * size, *x.shape[2:]) for size in WINDOW[x.shape[1]])
    tops = range(0, max(1, x.shape[2] - side + step), step)
    outcome, begins = Outcome(model, target), list(baselines(x, baseline))
    total, squares = torch.zeros_like(x), torch.zeros(x.shape[2], 1)

    def answer(band: Images, above: Images, below: Images) -> Float[Tensor, " batch"]:
        return outcome(torch.cat([above, band, below], 2))

    for number, (begin, top) in enumerate(product(begins, tops), 1):
        above, band, below = x.tensor_split([top, top + side], 2)
        rows = slice(top, top + side)
        total[:, :, rows] += attr.Occlusion(answer).attribute(
            band, (x.shape[1], band.shape[2], side), strides=(x.shape[1], 1, step), baselines=begin[:, :, rows],
            additional_forward_args=(above, below), perturbations_per_eval=AT_ONCE[x.shape[1]],
        ).detach()  # fmt: skip
        squares[rows] += 1
        found = torch.where(squares > 0, total / (x.shape[1] * squares.clamp(min=1)), before)
        yield Forming(found, number / (len(begins) * len(tops)))


def feature_ablation(model: nn.Module, x: Images, target: Target, baseline: str = "black") -> Iterator[Forming]:
    """How far the target falls when a superpixel is taken out."""
    return _of_superpixels(attr.FeatureAblation, model, x, target, baseline, 1)


def shapley_sampling(model: nn.Module, x: Images, target: Target, baseline: str = "black") -> Iterator[Forming]:
    """What a superpixel adds to those before it, on the mean over random orders (Castro, Gómez, Tejada 2009)."""
    return _of_superpixels(attr.ShapleyValueSampling, model, x, target, baseline, ORDERS, n_samples=1)


def kernel_shap(model: nn.Module, x: Images, target: Target, baseline: str = "black") -> Iterator[Forming]:
    """Shapley values as weights of a linear model of superpixels, there or not (Lundberg, Lee 2017, theorem 2)."""
    fits, samples = FITS[x.shape[1]], COALITIONS[x.shape[1]]
    return _of_superpixels(attr.KernelShap, model, x, target, baseline, fits, n_samples=samples)


def _of_superpixels(
    method: type, model: nn.Module, x: Images, target: Target, baseline: str, draws: int, **options: int
) -> Iterator[Forming]:
    """What a method finds for each superpixel on the mean over its draws, shared out evenly among its pixels.

    Digits have the same superpixels, so what they are shown without is drawn once for all.
    """
    mask = superpixels(x)
    sizes = _sizes(mask, x)
    outcome, at_once = Outcome(model, target), {"perturbations_per_eval": AT_ONCE[x.shape[1]]}
    explain = partial(method(outcome).attribute, **at_once, **options)
    alone = partial(attr.FeatureAblation(outcome).attribute, **at_once)  # Captum's Kernel SHAP draws among several
    together = x.shape[1] == 1 and method is not attr.KernelShap  # of which Captum takes one image at a time

    def drawn(begin: Images, draw: int) -> Images:
        found = []
        for image, own, parts in zip(*((whole,) if together else whole.split(1) for whole in (x, begin, mask)),
                                     strict=True):  # fmt: skip
            with seeded(draw):
                explained = explain if parts.any() else alone
                found.append(explained(image, baselines=own, feature_mask=parts[:1]))
        return torch.cat(found) / sizes

    begins = list(baselines(x, baseline))
    return mean([partial(drawn, begin, draw) for draw in range(draws) for begin in begins], drawn=draws > 1)


def superpixels(x: Images) -> Int[Tensor, "batch 1 height width"]:
    """Which pixels are taken out together: squares of a digit, regions of a photo (Achanta et al. 2012)."""
    if x.shape[1] == 1:
        rows, columns = (torch.arange(side) * min(side, CELLS) // side for side in x.shape[2:])
        mask = rows[:, None] * CELLS + columns
        return mask.repeat(len(x), 1, 1, 1)
    from skimage.segmentation import slic

    masks = [slic(image.permute(1, 2, 0).numpy(), SEGMENTS, start_label=0) for image in x]
    return torch.from_numpy(np.stack(masks))[:, None]


def _sizes(mask: Int[Tensor, "batch 1 height width"], x: Images) -> Float[Tensor, "batch 1 height width"]:
    """Of each pixel, how many values its superpixel has."""
    counts = [x.shape[1] * own.flatten().bincount()[own] for own in mask]
    return torch.stack(counts).float()
