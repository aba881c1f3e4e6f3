"""How much the last state depends on each input before it: ||d state_T / d input_s|| by the distance T - s."""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from core.vanishing.nets import Recurrent


def by_distance(net: Recurrent, x: Float[Tensor, "n steps features"]) -> Float[Tensor, " steps"]:
    """The Frobenius norm of d state_T / d input_s, its mean over sequences; first the last input, at distance 0.

    In double precision, in which what has vanished is not yet zero: a factor of 0.3 a step underflows floats within 90
    steps. One backward pass: each unit has a copy of the sequences of its own.
    """
    exact = copy.deepcopy(net).double().requires_grad_(False)
    units, count = exact.recurrent.hidden_size, len(x)
    copies = x.double().repeat(units, 1, 1).requires_grad_()
    own = exact.last(copies).view(units, count, units).diagonal(dim1=0, dim2=2)
    (gradient,) = torch.autograd.grad(own.sum(), copies)
    norms = gradient.view(units, count, *x.shape[1:]).square().sum(dim=(0, 3)).sqrt()
    return norms.mean(0).flip(0)


@dataclass(frozen=True)
class Decay:
    """By which factor the influence changes a step, on the mean, and what is left of it at the farthest input."""

    factor: float  # below 1 it vanishes, above it explodes; NaN where there is no influence at all
    left: float  # the farthest input's influence as a share of the last one's

    @property
    def half_life(self) -> float:
        """In how many steps the influence halves; infinite where it does not fall."""
        return math.log(2) / -math.log(self.factor) if self.factor < 1 else math.inf


def decay(influence: Sequence[float]) -> Decay:
    """The least-squares line through the logarithms over all distances; zeros and what is no number are left out."""
    points = [(step, math.log(value)) for step, value in enumerate(influence) if 0 < value < math.inf]
    if len(points) < 2:
        return Decay(math.nan, math.nan)
    places, logs = torch.tensor(points, dtype=torch.float64).T
    places = places - places.mean()
    slope = float((places * logs).sum() / places.square().sum())
    return Decay(math.exp(slope), influence[-1] / influence[0] if influence[0] else math.nan)
