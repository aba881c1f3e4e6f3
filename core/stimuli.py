"""The digit nets' preferred stimuli: how they are found, unit by unit and layer by layer."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, UInt8
from PIL import Image
from torch import Generator, Tensor, nn

from core.ascent import Step, ascend
from core.ascent.objectives import Objective, Place, diversity, units
from core.ascent.parametrise import Ink, Pixels
from core.ascent.transforms import Blur, Jitter
from core.data.canvas import from_text
from core.data.digits import test_set
from core.examples import peak
from core.layers import record, run_to

SIZE = 28


@dataclass(frozen=True)
class Recipe:
    """How stimuli are found: clean strokes, by a budget of ink, a little jitter and a little blur."""

    steps: int = 128
    lr: float = 0.1
    budget: float | None = 0.13  # of ink, on the mean: MNIST's own; None is as much as it likes
    jitter: int = 2  # pixels
    blur: float = 0.5  # pixels
    seed: int = 0
    start: str = "grey"  # one of STARTS, or an image as `core.data.canvas.to_text` writes it
    place: Place = "centre"  # of a map
    row: int = 28  # behind which a recurrent unit is read
    minus: int | None = None  # this unit's sum is subtracted, in layers that have it
    diversity: float = 0.0  # how much pictures of the same unit shun one another


RECIPE = Recipe()
LIMITS: dict[str, tuple[float, float]] = {
    "steps": (1, 1024), "lr": (1e-3, 1.0), "budget": (0.01, 1.0), "jitter": (0, 8), "blur": (0.0, 4.0),
    "seed": (0, 9999), "row": (1, SIZE), "minus": (0, 9999), "diversity": (0.0, 1000.0),
}  # fmt: skip
STARTS = ("grey", "noise", "black", "mean digit")


def within_limits(recipe: Recipe) -> tuple[Recipe, list[str]]:
    """The nearest recipe that can be climbed in reasonable time, and a sentence for each value that it changed."""
    changes, sentences = {}, []
    for name, (low, high) in LIMITS.items():
        value = getattr(recipe, name)
        if value is not None and not low <= value <= high:
            changes[name] = type(value)(low if value < low else high)
            sentences.append(f"{name.capitalize()}: from {low:g} to {high:g}; {changes[name]:g} is taken.")
    return replace(recipe, **changes), sentences


def climb(model: nn.Module, layer: str, indices: Sequence[int], recipe: Recipe) -> Iterator[Step]:
    """The ascent of these units of a layer of sums, all in one batch; the same unit may be climbed several times.

    What shakes the image has to be small beside the window that the units see, and what they cannot see stays paper.
    The last scores are not those of the objective, but the units' own peaks, as `core.examples` takes them of images.
    Raises ValueError for units that the layer does not have.
    """
    count = record(model, torch.zeros(1, 1, SIZE, SIZE), [layer])[layer].shape[1]
    if not set(indices) <= set(range(count)):
        raise ValueError(
            f"{layer} has the units 0 to {count - 1}; {sorted(set(indices) - set(range(count)))} are none."
        )
    objective = _objective(layer, indices, recipe, count)
    window = _window(model, objective, len(indices))
    room = int(window.any(0).sum()) // 10
    jitter = min(recipe.jitter, room)
    shape = (len(indices), 1, SIZE, SIZE)
    how: Any = {"first": _first(recipe.start), "noise": 1.0 if recipe.start == "noise" else Pixels.noise}
    steps = ascend(
        model,
        objective,
        parametrise=Pixels(shape, **how) if recipe.budget is None else Ink(shape, budget=recipe.budget, **how),
        transforms=([Blur(recipe.blur)] if recipe.blur and room >= 2 else []) + ([Jitter(jitter)] if jitter else []),
        steps=recipe.steps,
        lr=recipe.lr,
        generator=Generator().manual_seed(recipe.seed),
    )
    reach = F.max_pool2d(window[None].float(), 2 * jitter + 1, stride=1, padding=jitter)
    for step in steps:
        images = step.images * reach
        own = step.scores if step.step < step.steps else _peaks(model, layer, indices, images)
        yield replace(step, images=images, scores=own)


def _peaks(model: nn.Module, layer: str, indices: Sequence[int], images: Tensor) -> Tensor:
    return peak(record(model, images, [layer])[layer])[torch.arange(len(indices)), torch.as_tensor(indices)]


def _objective(layer: str, indices: Sequence[int], recipe: Recipe, count: int) -> Objective:
    where = (recipe.place, recipe.row - 1)
    objective = units(layer, indices, *where)
    if recipe.minus is not None and recipe.minus < count:
        objective -= units(layer, [recipe.minus] * len(indices), *where)
    return objective + recipe.diversity * diversity(layer, indices, *where) if recipe.diversity else objective


def _first(start: str) -> Tensor | float:
    """The image, or the even grey, that an ascent begins from. Raises ValueError for a text that is neither."""
    if start not in STARTS:
        return from_text(start)
    if start == "mean digit":
        return test_set().images.mean(0)
    return 0.0 if start == "black" else Ink.first


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
    images: dict[str, UInt8[np.ndarray, "units 28 28"]]  # by layer; 255 is ink
    reached: dict[str, list[float]]

    def to_png(self) -> bytes:
        """All pictures, one below the other, in one grey PNG."""
        buffer = io.BytesIO()
        Image.fromarray(np.concatenate(list(self.images.values())).reshape(-1, SIZE)).save(buffer, "PNG")
        return buffer.getvalue()


def from_png(png: bytes, steps: int, reached: Mapping[str, Sequence[float]]) -> Frame:
    """The last frame again, from its PNG and its numbers; they also say how many pictures each layer has."""
    with Image.open(io.BytesIO(png)) as picture:
        tiles = np.asarray(picture).reshape(-1, SIZE, SIZE)
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
            {place: np.rint(255 * step.images[:, 0].numpy()).astype(np.uint8) for place, step in found.items()},
            {place: step.scores.tolist() for place, step in found.items()},
        )
