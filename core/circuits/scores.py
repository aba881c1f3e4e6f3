"""The shipped scores of circuits, net by net and unit by unit, and what they say: `python -m core.circuits`."""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from core.circuits.eighth import RANDOM
from core.circuits.score import (
    ALL_ROWS,
    CARRIED,
    CHANCE,
    DIRECT,
    EDGES,
    FEW,
    FIT,
    GRADIENT,
    INFLUENCE,
    INTERVENTIONS,
    MANY,
    MORE,
    NAMED,
    NODES,
    SIZE,
    Row,
    of_net,
)
from core.data.digits import test_set
from core.models import DIGIT_NETS, TWIN, load, named

TABLE = Path(__file__).with_suffix(".csv")
UNITS = Path(__file__).with_name("units.csv")
SEEDS = dict.fromkeys(DIGIT_NETS, range(3)) | {"rnn": range(1)}  # which takes as long as all others together
EVERY = 5  # of the test images one is taken: 2,000, those of the report
DIGITS = 4  # of a value, that mean something
BY = ["model", "weights", "seed", "measure", "by", "row"]
AIM, KEPT_AIM = 0.9, 0.8  # of R², and of the influence that so many nodes keep
BEST = 3  # units, and as many worst


class Net(NamedTuple):
    """A net: its kind of weights ("trained", "plain" or "untrained") and seed, and their name for `load`."""

    model: str
    weights: str
    seed: int
    source: str


def nets() -> list[Net]:
    """All that are scored."""
    return [Net(model, weights, seed, source) for model, seeds in SEEDS.items()
            for weights, sources in (("trained", tuple(f"seed-{seed}" for seed in seeds)),
                                     ("plain", named("plain", seeds)), (TWIN, named(TWIN, seeds)))
            for seed, source in zip(seeds, sources, strict=True)]  # fmt: skip


def scored(net: Net) -> Iterator[list[Row]]:
    """Its numbers, as they are found."""
    return of_net(load(net.model, weights=net.source), test_set().images[::EVERY], net.seed)


def as_table(net: Net, rows: Iterable[Row]) -> pd.DataFrame:
    """With the columns that name the net."""
    found = pd.DataFrame(rows, columns=Row._fields).assign(**net._asdict()).drop(columns="source")
    return found.assign(value=[float(f"{value:.{DIGITS}g}") for value in found.value])


def summed_up(every: pd.DataFrame) -> pd.DataFrame:
    """A row a net and number: of units the median."""
    return every.groupby(BY, sort=False).value.median().reset_index()


@cache
def table() -> pd.DataFrame:
    """The shipped numbers of nets."""
    return pd.read_csv(TABLE)


@cache
def units() -> pd.DataFrame:
    """The shipped numbers of the units of the first seed's nets; what there is none of is NaN."""
    return pd.read_csv(UNITS)


def mean(measure: str, by: str, model: str, weights: str = "trained", row: int = 0) -> float:
    """Over seeds."""
    own = table()
    own = own[(own.measure == measure) & (own.by == by) & (own.model == model) & (own.weights == weights)]
    return float(own[own.row == row].value.mean())


def predicted() -> str:
    """How well interventions are predicted, by the graph's edges and by the gradient, and where the aim is reached."""
    return (
        f"Of {INTERVENTIONS:,} random interventions in a net, the mean of three seeds (of `rnn` one), the edges of "
        f"graphs with five units a row predict the change with an R² of {_by_net(FIT, EDGES)}; with fifteen a row of "
        f"{_by_net(FIT, MORE)}; the gradient, which takes all ways at once, of {_by_net(FIT, GRADIENT)}. "
        f"With fifteen the edges reach {AIM} {_reaching(FIT, MORE, AIM)}."
    )


def meaning() -> str:
    """What it means that edges predict less than the gradient, where that is so in every net."""
    less = [model for model in DIGIT_NETS if mean(FIT, EDGES, model) < mean(FIT, GRADIENT, model)]
    if len(less) < len(DIGIT_NETS):
        return ""
    return (
        "So a small graph shows the strongest ways by which a unit acts, and not most of them: what takes the others "
        "is missing from what its edges predict. One row below the root edges are exact by construction, except in an "
        f"LSTM, whose gates follow; two rows below, five units a row predict {_by_net(FIT, EDGES, row=2)}."
    )


