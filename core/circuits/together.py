"""A unit's picture, put together from the units that it reads: they climb with its weights, itself never asked."""

from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.ascent import Step
from core.ascent.objectives import weighted
from core.stimuli import Recipe, climb_objective


def put_together(
    model: nn.Module,
    reads: str,
    weights: Float[Tensor, " units *place"],
    sets: Sequence[Sequence[int]],
    layer: str,
    unit: int,
    recipe: Recipe,
) -> Iterator[Step]:
    """In image i of the batch, the units `sets[i]` of the layer `reads` climb with a unit's weights, at their places.

    `weights` are those of `core.circuits.contributions.Run`. The last scores are the peaks of the unit itself, of
    `layer`, which was never asked. With all units it is the unit's own objective at its place, less the bias.
    """
    named = torch.zeros(len(sets), len(weights))
    for row, units in zip(named, sets, strict=True):
        row[list(units)] = 1
    objective = weighted(reads, named.view(*named.shape, *[1] * (weights.ndim - 1)) * weights)
    return climb_objective(model, objective, layer, [unit] * len(sets), recipe, [0] * len(sets))
