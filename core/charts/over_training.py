"""Numbers while a net learns, over epochs: its test errors, and those of each layer, the deeper the stronger."""

from functools import cache

import altair as alt
import pandas as pd

from core.charts.marks import FAINT, FAMILY_COLOURS, Spec, checked, ends, filled, table_of
from core.images import Theme

START = 1 / 32  # where epoch 0 stands on a logarithmic axis
SHADES = [0.35, 1.0]  # opacity of the first layer and of the last one


def _epochs() -> alt.X:
    """A logarithmic axis: the first tenth of an epoch has as much room as the last ten epochs."""
    axis = alt.Axis(values=[START, 0.25, 1, 4, 16], labelExpr="datum.value < 0.04 ? 'start' : datum.value", grid=False)
    return alt.X("epoch:Q", scale=alt.Scale(type="log", domain=[START, 48], nice=False), axis=axis, title="epochs")


def learning(curves: pd.DataFrame, family: str, theme: Theme, width: int) -> Spec:
    """One net's errors on the test images while it trains; a row an epoch and training, as in `core.models.cards`.

    Both axes are logarithmic: the first tenth of an epoch and the last tenth of a percent have the same room.
    """
    table = curves.assign(error=(100 - curves.accuracy).clip(lower=0.01), epoch=curves.epoch.clip(lower=START))
    lines = "; ".join(f"{kind} {ends(rows.error.tolist())} %" for kind, rows in table.groupby("training", sort=False))
    return filled(
        _learning_chart(FAMILY_COLOURS[family], theme, width), f"Test errors over training: {lines}.", curves=table
    )


@cache
def _learning_chart(colour: str, theme: Theme, width: int) -> Spec:
    error = alt.Scale(type="log", domain=[0.3, 100], nice=False)
    errors = alt.Axis(values=[0.5, 1, 2, 5, 10, 20, 50, 100], gridColor=FAINT[theme])
    strength = alt.Scale(domain=["trained", "plain"], range=[1, 0.4])  # dashes are for untrained twins
    lines = alt.Legend(orient="top", symbolType="stroke", symbolSize=600, symbolStrokeColor=colour)
    chart = table_of("curves").encode(
        x=_epochs(),
        y=alt.Y("error:Q", scale=error, axis=errors, title="test errors (%)"),
        tooltip=["training:N", alt.Tooltip("epoch:Q", format=".3~r"), alt.Tooltip("accuracy:Q", format=".2f")],
    )
    line = chart.mark_line(color=colour, strokeWidth=2)
    layers = [
        line.encode(opacity=alt.Opacity("training:N", title=None, scale=strength, legend=lines)),
        chart.mark_circle(color=colour, size=18).encode(opacity=alt.Opacity("training:N", scale=strength)),
    ]
    return checked(alt.layer(*layers).properties(width=width, height=260))


def over_training(table: pd.DataFrame, title: str, family: str, theme: Theme, width: int, height: int) -> Spec:
    """A number of one net's layers (layer, depth, epoch, value) over training; the title is only read aloud."""
    lines = "; ".join(f"{layer} {ends(rows.sort_values('epoch').value.tolist())}"
                      for layer, rows in table.groupby("layer", sort=False))  # fmt: skip
    shown = table.assign(epoch=table.epoch.clip(lower=START))
    return filled(
        _layers_chart(FAMILY_COLOURS[family], theme, width, height), f"{title}, over training: {lines}.", steps=shown
    )


@cache
def _layers_chart(colour: str, theme: Theme, width: int, height: int) -> Spec:
    value = alt.Axis(gridColor=FAINT[theme], tickCount=4)
    depth = alt.Opacity("depth:Q", scale=alt.Scale(range=SHADES), legend=None)
    chart = table_of("steps").encode(
        x=_epochs(),
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
