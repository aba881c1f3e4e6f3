"""Preferred stimuli: how they are found, unit by unit and layer by layer."""

import io
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Generator, Tensor, nn

from core.ascent import Step, ascend
from core.ascent.objectives import Objective, Place, aimed, diversity, units
from core.ascent.parametrise import Fourier, Ink, Parametrisation, Pixels
from core.ascent.prepare import faster_dtype
from core.ascent.transforms import Blur, Jitter, Transform, Warp
from core.ascent.within import NONE, RADIUS, begun
from core.data import photos
from core.data.canvas import from_text
from core.data.digits import test_set
from core.examples import FAINT, peak
from core.layers import record, run_to
from core.measures.receptive_field import receptive_fields
from core.process import cores, in_step

SIZE = 28
FILTER, TINY, SMALL = 3, 8, 32  # pixels of receptive field
TIMED = 4  # images
NOISY = 4  # images show what a unit can see: one alone may meet ReLUs that let nothing through
CHUNKS = {1: 64, 3: 8}  # pictures that climb together in one thread, by their channels: see `climb_layers`


@dataclass(frozen=True)
class Recipe:
    """How stimuli are found. As it stands, for digits: clean strokes, by a budget of ink, and a little shaking."""

    prior: str = NONE  # or a name among `core.ascent.priors.PRIORS`
    radius: float = RADIUS  # of the ball that the prior's points are held in
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
    place: Place | Literal["own"] = "own"  # of a map: where its strongest images have their peaks
    row: int | None = None  # behind which a recurrent unit is read; None is its own
    minus: int | None = None  # this unit's sum is subtracted, in layers that have it
    diversity: float = 0.0  # how much pictures of the same unit shun one another
    channels: int = 1
    side: int = SIZE  # pixels


