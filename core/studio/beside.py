"""An ascent beside fixed images, with which it is compared place by place."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from core.ascent.objectives import Activations, Objective, Scores
from core.ascent.parametrise import Parametrisation

Images = Float[Tensor, "n channels height width"]


@dataclass(frozen=True)
class Beside:
    """A parametrisation with fixed images behind its own, which are shaken with them, so that places stay paired."""

    own: Parametrisation
    fixed: Images

    def start(self, generator: Generator) -> Tensor:
        """The parameters of its own images."""
        return self.own.start(generator)

    def __call__(self, parameters: Tensor) -> Images:
        """Its own images and the fixed ones."""
        return torch.cat([self.own(parameters), self.fixed])


def of_own(objective: Objective) -> Objective:
    """The objective of the own images alone, a batch's first half; the fixed ones score 0."""

    def score(seen: Activations, images: Images) -> Scores:
        half = len(images) // 2
        scores = objective({layer: activation[:half] for layer, activation in seen.items()}, images[:half])
        return torch.cat([scores, torch.zeros_like(scores)])

    return Objective(objective.layers, score)


def paired(layer: str, score: Callable[[Tensor, Tensor], Scores]) -> Objective:
    """Of the own images, a score of each one's activation in a layer and of its fellow's; the fixed ones score 0."""

    def of_all(seen: Activations, _: Images) -> Scores:
        scores = score(*seen[layer].chunk(2))
        return torch.cat([scores, torch.zeros_like(scores)])

    return Objective(frozenset({layer}), of_all)
