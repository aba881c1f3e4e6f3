"""What nets make of images that move, over how far: the answer and its probability, errors of layers, accuracy."""

import math
from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from core.charts.evidence import PADDING
from core.charts.marks import FAINT, FAMILY_COLOURS, QUIET, TEXT, Spec, checked, ends, filled, table_of
from core.charts.measured import LOOKS
from core.images import Theme

ANSWERS, ERRORS, HEIGHT = 200, 190, 120  # pixels of a chart with its axis, twice, and of a panel without
LINE = 14  # pixels for a line of answers above a chart
NAME = 48  # pixels for a layer's name behind its line
SHADES = [0.4, 0.9]  # opacity of the first layer and of the last one
TOP = 1.5  # of an axis for errors, at least
ROOM = 34  # pixels for the numbers on the left, so that charts one below the other share an axis


def answer_curve(
    table: pd.DataFrame, first: str, now: int, across: str, about: str, family: str, theme: Theme, width: int
) -> Spec:
    """The probability of a net's first answer while its image moves (value, probability, answer, kept).

    What it answers at each value stands above the line, in the family's colour where it is another; a line marks `now`.
    """
    here = table[table.value == now].iloc[0]
    said = (
        f"{about}: the probability of its answer to the unmoved image, {first}, over {across}, "
        f"{ends(table.probability.tolist())}; at {now} it is {here.probability:.2g}, and the answer {here.answer}. "
        f"The answers, in order: {' '.join(table.answer)}."
    )
    chart = _answer_chart(FAMILY_COLOURS[family], across, theme, width)
    return filled(chart, said, curve=table, now=pd.DataFrame({"value": [now]}))


