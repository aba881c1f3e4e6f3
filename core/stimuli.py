"""The digit nets' preferred stimuli: how they are found, unit by unit and layer by layer."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, UInt8
from PIL import Image
from torch import Generator, Tensor, nn

from core.ascent import Step, ascend
from core.ascent.objectives import Objective, units
from core.ascent.parametrise import Ink, Pixels
from core.ascent.transforms import Blur, Jitter
from core.layers import run_to

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


RECIPE = Recipe()


def climb(model: nn.Module, layer: str, indices: Sequence[int], recipe: Recipe) -> Iterator[Step]:
    """The ascent of these units of a layer of sums, all in one batch: a map's centre, a recurrent unit's last state.

    What shakes the image has to be small beside the window that the units see, and what they cannot see stays paper.
    """
    objective = units(layer, indices)
    window = _window(model, objective, len(indices))
    room = int(window.any(0).sum()) // 10
    jitter = min(recipe.jitter, room)
    shape = (len(indices), 1, SIZE, SIZE)
    free = Pixels(shape, first=Ink.first)
    steps = ascend(
        model,
        objective,
        parametrise=free if recipe.budget is None else Ink(shape, budget=recipe.budget),
        transforms=([Blur(recipe.blur)] if recipe.blur and room >= 2 else []) + ([Jitter(jitter)] if jitter else []),
        steps=recipe.steps,
        lr=recipe.lr,
        generator=Generator().manual_seed(recipe.seed),
    )
    reach = F.max_pool2d(window[None].float(), 2 * jitter + 1, stride=1, padding=jitter)
    return (replace(step, images=step.images * reach) for step in steps)


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
