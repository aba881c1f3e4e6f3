"""DeepDream: what a layer sees in a picture is amplified until it shows (Mordvintsev, Olah, Tyka 2015)."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from core.ascent import Step, grow
from core.ascent.ascend import carried
from core.ascent.objectives import Objective, energy
from core.ascent.parametrise import Fourier
from core.ascent.transforms import Jitter
from core.data.augment import warp
from core.layers import run_to
from core.studio.answers import answered
from core.studio.limits import require_gradient, require_within
from core.studio.made import Made, made
from core.studio.waves import scattered

Images = Float[Tensor, "n channels height width"]


@dataclass(frozen=True)
class Dream:
    """What is amplified, and how. As it stands, for photos."""

    layer: str = "block9"
    unit: int | None = None  # of the layer; None is all of them
    strength: float = 0.2  # how far an octave moves each wave of the picture, of which one of 1 is strong
    octaves: int = 5  # sizes, each `scale` times as large as the one before; the last is the picture's own
    scale: float = 1.4
    steps: int = 16  # an octave
    jitter: int = 16  # pixels
    frames: int = 0  # of the zoom into what was dreamt
    factor: float = 1.06  # by which each frame enlarges the one before
    seed: int = 0


RECIPES = {
    "photos": Dream(),
    "digits": Dream("relu4", strength=0.6, octaves=1, steps=30, jitter=1),
}  # by what a model sees
LIMITS: dict[str, tuple[float, float]] = {
    "unit": (0, 9999), "strength": (0.01, 3.0), "octaves": (1, 8), "scale": (1.1, 2.0), "steps": (1, 100),
    "jitter": (0, 64), "frames": (0, 64), "factor": (1.0, 1.5), "seed": (0, 9999),
}  # fmt: skip
LEAST = 16  # pixels of the smallest octave
EQUAL = 10  # rounds in which noise is brought to the size of a change


def dream(model: nn.Module, images: Images, recipe: Dream) -> Iterator[Made]:
    """The first image, changed so that a layer's mean square, or one unit's mean, rises; then the frames of a zoom.

    It climbs from the smallest octave to the whole size; the detail that the smaller ones lack comes back each time. A
    frame is the middle of the one before, enlarged and dreamt on by half the steps and a quarter of the strength, in
    two octaves. Every step of the dream has a record, and every frame. Numbers, of the dream without the zoom:
    `before` and `after`, a layer's root mean square or a unit's mean; `noise`, the same of `noise_like`; `changed`, the
    root mean squared difference of pixels; and what `answered` tells. Raises ValueError for a recipe beyond LIMITS, a
    unit or a layer that there is not or that has no gradient, and octaves that the net cannot take.
    """
    photo = images[:1]
    _require(model, photo, recipe)
    dreamt = recipe.octaves * recipe.steps
    for step in climb(model, photo, recipe):
        numbers = _numbers(model, photo, step.images, recipe) if step.step == dreamt else {}
        yield made(step.step, dreamt + recipe.frames, carried(step.images, photo, photo.shape[2:]), **numbers)
    less = replace(
        recipe, octaves=min(recipe.octaves, 2), steps=max(1, recipe.steps // 2), strength=recipe.strength / 4
    )
    for frame in range(1, recipe.frames + 1):
        begun = zoomed(step.images, recipe.factor)
        *_, step = climb(model, begun, replace(less, seed=recipe.seed + frame))
        yield made(dreamt + frame, dreamt + recipe.frames, step.images, **numbers)


def climb(model: nn.Module, images: Images, recipe: Dream) -> Iterator[Step]:
    """The ascent of several images, in which each octave moves waves by the same in all, in however many steps."""
    batch, channels, height, width = images.shape
    return grow(
        model,
        climbed(recipe),
        parametrise=partial(Fourier, noise=0.0),
        shape=(batch, channels, height, width),
        stages=[(recipe.steps, smaller * math.log2(recipe.scale)) for smaller in reversed(range(recipe.octaves))],
        first=images,
        transforms=[Jitter(recipe.jitter, None)],
        lr=recipe.strength / recipe.steps,
        generator=Generator().manual_seed(recipe.seed),
    )


def climbed(recipe: Dream) -> Objective:
    """What the dream raises: a layer's mean square, or a unit's mean over its map, or over time."""
    layer, unit = recipe.layer, recipe.unit
    if unit is None:
        return energy(layer)
    return Objective(frozenset({layer}), lambda seen, _: seen[layer][:, unit, None].flatten(1).mean(1))


def _require(model: nn.Module, photo: Images, recipe: Dream) -> None:
    require_within(recipe, LIMITS)
    with torch.no_grad():
        count = run_to(model, photo, [recipe.layer])[recipe.layer].shape[1]
    if recipe.unit is not None and recipe.unit >= count:
        raise ValueError(f"{recipe.layer} has the units 0 to {count - 1}; {recipe.unit} is none.")
    require_gradient(model, photo, climbed(recipe))
    sides = [round(side / recipe.scale ** (recipe.octaves - 1)) for side in photo.shape[2:]]
    if recipe.octaves > 1:
        if min(sides) < LEAST:
            raise ValueError(f"The smallest octave has {min(sides)} pixels, and needs {LEAST}: take fewer octaves.")
        try:
            with torch.no_grad():
                run_to(model, carried(photo, photo, sides), [recipe.layer])
        except RuntimeError:
            raise ValueError("This net takes pictures of one size only: it has one octave.") from None


@torch.no_grad()
def reached(model: nn.Module, images: Images, recipe: Dream) -> Float[Tensor, " n"]:
    """A layer's root mean square in each image, or a unit's mean."""
    scores = climbed(recipe)(run_to(model, images, [recipe.layer]), images)
    return scores.sqrt() if recipe.unit is None else scores


def _numbers(model: nn.Module, photo: Images, dreamt: Images, recipe: Dream) -> dict[str, float]:
    noise = noise_like(dreamt, photo, Generator().manual_seed(recipe.seed))
    names = ("before", "after", "noise")
    values = [float(reached(model, image, recipe)) for image in (photo, dreamt, noise)]
    changed = float((dreamt - photo).square().mean().sqrt())
    return dict(zip(names, values, strict=True)) | {"changed": changed} | answered(model, photo, dreamt)


def noise_like(changed: Images, images: Images, generator: Generator) -> Images:
    """The images under noise as large and as coarse as their changes: each wave of a change at a random phase.

    All channels of a wave move together, so that its colour stays. The noise is made as large, after it is clipped to
    [0, 1], as the change is in L2.
    """
    change = changed - images
    noise = torch.fft.irfft2(scattered(change, generator), s=images.shape[2:])
    size = change.flatten(1).norm(dim=1)[:, None, None, None]
    for _ in range(EQUAL):
        now = ((images + noise).clamp(0, 1) - images).flatten(1).norm(dim=1)[:, None, None, None]
        noise = noise * size / now.clamp(min=1e-12)
    return (images + noise).clamp(0, 1)


def zoomed(images: Images, factor: float) -> Images:
    """The middle, so many times as large."""
    none = torch.zeros(len(images))
    return warp(images, none, none + factor, none, none)
