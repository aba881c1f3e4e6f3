"""The report: every measure of every net, its twins and the pixels, in one tidy table.

`python -m core.evidence report` computes it, and goes on where it was stopped.
"""

import gzip
import io
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from torch import Tensor

from core.data.digits import test_set
from core.data.photos import sample_views
from core.evidence.claims import WITHOUT_CLASSES
from core.evidence.measured import MEASURES, Measure
from core.evidence.subject import PIXELS, Images, Subject
from core.files import write_whole
from core.layers import Layer
from core.models import SEEDS, TRAININGS, TWIN, controls, find, load, named, snapshots
from core.models.series import SERIES, SERIES_SEEDS

TABLE = Path(__file__).with_suffix(".csv.gz")
EVERY = 5  # of the test images one is taken: 2,000
COLUMNS = ["model", "training", "weights", "seed", "layer", "depth", "measure", "unit", "value"]
NUMBERS = ("seed", "depth", "value")
DIGITS = 4  # of a value, that mean something
TRAINED, PHOTO = "trained", "photo"


class Net(NamedTuple):
    """A net as the report names it; `source` is the weights' name for `load`."""

    model: str
    training: str  # how it was trained: "trained", "plain", ..., of a twin nothing
    weights: str  # "trained", "untrained", or a snapshot
    seed: int
    source: str

    @property
    def bears(self) -> bool:
        """Whether a verdict hangs on it: neither a snapshot nor trained without classes."""
        return self.weights in (TRAINED, TWIN) and self.training not in WITHOUT_CLASSES


class Progress(NamedTuple):
    """A measure of a layer is done: how many of how many, and its rows."""

    done: int
    total: int
    rows: list[dict[str, object]]


def nets(model: str, seeds: int = len(SEEDS)) -> list[Net]:
    """Everything of a model that is measured, with so many seeds at most of each kind."""
    if model == PHOTO:  # there is one
        twins = [Net(model, "", TWIN, seed, name) for seed, name in enumerate(controls(TWIN)[:seeds])]
        return [Net(model, TRAINED, TRAINED, 0, TRAINED), *twins]
    trainings = {"plain": SERIES_SEEDS} if model in SERIES else TRAININGS
    count = len(SERIES_SEEDS) if model in SERIES else len(SEEDS)
    found = [Net(model, kind, TRAINED, seed, name) for kind, own in trainings.items()
             for seed, name in zip(own[:seeds], named(kind, own), strict=False)]  # fmt: skip
    found += [Net(model, "", TWIN, seed, name) for seed, name in enumerate(controls(TWIN)[: min(count, seeds)])]
    if model in SERIES:
        return found
    found += [Net(model, TRAINED, TRAINED, seed, f"seed-{seed}") for seed in SEEDS[:seeds]]
    found += [Net(model, TRAINED, epoch, 0, epoch) for epoch in snapshots(model)]
    return found


def measures_of(model: str) -> list[str]:
    """What is measured of a model: what takes longer, of the nets that pages show; of photos, what needs no class."""
    if model == PHOTO:
        return [name for name, measure in MEASURES.items() if measure.photos]
    return [name for name, measure in MEASURES.items() if model not in SERIES or not measure.shown]


def asked_of(net: Net) -> list[str]:
    """What is measured of a net: what takes longest only where a verdict hangs on it."""
    return [name for name in measures_of(net.model) if net.bears or not MEASURES[name].longest]


def measured(subject: Subject, names: Iterable[str], *, pixels: bool = False) -> Iterator[Progress]:
    """These measures of every layer of a net; of the pixels too, where it is asked for."""
    asked = [(name, layer) for name in names for layer in _layers(subject, MEASURES[name], pixels)]
    for done, (name, layer) in enumerate(asked, start=1):
        yield Progress(done, len(asked), list(_rows(name, MEASURES[name].of(subject, layer), layer)))


def _layers(subject: Subject, measure: Measure, pixels: bool) -> list[Layer]:
    input_layer = Layer(PIXELS, PIXELS, tuple(subject.data.images.shape[1:]), 0)
    layers = subject.act if measure.activations else subject.pre
    return [input_layer, *layers] if pixels and measure.pixels else layers


def _rows(name: str, values: Tensor | float | None, layer: Layer) -> Iterator[dict[str, object]]:
    if values is None:
        return
    by_unit = enumerate(values.tolist()) if isinstance(values, Tensor) else [("", values)]
    for unit, value in by_unit:
        yield {"layer": layer.name, "depth": layer.depth, "measure": name, "unit": unit,
               "value": float(f"{value:.{DIGITS}g}")}  # fmt: skip


@cache
def digits() -> Images:
    """Every fifth test image: the first half of them is easier to read."""
    images, labels = test_set()
    return Images(images[::EVERY], labels[::EVERY])


def of_net(net: Net, names: Iterable[str]) -> Iterator[Progress]:
    """The rows of a net, with the columns that name it; with the first of its twins those of the pixels."""
    data = Images(sample_views()) if net.model == PHOTO else digits()
    subject = Subject(load(net.model, weights=net.source), data, net.model, net.source, find(net.model).landmarks)
    own = {"model": net.model, "training": net.training, "weights": net.weights, "seed": net.seed}
    for progress in measured(subject, names, pixels=net.source == TWIN):
        rows = [own | row | ({"weights": PIXELS} if row["layer"] == PIXELS else {}) for row in progress.rows]
        yield progress._replace(rows=rows)


def written(wanted: Iterable[Net], parts: Path) -> Iterator[tuple[Net, Progress]]:
    """Compute what is not there yet, and write a part a net; a measure that a net has none of stands in it, too."""
    for net in wanted:
        path, rows = part(net, parts), []
        there = _read(path.read_bytes()) if path.exists() else pd.DataFrame(columns=COLUMNS)
        lacking = [name for name in asked_of(net) if name not in set(there.measure)]
        if not lacking:
            continue
        for progress in of_net(net, lacking):
            rows += progress.rows
            yield net, progress
        rows += [{"measure": name} for name in lacking if name not in {row["measure"] for row in rows}]
        found = pd.concat([there, pd.DataFrame(rows, columns=COLUMNS)])
        write_whole(path, found.to_csv(index=False).encode())


def part(net: Net, parts: Path) -> Path:
    """Where a net's rows are kept until all are there."""
    return parts / f"{net.model}-{net.source}.csv"


def _read(content: bytes) -> pd.DataFrame:
    return pd.read_csv(
        io.BytesIO(content), keep_default_na=False, na_values=dict.fromkeys(NUMBERS, ""), dtype={"unit": str}
    )


def assembled(wanted: Iterable[Net], parts: Path) -> pd.DataFrame:
    """The whole table, in one order."""
    found = pd.concat([_read(part(net, parts).read_bytes()) for net in wanted])
    return found[found.model != ""].astype({"seed": int, "depth": int})[COLUMNS]


@cache
def table() -> pd.DataFrame:
    """The shipped report: `unit` is empty for a layer's value, and a value that there is none of is NaN."""
    return _read(gzip.decompress(TABLE.read_bytes()))