@cache
def _answer_chart(colour: str, across: str, theme: Theme, width: int) -> Spec:
    x = alt.X("value:Q", title=across, axis=_axis(), scale=alt.Scale(nice=False, padding=8, zero=False))
    y = alt.Y("probability:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=_side(theme, "%", [0, 0.5, 1]))
    tips: list[Any] = [alt.Tooltip("value:Q", title=across), "answer:N", alt.Tooltip("probability:Q", format=".1%")]
    chart = table_of("curve").encode(x=x, tooltip=tips)
    text = chart.encode(y=alt.value(-3), text="answer:N")
    layers = [
        table_of("now").mark_rule(color=TEXT[theme], strokeWidth=1.5).encode(x=x),
        chart.mark_line(color=colour, strokeWidth=2).encode(y=y),
        chart.mark_circle(color=colour, size=22, opacity=1).encode(y=y),
        text.transform_filter("datum.kept").mark_text(fontSize=11, baseline="bottom", color=QUIET[theme]),
        text.transform_filter("!datum.kept")
        .mark_text(fontSize=11, baseline="bottom", color=colour, fontWeight=700),
    ]  # fmt: skip
    return checked(alt.layer(*layers).properties(width=width, height=ANSWERS, padding=PADDING | {"top": LINE}))


def error_curves(
    table: pd.DataFrame, chosen: str, now: int, across: str, about: str, family: str, theme: Theme, width: int
) -> Spec:
    """Equivariance errors of layers (layer, depth, shift, error, whole) over the shift; the chosen one stands out.

    Its points are full where the shift is a whole number of the layer's places, and hollow elsewhere.
    """
    table = table.dropna()
    own = table[table.layer == chosen]
    lines = [f"{layer} {' '.join(f'{error:.2f}' for error in rows.error)}"
             for layer, rows in table.groupby("layer", sort=False)]  # fmt: skip
    top = max(TOP, math.ceil(2 * table.error.max()) / 2)  # that nets can be compared
    chart = _error_chart(FAMILY_COLOURS[family], across, theme, width, top)
    others, here = table[table.layer != chosen], pd.DataFrame({"shift": [now]})
    said = f"{about}, equivariance error over {across}: {'; '.join(lines)}."
    return filled(chart, said, others=others, chosen=own, name=own.tail(1), now=here)


@cache
def _error_chart(colour: str, across: str, theme: Theme, width: int, top: float) -> Spec:
    x = alt.X("shift:Q", title=across, axis=_axis(), scale=alt.Scale(nice=False, padding=6))
    y = alt.Y("error:Q", title=None, scale=alt.Scale(domain=[0, top]), axis=_side(theme, "~r", None))
    tips: list[Any] = ["layer:N", alt.Tooltip("shift:Q", title=across), alt.Tooltip("error:Q", format=".2f")]
    depth = alt.Opacity("depth:Q", scale=alt.Scale(range=SHADES), legend=None)
    others = table_of("others").encode(x=x, y=y, detail="layer:N", opacity=depth, tooltip=tips)
    own, name = table_of("chosen").encode(x=x, y=y, tooltip=tips), table_of("name").encode(x=x, y=y, text="layer:N")
    fill = alt.condition("datum.whole", alt.value(colour), alt.value({"light": "#FCFBF8", "dark": "#15171C"}[theme]))
    layers = [
        table_of("now").mark_rule(color=TEXT[theme], strokeWidth=1.5).encode(x=x),
        others.mark_line(color=colour, strokeWidth=1),
        own.mark_line(color=colour, strokeWidth=2.5),
        own.mark_point(size=36, stroke=colour, strokeWidth=1.5, opacity=1, fillOpacity=1).encode(fill=fill),
        name.mark_text(align="left", dx=7, fontSize=11, fontWeight=600, color=colour),
    ]  # fmt: skip
    return checked(alt.layer(*layers).properties(width=width, height=ERRORS, padding=PADDING | {"right": NAME}))


def accuracy_by_shift(table: pd.DataFrame, model: str, family: str, theme: Theme, width: int) -> Spec:
    """A net's accuracy over the shift (weights, direction, shift, value, low, high), a panel a direction.

    Trained with augmentation it is a thick line, plain a thin one, untrained dashed; each in a band from low to high.
    """
    said = "; ".join(f"{weights}, {direction}, {ends(rows.sort_values('shift').value.tolist())} %"
                     for (weights, direction), rows in table.groupby(["weights", "direction"], sort=False))  # fmt: skip
    chart = _accuracy_chart(FAMILY_COLOURS[family], theme, (width - ROOM - 14) // 2 - 8)
    return filled(
        chart, f"{model}: accuracy over a shift from 0 to {table['shift'].max()} pixels: {said}.", lines=table
    )


@cache
def _accuracy_chart(colour: str, theme: Theme, width: int) -> Spec:
    kinds = ["trained", "plain", "untrained"]
    looks = [LOOKS[theme][kind] for kind in kinds]

    def by_kind(channel: type[Any], values: list[Any]) -> Any:
        return channel("weights:N", legend=None, scale=alt.Scale(type="ordinal", domain=kinds, range=values))

    def panel(direction: str, title: str, first: bool) -> alt.LayerChart | alt.FacetChart:
        x = alt.X("shift:Q", title=title, axis=_axis(), scale=alt.Scale(nice=False))
        y = alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, 100]), axis=_side(theme, "d", [0, 50, 100], first))
        tips = ["weights:N", alt.Tooltip("shift:Q", title=title),
                *(alt.Tooltip(f"{name}:Q", format=".1f") for name in ("value", "low", "high"))]  # fmt: skip
        chart = table_of("lines").transform_filter(f"datum.direction == '{direction}'").encode(x=x, detail="weights:N")
        band = chart.mark_area(color=colour, opacity=0.18).encode(y=alt.Y("low:Q", title=None), y2="high:Q")
        line = chart.mark_line(color=colour).encode(
            y=y, strokeDash=by_kind(alt.StrokeDash, [list(look.dash) for look in looks]),
            strokeWidth=by_kind(alt.StrokeWidth, [look.width + 0.5 for look in looks]),
            opacity=by_kind(alt.Opacity, [look.strength for look in looks]),
        )  # fmt: skip
        points = chart.mark_circle(color=colour, size=14).encode(
            y=y, tooltip=tips, opacity=by_kind(alt.Opacity, [look.strength for look in looks])
        )
        return alt.layer(band, line, points).properties(width=width, height=HEIGHT)

    panels = [panel("right", "pixels to the right", True), panel("down", "pixels down", False)]
    return checked(alt.hconcat(*panels, spacing=14).resolve_scale(y="shared"))


def _axis() -> alt.Axis:
    return alt.Axis(grid=False, tickMinStep=1, tickCount=8, format="d", titleFontSize=11, titleFontWeight="normal",
                    labelFontSize=10, titlePadding=2)  # fmt: skip


def _side(theme: Theme, form: str, values: list[float] | None, labels: bool = True) -> alt.Axis:
    ticks = {"values": values} if values else {"tickCount": 3}
    return alt.Axis(gridColor=FAINT[theme], ticks=False, domain=False, format=form, labelFontSize=10, labels=labels,
                    minExtent=ROOM - 6 if labels else 0, maxExtent=ROOM - 6, **ticks)  # fmt: skip
