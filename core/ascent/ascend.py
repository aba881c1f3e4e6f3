"""The one loop: climb an objective by changing an image."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Generator, Tensor, nn

from core.ascent.objectives import Objective
from core.ascent.parametrise import Parametrisation
from core.ascent.prepare import prepared
from core.ascent.transforms import Transform
from core.layers import run_to

DECAYS, EPSILON = (0.9, 0.999), 1e-8  # Adam's own


@dataclass(frozen=True)
class Step:
    """The images after so many of all steps, and their scores: as the net saw them, shaken; at the end, as they are."""

    step: int
    steps: int
    scores: Float[Tensor, " batch"]
    images: Float[Tensor, "batch channels *place"]  # in [0, 1]; of texts, each character's share at each step of time


def ascend(
    model: nn.Module,
    objective: Objective,
    *,
    parametrise: Parametrisation,
    transforms: Sequence[Transform] = (),
    steps: int = 128,
    lr: float = 0.1,
    dtype: torch.dtype = torch.float32,
    generator: Generator,
) -> Iterator[Step]:
    """Change images by Adam until the objective is high: x* = argmax f(x) (Erhan et al. 2009, section 3).

    Every image of the batch climbs its own score. Nothing behind the last layer that is read is computed, gradients
    reach the image only, and the model is left as it was: a copy of it climbs, in `dtype`, and the model itself says
    what was reached. The same generator gives the same images.
    """
    parameters = parametrise.start(generator).requires_grad_()
    mean, square = torch.zeros_like(parameters), torch.zeros_like(parameters)
    net = prepared(model, parametrise(parameters), objective.layers, dtype)
    for step in range(steps):
        shaken = images = parametrise(parameters)
        for transform in transforms:
            shaken = transform(shaken, generator)
        scores = objective(run_to(net, shaken.to(dtype), objective.layers), images)
        (gradient,) = torch.autograd.grad(-scores.sum(), parameters)  # before the rest: it frees the memory
        yield Step(step, steps, scores.detach(), images.detach())
        _adam(parameters, gradient, mean, square, step + 1, lr)
    with torch.no_grad():  # not around the yield: whoever takes the step runs on in the same thread
        images = parametrise(parameters)
        scores = objective(run_to(model, images, objective.layers), images)
    yield Step(steps, steps, scores, images)


@torch.no_grad()
def _adam(parameters: Tensor, gradient: Tensor, mean: Tensor, square: Tensor, step: int, lr: float) -> None:
    """Move the parameters, and the running means of the gradient and of its square (Kingma and Ba 2015, algorithm 1).

    To the last bit what `torch.optim.Adam` does, which would load torch's compiler first: 130 MB, and two seconds.
    """
    mean.lerp_(gradient, 1 - DECAYS[0])
    square.mul_(DECAYS[1]).addcmul_(gradient, gradient, value=1 - DECAYS[1])
    spread = (square.sqrt() / (1 - DECAYS[1] ** step) ** 0.5).add_(EPSILON)
    parameters.addcdiv_(mean, spread, value=-lr / (1 - DECAYS[0] ** step))


@torch.no_grad()
def best_of(
    model: nn.Module, objective: Objective, parametrise: Callable[[Tensor], Tensor], drawn: Tensor, ranks: Sequence[int]
) -> Tensor:
    """Where to start: of the parameters drawn at random (n, ...) those whose images score highest.

    Image i of the batch gets, by its own score, the one that ranks `ranks[i]`, counted from 0: so images that climb the
    same score may begin apart. Every image is seen by the net once.
    """
    images = parametrise(drawn)
    seen = run_to(model, images, objective.layers)
    scores = torch.stack([
        objective({name: _repeated(activation[place], len(ranks)) for name, activation in seen.items()},
                  _repeated(images[place], len(ranks)))
        for place in range(len(drawn))
    ])  # fmt: skip
    order = scores.argsort(dim=0, descending=True, stable=True)
    return drawn[order[torch.as_tensor(ranks), torch.arange(len(ranks))]]


def _repeated(one: Tensor, batch: int) -> Tensor:
    return one[None].expand(batch, *one.shape)


def grow(
    model: nn.Module,
    objective: Objective,
    *,
    parametrise: Callable[[tuple[int, ...], Tensor | float], Parametrisation],
    shape: tuple[int, int, int, int],
    stages: Sequence[tuple[int, float]],
    first: Tensor | float = 0.5,
    **how: Any,
) -> Iterator[Step]:
    """`ascend`, from small images to those of `shape`: `stages` are numbers of steps, each with how often to halve.

    `parametrise` is `Fourier`, `Pixels` or `Ink`. `[(32, 1), (32, 0)]` climbs 32 steps at half the size, which cost a
    quarter each, and goes on from there. It begins with `first`, an even grey or images of that shape: detail that
    small ones lack comes back with the size (the octaves of Mordvintsev, Olah, Tyka 2015).
    """
    done = 0
    images = whole = torch.as_tensor(first, dtype=torch.float32).expand(shape)
    for steps, halvings in stages:
        begin = carried(images, whole, [round(side / 2**halvings) for side in shape[2:]])
        climbed = ascend(model, objective, parametrise=parametrise(tuple(begin.shape), begin), steps=steps, **how)
        for step in climbed:
            if step.step < steps:
                yield replace(step, step=done + step.step, steps=sum(steps for steps, _ in stages))
        done, images = done + steps, step.images
    yield replace(step, step=done, steps=done)


def carried(images: Tensor, whole: Tensor, size: Sequence[int]) -> Tensor:
    """The whole images at another size (height, width), changed as `images`, which are made of them, have changed."""
    change = images - _resized(whole, images.shape[2:])
    return (_resized(whole, size) + _resized(change, size)).clamp(0, 1)


def _resized(images: Tensor, size: Sequence[int]) -> Tensor:
    return F.interpolate(images, tuple(size), mode="bilinear", antialias=True)
