"""Numbers that other commands have measured, as rows of the report."""

from collections.abc import Iterator

import pandas as pd

from core import telling
from core.evidence.report import COLUMNS, TRAINED
from core.layers import first_of_each_depth, list_layers
from core.models import DIGIT_NETS, MODELS, TWIN, untrained

FORCED_CHOICE = {  # the columns of `core.telling`'s units
    "picture": "forced choice", "real": "forced choice, strongest real image",
    "other": "forced choice, another unit's picture",
}  # fmt: skip


def rows() -> pd.DataFrame:
    """All of them."""
    return pd.concat(_forced_choices())[COLUMNS]


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
