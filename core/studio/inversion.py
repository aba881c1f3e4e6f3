"""Inversion: from a layer's activations back to an input (Mahendran and Vedaldi 2015)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, reduce
from itertools import combinations
from operator import add

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from core.answers import probabilities
from core.ascent import ascend
from core.ascent.objectives import FAINTEST, Objective, near, total_variation
from core.ascent.parametrise import Fourier, Images, Parametrisation, Pixels
from core.ascent.priors import PRIORS
from core.ascent.within import NONE, RADIUS, begun
from core.data.digits import test_set
from core.layers import record
from core.studio.limits import require_gradient, require_within
from core.studio.made import Made, Number, made

LEAST = 32  # pixels of a photo, as nets for photos halve five times
GREY = {1: 0.13, 3: 0.5}  # where it begins otherwise, by channels: with as much ink as digits have on the mean
PIXEL_NOISE, WAVE_NOISE = 0.3, 0.01  # before squashing, of first parameters: one a pixel, and one a frequency


@dataclass(frozen=True)
class Inversion:
    """How layers are inverted, each from several starts. As it stands, for digits."""

    layers: tuple[str, ...]
    prior: str = NONE  # or a name among `core.ascent.priors.PRIORS`, which know digits
    starts: int = 3  # of each layer, alike but for their noise
    steps: int = 200
    lr: float = 0.3
    tv: float = 1.0  # what a pixel's mean difference to its neighbours weighs, against the distance in the layer
    decay: float | None = None  # of a Fourier parametrisation's amplitudes; None is one parameter a pixel
    seed: int = 0
    side: int = 28  # of the pictures, in pixels


WITH_PRIOR = Inversion((), prior="generator", lr=0.05, tv=0.0)
PHOTO = Inversion((), starts=1, steps=300, lr=0.01, decay=1.0, side=160)
# Layers that stand for all of EfficientNet-Lite0, from edges to classes.
PHOTO_LAYERS = ("stem_relu", "block1", "block3", "block6", "block10", "block14", "logits")
IN_A_ROW = replace(PHOTO, layers=PHOTO_LAYERS)
ONE_LAYER = replace(PHOTO, layers=("block6",), starts=2, steps=200, side=224)
LIMITS: dict[str, tuple[float, float]] = {
    "starts": (1, 6), "steps": (1, 1000), "lr": (1e-3, 1.0), "tv": (0.0, 100.0), "decay": (0.0, 2.0),
    "seed": (0, 9999), "side": (28, 224),
}  # fmt: skip


def invert(model: nn.Module, images: Images, recipe: Inversion) -> Iterator[Made]:
    """From grey and noise to images whose activations are those of `images`: all layers and starts in one batch.

    They minimise |phi(x) - phi(x0)|^2 / |phi(m) - phi(x0)|^2 + tv TV(x) (equation 1), where m is the image that tells
    nothing (see `untold`), and TV the mean over pixels. The logistic function, or the prior, keeps them in [0, 1], in
    place of the paper's alpha-norm. Pictures come layer by layer, in each image by image, and of it start by start.
    Raises ValueError for a recipe outside of LIMITS, a picture of one colour, and a layer without a gradient.
    """
    check(recipe, images)
    generator = Generator().manual_seed(recipe.seed)
    objective = _objective(model, images, recipe)
    parametrise = _parametrisation(model, images, recipe, objective, generator)
    first = parametrise(parametrise.start(Generator().manual_seed(recipe.seed)))[:1]
    for layer in recipe.layers:
        require_gradient(model, first, near(layer, record(model, images[:1], [layer])[layer]))
    for step in ascend(model, objective, parametrise=parametrise, steps=recipe.steps, lr=recipe.lr,
                       generator=generator):  # fmt: skip
        if step.step < step.steps:
            yield made(step.step, step.steps, step.images)
    yield made(recipe.steps, recipe.steps, step.images, **numbers(model, images, step.images, recipe))


def check(recipe: Inversion, images: Images) -> None:
    """Raise ValueError, with a sentence for the page, for what cannot be inverted."""
    require_within(recipe, LIMITS)
    if not recipe.layers:
        raise ValueError("At least one layer has to be named.")
    if recipe.prior != NONE and (images.shape[1:] != (1, 28, 28) or recipe.prior not in PRIORS):
        raise ValueError(
            f"There is no prior {recipe.prior!r} for this picture; for digits there are {', '.join(PRIORS)}."
        )
    if images.shape[1] == 3 and min(images.shape[2:]) < LEAST:
        raise ValueError(f"A photo of {images.shape[2]} x {images.shape[3]} pixels is too small; it needs {LEAST}.")
    if float((images - untold(images)).abs().flatten(1).max(1).values.min()) < 1 / 510:  # as bytes they are equal
        raise ValueError("The picture is of one colour: there is nothing in it to bring back.")


def untold(images: Images) -> Images:
    """The image that tells nothing of these: the mean of all test digits, or of a photo its own mean colour."""
    if images.shape[1:] == (1, 28, 28):
        return _digits().mean(0).expand_as(images)
    return images.mean((2, 3), keepdim=True).expand_as(images)


@cache
def _digits() -> Images:
    return test_set().images


def _objective(model: nn.Module, images: Images, recipe: Inversion) -> Objective:
    """The score of each image of the batch: of its own layer only."""
    count, own = len(images), len(images) * recipe.starts
    seen = record(model, torch.cat([images, untold(images)]), recipe.layers)
    parts = []
    for place, layer in enumerate(recipe.layers):
        there = [part.repeat_interleave(recipe.starts, 0) for part in seen[layer].split(count)]
        target, far = (part.repeat(len(recipe.layers), *[1] * (part.ndim - 1)) for part in there)
        mask = torch.zeros(len(target))
        mask[place * own : (place + 1) * own] = 1
        parts.append(near(layer, target, far) * mask)
    return reduce(add, parts) - recipe.tv / images[0].numel() * total_variation()


def _parametrisation(
    model: nn.Module, images: Images, recipe: Inversion, objective: Objective, generator: Generator
) -> Parametrisation:
    starts = list(range(recipe.starts)) * (len(images) * len(recipe.layers))
    batch, channels, height, width = len(starts), *images.shape[1:]
    if recipe.prior != NONE:
        return begun(model, objective, recipe.prior, starts, RADIUS, generator)
    shape, grey = (batch, channels, height, width), GREY.get(channels, 0.5)
    if recipe.decay is None:
        return Pixels(shape, grey, PIXEL_NOISE)
    return Fourier(shape, grey, recipe.decay, WAVE_NOISE)


@torch.no_grad()
def numbers(model: nn.Module, images: Images, found: Images, recipe: Inversion) -> dict[str, Number]:
    """What is known of finished inversions, picture by picture.

    Errors are roots of mean squares, but for "relative_..." in shares of what `untold` has. Of digits "nearest" is the
    test image, other than the true one, that a picture is nearest to; of photos there is `likeness`. "spread", layer by
    layer, is the mean distance between two starts of an image, in the same shares.
    """
    true, layers = images.repeat_interleave(recipe.starts, 0), len(recipe.layers)
    plain = untold(true)
    told = apart(plain, true).repeat(layers)
    error = apart(found, true.repeat(layers, 1, 1, 1))
    answers = probabilities(model(found))
    known: dict[str, Tensor] = {
        "layer_error": _layer_errors(model, true, plain, found, recipe),
        "error": error,
        "relative_error": error / told,
        "answer": answers.argmax(1),
        "confidence": answers.max(1).values,
    }
    if images.shape[1:] == (1, 28, 28):
        known["nearest"], known["nearest_error"] = _nearest_other(images, found, recipe.starts)
    else:
        known["likeness"] = likeness(found, true.repeat(layers, 1, 1, 1))
    if recipe.starts > 1:
        known["spread"] = _spread(found, told, recipe)
    return {name: [float(value) for value in values] for name, values in known.items()}


def apart(first: Images, second: Images) -> Float[Tensor, " n"]:
    """The root mean squared difference of pixels, image by image."""
    return (first - second).square().flatten(1).mean(1).sqrt()


def likeness(first: Images, second: Images) -> Float[Tensor, " n"]:
    """The correlation of pixels, each channel about its mean: brightness, tint and contrast aside. 0 is a grey picture.

    A layer may keep all edges of a photo, and not how bright it was.
    """
    one, other = ((each - each.mean((2, 3), keepdim=True)).flatten(1) for each in (first, second))
    return (one * other).sum(1) / (one.norm(dim=1) * other.norm(dim=1)).clamp(min=FAINTEST)


def _layer_errors(model: nn.Module, true: Images, plain: Images, found: Images, recipe: Inversion) -> Tensor:
    seen = record(model, torch.cat([true, plain, found]), recipe.layers)
    errors = []
    for place, layer in enumerate(recipe.layers):
        target, far, rest = seen[layer].split([len(true), len(true), len(found)])
        errors.append(apart(rest.chunk(len(recipe.layers))[place], target) / apart(far, target))
    return torch.cat(errors)


def _nearest_other(images: Images, found: Images, starts: int) -> tuple[Tensor, Tensor]:
    """Of each picture the nearest test image that is not the one it was made from, and how far off it is."""
    others = _digits().flatten(1)
    own = torch.cdist(images.flatten(1), others).argmin(1)  # the true one, where it is a test image
    own[(others[own] != images.flatten(1)).any(1)] = len(others)
    distances = torch.cdist(found.flatten(1), others)
    same = torch.arange(len(others)) == own.repeat_interleave(starts).repeat(len(found) // len(own) // starts)[:, None]
    nearest = distances.masked_fill(same, torch.inf).min(1)
    return nearest.indices, nearest.values / others.shape[1] ** 0.5


def _spread(found: Images, told: Tensor, recipe: Inversion) -> Tensor:
    by_start = found.unflatten(0, (-1, recipe.starts))
    pairs = [apart(by_start[:, one], by_start[:, other]) for one, other in combinations(range(recipe.starts), 2)]
    shares = torch.stack(pairs).mean(0) / told[:: recipe.starts]
    return shares.unflatten(0, (len(recipe.layers), -1)).mean(1)
