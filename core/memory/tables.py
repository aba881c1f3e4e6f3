"""The shipped numbers on memory, over seeds, beside their controls: `python -m core.memory` computes them."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch
from torch import Generator, Tensor

from core.data.digits import Digits, test_set
from core.measures.interval import interval
from core.measures.probes import probe
from core.memory.capacity import mixed, readout, without_memory
from core.memory.delay import held
from core.memory.influence import by_lag, horizon, influence, occlusion
from core.memory.order import DRAWN, ORDERS
from core.memory.unrolled import all_unrolled
from core.models import SEEDS, SHUFFLED, TWIN, controls, load, named
from core.models.rnn import RNN
from core.training import accuracy

TABLE = Path(__file__).with_suffix(".csv")
RECURRENT, OTHERS = "rnn", ("dense", "cnn")
KINDS = {"trained": tuple(f"seed-{seed}" for seed in SEEDS), "plain": named("plain", SEEDS),
         TWIN: controls(TWIN), SHUFFLED: controls(SHUFFLED)}  # fmt: skip
READ_FOR_ORDER = ("trained", "plain")  # twins are at chance, in whatever order
GRADIENT, BLANKED = "gradient", "occlusion"  # horizons
IMAGES, MIXED = "images", "mixed rows"  # capacities
HELD = "class held"
ROW = "present row"  # in a layer's place: without memory
FOR_INFLUENCE, FOR_CAPACITY, FOR_ORDER = 100, 1000, 2000  # test images
HALF, DELAYS = 14, (0, 2, 4, 7, 14, 28)  # rows read, and empty rows behind them
PERMUTATIONS = range(5)
DIGITS = 4  # of a value, that mean something


class Net(NamedTuple):
    """A net: its kind of weights, their seed, and their name for `load`."""

    model: str
    weights: str
    seed: int
    source: str


Row = tuple[str, str, float, float]  # measure, layer or condition, at which lag or delay, value


def nets() -> list[Net]:
    """All that are measured."""
    return [Net(model, weights, seed, source) for model in (RECURRENT, *OTHERS) for weights, sources in KINDS.items()
            if model == RECURRENT or weights in READ_FOR_ORDER
            for seed, source in zip(SEEDS, sources, strict=True)]  # fmt: skip


def measured(net: Net) -> list[Row]:
    """A net's rows."""
    model = load(net.model, weights=net.source)
    rows = list(orders(model)) if net.weights in READ_FOR_ORDER else []
    if isinstance(model, RNN):
        rows += [*horizons(model), *capacities(model), *delays(model)]
    return rows


def some(count: int) -> Digits:
    """So many test images, evenly spread."""
    every = len(test_set().labels) // count
    return Digits(*(part[::every] for part in test_set()))


def orders(model: torch.nn.Module) -> Iterator[Row]:
    """Accuracy in percent of the test images whose rows come in another order; what is drawn is, a row a seed."""
    images, labels = some(FOR_ORDER)
    for name, of in ORDERS.items():
        for seed in PERMUTATIONS if name in DRAWN else (0,):
            yield "accuracy", name, seed, accuracy(model, Digits(of(images, seed), labels))


def horizons(model: RNN) -> Iterator[Row]:
    """How many rows back each layer's state is moved: by gradient, and by blanking a row that has ink."""
    images = some(FOR_INFLUENCE).images
    for layer, triangle in influence(model, images).items():
        yield GRADIENT, layer, 0, float(horizon(by_lag(triangle).mean(0, keepdim=True)))
    blanked: dict[str, list[Tensor]] = {}
    for image in images:
        inked = (image[0] > 0).any(1)
        for layer, triangle in occlusion(model, image[None]).items():
            blanked.setdefault(layer, []).append(by_lag(torch.where(inked, triangle, torch.nan)))
    for layer, profiles in blanked.items():
        yield BLANKED, layer, 0, float(horizon(torch.cat(profiles).nanmean(0, keepdim=True)))


def capacities(model: RNN) -> Iterator[Row]:
    """R^2 of readouts of the row k rows back, of images, and of rows of different images."""
    for name, rows in sequences().items():
        for layer, now in all_unrolled(model, rows[:, None]).items():
            yield from ((name, layer, lag, value) for lag, value in enumerate(readout(now.state, rows).tolist()))


def sequences() -> dict[str, Tensor]:
    """What capacities are measured on: (images, rows, pixels)."""
    rows = some(FOR_CAPACITY).images[:, 0]
    return {IMAGES: rows, MIXED: mixed(rows, Generator().manual_seed(0))}


def delays(model: RNN) -> Iterator[Row]:
    """In how many percent of images, half read, a linear probe reads the class off a state after empty rows."""
    images, labels = some(FOR_ORDER)
    for blank in DELAYS:
        for layer, state in held(model, images, HALF, blank).items():
            yield HELD, layer, blank, 100 * probe(state, labels)


def without() -> list[Row]:
    """What the present row gives away, and random features of it: the control of `capacities` that has no memory."""
    generator = Generator().manual_seed(0)
    return [(name, ROW, lag, value) for name, rows in sequences().items()
            for lag, value in enumerate(readout(without_memory(rows, generator), rows).tolist())]  # fmt: skip


def as_table(net: Net, rows: list[Row]) -> pd.DataFrame:
    """Rows with their net beside them."""
    table = pd.DataFrame(rows, columns=["measure", "where", "at", "value"])
    table["value"] = [float(f"{value:.{DIGITS}g}") for value in table.value]
    return table.assign(model=net.model, weights=net.weights, seed=net.seed)


@cache
def table() -> pd.DataFrame:
    """The shipped numbers (measure, where, at, value, model, weights, seed); every caller has the same one."""
    return pd.read_csv(TABLE)


@cache
def over_seeds(measure: str) -> pd.DataFrame:
    """Of one measure: model, weights, where, at, value, low, high: the mean over seeds and its 95 % interval.

    What is drawn by seed, such as orders of the rows, is averaged for each net first.
    """
    own = table()[table().measure == measure]
    drawn = own["where"].isin(DRAWN) & (own.measure == "accuracy")
    own = own.assign(at=own["at"].where(~drawn, 0))
    by_seed = own.groupby(["model", "weights", "where", "at", "seed"], sort=False).value.mean().reset_index()
    rows = []
    for (model, weights, where, at), part in by_seed.groupby(["model", "weights", "where", "at"], sort=False):
        values = torch.tensor(part.value.to_numpy())
        low, high = interval(values)
        rows.append((model, weights, where, at, float(values.mean()), low, high))
    return pd.DataFrame(rows, columns=["model", "weights", "where", "at", "value", "low", "high"])
