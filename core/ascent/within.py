"""An ascent within a prior: its points climb instead of pixels, so that it cannot leave what the prior knows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from core.ascent.ascend import best_of
from core.ascent.objectives import Objective
from core.ascent.parametrise import Images
from core.ascent.priors import Points, Prior, shipped

NONE = "none"  # the name of no prior
DRAWN = 256  # points of a prior, of which the best is where a climb begins
RADIUS = 1.2  # of the ball that points are held in, where nothing else is asked for


@dataclass(frozen=True)
class Within:
    """A parametrisation: images that a prior knows, their points held in a ball.

    The radius is per square root of numbers, so that at 1 it reaches as far as training images lie. Raises ValueError
    for one that is not above 0.
    """

    prior: Prior
    first: Points
    radius: float = 1.0

    def __post_init__(self) -> None:
        if self.radius <= 0:
            raise ValueError(f"A radius is a number above 0; this one is {self.radius:g}.")

    def start(self, generator: Generator) -> Tensor:
        """The first points; they need no noise where they differ."""
        return self.first.clone()

    def __call__(self, parameters: Tensor) -> Images:
        """The images of the points, of which those outside the ball are drawn back to its surface."""
        return self.prior(held(parameters, self.radius))


def held(points: Points, radius: float) -> Points:
    """Points no farther from the mean than `radius` times the square root of their numbers."""
    far = points.norm(dim=1, keepdim=True) / (radius * math.sqrt(points.shape[1]))
    return points / far.clamp(min=1)


def begun(
    model: nn.Module, objective: Objective, name: str, ranks: Sequence[int], radius: float, generator: Generator
) -> Within:
    """Within the shipped prior of that name: image i begins with the drawing that ranks `ranks[i]` by the objective.

    Of images that the prior draws by itself, DRAWN for each rank.
    """
    prior = shipped(name)
    drawn = torch.randn(DRAWN * (1 + max(ranks, default=0)), prior.numbers, generator=generator)
    return Within(prior, best_of(model, objective, prior, held(drawn, radius), ranks), radius)
