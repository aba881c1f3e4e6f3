"""Bends: how often, and how far, a layer's answer leaves a straight line on the way from one image to another."""

import torch
from jaxtyping import Float
from torch import Tensor

STEPS = 200  # of a path: between two of them a unit that turns twice is not seen to turn


def path(
    first: Float[Tensor, "channels height width"], second: Float[Tensor, "channels height width"], steps: int = STEPS
) -> Float[Tensor, "steps_and_one channels height width"]:
    """The images on the straight line between two, both included, in so many equal steps."""
    share = torch.linspace(0, 1, steps + 1)[:, None, None, None]
    return (1 - share) * first + share * second


def flips(pre_activations: Float[Tensor, "steps units *place"]) -> int:
    """How often ReLUs turn on or off along a path, of the pre-activations on it: at least, as steps may hide some.

    Raghu et al. 2017, "On the expressive power of deep neural networks", section 2, call them transitions: between
    two of them a ReLU net is linear. Raises ValueError for a path without a step.
    """
    _require(pre_activations)
    return int(((pre_activations > 0).diff(dim=0)).sum())


def detour(activation: Float[Tensor, "steps units *place"]) -> float:
    """The length of a layer's trajectory along a path, over the distance of its ends: 1 where it is straight.

    Raghu et al. 2017, section 2, whose trajectory length grows with a layer's scale; divided by the distance it does
    not. NaN where the ends are one point. Raises ValueError for a path without a step.
    """
    _require(activation)
    points = activation.double().flatten(1)
    distance = (points[-1] - points[0]).norm()
    return float(points.diff(dim=0).norm(dim=1).sum() / distance) if distance > 0 else torch.nan


def _require(points: Tensor) -> None:
    if len(points) < 2:
        raise ValueError(f"A path has two points at least, and this one has {len(points)}.")