RECIPE = Recipe()
WITH_PRIOR = replace(RECIPE, prior="generator", steps=64, lr=0.05, jitter=1, blur=0.0)
OPTIMUM = replace(RECIPE, budget=None, jitter=0, blur=0.0)  # the unit alone says what is drawn
PHOTO_RECIPE = Recipe(
    lr=0.03, budget=None, decay=1.0, jitter=8, blur=0.0, turn=10.0, zoom=0.1, place="mean", channels=3, side=112
)
RECIPES = {"digits": WITH_PRIOR, "photos": PHOTO_RECIPE}  # by what a model sees
LIMITS: dict[str, tuple[float, float]] = {
    "radius": (0.1, 3.0), "steps": (1, 1024), "lr": (1e-3, 1.0), "budget": (0.01, 1.0), "decay": (0.0, 2.0),
    "jitter": (0, 32), "blur": (0.0, 4.0), "turn": (0.0, 45.0), "zoom": (0.0, 0.5), "seed": (0, 9999), "row": (1, SIZE),
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


def climb(
    model: nn.Module,
    layer: str,
    indices: Sequence[int],
    recipe: Recipe,
    aims: Float[Tensor, "n places"] | None = None,
    exactly: bool = False,
) -> Iterator[Step]:
    """The ascent of these units of a layer of sums, all in one batch; the same unit may be climbed several times.

    `aims` are the units' own places or rows, as a survey tells them; without them a map's centre and the last row are
    meant. Without a prior, what shakes the image has to be small beside the window that the units see. In digits, what
    they cannot see stays paper. Photos are made smaller instead, enlarged again, and climbed in the type that is faster
    here, unless it is to be done `exactly` as the recipe says, in float32, to compare layers and machines. The last
    scores are not those of the objective, but the units' own peaks, as `core.examples` takes them of images. Raises
    ValueError for units that the layer does not have.
    """
    shape = _shape(model, layer, recipe)
    count = shape[1]
    if not set(indices) <= set(range(count)):
        raise ValueError(
            f"{layer} has the units 0 to {count - 1}; {sorted(set(indices) - set(range(count)))} are none."
        )
    ranks = [list(indices[:place]).count(unit) for place, unit in enumerate(indices)]
    objective = _objective(layer, indices, recipe, shape, aims)
    yield from climb_objective(model, objective, layer, indices, recipe, ranks, exactly)


def climb_objective(
    model: nn.Module,
    objective: Objective,
    layer: str,
    indices: Sequence[int],
    recipe: Recipe,
    ranks: Sequence[int],
    exactly: bool = False,
) -> Iterator[Step]:
    """The ascent of any objective, as `climb` climbs these units of a layer, whose own peaks the last scores are.

    Within a prior, image i begins with the drawing that ranks `ranks[i]` by its objective.
    """
    reach: Tensor | float = 1.0
    if recipe.channels == 3:
        climbed = recipe if exactly else for_layer(model, layer, recipe)
    else:
        climbed = _gently(recipe, model, units(layer, [0]))
        seen = F.max_pool2d(_windows(model, objective, len(indices)), 2 * climbed.jitter + 1, 1, climbed.jitter)
        reach = seen if recipe.prior == NONE else seen + FAINT * (1 - seen)
    generator = Generator().manual_seed(recipe.seed)
    steps = ascend(
        model,
        objective,
        parametrise=_parametrisation(climbed, len(indices))
        if recipe.prior == NONE
        else begun(model, objective, recipe.prior, ranks, recipe.radius, generator),
        transforms=_transforms(climbed),
        steps=recipe.steps,
        lr=climbed.lr,
        dtype=torch.float32 if recipe.channels == 1 or exactly else faster_here(model, layer, climbed.side),
        generator=generator,
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


def _gently(recipe: Recipe, model: nn.Module, one: Objective) -> Recipe:
    """The recipe with as much shaking as the window of one unit, at one place, has room for."""
    room = int(_windows(model, one, 1)[0, 0].any(0).sum()) // 10
    return replace(recipe, jitter=min(recipe.jitter, room), blur=recipe.blur if room >= 2 else 0.0)


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


def faster_here(model: nn.Module, layer: str, side: int) -> torch.dtype:
    """The type that is faster here, timed once a process for nets of one size: equal recipes give equal pictures."""
    key = (sum(weight.numel() for weight in model.parameters()), layer, side)
    with _TIMING:  # of a layer's chunks the first decides for all
        if key not in _DTYPES:
            images = torch.rand(TIMED, 3, side, side, generator=Generator().manual_seed(0))
            _DTYPES[key] = faster_dtype(model, images, units(layer, [0] * TIMED))
    return _DTYPES[key]


_DTYPES: dict[tuple[int, str, int], torch.dtype] = {}
_TIMING = threading.Lock()


def known_optimum(model: nn.Module, layer: str) -> Float[Tensor, " units"] | None:
    """The largest sums that images in [0, 1] can cause in a layer that is linear in them; None in other layers.

    There is ink where a weight is positive, and none elsewhere.
    """
    module = model.get_submodule(layer)
    first = next(each for each in model.modules() if isinstance(each, nn.Linear | nn.Conv2d | nn.LSTM))
    if module is not first or isinstance(module, nn.LSTM):
        return None
    assert isinstance(module.weight, Tensor) and isinstance(module.bias, Tensor)
    return module.weight.flatten(1).clamp(min=0).sum(1) + module.bias


def _peaks(model: nn.Module, layer: str, indices: Sequence[int], images: Tensor) -> Tensor:
    return peak(record(model, images, [layer])[layer])[torch.arange(len(indices)), torch.as_tensor(indices)]


def _objective(
    layer: str, indices: Sequence[int], recipe: Recipe, shape: Sequence[int], aims: Float[Tensor, "n places"] | None
) -> Objective:
    """What is climbed: the units at their own places or rows, where these are known and nothing else is asked for."""
    own = recipe.row is None if len(shape) == 3 else recipe.place == "own"
    place, row = "centre" if recipe.place == "own" else recipe.place, SIZE if recipe.row is None else recipe.row

    def read(wanted: Sequence[int]) -> Objective:
        return units(layer, wanted, place, row - 1) if aims is None or not own else aimed(layer, wanted, aims)

    objective = read(indices)
    if recipe.minus is not None and recipe.minus < shape[1]:
        objective -= read([recipe.minus] * len(indices))
    return objective + recipe.diversity * diversity(layer, indices, place, row - 1) if recipe.diversity else objective


def _first(recipe: Recipe) -> Tensor | float:
    """The image, or the even grey, that an ascent begins from. Raises ValueError for a text that is neither."""
    if recipe.start == "black":
        return 0.0
    if recipe.start in ("grey", "noise"):
        return 0.5 if recipe.budget is None else Ink.first
    if recipe.channels == 3:
        return photos.to_input(photos.sample(recipe.start), recipe.side)
    return test_set().images.mean(0) if recipe.start == "mean digit" else from_text(recipe.start)


def _windows(model: nn.Module, objective: Objective, batch: int) -> Float[Tensor, "batch 1 28 28"]:
    """1 where each image's score can see its pixels: where its gradient is not zero at some noisy image."""
    seen = torch.zeros(batch, 1, SIZE, SIZE)
    generator = Generator().manual_seed(0)
    for _ in range(NOISY):
        noise = torch.rand(1, 1, SIZE, SIZE, generator=generator).repeat(batch, 1, 1, 1).requires_grad_()
        score = objective(run_to(model, noise, objective.layers), noise).sum()
        (gradient,) = torch.autograd.grad(score, noise)
        seen += gradient != 0
    return seen.clamp(max=1)


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
    nets: Mapping[str, nn.Module],
    targets: Mapping[str, Sequence[int]],
    recipe: Recipe,
    aims: Mapping[str, Tensor] = {},
    threads: int | None = None,
) -> Iterator[Frame]:
    """Several layers at once, step by step: `targets` are the units by "model/layer", `aims` their own places.

    The units of a layer climb in chunks of one size, each as `climb` would climb it alone, so that the pictures are the
    same on any number of threads: unless told otherwise, as many as there are cores. Pictures of the same unit share a
    chunk. The threads end with the last step, or when the iterator is closed.
    """
    climbs = []
    for place, indices in targets.items():
        model, layer = place.split("/")
        for part in _chunks(indices, CHUNKS[recipe.channels]):
            own = aims[place][part] if place in aims else None
            climbs.append(_as_frames(place, climb(nets[model], layer, indices[part], recipe, own), recipe.side))
    for parts in in_step(climbs, threads or cores()):
        yield _together(parts)


def _as_frames(place: str, steps: Iterator[Step], side: int) -> Iterator[Frame]:
    for step in steps:
        pictures = repeated(as_bytes(step.images), side)
        yield Frame(step.step, step.steps, {place: pictures}, {place: step.scores.tolist()})


def _together(parts: Sequence[Frame]) -> Frame:
    """One frame of several layers, or of several chunks of the same."""
    images: dict[str, list[np.ndarray]] = {}
    reached: dict[str, list[float]] = {}
    for part in parts:
        for place, pictures in part.images.items():
            images.setdefault(place, []).append(pictures)
            reached.setdefault(place, []).extend(part.reached[place])
    whole = {place: np.concatenate(pictures) for place, pictures in images.items()}
    return Frame(parts[0].step, parts[0].steps, whole, reached)


def _chunks(indices: Sequence[int], size: int) -> list[slice]:
    """Consecutive parts of at least so many pictures, but for the last one, none of which parts a unit's pictures."""
    begins = [0]
    for place in range(1, len(indices)):
        if place - begins[-1] >= size and not set(indices[:place]) & set(indices[place:]):
            begins.append(place)
    return [slice(*ends) for ends in pairwise([*begins, len(indices)])]


def repeated(pictures: np.ndarray, side: int) -> np.ndarray:
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
