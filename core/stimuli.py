"""Preferred stimuli: how they are found, unit by unit and layer by layer."""

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, UInt8
from PIL import Image
from torch import Generator, Tensor, nn

from core.ascent import Step, ascend
from core.ascent.objectives import Objective, Place, diversity, units
from core.ascent.parametrise import Fourier, Ink, Parametrisation, Pixels
from core.ascent.prepare import faster_dtype
from core.ascent.transforms import Blur, Jitter, Transform, Warp
from core.data import photos
from core.data.canvas import from_text
from core.data.digits import test_set
from core.examples import peak
from core.layers import record, run_to
from core.measures.receptive_field import receptive_fields

SIZE = 28
FILTER, TINY, SMALL = 3, 8, 32  # pixels of receptive field
TIMED = 4  # images


@dataclass(frozen=True)
class Recipe:
    """How stimuli are found. As it stands, for digits: clean strokes, by a budget of ink, and a little shaking."""

    steps: int = 128
    lr: float = 0.1
    budget: float | None = 0.13  # of ink, on the mean: MNIST's own; None is as much as it likes
    decay: float | None = None  # of a Fourier parametrisation's amplitudes; None is one parameter a pixel
    jitter: int = 2  # pixels
    blur: float = 0.5  # pixels
    turn: float = 0.0  # degrees, either way
    zoom: float = 0.0  # as a factor, up and down
    seed: int = 0
    start: str = "grey"  # one of `starts`, or a digit as `core.data.canvas.to_text` writes it
    place: Place = "centre"  # of a map
    row: int = 28  # behind which a recurrent unit is read
    minus: int | None = None  # this unit's sum is subtracted, in layers that have it
    diversity: float = 0.0  # how much pictures of the same unit shun one another
    channels: int = 1
    side: int = SIZE  # pixels


RECIPE = Recipe()
PHOTO_RECIPE = Recipe(
    lr=0.03, budget=None, decay=1.0, jitter=8, blur=0.0, turn=10.0, zoom=0.1, place="mean", channels=3, side=112
)
RECIPES = {"digits": RECIPE, "photos": PHOTO_RECIPE}  # by what a model sees
LIMITS: dict[str, tuple[float, float]] = {
    "steps": (1, 1024), "lr": (1e-3, 1.0), "budget": (0.01, 1.0), "decay": (0.0, 2.0), "jitter": (0, 16),
    "blur": (0.0, 4.0), "turn": (0.0, 45.0), "zoom": (0.0, 0.5), "seed": (0, 9999), "row": (1, SIZE),
    "minus": (0, 9999), "diversity": (0.0, 1000.0), "side": (SIZE, 224),
}  # fmt: skip
DIGIT_STARTS = ("grey", "noise", "black", "mean digit")
PHOTO_STARTS = ("grey", "noise", "black", *photos.SAMPLES)


def within_limits(recipe: Recipe) -> tuple[Recipe, list[str]]:
    """The nearest recipe that can be climbed in reasonable time, and a sentence for each value that it changed."""
    changes: dict[str, Any] = {}
    sentences = []
    for name, (low, high) in LIMITS.items():
        value = getattr(recipe, name)
        if value is not None and not low <= value <= high:
            changes[name] = low if value < low else high
            sentences.append(f"{name.capitalize()}: from {low:g} to {high:g}; {changes[name]:g} is taken.")
    return replace(recipe, **changes), sentences


def climb(model: nn.Module, layer: str, indices: Sequence[int], recipe: Recipe) -> Iterator[Step]:
    """The ascent of these units of a layer of sums, all in one batch; the same unit may be climbed several times.

    What shakes the image has to be small beside the window that the units see. In digits, what they cannot see stays
    paper; photos are made smaller instead, and enlarged again. The last scores are not those of the objective, but the
    units' own peaks, as `core.examples` takes them of images. Raises ValueError for units that the layer does not have.
    """
    count = _shape(model, layer, recipe)[1]
    if not set(indices) <= set(range(count)):
        raise ValueError(
            f"{layer} has the units 0 to {count - 1}; {sorted(set(indices) - set(range(count)))} are none."
        )
    objective = _objective(layer, indices, recipe, count)
    reach: Tensor | float = 1.0
    if recipe.channels == 3:
        climbed = for_layer(model, layer, recipe)
    else:
        climbed, window = _within_window(recipe, model, objective, len(indices))
        reach = F.max_pool2d(window[None].float(), 2 * climbed.jitter + 1, stride=1, padding=climbed.jitter)
    steps = ascend(
        model,
        objective,
        parametrise=_parametrisation(climbed, len(indices)),
        transforms=_transforms(climbed),
        steps=recipe.steps,
        lr=climbed.lr,
        dtype=_dtype(model, layer, climbed.side) if recipe.channels == 3 else torch.float32,
        generator=Generator().manual_seed(recipe.seed),
    )
    for step in steps:
        images = step.images * reach
        own = step.scores if step.step < step.steps else _peaks(model, layer, indices, images)
        yield replace(step, images=images, scores=own)


