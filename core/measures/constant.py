"""Whether a unit answers every image alike, so that nothing can be said of what it answers to."""

from jaxtyping import Bool, Float
from torch import Tensor

ROUNDING = 1e-5  # a share of a unit's size: float32 keeps seven digits, and sums over a layer cost two of them


def constant(activation: Float[Tensor, "n units *place"]) -> Bool[Tensor, " units"]:
    """Which units differ over the images, at each of their places, by no more than rounding."""
    values = activation.double().flatten(2) if activation.ndim > 2 else activation.double()[..., None]
    spread = values.var(0, correction=0).mean(1).sqrt()
    return spread <= ROUNDING * values.square().mean((0, 2)).sqrt()
