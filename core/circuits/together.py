"""A unit's picture, put together from the units that it reads: they climb with its weights, itself never asked."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.ascent import Step
from core.ascent.objectives import weighted
from core.circuits.contributions import Place, Run
from core.stimuli import Recipe, climb, climb_objective


def only(weights: Float[Tensor, " units *place"], units: Sequence[int]) -> Float[Tensor, " units *place"]:
    """The weights of these units, 0 for all others."""
    found = torch.zeros_like(weights)
    found[list(units)] = weights[list(units)]
    return found


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

    `weights` are those of `core.circuits.contributions.Run`, so photos have to be of the recipe's side: they are
    climbed exactly. The last scores are the peaks of the unit itself, of `layer`, which was never asked. With all units
    it is the unit's own objective at its place, less the bias.
    """
    objective = weighted(reads, torch.stack([only(weights, units) for units in sets]))
    return climb_objective(model, objective, layer, [unit] * len(sets), recipe, [0] * len(sets), exactly=True)


def beside_own(
    model: nn.Module, run: Run, unit: int, place: Place, sets: Sequence[Sequence[int]], recipe: Recipe
) -> Iterator[Step]:
    """The own stimulus of a unit of the run's last stage, climbed at its place, and then pictures put together of sets.

    All by the same recipe, the sets with the unit's weights in the run.
    """
    stage = run.stages[-1]
    sides = stage.sums.shape[1:]
    aim = torch.zeros(1, math.prod(sides))
    aim[0, int(np.ravel_multi_index(place, sides)) if place else 0] = 1
    own = climb(model, stage.sums.name, [unit], replace(recipe, place="own"), aim, exactly=True)
    weights = run.weights(stage, unit, place)
    others = put_together(model, stage.reads, weights, sets, stage.sums.name, unit, recipe)
    for first, rest in zip(own, others, strict=True):
        yield replace(
            first, images=torch.cat([first.images, rest.images]), scores=torch.cat([first.scores, rest.scores])
        )