def influence() -> str:
    """How much of the influence graphs keep, beside graphs at random and the twins'."""
    named_, random = f"{NAMED}, {MANY}", f"{RANDOM}, {MANY}"
    return (
        f"Graphs of {NODES} nodes keep {_by_net(INFLUENCE, named_)} of the influence, graphs of as many at random "
        f"{_by_net(INFLUENCE, random)}, the untrained twins' {_by_net(INFLUENCE, named_, TWIN)}. "
        f"They keep {KEPT_AIM} {_reaching(INFLUENCE, named_, KEPT_AIM)}. Roots are units of all layers; the graph of a "
        f"class keeps {', '.join(f'{_of_classes(model):.2f} ({model})' for model in DIGIT_NETS)}."
    )


def _of_classes(model: str) -> float:
    """The influence kept by graphs of so many nodes below the deepest roots."""
    return mean(INFLUENCE, f"{NAMED}, {MANY}", model, row=int(table()[table().model == model].row.max()))


def parts() -> str:
    """What five parts carry of a unit, on the median."""
    return (
        f"Five parts alone, all others at their means, carry {_by_net(CARRIED, DIRECT)} of a unit's rise (the median "
        f"over units), five at random {_by_net(CARRIED, CHANCE)}; in the untrained twins five named ones carry "
        f"{_by_net(CARRIED, DIRECT, TWIN)}. With five units alone in every row below, {_by_net(CARRIED, ALL_ROWS)} are "
        "left."
    )


def best_and_worst(model: str) -> tuple[list[str], list[str]]:
    """The trained units that their five parts explain best, and those that they explain worst."""
    own = units()[(units().model == model) & (units().weights == "trained") & (units().by == DIRECT)].dropna()
    order = own.iloc[(own.value - 1).abs().argsort(kind="stable")]  # all of the rise, no more and no less
    said = [f"{model}/{row.layer}/{row.unit} ({row.value:.2f})" for row in order.itertuples()]
    return said[:BEST], said[: -BEST - 1 : -1]


def extremes() -> str:
    """The units that five parts explain best and worst, net by net."""
    said = [f"in `{model}` best {', '.join(best)} and worst {', '.join(worst)}"
            for model in DIGIT_NETS for best, worst in (best_and_worst(model),)]  # fmt: skip
    return f"Five parts explain, as shares of the rise, {'; '.join(said)}."


def _by_net(measure: str, by: str, weights: str = "trained", row: int = 0) -> str:
    return ", ".join(f"{mean(measure, by, model, weights, row):.2f} ({model})" for model in DIGIT_NETS)


def _reaching(measure: str, by: str, aim: float) -> str:
    """In which nets, trained, the mean over seeds reaches an aim."""
    return _in([f"`{model}`" for model in DIGIT_NETS if mean(measure, by, model) >= aim])


def _in(names: list[str]) -> str:
    return f"in {', '.join(names)} only" if 0 < len(names) < len(DIGIT_NETS) else "in all" if names else "in none"


COLUMNS = {
    f"R², {EDGES}": (FIT, EDGES), f"R², {MORE}": (FIT, MORE), "R², gradient": (FIT, GRADIENT),
    f"influence kept, {FEW}": (INFLUENCE, f"{NAMED}, {FEW}"), f"{MANY}": (INFLUENCE, f"{NAMED}, {MANY}"),
    f"{MANY} at random": (INFLUENCE, f"{RANDOM}, {MANY}"), "5 parts alone": (CARRIED, DIRECT),
    "5 at random alone": (CARRIED, CHANCE), "5 parts, by size": (CARRIED, SIZE),
}  # fmt: skip


def markdown() -> str:
    """The README's table: a row a net and kind of weights, the mean over seeds."""
    lines = [f"| | weights | {' | '.join(COLUMNS)} |", "|---" * (2 + len(COLUMNS)) + "|"]
    for model in DIGIT_NETS:
        for weights in ("trained", "plain", TWIN):
            numbers = [f"{mean(*which, model, weights):.2f}" for which in COLUMNS.values()]
            lines.append(f"| {model} | {weights} | {' | '.join(numbers)} |")
    return "\n".join(lines)