def _shape(model: nn.Module, layer: str, recipe: Recipe) -> torch.Size:
    return record(model, torch.zeros(1, recipe.channels, recipe.side, recipe.side), [layer])[layer].shape


def for_layer(model: nn.Module, layer: str, recipe: Recipe) -> Recipe:
    """A recipe for photographs as it is for the units of a layer: see `suited`.

    Units of which it cannot be told how far they see get the recipe of those that see everything.
    """
    try:
        size = receptive_fields(model, (recipe.channels, recipe.side, recipe.side))[layer][0].size
    except ValueError:
        size = math.inf
    return suited(recipe, size, mapped=len(_shape(model, layer, recipe)) == 4)


def suited(recipe: Recipe, field: float, mapped: bool) -> Recipe:
    """A recipe for photographs, for units that see so many pixels.

    Units that see little would fill a large picture with grain: theirs are smaller, shaken less, and climbed slowly,
    because their sums are nearly linear and soon drive pixels to black or white. One filter's sum is linear: it is
    climbed pixel by pixel, and not shaken, as waves would be noise where nothing pulls at them. A class, which has no
    map, wants a scene: larger forms are made easier.
    """
    if not mapped:
        return replace(recipe, lr=recipe.lr / 2, decay=None if recipe.decay is None else recipe.decay + 0.2)
    if field <= FILTER:
        return replace(recipe, side=recipe.side // 4, lr=recipe.lr * 3, decay=None, jitter=0, turn=0.0, zoom=0.0)
    if field < TINY:
        return replace(recipe, side=recipe.side // 2, lr=recipe.lr / 3, turn=0.0, zoom=0.0)
    if field < SMALL:
        return replace(recipe, side=recipe.side // 2, jitter=recipe.jitter // 2, turn=recipe.turn / 2,
                       zoom=recipe.zoom / 2)  # fmt: skip
    return recipe


def _within_window(
    recipe: Recipe, model: nn.Module, objective: Objective, batch: int
) -> tuple[Recipe, Bool[Tensor, "28 28"]]:
    """The recipe with as much shaking as the window has room for, and the window."""
    window = _window(model, objective, batch)
    room = int(window.any(0).sum()) // 10
    return replace(recipe, jitter=min(recipe.jitter, room), blur=recipe.blur if room >= 2 else 0.0), window


def _parametrisation(recipe: Recipe, batch: int) -> Parametrisation:
    shape = (batch, recipe.channels, recipe.side, recipe.side)
    first = _first(recipe)
    if recipe.decay is not None:
        return Fourier(shape, first, recipe.decay, 0.1 if recipe.start == "noise" else Fourier.noise)
    noise = 1.0 if recipe.start == "noise" else Pixels.noise
    return Pixels(shape, first, noise) if recipe.budget is None else Ink(shape, first, noise, recipe.budget)


def _transforms(recipe: Recipe) -> list[Transform]:
    """Digits lie on paper. Waves have no border: a Fourier picture is shifted in a circle, and turned in grey."""
    shift = Jitter(recipe.jitter, 0.0 if recipe.decay is None else None)
    warp = Warp(recipe.turn, 1 - recipe.zoom, 1 + recipe.zoom, fill=0.0 if recipe.channels == 1 else 0.5)
    return [
        *([Blur(recipe.blur)] if recipe.blur else []),
        *([shift] if recipe.jitter else []),
        *([warp] if recipe.turn or recipe.zoom else []),
    ]


def _dtype(model: nn.Module, layer: str, side: int) -> torch.dtype:
    """The type that is faster here, timed once a process for nets of one size: equal recipes give equal pictures."""
    key = (sum(weight.numel() for weight in model.parameters()), layer, side)
    if key not in _DTYPES:
        images = torch.rand(TIMED, 3, side, side, generator=Generator().manual_seed(0))
        _DTYPES[key] = faster_dtype(model, images, units(layer, [0] * TIMED))
    return _DTYPES[key]


_DTYPES: dict[tuple[int, str, int], torch.dtype] = {}


def _peaks(model: nn.Module, layer: str, indices: Sequence[int], images: Tensor) -> Tensor:
    return peak(record(model, images, [layer])[layer])[torch.arange(len(indices)), torch.as_tensor(indices)]


def _objective(layer: str, indices: Sequence[int], recipe: Recipe, count: int) -> Objective:
    where = (recipe.place, recipe.row - 1)
    objective = units(layer, indices, *where)
    if recipe.minus is not None and recipe.minus < count:
        objective -= units(layer, [recipe.minus] * len(indices), *where)
    return objective + recipe.diversity * diversity(layer, indices, *where) if recipe.diversity else objective


def _first(recipe: Recipe) -> Tensor | float:
    """The image, or the even grey, that an ascent begins from. Raises ValueError for a text that is neither."""
    if recipe.start == "black":
        return 0.0
    if recipe.start in ("grey", "noise"):
        return 0.5 if recipe.budget is None else Ink.first
    if recipe.channels == 3:
        return photos.to_input(photos.sample(recipe.start), recipe.side)
    return test_set().images.mean(0) if recipe.start == "mean digit" else from_text(recipe.start)


def _window(model: nn.Module, objective: Objective, batch: int) -> Bool[Tensor, "28 28"]:
    """Which pixels an objective can see: those whose gradient is not zero at a noisy image."""
    noise = torch.rand(batch, 1, SIZE, SIZE, generator=Generator().manual_seed(0)).requires_grad_()
    score = objective(run_to(model, noise, objective.layers), noise).sum()
    (gradient,) = torch.autograd.grad(score, noise)
    return (gradient != 0).any(0)[0]


@dataclass(frozen=True)
class Frame:
    """The pictures of several layers' units after so many steps, and what the units reached."""

    step: int
    steps: int
    images: dict[str, UInt8[np.ndarray, "units side side *channels"]]  # by layer; in digits 255 is ink
    reached: dict[str, list[float]]

    def to_png(self) -> bytes:
        """All pictures, one below the other, in one PNG, grey or in colour."""
        buffer = io.BytesIO()
        pictures = np.concatenate(list(self.images.values()))
        Image.fromarray(pictures.reshape(-1, *pictures.shape[2:])).save(buffer, "PNG")
        return buffer.getvalue()


def from_png(png: bytes, steps: int, reached: Mapping[str, Sequence[float]]) -> Frame:
    """The last frame again, from its PNG and its numbers; they also say how many pictures each layer has."""
    with Image.open(io.BytesIO(png)) as picture:
        pixels = np.asarray(picture)
    tiles = pixels.reshape(-1, picture.width, *pixels.shape[1:])
    ends = np.cumsum([len(values) for values in reached.values()])[:-1]
    images = dict(zip(reached, np.split(tiles, ends), strict=True))
    return Frame(steps, steps, images, {layer: list(values) for layer, values in reached.items()})


def climb_layers(
    nets: Mapping[str, nn.Module], targets: Mapping[str, Sequence[int]], recipe: Recipe
) -> Iterator[Frame]:
    """Several layers at once, step by step: `targets` are the units by "model/layer"."""
    climbs = []
    for place, indices in targets.items():
        model, layer = place.split("/")
        climbs.append(climb(nets[model], layer, indices, recipe))
    for steps in zip(*climbs, strict=True):
        found = dict(zip(targets, steps, strict=True))
        yield Frame(
            steps[0].step,
            steps[0].steps,
            {place: _enlarged(as_bytes(step.images), recipe.side) for place, step in found.items()},
            {place: step.scores.tolist() for place, step in found.items()},
        )


def _enlarged(pictures: np.ndarray, side: int) -> np.ndarray:
    """Pixels made larger, not smoothed: all by the same factor, or, where it is not whole, as nearly as it goes."""
    nearest = np.arange(side) * pictures.shape[1] // side
    return pictures[:, nearest][:, :, nearest]


def as_bytes(images: Tensor) -> UInt8[np.ndarray, "n height width *channels"]:
    """Images (n, channels, height, width) in [0, 1] as bytes, channels last; grey ones without that axis."""
    pixels = np.rint(255 * images.permute(0, 2, 3, 1).numpy()).astype(np.uint8)
    return pixels[..., 0] if pixels.shape[-1] == 1 else pixels


def as_images(pictures: UInt8[np.ndarray, "n height width *channels"]) -> Float[Tensor, "n channels height width"]:
    """The inverse of `as_bytes`."""
    pixels = torch.from_numpy(pictures.astype(np.float32) / 255)
    return pixels[:, None] if pixels.ndim == 3 else pixels.permute(0, 3, 1, 2)
