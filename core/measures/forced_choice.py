"""Forced choice: whether a picture of a unit lets one say which of two real images excites the unit more.

Borowski et al. 2021 and Zimmermann et al. 2021 ask people. Here other nets answer, by which of the two images lies
nearer to the picture in their own features, for every pair that can be made; so there is no luck of the draw.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from core.layers import record
from core.models import load

PIXELS = "pixels"
OBSERVERS = {"cnn": ("cnn", "seed-3", "conv3"), "dense": ("dense", "seed-3", "fc2")}  # never the net that is asked
STRONGEST, MIDDLE = 0.01, (0.4, 0.6)  # shares of the queries, by how strongly they excite the unit
DISTRACTORS = ("middle", "weakest")
REFERENCES, QUERIES = slice(0, None, 2), slice(1, None, 2)  # of the test images


@dataclass(frozen=True)
class Observer:
    """Sees images as unit vectors, from the mean of the queries."""

    model: str
    weights: str
    layer: str
    mean: Float[Tensor, " numbers"]

    def __call__(self, images: Float[Tensor, "n 1 28 28"]) -> Float[Tensor, "n numbers"]:
        """Where the images lie: (n, numbers), of length 1."""
        return F.normalize(_features(self.model, self.weights, self.layer, images) - self.mean, dim=1)


def observers(queries: Float[Tensor, "n 1 28 28"]) -> dict[str, Observer]:
    """Two nets of other seeds, and the pixels themselves."""
    named = OBSERVERS | {PIXELS: (PIXELS, "", "")}
    return {name: Observer(*where, _features(*where, queries).mean(0)) for name, where in named.items()}


def _features(model: str, weights: str, layer: str, images: Tensor) -> Float[Tensor, "n numbers"]:
    if model == PIXELS:
        return images.flatten(1)
    net = load(model, weights=weights)
    return torch.cat([record(net, batch, [layer])[layer].flatten(1) for batch in images.split(1000)])


def pairs(excitement: Float[Tensor, " queries"], distractor: str) -> tuple[Tensor, Tensor]:
    """The queries' numbers: those that excite the unit most, and those that they are put beside."""
    order = excitement.argsort(descending=True, stable=True)
    count = max(1, round(STRONGEST * len(order)))
    if distractor == "weakest":
        return order[:count], order[-count:]
    low, high = (round(share * len(order)) for share in MIDDLE)
    return order[:count], order[low:high]


def right(near: Float[Tensor, " queries"], positives: Tensor, distractors: Tensor) -> float:
    """The share of all pairs in which the positive is the nearer one; a tie is half right."""
    apart = near[positives][:, None] - near[distractors]
    return float(((apart > 0) + 0.5 * (apart == 0)).mean(dtype=torch.float64))


class Questions:
    """The queries of some units, and how often observers answer right."""

    def __init__(self, queries: Float[Tensor, "n 1 28 28"], excitement: Float[Tensor, "n units"]) -> None:
        """`excitement` is what each query excites each unit by: its peak."""
        self.observers = observers(queries)
        self.seen = {name: observer(queries) for name, observer in self.observers.items()}
        self.pairs = {kind: [pairs(values, kind) for values in excitement.T] for kind in DISTRACTORS}

    def scores(self, references: Float[Tensor, "units n 1 28 28"]) -> dict[tuple[str, str], Float[Tensor, " units"]]:
        """For each observer and kind of distractor what share of its pairs each unit's references get right.

        Of several references their mean nearness counts. Shown nothing, an observer gets half of them.
        """
        found = {}
        for name, observer in self.observers.items():
            near = observer(references.flatten(0, 1)).unflatten(0, references.shape[:2]).mean(1) @ self.seen[name].T
            for kind, asked in self.pairs.items():
                shares = [right(row, *pair) for row, pair in zip(near, asked, strict=True)]
                found[name, kind] = torch.tensor(shares, dtype=torch.float64)
        return found


def by_nets(scores: dict[tuple[str, str], Tensor], kind: str = DISTRACTORS[0]) -> Float[Tensor, " units"]:
    """The mean over the observers that are nets: pixels are no eyes."""
    return torch.stack([scores[name, kind] for name in OBSERVERS]).mean(0)
