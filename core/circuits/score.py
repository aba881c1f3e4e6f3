"""How much of a unit its graph accounts for, and how well it says beforehand what an intervention does."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from core.circuits.contributions import Run, Stage, stages
from core.circuits.cuts import alone, cut, effects, foretold, turned
from core.circuits.eighth import RANDOM
from core.circuits.graph import Graph, Node, at_random, graph
from core.examples import peak
from core.layers import INPUT, list_layers, record

INTERVENTIONS = 1000
K, WIDE, NODES = 5, 15, 30  # units a row, of a small graph and of a wide one; and nodes in all
KEPT = 100  # of the interventions' units and images, of which the influence kept is looked at
DRAWS = 5  # graphs of units at random
STRONGEST = 5  # images of a unit, of which it is said what its parts carry
DEPTH = 3  # rows below a root
TURN = 2.0  # a unit becomes at most so many times as much
EDGES, MORE, GRADIENT = f"edges, k = {K}", f"edges, k = {WIDE}", "gradient"
FIT, INFLUENCE, CARRIED, NAMED = "R²", "influence kept", "carried", "named"
FEW, MANY = f"k = {K}", f"{NODES} nodes"
DIRECT, CHANCE, ALL_ROWS, SIZE = "direct parts", "direct parts, random", "all rows", "by size"


@dataclass(frozen=True)
class Intervention:
    """A unit in a graph made some times as much: what the root's pre-activation does, and what was said beforehand."""

    row: int  # below the root
    measured: float
    said: dict[str, float]  # by EDGES, MORE and GRADIENT


class Row(NamedTuple):
    """A number of a net, or of one of its units; `row` is 0 for all rows of its graphs, or all roots, together."""

    measure: str
    by: str
    value: float
    row: int = 0
    layer: str = ""
    unit: int | str = ""


class Scored:
    """A net and the images on which its units are taken apart: those of its stages that read other units."""

    def __init__(self, net: nn.Module, images: Float[Tensor, "n channels height width"]) -> None:
        self.net, self.images = net, images
        layers = list_layers(net, tuple(images.shape[1:]))
        every = stages(layers, layers[-1].name)
        self.ways = [every[: place + 1] for place in range(1, len(every))]  # to each stage, from the input

    @cached_property
    def _seen(self) -> dict[str, Tensor]:
        return record(self.net, self.images, [stage.layer.name for stage in self.ways[-1]])

    @cached_property
    def means(self) -> dict[str, Float[Tensor, " units *place"]]:
        """What stands in for units, by their layer."""
        return {name: seen.mean(0) for name, seen in self._seen.items()}

    def drawn(self, count: int, generator: Generator) -> Iterator[tuple[Run, int]]:
        """So many units, each as likely as any other, each on an image at random."""
        units = [(way, unit) for way in self.ways for unit in range(way[-1].sums.units)]
        for _ in range(count):
            way, unit = units[int(torch.randint(len(units), (1,), generator=generator))]
            image = int(torch.randint(len(self.images), (1,), generator=generator))
            yield Run(self.net, self.images[image : image + 1], way), unit

    def strongest(self, stage: Stage) -> list[list[int]]:
        """The images to which each unit answers most."""
        return peak(self._seen[stage.layer.name]).topk(STRONGEST, dim=0).indices.T.tolist()


def intervened(net: nn.Module, run: Run, unit: int, generator: Generator) -> Intervention | None:
    """One node of the unit's graph, at random, is turned anywhere from 0 to TURN; None for a graph without any."""
    small, wide = (graph(run, unit, k=k, rows=DEPTH) for k in (K, WIDE))
    if not small.nodes:
        return None
    row, node = _node(small, generator)
    factor = TURN * float(torch.rand(1, generator=generator))
    name, x, root = node.stage.layer.name, run.activation(INPUT)[None], small.root
    there = root.stage.sums.name
    after = turned(net, x, name, node.unit, torch.tensor([factor]), [there])[there][(0, root.unit, *root.place)]
    before = record(net, x, [there])[there][(0, root.unit, *root.place)]
    said = {
        EDGES: foretold(net, small, name, node.unit, factor),
        MORE: _foretold(net, wide, node, factor),
        GRADIENT: (factor - 1) * float(effects(net, x, small)[name][node.unit]),
    }
    return Intervention(row, float(after - before), said)


def _node(of: Graph, generator: Generator) -> tuple[int, Node]:
    nodes = [(row, node) for row, own in enumerate(of.rows) for node in own if row]
    return nodes[int(torch.randint(len(nodes), (1,), generator=generator))]


