"""Points in the plane, of two classes: small tasks that can be seen whole."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

TURNS = 1.5  # of a spiral
CORNERS = ((1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, -1.0))  # of XOR, of class 0 and 1 in turn


class Points(NamedTuple):
    """Where they lie, about within [-1, 1], and the class of each, 0 or 1."""

    positions: Float[Tensor, "n 2"]
    labels: Int[Tensor, " n"]


def xor(count: int, noise: float, seed: int) -> Points:
    """At the four corners in turn, class 1 where just one coordinate is positive; without noise just four places."""
    corner = torch.arange(count) % 4
    return _shaken(torch.tensor(CORNERS)[corner] * 0.6, corner % 2, noise, seed)


def circles(count: int, noise: float, seed: int) -> Points:
    """Class 1 in a ring round class 0."""
    from sklearn.datasets import make_circles  # takes a second to import

    positions, labels = make_circles(count, shuffle=False, factor=0.4)
    return _shaken(_float(positions) * 0.9, 1 - torch.as_tensor(labels), noise, seed)


def moons(count: int, noise: float, seed: int) -> Points:
    """Two half moons, each in the other's bay."""
    from sklearn.datasets import make_moons

    positions, labels = make_moons(count, shuffle=False)
    return _shaken((_float(positions) - torch.tensor([0.5, 0.25])) * 0.6, torch.as_tensor(labels), noise, seed)


def spirals(count: int, noise: float, seed: int) -> Points:
    """Two arms that wind round each other TURNS times."""
    along = torch.linspace(0.1, 1, (count + 1) // 2)
    arm = torch.stack([along * torch.cos(2 * math.pi * TURNS * along), along * torch.sin(2 * math.pi * TURNS * along)])
    positions, labels = torch.cat([arm.T, -arm.T])[:count], torch.arange(2).repeat_interleave(len(along))[:count]
    return _shaken(positions, labels, noise, seed)


def gaussians(count: int, noise: float, seed: int) -> Points:
    """Two clouds that one line parts."""
    labels = torch.arange(count) % 2
    return _shaken((2.0 * labels[:, None] - 1) * torch.tensor([0.5, 0.5]), labels, 0.15 + noise, seed)


def _float(positions: np.ndarray) -> Tensor:
    return torch.as_tensor(positions, dtype=torch.float32)


def _shaken(positions: Tensor, labels: Tensor, noise: float, seed: int) -> Points:
    """With normal noise of that spread."""
    generator = torch.Generator().manual_seed(seed)
    return Points(positions + noise * torch.randn(positions.shape, generator=generator), labels.long())


POINTS: dict[str, Callable[[int, float, int], Points]] = {
    "XOR": xor, "circles": circles, "moons": moons, "spirals": spirals, "gaussians": gaussians,
}  # fmt: skip
