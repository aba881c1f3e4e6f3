"""Accuracy of nets of one size over training images or updates, on digits and on permuted ones."""

from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from core.charts.evidence import PADDING
from core.charts.marks import FAINT, FAMILY_COLOURS, QUIET, Spec, checked, ends, filled, table_of
from core.images import Theme

HEIGHT, AXES = 280, 60  # pixels of a chart, and of that for its title and axis
ROOM, LETTER = 34, 13
NAME = 100  # pixels for a net's name behind its line
PANELS = {False: "digits", True: "digits with permuted pixels"}


def learning_curves(
    table: pd.DataFrame,
    families: dict[str, str],
    over: str,
    across: str,
    permuted: bool,
    bottom: int,
    theme: Theme,
    width: int,
    logarithmic: bool = True,
) -> Spec:
    """Mean accuracy over a column (net, value, low, high), a line a net, a band over its seeds.

    `families` gives each net's; of two nets of one family the second is dashed. The axis begins at `bottom` percent.
    """
    titled = f"Accuracy over {across}, {PANELS[permuted]}"
    lines = [f"{net} {ends(rows.sort_values(over).value.tolist())} %" for net, rows in table.groupby("net", sort=False)]
    nets = tuple(net for net in families if net in set(table.net))
    taken: list[str] = []
    looks = []
    for net in nets:
        looks.append((FAMILY_COLOURS[families[net]], families[net] in taken))
        taken.append(families[net])
    last = table.sort_values(over).groupby("net", sort=False).tail(1).sort_values("value", ascending=False)
    named = last.assign(place=_apart(last.value.tolist(), (100 - bottom) * LETTER / (HEIGHT - AXES)))
    title = f"{PANELS[permuted]}: accuracy in %"
    chart = _chart(nets, tuple(looks), over, across, title, bottom, theme, width, logarithmic)
    return filled(chart, f"{titled}: {'; '.join(lines) or 'not measured yet'}.", lines=table, names=named)


def _apart(values: list[float], step: float) -> list[float]:
    """Where names stand, from the highest downwards, so that none lies on another."""
    placed: list[float] = []
    for value in values:
        placed.append(min(value, placed[-1] - step) if placed else value)
    return placed


@cache
def _chart(
    nets: tuple[str, ...], looks: tuple[tuple[str, bool], ...], over: str, across: str, title: str, bottom: int,
    theme: Theme, width: int, logarithmic: bool,
) -> Spec:  # fmt: skip
    def by_net(channel: type[Any], values: list[Any]) -> Any:
        return channel("net:N", legend=None, scale=alt.Scale(type="ordinal", domain=list(nets), range=values))

    axis = alt.Axis(grid=False, tickCount=4, format="~s", titleFontWeight="normal", titleFontSize=11, labelFontSize=10)
    x = alt.X(
        f"{over}:Q", title=across, axis=axis, scale=alt.Scale(type="log" if logarithmic else "linear", nice=False)
    )
    side = alt.Axis(gridColor=FAINT[theme], ticks=False, domain=False, tickCount=5, labelFontSize=10,
                    minExtent=ROOM - 6, maxExtent=ROOM - 6)  # fmt: skip
    scale = alt.Scale(domain=[bottom, 100])
    y = alt.Y("value:Q", title=None, scale=scale, axis=side)
    colour = by_net(alt.Color, [look[0] for look in looks])
    dash = by_net(alt.StrokeDash, [[5, 3] if dashed else [1, 0] for _, dashed in looks])
    numbers = [alt.Tooltip(f"{name}:Q", format=".1f") for name in ("value", "low", "high")]
    tips: list[Any] = ["net:N", f"{over}:Q", "seeds:Q", *numbers]
    chart = table_of("lines").encode(x=x, color=colour)
    names = table_of("names").mark_text(align="left", dx=7, fontSize=11, fontWeight=600)
    layers = [
        chart.mark_area(opacity=0.18).encode(y=alt.Y("low:Q", title=None, scale=scale), y2="high:Q"),
        chart.mark_line(strokeWidth=2).encode(y=y, strokeDash=dash),
        chart.mark_circle(size=26, opacity=1).encode(y=y, tooltip=tips),
        names.encode(x=x, y=alt.Y("place:Q", title=None, scale=scale), text="net:N", color=colour),
    ]
    whole = alt.layer(*layers).properties(
        width=width, height=HEIGHT, padding=PADDING | {"right": NAME},
        title=alt.Title(title, anchor="start", fontSize=12, fontWeight="normal", color=QUIET[theme]),
    )  # fmt: skip
    return checked(whole)
