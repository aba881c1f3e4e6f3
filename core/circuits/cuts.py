"""Units cut out, or turned up and down, in a real forward pass; and what a graph foretells of it."""

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.circuits.contributions import Stage
from core.circuits.graph import Graph
from core.layers import run_changed, run_to


def cut(
    model: nn.Module,
    x: Float[Tensor, "1 channels height width"],
    layer: str,
    sets: Sequence[Sequence[int]],
    fill: Float[Tensor, " units *place"],
    names: Sequence[str],
) -> dict[str, Tensor]:
    """The named layers' activations where in image i of the batch the units `sets[i]` of a layer are as in `fill`."""
    lost = torch.zeros(len(sets), len(fill), dtype=torch.bool)
    for row, units in zip(lost, sets, strict=True):
        row[list(units)] = True
    return _replaced(model, x, {layer: (lost, fill)}, names)


def alone(
    model: nn.Module,
    x: Float[Tensor, "1 channels height width"],
    graph: Graph,
    fills: Mapping[str, Float[Tensor, " units *place"]],
) -> float:
    """The root's pre-activation where of each stage below it the graph's units alone are left, with their whole maps.

    All others are as in `fills`.
    """
    changes = {}
    for row in graph.rows[1:]:
        name = row[0].stage.layer.name
        lost = torch.ones(1, len(fills[name]), dtype=torch.bool)
        lost[0, [node.unit for node in row]] = False
        changes[name] = lost, fills[name]
    root = graph.root
    name = root.stage.sums.name
    return float(_replaced(model, x, changes, [name])[name][(0, root.unit, *root.place)])


def _replaced(
    model: nn.Module, x: Tensor, changes: Mapping[str, tuple[Tensor, Tensor]], names: Sequence[str]
) -> dict[str, Tensor]:
    """Where the first of a pair (batch, units) says so, a layer's units are as in the second (units, *place)."""

    def replace(lost: Tensor, fill: Tensor, seen: Tensor) -> Tensor:
        return torch.where(lost.view(*lost.shape, *[1] * (fill.ndim - 1)), fill, seen)

    with torch.no_grad():
        return run_changed(model, x, {layer: partial(replace, *pair) for layer, pair in changes.items()}, names)


def turned(
    model: nn.Module,
    x: Float[Tensor, "1 channels height width"],
    layer: str,
    unit: int,
    factors: Float[Tensor, " batch"],
    names: Sequence[str],
) -> dict[str, Tensor]:
    """The named layers' activations where a unit, its whole map or all its steps, is so many times as much."""

    def turn(seen: Tensor) -> Tensor:
        changed = seen.expand(len(factors), *seen.shape[1:]).clone()
        changed[:, unit] *= factors.view(-1, *[1] * (seen.ndim - 2))
        return changed

    with torch.no_grad():
        return run_changed(model, x, {layer: turn}, names)


def foretold(model: nn.Module, graph: Graph, layer: str, unit: int, factor: float) -> float:
    """By how much the root's pre-activation changes where a unit is so many times as much, by the graph alone.

    Each node's pre-activation changes by what its edges say, and its activation as its nonlinearity does; a map is
    taken to change everywhere as at the node's place. What takes ways that are not in the graph is not foretold.
    Raises ValueError for a unit that is not in the graph.
    """
    depth = next((depth for depth, row in enumerate(graph.rows) if row[0].stage.layer.name == layer), 0)
    if not depth or all(node.unit != unit for node in graph.rows[depth]):
        raise ValueError(f"{layer}/{unit} does not stand below the root of this graph.")
    changes = {unit: factor - 1}  # of a row's units, as shares of their activations
    for row in reversed(graph.rows[:depth]):
        moved = {node.unit: sum(changes.get(below, 0.0) * value for below, value in node.edges.items()) for node in row}
        changes = {
            node.unit: (_squashed(model, node.stage, node.split.value + moved[node.unit]) / node.activation - 1)
            if node.activation
            else 0.0
            for node in row
        }
    return moved[graph.root.unit]


def effects(
    model: nn.Module, x: Float[Tensor, "1 channels height width"], graph: Graph
) -> dict[str, Float[Tensor, " units"]]:
    """Of each stage below the root, what all ways of each unit to the root add to it: activation times gradient.

    The gradient is the net's own, of a recurrent net with its gates free. A unit that is f times as much should change
    the root's pre-activation by f - 1 times this.
    """
    below, root = [row[0].stage.layer.name for row in graph.rows[1:]], graph.root
    name = root.stage.sums.name
    with torch.enable_grad():
        seen = run_to(model, x.detach().clone().requires_grad_(), [*below, name])
        gradients = torch.autograd.grad(seen[name][(0, root.unit, *root.place)], [seen[each] for each in below])
    found = zip(below, gradients, strict=True)
    return {each: (gradient * seen[each]).detach()[0].reshape(gradient.shape[1], -1).sum(1) for each, gradient in found}


def _squashed(model: nn.Module, stage: Stage, value: float) -> float:
    if stage.layer == stage.sums:
        return value
    return float(model.get_submodule(stage.layer.name)(torch.tensor(value)))
