"""The arithmetic of one unit at one place: the numbers that it reads, times its weights, number by number.

What a convolution reads is a window of each map, with zeros where it sticks out (Dumoulin and Visin 2016, section 2.2);
a linear layer reads everything. Where a pool lies between two layers, it is the pooled map that is read. Where other
layers lie between, as in the blocks of a net for photos, a weight is the gradient: right for small changes only.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from core.circuits.contributions import Place, Run, Stage
from core.layers import INPUT, record


@dataclass(frozen=True)
class Factors:
    """What is multiplied, a picture a unit that is read; a neuron's is 1 x 1."""

    reads: str  # the layer whose numbers these are, perhaps pooled, or INPUT
    values: Float[Tensor, "before rows columns"]  # 0 outside
    weights: Float[Tensor, "before rows columns"]
    inside: Bool[Tensor, "rows columns"]  # False where the window sticks out of the map
    corner: tuple[int, int]  # of the window: its row and column in the map, counted from 0; negative outside
    kernel: bool  # whether the weights are the net's own, and no gradient

    @property
    def products(self) -> Float[Tensor, "before rows columns"]:
        """What each number contributes."""
        return self.values * self.weights

    @property
    def by_unit(self) -> Float[Tensor, " before"]:
        """What each unit contributes, as a split of `core.circuits.contributions` has it."""
        return self.products.flatten(1).sum(1)


def factors(model: nn.Module, run: Run, stage: Stage, unit: int, place: Place) -> Factors:
    """The numbers behind `run.split(stage, unit, place)`, whose parts these add up to; ValueError as there.

    Not for an LSTM's cells, which `core.circuits.gates` takes apart.
    """
    module = model.get_submodule(stage.sums.module) if stage.affine and stage.sums.module else None
    plain = stage.sums.reads != INPUT or len(run.activation(INPUT)) == 1  # photos are standardised on the way
    gradient = run.weights(stage, unit, place)
    if isinstance(module, nn.Conv2d) and plain and module.groups == 1 and module.dilation == (1, 1):
        return _window(module, _read(model, run, stage), str(stage.sums.reads), unit, place)
    if isinstance(module, nn.Linear) and plain:
        return _everything(module, _read(model, run, stage), str(stage.sums.reads), unit)
    return _by_gradient(run.activation(stage.reads), gradient, stage.reads)


def _read(model: nn.Module, run: Run, stage: Stage) -> Float[Tensor, " before *place"]:
    """What the stage's module takes, as an activation."""
    name = str(stage.sums.reads)
    if name == INPUT:
        return run.activation(INPUT)
    return record(model, run.activation(INPUT)[None], [name])[name][0]


def _window(module: nn.Conv2d, seen: Tensor, reads: str, unit: int, place: Place) -> Factors:
    assert not isinstance(module.padding, str)
    (down, across), (rows, columns) = module.padding, module.kernel_size
    top, left = (at * stride for at, stride in zip(place, module.stride, strict=True))
    there = slice(top, top + rows), slice(left, left + columns)

    def cut(maps: Tensor) -> Tensor:
        return F.pad(maps, (int(across), int(across), int(down), int(down)))[(..., *there)]

    inside = cut(torch.ones_like(seen[0])) > 0
    return Factors(reads, cut(seen), module.weight[unit].detach(), inside, (top - int(down), left - int(across)), True)


def _everything(module: nn.Linear, seen: Tensor, reads: str, unit: int) -> Factors:
    weights = module.weight[unit].detach()
    if len(weights) < seen.numel():  # a readout of a recurrent layer's last state
        seen = seen[:, -1]
    values = seen if seen.ndim == 3 else seen.reshape(len(seen), 1, -1)
    return Factors(reads, values, weights.view_as(values), torch.ones(values.shape[1:]).bool(), (0, 0), True)


def _by_gradient(seen: Tensor, gradient: Tensor, reads: str) -> Factors:
    """Cut down to the rows and columns in which anything changes the unit."""
    values, weights = (each if each.ndim == 3 else each.reshape(len(each), 1, -1) for each in (seen, gradient))
    matters = (weights != 0).any(0)
    if not matters.any():
        matters = torch.ones_like(matters)
    (top, bottom), (left, right) = (_span(matters.any(axis)) for axis in (1, 0))
    there = slice(None), slice(top, bottom), slice(left, right)
    inside = torch.ones(bottom - top, right - left).bool()
    return Factors(reads, values[there], weights[there], inside, (top, left), False)


def _span(line: Bool[Tensor, " places"]) -> tuple[int, int]:
    at = line.nonzero()[:, 0]
    return int(at[0]), int(at[-1]) + 1
