"""What is left when units are cut out: a unit's value and the answer, and the share lost over how many are cut."""

from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from core.charts.arithmetic import WIDTH
from core.charts.marks import FAINT, FAMILY_COLOURS, QUIET, TEXT, Spec, checked, filled, table_of
from core.images import Theme

ROW, AXIS = 24, 64  # pixels of a row and of the axis below
CURVE_HEIGHT = 230


def cut_values(table: pd.DataFrame, title: str, family: str, theme: Theme, percent: bool = False) -> Spec:
    """A value before and after a cut, a row each (name, before, named, random, low, high).

    Before is a line, without the named units a full dot, without as many at random a hollow one with its range.
    """
    chart = _values_chart(tuple(table.name), title, FAMILY_COLOURS[family], theme, percent)
    said = "; ".join(f"{row.name_} from {row.before:.3g} to {row.named:.3g}, at random {row.random:.3g}"
                     for row in table.rename(columns={"name": "name_"}).itertuples())  # fmt: skip
    return filled(chart, f"{title}, before and after the cut: {said}.", cuts=table)


@cache
def _values_chart(names: tuple[str, ...], title: str, colour: str, theme: Theme, percent: bool) -> Spec:
    form = ".0%" if percent else ".3~r"
    axis = alt.Axis(grid=False, tickCount=4, format="%" if percent else "~g")
    scale = alt.Scale(domain=[0, 1], nice=False) if percent else alt.Undefined
    labels = alt.Axis(ticks=False, domain=False, grid=True, gridColor=FAINT[theme], labelOverlap=False, labelLimit=130,
                      labelFlush=False)  # fmt: skip
    words = {"before": "before", "named": "named cut", "random": "at random cut", "low": "lowest", "high": "highest"}
    numbers = [alt.Tooltip(f"{field}:Q", title=word, format=form) for field, word in words.items()]
    tips: list[Any] = [alt.Tooltip("name:N", title=" "), *numbers]
    base = table_of("cuts").encode(y=alt.Y("name:N", sort=list(names), title=None, axis=labels), tooltip=tips)
    x: dict[str, Any] = {"title": title, "scale": scale, "axis": axis}
    layers = [
        base.mark_rule(color=QUIET[theme], strokeWidth=2).encode(x=alt.X("low:Q", **x), x2="high:Q"),
        base.mark_point(color=QUIET[theme], filled=False, size=40, strokeWidth=1.6).encode(x=alt.X("random:Q", **x)),
        base.mark_tick(color=TEXT[theme], thickness=2, height=14).encode(x=alt.X("before:Q", **x)),
        base.mark_circle(color=colour, size=70, opacity=1).encode(x=alt.X("named:Q", **x)),
    ]
    return checked(alt.layer(*layers).properties(width=WIDTH, height=ROW * len(names) + AXIS))


def cut_curve(table: pd.DataFrame, k: int, title: str, family: str, theme: Theme) -> Spec:
    """The share of a response that is lost over how many units are cut (cut, named, random, low, high).

    Named is a line, at random a dotted one in its range; `k` has a line of its own.
    """
    last = table.iloc[-1]
    at = table.iloc[(table.cut - k).abs().argmin()]
    said = (
        f"{title}: with {at.cut:.0f} cut, {at.named:.0%} are lost with named ones, {at.random:.0%} with ones at random"
        f"; with {last.cut:.0f}, {last.named:.0%} and {last.random:.0%}."
    )
    return filled(_curve_chart(FAMILY_COLOURS[family], theme), said, lost=table, k=pd.DataFrame({"cut": [k]}))


@cache
def _curve_chart(colour: str, theme: Theme) -> Spec:
    x = alt.X("cut:Q", title="units cut out", axis=alt.Axis(grid=False, tickMinStep=1, tickCount=6))
    up = alt.Scale(domain=[-0.25, 1], clamp=True, nice=False)
    share = alt.Axis(values=[0, 0.5, 1], format="%", gridColor=FAINT[theme], domain=False)

    def y(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", title=None, scale=up, axis=share)

    words = {"named": "named", "random": "at random", "low": "lowest", "high": "highest"}
    tips = [alt.Tooltip("cut:Q", title="cut"),
            *(alt.Tooltip(f"{field}:Q", title=word, format=".0%") for field, word in words.items())]  # fmt: skip
    base = table_of("lost").encode(x=x, tooltip=tips)
    layers = [
        base.mark_area(color=QUIET[theme], opacity=0.25).encode(y=y("low"), y2="high:Q"),
        base.mark_line(color=QUIET[theme], strokeDash=[1, 3], strokeWidth=2).encode(y=y("random")),
        base.mark_line(color=colour, strokeWidth=2).encode(y=y("named")),
        base.mark_circle(color=colour, size=26, opacity=1).encode(y=y("named")),
        table_of("k").mark_rule(color=QUIET[theme], strokeDash=[4, 3]).encode(x=alt.X("cut:Q")),
    ]
    return checked(alt.layer(*layers).properties(width=WIDTH, height=CURVE_HEIGHT))
