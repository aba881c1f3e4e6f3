"""Numbers of each layer while a net learns: a line a layer, the deeper the stronger, over epochs."""

from functools import cache

import altair as alt
import pandas as pd

from core.charts.marks import FAINT, FAMILY_COLOURS, Spec, checked, ends, filled, table_of
from core.images import Theme

START = 1 / 32  # where epoch 0 stands on a logarithmic axis
SHADES = [0.35, 1.0]  # opacity of the first layer and of the last one


def over_training(table: pd.DataFrame, title: str, family: str, theme: Theme, width: int, height: int) -> Spec:
    """A number of one net's layers (layer, depth, epoch, value) over training; the title is only read aloud.

    The first tenth of an epoch has as much room as the last ten epochs.
    """
    lines = "; ".join(f"{layer} {ends(rows.sort_values('epoch').value.tolist())}"
                      for layer, rows in table.groupby("layer", sort=False))  # fmt: skip
    shown = table.assign(epoch=table.epoch.clip(lower=START))
    return filled(
        _chart(FAMILY_COLOURS[family], theme, width, height), f"{title}, over training: {lines}.", steps=shown
    )


@cache
def _chart(colour: str, theme: Theme, width: int, height: int) -> Spec:
    axis = alt.Axis(values=[START, 0.25, 1, 4, 16], labelExpr="datum.value < 0.04 ? 'start' : datum.value", grid=False)
    value = alt.Axis(gridColor=FAINT[theme], tickCount=4)
    depth = alt.Opacity("depth:Q", scale=alt.Scale(range=SHADES), legend=None)
    chart = table_of("steps").encode(
        x=alt.X("epoch:Q", scale=alt.Scale(type="log", domain=[START, 48], nice=False), axis=axis, title="epochs"),
        y=alt.Y("value:Q", scale=alt.Scale(zero=False), axis=value, title=None),
        opacity=depth, detail="layer:N",
        tooltip=["layer:N", *(alt.Tooltip(f"{name}:Q", format=".3~r") for name in ("epoch", "value"))],
    )  # fmt: skip
    line, points = chart.mark_line(color=colour, strokeWidth=2), chart.mark_circle(color=colour, size=18)
    last = chart.transform_window(
        rank="rank()", sort=[alt.SortField("epoch", order="descending")], groupby=["layer"]
    ).transform_filter("datum.rank == 1")
    names = last.mark_text(align="left", dx=6, fontSize=10, color=colour).encode(text="layer:N")
    return checked(alt.layer(line, points, names).properties(width=width, height=height))
