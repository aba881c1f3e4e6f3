"""How what units look for changes with depth, at one size and by one recipe for every layer: `python -m core.by_depth`.

**The rule**: training makes what units look for coarser with depth where Spearman's rank correlation between a unit's
depth and its picture's fineness, over the units of the blocks from FROM on, lies with its whole interval below that of
every untrained twin. As it was fixed before the numbers it took all units of the trained net, two thirds of which are
in the last two blocks, and as many of each block in the twins: unlike sets, by which it was not met. It compares the
same units in all nets now; both numbers are said.
"""

import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import pandas as pd
import torch
from torch import Tensor, nn
from tqdm import tqdm

from core.atlas import FOLDER, PHOTO, WALL, layers_of, wall_units
from core.data.photos import sample_views
from core.examples import peaks
from core.files import write_whole
from core.layers import Layer
from core.measures.colourfulness import colourfulness
from core.measures.interval import interval
from core.measures.receptive_field import receptive_fields
from core.measures.spatial_frequency import mean_frequency
from core.models import TWIN, controls, load, untrained
from core.process import settle
from core.stimuli import PHOTO_RECIPE, climb

FROM, LATER = "block2", "block5"  # where the rule begins, and once more without what sees least
BATCH = 24  # units that are climbed together
TABLE = FOLDER / PHOTO / "one-recipe.csv"
FIELD = "How much a unit can see: pixels across"
COLUMNS = ["measure", "layer", "weights", "value", "low", "high"]
RESAMPLES = 2000


@dataclass(frozen=True)
class Measure:
    """A number of a unit's picture: what it says, and how it is computed of (n, 3, height, width)."""

    title: str
    of: Callable[[Tensor], Tensor]


MEASURES = {
    "frequency": Measure("How fine pictures of one recipe are: cycles a pixel", mean_frequency),
    "colourfulness": Measure("How colourful they are", colourfulness),
}


@cache
def table() -> pd.DataFrame:
    """The shipped numbers: a row a unit, of all in the trained net and of those that the wall shows in five twins."""
    return pd.read_csv(TABLE)


@cache
def by_depth() -> pd.DataFrame:
    """A row a measure, layer and weights: `value`, from `low` to `high`.

    `frequency` in cycles a pixel, `colourfulness` on its own scale, `field` in pixels, none where units see all. Of the
    trained net it is the mean over a layer's units with its 95 % interval; of the untrained twins the mean of five,
    from the lowest to the highest.
    """
    fields = receptive_fields(untrained(PHOTO, seed=0).eval())
    rows: list[tuple[object, ...]] = []
    for layer in WALL:
        own, twins = _of(layer, "trained"), _of(layer, TWIN)
        for name in titles():
            values = torch.tensor(own[name].to_numpy())
            rows.append((name, layer, "trained", float(values.mean()), *interval(values)))
            means = twins.groupby("seed")[name].mean()
            rows.append((name, layer, TWIN, means.mean(), means.min(), means.max()))
        size = fields[layer][0].size
        rows += [("field", layer, weights, *[None if math.isinf(size) else size] * 3) for weights in ("trained", TWIN)]
    return pd.DataFrame(rows, columns=COLUMNS)


def titles() -> dict[str, str]:
    """What each measure of the table says; a new one stands in it when it has been computed."""
    return {name: measure.title for name, measure in MEASURES.items() if name in table()}


def _of(layer: str, weights: str) -> pd.DataFrame:
    return table()[(table().layer == layer) & (table().weights == weights)]


def rank(rows: pd.DataFrame) -> float:
    """Spearman's correlation between depth and fineness, over units."""
    from scipy.stats import spearmanr  # 50 MB, and the pages need only the table

    return float(spearmanr(rows.layer.map(WALL.index), rows.frequency).statistic)


@cache
def ranks(begin: str = FROM) -> tuple[tuple[float, float, float], list[float]]:
    """`rank` from that block to the last: the trained net's with its 95 % interval, and each twin's."""
    from scipy.stats import bootstrap, spearmanr

    rows = _from(begin)
    own = rows[(rows.weights == "trained") & _shown(rows)]
    depth = own.layer.map(WALL.index).to_numpy()
    values = depth, own.frequency.to_numpy()
    found = bootstrap(values, lambda *pair: spearmanr(*pair).statistic, paired=True, vectorized=False,
                      n_resamples=RESAMPLES, method="percentile", rng=0).confidence_interval  # fmt: skip
    twins = [rank(of) for _, of in rows[rows.weights == TWIN].groupby("seed")]
    return (rank(own), float(found.low), float(found.high)), twins


def _from(begin: str) -> pd.DataFrame:
    return table()[table().layer.isin(WALL[WALL.index(begin) : -1])]