def _foretold(net: nn.Module, wide: Graph, node: Node, factor: float) -> float:
    """What the wide graph says; 0 of a unit that it does not have, as its rows weigh more ways."""
    there = any(each.stage == node.stage and each.unit == node.unit for each in wide.nodes)
    return foretold(net, wide, node.stage.layer.name, node.unit, factor) if there else 0.0


def fit(measured: Tensor, said: Tensor) -> float:
    """R²: the share of the variance of what was measured that what was said accounts for; it may be negative."""
    return float(1 - (measured - said).square().sum() / (measured - measured.mean()).square().sum())


def fits(found: list[Intervention]) -> Iterator[Row]:
    """R² of each way to say it beforehand, over all interventions and by how many rows below the root they were."""
    for row in (0, *sorted({each.row for each in found})):
        own = [each for each in found if row in (0, each.row)]
        for by in (EDGES, MORE, GRADIENT):
            measured, said = torch.tensor([[each.measured, each.said[by]] for each in own]).T
            yield Row(FIT, by, fit(measured, said), row)


def influences(run: Run, unit: int, generator: Generator) -> dict[str, float]:
    """What share of influence graphs keep: K units a row and NODES in all, named and, on the mean, at random."""
    rows = min(DEPTH, len(run.stages) - 1)
    found = {}
    for size, k in ((FEW, K), (MANY, NODES // rows)):
        others = [graph(run, unit, k=k, rows=DEPTH, pick=at_random(generator)).kept for _ in range(DRAWS)]
        found[f"{NAMED}, {size}"] = graph(run, unit, k=k, rows=DEPTH).kept
        found[f"{RANDOM}, {size}"] = sum(others) / DRAWS
    return found


def kept_by_depth(kept: list[tuple[int, dict[str, float]]]) -> Iterator[Row]:
    """The mean influence kept of all graphs, and of those whose roots have so many rows of units below them."""
    for row in (0, *sorted({rows for rows, _ in kept})):
        own = [shares for rows, shares in kept if row in (0, rows)]
        for by in own[0]:
            yield Row(INFLUENCE, by, sum(shares[by] for shares in own) / len(own), row)


def carried(scored: Scored, way: list[Stage], unit: int, images: list[int], generator: Generator) -> dict[str, float]:
    """What K parts carry of a unit, over its strongest images.

    DIRECT: of the rise of its pre-activation over that with all that it reads at its mean, what is there with its K
    direct parts alone, all others at their means. CHANCE: the same of K at random. ALL_ROWS: the same with K units left
    in each of the rows below it. SIZE: the K parts' share of the contributions' absolute values. NaN where there is no
    rise.
    """
    stage, rise, left, size = way[-1], 0.0, dict.fromkeys((DIRECT, CHANCE, ALL_ROWS), 0.0), []
    every = range(len(scored.means[stage.reads]))
    for image in images:
        x = scored.images[image : image + 1]
        run = Run(scored.net, x, way)
        graphs = {DIRECT: graph(run, unit, k=K, rows=1), ALL_ROWS: graph(run, unit, k=K, rows=DEPTH),
                  CHANCE: graph(run, unit, k=K, rows=1, pick=at_random(generator))}  # fmt: skip
        root = graphs[DIRECT].root
        there = stage.sums.name
        floor = float(
            cut(scored.net, x, stage.reads, [every], scored.means[stage.reads], [there])[there][(0, unit, *root.place)]
        )
        rise += root.split.value - floor
        for by, of in graphs.items():
            left[by] += alone(scored.net, x, of, scored.means) - floor
        sizes = root.split.by_unit.abs()
        size.append(float(sizes[list(root.edges)].sum() / sizes.sum()) if sizes.sum() > 0 else torch.nan)
    return {by: value / rise if rise > 0 else torch.nan for by, value in left.items()} | {SIZE: sum(size) / len(size)}


def of_net(net: nn.Module, images: Float[Tensor, "n channels height width"], seed: int) -> Iterator[list[Row]]:
    """All numbers of a net: R², influence kept, and what the parts of each unit carry."""
    scored, generator = Scored(net, images), Generator().manual_seed(seed)
    found: list[Intervention] = []
    kept: list[tuple[int, dict[str, float]]] = []
    for place, (run, unit) in enumerate(scored.drawn(INTERVENTIONS, generator)):
        if one := intervened(net, run, unit, generator):
            found.append(one)
        if place < KEPT:
            kept.append((len(run.stages) - 1, influences(run, unit, generator)))
        yield []
    yield list(fits(found))
    yield list(kept_by_depth(kept))
    for way in scored.ways:
        for unit, strongest in enumerate(scored.strongest(way[-1])):
            shares = carried(scored, way, unit, strongest, generator)
            yield [Row(CARRIED, by, share, layer=way[-1].layer.name, unit=unit) for by, share in shares.items()]
