"""The one loop: climb an objective by changing an image."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from core.ascent.objectives import Objective
from core.ascent.parametrise import Parametrisation
from core.ascent.transforms import Transform
from core.layers import run_to


@dataclass(frozen=True)
class Step:
    """The images after so many of all steps, and their scores: as the net saw them, shaken; at the end, as they are."""

    step: int
    steps: int
    scores: Float[Tensor, " batch"]
    images: Float[Tensor, "batch channels height width"]  # in [0, 1]


def ascend(
    model: nn.Module,
    objective: Objective,
    *,
    parametrise: Parametrisation,
    transforms: Sequence[Transform] = (),
    steps: int = 128,
    lr: float = 0.1,
    generator: Generator,
) -> Iterator[Step]:
    """Change images by Adam until the objective is high: x* = argmax f(x) (Erhan et al. 2009, section 3).

    Every image of the batch climbs its own score. Nothing behind the last layer that is read is computed, gradients
    reach the image only, and the model is left as it was. The same generator gives the same images.
    """
    parameters = parametrise.start(generator).requires_grad_()
    optimizer = torch.optim.Adam([parameters], lr=lr)
    for step in range(steps):
        shaken = images = parametrise(parameters)
        for transform in transforms:
            shaken = transform(shaken, generator)
        scores = objective(run_to(model, shaken, objective.layers), images)
        yield Step(step, steps, scores.detach(), images.detach())
        (parameters.grad,) = torch.autograd.grad(-scores.sum(), parameters)
        optimizer.step()
    with torch.no_grad():  # not around the yield: whoever takes the step runs on in the same thread
        images = parametrise(parameters)
        scores = objective(run_to(model, images, objective.layers), images)
    yield Step(steps, steps, scores, images)
