"""Fooling images as charts: the net's confidence over the steps, and which net each picture fools."""

from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from core.charts.evidence import PADDING
from core.charts.marks import FAINT, FAMILY_COLOURS, QUIET, TEXT, Spec, checked, ends, filled, table_of
from core.images import MAGNITUDE_ENDS, Theme

HEIGHT, NAME = 150, 92  # pixels of a chart with its axis, and for a name behind its line
CELL, WIDEST, ROOM = 26, 76, 112  # pixels of a row, of a column at most, and for a picture's name
SOLID: dict[str, Any] = {"titleFontSize": 11, "titleFontWeight": "normal", "labelFontSize": 10}


def confidences(before: list[float], label: list[float], names: tuple[str, str], about: str, family: str,
                theme: Theme, width: int) -> Spec:  # fmt: skip
    """The probabilities of the first answer, dashed, and of the class that is made, over the steps."""
    curves = zip(names, ("before", "label"), (before, label), strict=True)
    table = pd.DataFrame([(step, kind, name, share) for name, kind, shares in curves
                          for step, share in enumerate(shares)],
                         columns=["step", "kind", "answer", "probability"])  # fmt: skip
    said = (
        f"{about}: over the steps, the probability of {names[0]} goes {ends(before)}, that of {names[1]} {ends(label)}."
    )
    last = table[table.step == table.step.max()].sort_values("probability", ascending=False)
    room = 1 / (HEIGHT / 22)
    apart = last.probability.iloc[0] - last.probability.iloc[1] < room
    last = last.assign(place=[last.probability.iloc[0], last.probability.iloc[1] - (room if apart else 0)])
    if last.place.min() < 0:
        last.place -= last.place.min()
    return filled(_confidence_chart(FAMILY_COLOURS[family], theme, width), said, curves=table, names=last)


@cache
def _confidence_chart(colour: str, theme: Theme, width: int) -> Spec:
    x = alt.X("step:Q", title="step", axis=alt.Axis(grid=False, tickMinStep=1, tickCount=5, format="d", **SOLID),
              scale=alt.Scale(nice=False))  # fmt: skip
    axis = alt.Axis(gridColor=FAINT[theme], ticks=False, domain=False, format=".0%", values=[0, 0.5, 1], **SOLID)
    scale = alt.Scale(domain=[0, 1])

    def by_kind(channel: type[Any], before: Any, label: Any) -> Any:
        return channel("kind:N", legend=None, scale=alt.Scale(domain=["before", "label"], range=[before, label]))

    ink = by_kind(alt.Color, QUIET[theme], colour)
    tips: list[Any] = ["answer:N", "step:Q", alt.Tooltip("probability:Q", format=".2%")]
    lines = table_of("curves").mark_line(strokeWidth=2).encode(
        x=x, y=alt.Y("probability:Q", title=None, axis=axis, scale=scale), color=ink, tooltip=tips,
        strokeDash=by_kind(alt.StrokeDash, [5, 4], [1, 0]))  # fmt: skip
    names = table_of("names").mark_text(align="left", dx=6, fontSize=11, limit=NAME - 8).encode(
        x=x, y=alt.Y("place:Q", scale=scale), text="answer:N", color=ink)  # fmt: skip
    padding = PADDING | {"right": NAME}
    return checked(alt.layer(lines, names).properties(width=width, height=HEIGHT, padding=padding))


def transfers(table: pd.DataFrame, about: str, theme: Theme, width: int) -> Spec:
    """What each net answers to each picture (picture, net, label, share, flipped), a row a picture, a column a net.

    Cells are dark where the answer is another than before.
    """
    pictures, nets = (tuple(dict.fromkeys(table[name])) for name in ("picture", "net"))
    fooled = [f"{row.picture} fools {row.net} ({row.label})" for row in table[table.flipped].itertuples()]
    said = f"{about}: {'; '.join(fooled) or 'no picture fools a net'}."
    return filled(_transfer_chart(pictures, nets, theme, width), said, cells=table)


@cache
def _transfer_chart(pictures: tuple[str, ...], nets: tuple[str, ...], theme: Theme, width: int) -> Spec:
    axis: dict[str, Any] = {"domain": False, "ticks": False, "labelFontSize": 11, "title": None}
    y = alt.Y("picture:N", sort=list(pictures), axis=alt.Axis(labelLimit=ROOM, **axis))
    x = alt.X("net:N", sort=list(nets), axis=alt.Axis(orient="top", labelAngle=0, labelLimit=WIDEST, **axis))
    low, high = ("#" + bytes(end).hex() for end in MAGNITUDE_ENDS[theme])
    fill = alt.condition("datum.flipped", alt.value(high), alt.value(low))
    ink = alt.condition(
        "datum.flipped", alt.value(TEXT["dark" if theme == "light" else "light"]), alt.value(TEXT[theme])
    )
    tips: list[Any] = [
        "picture:N",
        "net:N",
        alt.Tooltip("label:N", title="answer"),
        alt.Tooltip("share:Q", format=".1%"),
    ]
    cells = table_of("cells").encode(x=x, y=y, tooltip=tips)
    boxes = cells.mark_rect(stroke=FAINT[theme], strokeWidth=1).encode(color=fill)
    words = cells.mark_text(fontSize=11, limit=WIDEST - 8).encode(text="label:N", color=ink)
    across = min(ROOM + WIDEST * len(nets), width)
    return checked(alt.layer(boxes, words).properties(width=across, height=CELL * (len(pictures) + 1), padding=PADDING))
