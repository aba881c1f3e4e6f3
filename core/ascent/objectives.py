"""What is climbed: immutable scores, one for each image of a batch, that add, subtract and scale.

`0.2 * units("conv3", (4, 7)) - total_variation() * 1e-3` climbs unit 4 in the first image and unit 7 in the second.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

Activations = Mapping[str, Tensor]
Scores = Float[Tensor, " batch"]


@dataclass(frozen=True)
class Objective:
    """A score for each image, and the layers that it reads."""

    layers: frozenset[str]
    score: Callable[[Activations, Tensor], Scores]

    def __call__(self, activations: Activations, images: Tensor) -> Scores:
        """The scores of `images`, whose activations these are."""
        return self.score(activations, images)

    def __add__(self, other: "Objective") -> "Objective":
        return Objective(self.layers | other.layers, lambda seen, images: self(seen, images) + other(seen, images))

    def __mul__(self, factor: float) -> "Objective":
        return Objective(self.layers, lambda seen, images: factor * self(seen, images))

    __rmul__ = __mul__

    def __neg__(self) -> "Objective":
        return -1 * self

    def __sub__(self, other: "Objective") -> "Objective":
        return self + -other


def units(layer: str, indices: Sequence[int], place: Literal["centre", "mean"] = "centre", time: int = -1) -> Objective:
    """Unit `indices[i]` of a layer in image i: a map's centre or its mean; a recurrent unit at one time step."""

    def score(seen: Activations, images: Tensor) -> Scores:
        activation = seen[layer][torch.arange(len(indices)), torch.as_tensor(indices)]
        if activation.ndim == 2:
            return activation[:, time]
        if activation.ndim == 3 and place == "centre":
            return activation[:, activation.shape[1] // 2, activation.shape[2] // 2]
        return activation.flatten(1).mean(1) if activation.ndim > 1 else activation

    return Objective(frozenset({layer}), score)


def direction(layer: str, vectors: Float[Tensor, "batch units"]) -> Objective:
    """The dot product of a layer's activation, its mean over place or time, with a direction of its own per image."""

    def score(seen: Activations, images: Tensor) -> Scores:
        activation = seen[layer]
        pooled = activation.flatten(2).mean(2) if activation.ndim > 2 else activation
        return (pooled * vectors).sum(1)

    return Objective(frozenset({layer}), score)


def diversity(layer: str) -> Objective:
    """How little each image's activation looks like the others' of its batch: minus its mean cosine similarity.

    Olah, Mordvintsev, Schubert 2017 compare Gram matrices; over a map they are taken here too.
    """

    def score(seen: Activations, images: Tensor) -> Scores:
        features = seen[layer].flatten(2) if seen[layer].ndim > 2 else seen[layer][:, :, None]
        gram = torch.nn.functional.normalize((features @ features.transpose(1, 2)).flatten(1), dim=1)
        similarity = gram @ gram.T
        return -(similarity.sum(1) - similarity.diagonal()) / max(1, len(images) - 1)

    return Objective(frozenset({layer}), score)


def l2() -> Objective:
    """The sum of squared pixels (Simonyan, Vedaldi, Zisserman 2014, equation 1): subtract it to punish bright ones."""
    return Objective(frozenset(), lambda seen, images: images.square().sum((1, 2, 3)))


def total_variation() -> Objective:
    """The sum of absolute differences between neighbours, down and across (Rudin, Osher, Fatemi 1992, anisotropic)."""

    def score(seen: Activations, images: Tensor) -> Scores:
        return images.diff(dim=2).abs().sum((1, 2, 3)) + images.diff(dim=3).abs().sum((1, 2, 3))

    return Objective(frozenset(), score)
