"""Measures by depth, as charts show them: each layer's units in one number, and the lowest and highest of the seeds."""

from functools import cache
from pathlib import Path

import pandas as pd

from core.evidence.measured import MEASURES

TABLE = Path(__file__).with_suffix(".csv.gz")
BY = ["measure", "model", "training", "weights", "layer", "depth"]
NUMBERS = ("value", "low", "high")
MEDIANS = [name for name, measure in MEASURES.items() if measure.median]
DIGITS = 4  # of a value, that mean something


def of_report(report: pd.DataFrame) -> pd.DataFrame:
    """A row a measure, net, training, weights and layer: `value` is the mean of seeds, from `low` to `high`.

    Of a layer's units it is the mean, or the median where the measure says so. `dead` counts the units of which a
    measure says nothing, such as those that answer all images alike.
    """
    groups = report.groupby([*BY, "seed"], sort=False).value
    by_seed = groups.agg(value="mean", middle="median", dead=lambda values: values.isna().sum()).reset_index()
    by_seed["value"] = by_seed.middle.where(by_seed.measure.isin(MEDIANS), by_seed.value)
    found = by_seed.groupby(BY, sort=False).agg(
        value=("value", "mean"), low=("value", "min"), high=("value", "max"), dead=("dead", "sum")
    )
    numbers = list(NUMBERS)
    found[numbers] = found[numbers].map(lambda value: float(f"{value:.{DIGITS}g}"))
    return found.reset_index()


@cache
def table() -> pd.DataFrame:
    """The shipped curves."""
    return pd.read_csv(TABLE, keep_default_na=False, na_values=dict.fromkeys(NUMBERS, ""))
