"""A unit taken apart, stage by stage, down to the input: a small graph of units and what they contribute.

How much a unit lower down matters for the root is its *influence*: the root has 1, and each unit hands its own to what
it reads, in proportion to the size of what each contributes, the bias among them. By such an influence Ameisen et al.
2025 prune their attribution graphs. What goes to units that are not in the graph is lost; what ends at a bias or at the
pixels, on ways of units of the graph alone, is the share that the graph keeps (their replacement score).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from core.circuits.contributions import Place, Run, Split, Stage, place_of
from core.layers import INPUT

Pick = Callable[[Tensor, int], list[int]]  # of the influences of a stage's units, which k are shown


@dataclass(frozen=True)
class Node:
    """A unit at one place, and what its pre-activation is made of: `edges`, `others`, and its split's bias and gap."""

    stage: Stage
    unit: int
    place: Place
    activation: float
    influence: float  # on the root, between 0 and 1
    split: Split
    edges: dict[int, float]  # what the units of the next row contribute, by their numbers; in the last row none
    others: float  # what all the rest contribute
    count: int  # how many units that are; of a unit that reads the image, its channels


@dataclass(frozen=True)
class Graph:
    """Rows of nodes, the root alone in the first; `kept` is the share of influence that the graph accounts for."""

    rows: list[list[Node]]
    kept: float

    @property
    def root(self) -> Node:
        """The unit that is taken apart."""
        return self.rows[0][0]

    @property
    def nodes(self) -> list[Node]:
        """All below the root."""
        return [node for row in self.rows[1:] for node in row]


def largest(influences: Tensor, k: int) -> list[int]:
    """The k with the greatest influence, in that order; those with none are left out."""
    order = influences.argsort(descending=True, stable=True)[:k]
    return [int(unit) for unit in order if influences[unit] > 0]


def at_random(generator: Generator) -> Pick:
    """As many at random among those that contribute anything: silent units would be too weak a control."""

    def pick(influences: Tensor, k: int) -> list[int]:
        alive = influences.nonzero()[:, 0]
        return [int(unit) for unit in alive[torch.randperm(len(alive), generator=generator)[:k]]]

    return pick


def graph(run: Run, unit: int, place: Place | None = None, *, k: int = 5, rows: int = 3, pick: Pick = largest) -> Graph:
    """The unit of the run's last stage, at its strongest place or the one named, and k units in each row below it.

    At most so many rows stand below it. A unit that is read at several places is taken apart in turn where it
    contributes most. Raises ValueError for a unit or a place that there is not, and for a k below 1.
    """
    if k < 1:
        raise ValueError(f"A graph needs at least 1 unit a row, not {k}.")
    top = run.stages[-1]
    if not 0 <= unit < top.sums.units:
        raise ValueError(f"{top.sums.name} has the units 0 to {top.sums.units - 1}; {unit} is none.")
    row, found, kept = [(unit, run.strongest(top, unit) if place is None else place, 1.0)], list[list[Node]](), 0.0
    for depth, stage in enumerate(reversed(run.stages)):
        splits = [run.split(stage, each, place) for each, place, _ in row]
        influences = [influence for *_, influence in row]
        deepest = depth == rows or stage.reads == INPUT
        below = [] if deepest else _below(splits, influences, k, pick)
        found.append([_node(run, stage, each, split, [unit for unit, *_ in below])
                      for each, split in zip(row, splits, strict=True)])  # fmt: skip
        for split, influence in zip(splits, influences, strict=True):
            ends = 1 - abs(split.gap) / _size(split) if deepest else abs(split.bias) / _size(split)
            kept += influence * ends
        if not below:
            break
        row = below
    return Graph(found, kept)


def _size(split: Split) -> float:
    """What a split's terms have in all, without their signs."""
    return float(split.by_unit.abs().sum()) + abs(split.bias) + abs(split.gap) or 1.0


def _below(splits: Sequence[Split], influences: Sequence[float], k: int, pick: Pick) -> list[tuple[int, Place, float]]:
    """The units of the next row: number, the place where most of their influence comes from, and the influence."""
    weighed = [influence / _size(split) for split, influence in zip(splits, influences, strict=True)]
    flow = torch.stack([weight * split.by_unit.abs() for split, weight in zip(splits, weighed, strict=True)]).sum(0)
    there = torch.stack([weight * split.parts.abs() for split, weight in zip(splits, weighed, strict=True)]).sum(0)
    return [(unit, place_of(there[unit]), float(flow[unit])) for unit in pick(flow, k)]


def _node(run: Run, stage: Stage, at: tuple[int, Place, float], split: Split, below: Sequence[int]) -> Node:
    unit, place, influence = at
    edges = {each: float(split.by_unit[each]) for each in below}
    activation = float(run.activation(stage.layer.name)[(unit, *place)])
    others = float(split.by_unit.sum()) - sum(edges.values())
    return Node(stage, unit, place, activation, influence, split, edges, others, len(split.by_unit) - len(edges))
