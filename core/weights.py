"""What a net has learnt, as it stands: the weights of each layer, and which units they join.

`python -m core.weights` prints how smooth the filters are.
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor, nn

from core.layers import INPUT, Layer, list_layers, pre_activation
from core.models import DIGIT_NETS, find, load

GATES = ("input", "forget", "cell", "output")  # of an LSTM, in torch's order
WRITES = "cell"  # the gate whose sum is what an LSTM writes into its memory


@dataclass(frozen=True)
class Matrix:
    """The weights by which a layer's units sum up what they read."""

    layer: Layer
    reads: str  # a layer, INPUT, or the layer itself one step earlier
    gate: str  # of an LSTM; empty for other layers
    values: Float[Tensor, "units before *window"]  # of the input its channels, or a row's pixels; the window may lack


def matrices(model: nn.Module, layers: Sequence[Layer], input_shape: Sequence[int]) -> list[Matrix]:
    """All matrices of a net in forward order: one a layer, of an LSTM two a gate."""
    return [matrix for layer in layers for matrix in _of_layer(model, layer, layers, input_shape)]


def _of_layer(model: nn.Module, layer: Layer, layers: Sequence[Layer], input_shape: Sequence[int]) -> list[Matrix]:
    if layer.module is None or layer.reads is None:
        return []
    module = model.get_submodule(layer.module)
    if isinstance(module, nn.LSTM):
        both = (layer.reads, module.get_parameter("weight_ih_l0")), (layer.name, module.get_parameter("weight_hh_l0"))
        return [
            Matrix(layer, reads, gate, part)
            for reads, weight in both
            for gate, part in zip(GATES, weight.detach().chunk(len(GATES)), strict=True)
        ]
    if not isinstance(module, (nn.Linear, nn.Conv2d)):
        return []
    weight, shape = module.weight.detach(), {INPUT: tuple(input_shape)} | {other.name: other.shape for other in layers}
    if isinstance(module, nn.Linear) and weight.shape[1] == math.prod(shape[layer.reads]):
        weight = weight.unflatten(1, shape[layer.reads])  # it reads all places of all units in one line
    return [Matrix(layer, layer.reads, "", weight)]


def joins(model: nn.Module, layers: Sequence[Layer], layer: Layer) -> Float[Tensor, "units before"] | None:
    """How each unit of the layer that is read adds to each unit of `layer`: its weights, summed over the window.

    Of an LSTM, to what it writes into its memory. None for layers that read the input or no single layer, and for
    those whose units do not read all units.
    """
    if layer.reads in (None, INPUT):
        return None
    for matrix in _of_layer(model, layer, layers, ()):
        grouped = matrix.values.shape[1] != _named(layers, matrix.reads).units
        if matrix.reads == layer.reads and matrix.gate in ("", WRITES) and not grouped:
            return matrix.values.reshape(*matrix.values.shape[:2], -1).sum(2)
    return None


@dataclass(frozen=True)
class Neighbours:
    """The units of another layer that a unit is joined to, by the weights between them."""

    layer: str
    positive: list[tuple[int, float]]  # index and weight, the strongest first
    negative: list[tuple[int, float]]


def inputs_of(model: nn.Module, layers: Sequence[Layer], layer: str, unit: int, k: int) -> Neighbours | None:
    """The k units that excite a unit most by their weights, and the k that inhibit it most."""
    sums = pre_activation(layers, layer)
    weights = joins(model, layers, sums)
    return None if weights is None or sums.reads is None else _strongest(sums.reads, weights[unit], k)


def outputs_of(model: nn.Module, layers: Sequence[Layer], layer: str, unit: int, k: int) -> list[Neighbours]:
    """For each layer that reads a unit's, the k units that it excites most, and the k that it inhibits most."""
    sums = pre_activation(layers, layer).name
    found = []
    for reader in layers:
        if reader.reads in (None, INPUT) or pre_activation(layers, reader.reads).name != sums:
            continue
        weights = joins(model, layers, reader)
        if weights is not None:
            found.append(_strongest(reader.name, weights[:, unit], k))
    return found


def _strongest(layer: str, weights: Float[Tensor, " n"], k: int) -> Neighbours:
    order = weights.argsort(descending=True, stable=True)

    def pairs(numbers: Int[Tensor, " k"]) -> list[tuple[int, float]]:
        return [(int(number), float(weights[number])) for number in numbers]

    return Neighbours(layer, pairs(order[weights[order] > 0][:k]), pairs(order.flip(0)[weights[order.flip(0)] < 0][:k]))


def _named(layers: Sequence[Layer], name: str) -> Layer:
    return next(layer for layer in layers if layer.name == name)


def eigenvalues(matrix: Matrix) -> Complex[Tensor, " units"]:
    """Of a recurrent matrix: in a linear net, what lies inside the unit circle fades with each step."""
    return torch.linalg.eigvals(matrix.values)


def smoothness(values: Float[Tensor, "*units height width"]) -> float:
    """How alike weights are that lie side by side: their correlation, between -1 and 1; about 0 without training."""
    across = values[..., :, :-1].flatten(), values[..., :, 1:].flatten()
    down = values[..., :-1, :].flatten(), values[..., 1:, :].flatten()
    pairs = torch.stack([torch.cat([a, b]) for a, b in zip(across, down, strict=True)])
    return float(torch.corrcoef(pairs)[0, 1])


def markdown() -> str:
    """The README's table: the smoothness of each layer with filters, trained before untrained."""
    cells: dict[str, dict[int, str]] = {}
    for name in DIGIT_NETS:
        shape = find(name).input_shape
        nets = [load(name, weights=weights) for weights in ("trained", "untrained")]
        layers = list_layers(nets[0], shape)
        for trained, twin in zip(*(matrices(net, layers, shape) for net in nets), strict=True):
            if trained.values.ndim == 4:
                values = smoothness(trained.values), smoothness(twin.values)
                cells.setdefault(name, {})[trained.layer.depth] = " / ".join(f"{value:.2f}" for value in values)
    deepest = max(depth for row in cells.values() for depth in row)
    lines = [f"| depth | {' | '.join(str(depth + 1) for depth in range(deepest))} |", "|---" * (deepest + 1) + "|"]
    for name, row in cells.items():
        lines.append(f"| `{name}` | {' | '.join(row.get(depth + 1, '') for depth in range(deepest))} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(markdown() + "\n")
