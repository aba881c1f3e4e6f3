"""Numbers that other commands have measured, as rows of the report."""

from collections.abc import Iterator

import pandas as pd

from core import freezing, telling
from core.evidence.gains import gains
from core.evidence.report import COLUMNS, TRAINED
from core.layers import first_of_each_depth, list_layers
from core.models import DIGIT_NETS, MODELS, TWIN, untrained
from core.plane import xor

FORCED_CHOICE = {  # the columns of `core.telling`'s units
    "picture": "forced choice", "real": "forced choice, strongest real image",
    "other": "forced choice, another unit's picture",
}  # fmt: skip

LEARNED = 0.25  # epochs


def rows() -> pd.DataFrame:
    """All of them."""
    return pd.concat([*_forced_choices(), _frozen(), _xor(), _gained()])[COLUMNS]


def _forced_choices() -> Iterator[pd.DataFrame]:
    """How well each unit's picture tells what excites it: of seed 0, by `python -m core.telling`."""
    units = telling.table("units")
    for name in DIGIT_NETS:
        layers = first_of_each_depth(list_layers(untrained(name, 0), MODELS[name].input_shape), 0)
        depths = {layer.name: layer.depth for layer in layers}
        own = units[units.model == name]
        twin = own.weights == TWIN
        named = own.assign(
            training=own.weights.where(~twin, ""), weights=own.weights.where(twin, TRAINED), seed=0,
            depth=own.layer.map(depths),
        )  # fmt: skip
        for column, measure in FORCED_CHOICE.items():
            yield named.assign(measure=measure, value=named[column])


def _frozen() -> pd.DataFrame:
    """How much of the harm of freezing is gone once layers have learned for a part of an epoch: `core.freezing`'s.

    1 - (a - b) / (a - c) of the accuracy a without freezing, b with the first layers frozen then, and c frozen as they
    were drawn. `depth` is how many are frozen.
    """
    found = freezing.table().pivot_table("accuracy", ["model", "seed", "layers"], "epoch").reset_index()
    never = found[found.layers == 0].set_index(["model", "seed"])[0.0].rename("never")
    frozen = found[found.layers > 0].join(never, on=["model", "seed"]).rename(columns={"layers": "depth"})
    value = 1 - (frozen.never - frozen[LEARNED]) / (frozen.never - frozen[0.0])
    own = {"training": "plain", "weights": TRAINED, "layer": "", "measure": "recovered before freezing", "unit": ""}
    return frozen.assign(**own, value=value)


def _xor() -> pd.DataFrame:
    """How many of XOR's points the best unit of each layer gets right: `core.plane.xor`'s."""
    found = xor.table()
    trained = found.weights.where(found.weights != TWIN, "")
    return found.assign(training=trained, measure="best unit at XOR", unit="")


def _gained() -> pd.DataFrame:
    """What a CNN gains over others: `core.evidence.gains`'."""
    own = gains().astype({"seed": int, "value": float})
    return own.assign(model="cnn", training="plain", weights=TRAINED, layer="", depth=1, unit="")
