"""Numbers that other commands have measured, as rows of the report."""

from collections.abc import Iterator

import pandas as pd

from core import freezing, telling
from core.evidence.gains import gains
from core.evidence.report import COLUMNS, TRAINED
from core.layers import first_of_each_depth, list_layers
from core.memory import contexts, tables
from core.memory.contexts import ALL, LENGTH, MIXED, NGRAM, OTHER, OWN, TEN
from core.memory.order import IN_ORDER, SHUFFLED_ROWS
from core.models import DIGIT_NETS, MODELS, SHUFFLED, TWIN, untrained
from core.models.text import TEXT
from core.plane import xor

FORCED_CHOICE = {  # the columns of `core.telling`'s units
    "picture": "forced choice", "real": "forced choice, strongest real image",
    "other": "forced choice, another unit's picture",
}  # fmt: skip

LEARNED = 0.25  # epochs


def rows() -> pd.DataFrame:
    """All of them."""
    return pd.concat([*_forced_choices(), _frozen(), _xor(), _gained(), *_of_text(), *_of_rows()])[COLUMNS]


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


def _of_text() -> Iterator[pd.DataFrame]:
    """What the net that reads text takes from further back, a block of places a row: `core.memory.contexts`'."""
    found = contexts.table().pivot_table("bits", ["weights", "block"], ["before", "kept"])
    ngrams = pd.DataFrame(found.xs("")[NGRAM])
    best = ngrams[ngrams.mean(axis=0).idxmin()]
    for weights in found.index.unique("weights").drop(""):
        own, (kind, _, seed) = found.xs(weights), weights.partition("-")
        measured = {
            "bits by what stands further back": own[OTHER, TEN] - own[OWN, LENGTH],
            "bits by the order of words": own[MIXED, TEN] - own[OWN, LENGTH],
            "bits less than n-grams": best - own[ALL, LENGTH],
        }
        twin = kind == TWIN
        for measure, values in measured.items():
            yield pd.DataFrame({
                "model": TEXT.name, "training": "" if twin else "trained", "weights": TWIN if twin else TRAINED,
                "seed": int(seed or 0), "layer": "", "depth": 1, "measure": measure, "unit": values.index,
                "value": values,
            })  # fmt: skip


def _of_rows() -> Iterator[pd.DataFrame]:
    """What the recurrent net remembers of a digit's rows, a row a layer and seed: `core.memory`'s."""
    found = tables.table()
    far = found[(found.measure == tables.IMAGES) & (found["at"] > 0)]  # not of the row that is being read
    capacity = far.groupby(["model", "weights", "seed", "where"]).value.sum()
    alone = float(far[far["where"] == tables.ROW].value.sum())
    horizon = found[found.measure == tables.GRADIENT].set_index(["model", "weights", "seed", "where"]).value
    for (weights, seed, layer), value in capacity[tables.RECURRENT].items():
        if layer != tables.ROW and weights != SHUFFLED:
            yield _of_net(weights, seed, int(layer[-1]), {
                "memory capacity": value, "memory capacity, present row": alone,
                "horizon": horizon[tables.RECURRENT, weights, seed, layer],
            })  # fmt: skip
    accuracy = found[found.measure == "accuracy"].groupby(["model", "weights", "seed", "where"]).value.mean().unstack()
    lost = accuracy[IN_ORDER] - accuracy[SHUFFLED_ROWS]
    for (weights, seed), value in lost[tables.RECURRENT].items():
        yield _of_net(weights, seed, 1, {"lost with rows shuffled": value,
                                         "lost with rows shuffled, dense": lost["dense", weights, seed]})  # fmt: skip


def _of_net(weights: str, seed: int, depth: int, measured: dict[str, float]) -> pd.DataFrame:
    twin = weights == TWIN
    return pd.DataFrame({
        "model": tables.RECURRENT, "training": "" if twin else weights, "weights": TWIN if twin else TRAINED,
        "seed": seed, "layer": "", "depth": depth, "measure": list(measured), "unit": "",
        "value": list(measured.values()),
    })  # fmt: skip