def _shown(rows: pd.DataFrame) -> pd.Series:
    """Which rows are of units that are measured in the twins, too."""
    places = pd.MultiIndex.from_frame(rows[["layer", "unit"]])
    twins = table()[table().weights == TWIN]
    return pd.Series(places.isin(pd.MultiIndex.from_frame(twins[["layer", "unit"]])), rows.index)


def sentence() -> str:
    """What the rule says, with its numbers."""
    (_, _, high), twins = ranks()
    verdict = "coarser with depth, and training makes them so" if high < min(twins) else "no coarser than in its twins"
    return f"What units look for grows {verdict}: {_said(FROM)}; {_said(LATER)}. {_where_found()}"


def _where_found() -> str:
    """The same without the units for which the ascent failed, which leaves unlike sets."""
    rows = _from(FROM)
    rows = rows[_shown(rows) & (rows.reached >= rows.strongest)]
    own, twins = rows[rows.weights == "trained"], rows[rows.weights == TWIN].groupby("seed")
    of_twins, counts = [rank(of) for _, of in twins], twins.size()
    return (
        f"Counting only units whose picture excites them as much as any sample photo, from {FROM} on: {rank(own):.2f} "
        f"({len(own)} units) and {min(of_twins):.2f} to {max(of_twins):.2f} ({counts.min()} to {counts.max()} units)."
    )


def _said(begin: str) -> str:
    (value, low, high), twins = ranks(begin)
    rows = _from(begin)
    return (
        f"from {begin} to {WALL[-2]} the rank correlation between depth and fineness is {value:.2f} ({low:.2f} to "
        f"{high:.2f}) in the trained net, and {min(twins):.2f} to {max(twins):.2f} in five untrained twins, over the "
        f"same units; {rank(rows[rows.weights == 'trained']):.2f} over all units of the trained net"
    )


def markdown() -> str:
    """The README's table: fineness in cycles a picture, the twins' from the lowest to the highest; fields in pixels."""
    found = by_depth().set_index(["measure", "layer", "weights"])
    fineness = PHOTO_RECIPE.side * found.loc["frequency"]
    trained, twins = fineness.xs("trained", level="weights"), fineness.xs(TWIN, level="weights")
    fields = found.loc["field"].xs("trained", level="weights").value
    rows = {
        "fineness, trained": [f"{trained.value[layer]:.1f}" for layer in WALL],
        "its interval": [f"{trained.low[layer]:.1f} to {trained.high[layer]:.1f}" for layer in WALL],
        "fineness, five twins": [f"{twins.low[layer]:.1f} to {twins.high[layer]:.1f}" for layer in WALL],
        "receptive field": [f"{fields[layer]:.0f}".replace("nan", "all") for layer in WALL],
    }
    lines = [f"| `{PHOTO}` | {' | '.join(WALL)} |", "|---" * (len(WALL) + 1) + "|"]
    return "\n".join(lines + [f"| {name} | {' | '.join(row)} |" for name, row in rows.items()])


def units_of(weights: str, layer: Layer) -> list[int]:
    """Which units of a layer are measured: all in the trained net's blocks, of its classes and in twins the wall's."""
    return list(range(layer.units)) if weights == "trained" and layer.name != WALL[-1] else wall_units(layer)


def measured(net: nn.Module, weights: str, layers: list[Layer]) -> Iterator[dict[str, object]]:
    """Climb the units of each layer and measure their pictures."""
    for layer in layers:
        units = units_of(weights, layer)
        strongest = torch.cat(list(peaks(net, sample_views(), layer.name, size=4))).amax(0)
        for begin in range(0, len(units), BATCH):
            now = units[begin : begin + BATCH]
            *_, last = climb(net, layer.name, now, PHOTO_RECIPE, exactly=True)
            found = {name: measure.of(last.images).tolist() for name, measure in MEASURES.items()}
            found |= {"reached": last.scores.tolist(), "strongest": strongest[now].tolist()}
            for place, unit in enumerate(now):
                yield {"layer": layer.name, "unit": unit} | {name: round(of[place], 4) for name, of in found.items()}


def main() -> None:
    """Measure the trained net and its twins, if that is not done, with a progress bar; print the README's part."""
    settle()
    if not TABLE.exists():
        layers = [layer for layer in layers_of(PHOTO) if layer.name in WALL]
        nets = [("trained", 0, "trained"), *((TWIN, seed, name) for seed, name in enumerate(controls(TWIN)))]
        rows = []
        total = sum(len(units_of(weights, layer)) for weights, *_ in nets for layer in layers)
        with tqdm(total=total, file=sys.stderr, unit="unit") as bar:
            for weights, seed, name in nets:
                for row in measured(load(PHOTO, weights=name), weights, layers):
                    rows.append({"weights": weights, "seed": seed} | row)
                    bar.update()
        write_whole(TABLE, pd.DataFrame(rows).to_csv(index=False).encode())
    sys.stdout.write(f"{markdown()}\n\n{sentence()}\n")


if __name__ == "__main__":
    main()
