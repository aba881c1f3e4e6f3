"""What a recurrent net keeps: what its state hangs on row by row, how long its cells keep, and numbers over lags."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pyarrow as pa
from PIL import Image

from core.charts.marks import (
    FAINT,
    FAMILY_COLOURS,
    HOVER,
    QUIET,
    TEXT,
    Pixels,
    Spec,
    boxes_of,
    checked,
    ends,
    filled,
    sides,
    table_of,
)
from core.charts.measured import LOOKS, Look
from core.images import MAGNITUDE_ENDS, PAPER, Theme, data_url

CELL, WIDE_CELL = 10, 18  # pixels of a step in both directions, and of one of a few columns across
ROOM, EDGE, FOOT = 38, 2, 32  # pixels left of the cells, right of them and below them
FEW = 12  # columns that have all names
CURVE_HEIGHT, SPREAD_HEIGHT, AXIS = 210, 160, 40  # pixels, the last of them for an axis
LINE, THREE = 24, 36  # pixels for a name beside its point, and beside three families'
FASTEST, SLOWEST, BINS = 0.5, 64.0, 28  # time constants, on a logarithmic axis
FAR = 0.75  # of what was not read yet lies below paper
SOLID: dict[str, Any] = {"titleFontSize": 11, "titleFontWeight": "normal", "labelFontSize": 10, "titlePadding": 4}


def steps_read(picture: Image.Image, steps: int, now: int, about: str, theme: Theme) -> Spec:
    """A sequence's picture, a step a line, of which `now` is framed; what was not read yet is faint."""
    width, height = picture.size
    unread = [[ROOM, height * now / steps, ROOM + width, height]]
    return filled(
        _picture_chart(width, height, theme),
        about,
        picture=pa.table({"left": [ROOM], "top": [0], "url": [data_url(picture)]}),
        unread=pa.table(sides(np.array(unread))),
        now=_frame(now, width),
        words=_words(steps, [], 0, ("row", "")),
    )


@cache
def _picture_chart(width: int, height: int, theme: Theme) -> Spec:
    x, y = Pixels("x", ROOM + width + EDGE), Pixels("y", height + FOOT)
    picture = table_of("picture").mark_image(align="left", baseline="top", width=width, height=height)
    veil = boxes_of("unread", x, y, fill=_hex(PAPER), fillOpacity=FAR)
    return _in_lines([picture.encode(x=x("left"), y=y("top"), url="url:N"), veil], x, y, theme)


def by_step(
    values: np.ndarray, columns: Sequence[str], now: int, titles: tuple[str, str, str], about: str, theme: Theme,
    limit: float, lines: Sequence[str] = (),
) -> Spec:  # fmt: skip
    """Magnitudes (steps, columns) up to `limit`, a line a step, of which `now` is framed; NaN is left out.

    `titles` name what stands downwards, across, and in the cells. Steps count from 1, or are named by `lines`.
    """
    steps, count = values.shape
    side = CELL if count == steps else WIDE_CELL
    down, across = np.nonzero(~np.isnan(values))
    left, top = ROOM + side * across, CELL * down
    cells = pd.DataFrame(sides(np.stack([left, top, left + side, top + CELL], 1)))
    cells = cells.assign(step=down + 1, column=np.array(columns)[across], value=values[down, across])
    chart = _cells_chart(count * side, steps * CELL, titles, limit, theme)
    return filled(chart, about, cells=cells, now=_frame(now, count * side),
                  words=_words(steps, columns, side, titles, lines))  # fmt: skip


@cache
def _cells_chart(width: int, height: int, titles: tuple[str, str, str], limit: float, theme: Theme) -> Spec:
    x, y = Pixels("x", ROOM + width + EDGE), Pixels("y", height + FOOT)
    low, high = map(_hex, MAGNITUDE_ENDS[theme])
    colour = alt.Color("value:Q", legend=None, scale=alt.Scale(domain=[0, limit], range=[low, high], clamp=True))
    tips = [alt.Tooltip("step:Q", title=titles[0]), alt.Tooltip("column:N", title=titles[1]),
            alt.Tooltip("value:Q", title=titles[2], format=".3~r")]  # fmt: skip
    cells = boxes_of("cells", x, y, fillOpacity=1).encode(color=colour, tooltip=tips)
    return _in_lines([cells], x, y, theme)


def _in_lines(layers: Sequence[alt.Chart], x: Pixels, y: Pixels, theme: Theme) -> Spec:
    """With numbers beside the lines, and a frame round the step that was read last."""
    words = table_of("words")
    marks = [words.transform_filter(f"datum.align == '{align}'")
             .mark_text(align=align, baseline="middle", fontSize=10, color=QUIET[theme])
             for align in ("right", "center")]  # fmt: skip
    up = words.transform_filter("datum.align == 'up'").mark_text(angle=270, fontSize=11, color=QUIET[theme])
    texts = [mark.encode(x=x("x"), y=y("y"), text="text:N") for mark in (*marks, up)]
    frame = boxes_of("now", x, y, stroke=HOVER, strokeWidth=2)
    whole = alt.layer(*layers, frame, *texts)
    return checked(whole.properties(width=x.size, height=y.size, padding=0))


def _frame(now: int, width: int) -> pa.Table:
    return pa.table(sides(np.array([[ROOM - 1, CELL * (now - 1) - 1, ROOM + width + 1, CELL * now + 1]])))


def _words(
    steps: int, columns: Sequence[str], side: int, titles: Sequence[str], lines: Sequence[str] = ()
) -> pd.DataFrame:
    """Every seventh step's number, and of few columns each name, of many every seventh; and what they are.

    Where steps are named by `lines`, such as letters, all names stand there, of lines and of columns.
    """
    bottom = CELL * steps
    marked = range(1, steps + 1) if lines else [1, *range(7, steps + 1, 7)]
    named = range(len(columns)) if len(columns) <= FEW else [step - 1 for step in marked]
    words: list[tuple[float, float, str, str]]
    words = [(ROOM - 5, CELL * (step - 0.5), lines[step - 1] if lines else str(step), "right") for step in marked]
    words += [(ROOM + side * (place + 0.5), bottom + 9, columns[place], "center") for place in named]
    words += [(8, bottom / 2, titles[0], "up"), (ROOM + side * len(columns) / 2, bottom + 23, titles[1], "center")]
    return pd.DataFrame(words, columns=["x", "y", "text", "align"])


def _hex(colour: tuple[int, int, int]) -> str:
    return f"#{bytes(colour).hex()}"


def time_constants(own: np.ndarray, twin: np.ndarray, steps: str, about: str, theme: Theme, width: int) -> Spec:
    """How many units keep for how many steps, such as rows: bars, and the untrained twin's as a dashed outline."""
    edges = np.geomspace(FASTEST, SLOWEST, BINS + 1)
    counts = {name: np.histogram(values.clip(FASTEST, SLOWEST), edges)[0]
              for name, values in (("own", own), ("twin", twin))}  # fmt: skip
    bars = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "units": counts["own"]})
    outline = pd.DataFrame({"from": edges, "units": [*counts["twin"], 0]})
    return filled(_constants_chart(steps, theme, width), about, bars=bars, outline=outline)


@cache
def _constants_chart(steps: str, theme: Theme, width: int) -> Spec:
    axis = alt.Axis(values=[0.5, 1, 2, 4, 8, 16, 32, 64], format="~r", grid=False, **SOLID)
    x = alt.X("from:Q", title=f"time constant ({steps})", axis=axis,
              scale=alt.Scale(type="log", domain=[FASTEST, SLOWEST], nice=False))  # fmt: skip
    y = alt.Y("units:Q", title="units", axis=alt.Axis(gridColor=FAINT[theme], tickCount=4, **SOLID))
    tips = [alt.Tooltip("from:Q", format=".2~r"), alt.Tooltip("to:Q", format=".2~r"), "units:Q"]
    colour = FAMILY_COLOURS["rnn"]
    bars = table_of("bars").mark_rect(color=colour, opacity=0.85).encode(
        x=x, x2="to:Q", y=y, y2=alt.datum(0), tooltip=tips)  # fmt: skip
    twin = table_of("outline").mark_line(interpolate="step-after", strokeDash=[5, 4], color=TEXT[theme])
    return checked(alt.layer(bars, twin.encode(x=x, y=y)).properties(width=width, height=SPREAD_HEIGHT))


def over_lags(
    table: pd.DataFrame, across: str, title: str, top: float, theme: Theme, width: int, chance: float | None = None
) -> Spec:
    """A number over lags (weights, at, value, low, high), a line a kind of weights, in a band from low to high.

    Kinds look as everywhere; any other kind is a dotted grey line, as is chance.
    """
    table = table.sort_values(["weights", "at"], kind="stable")
    said = "; ".join(f"{kind} {ends(rows.value.tolist())}" for kind, rows in table.groupby("weights", sort=False))
    kinds = tuple(dict.fromkeys(table.weights))
    level = pd.DataFrame({"value": [] if chance is None else [chance]})
    return filled(_lags_chart(kinds, across, title, top, theme, width), f"{title}, over {across}: {said}.",
                  lines=table, chance=level)  # fmt: skip


@cache
def _lags_chart(kinds: tuple[str, ...], across: str, title: str, top: float, theme: Theme, width: int) -> Spec:
    x = alt.X("at:Q", title=across, axis=alt.Axis(grid=False, tickMinStep=1, format="d", **SOLID),
              scale=alt.Scale(nice=False))  # fmt: skip
    axis = alt.Axis(gridColor=FAINT[theme], tickCount=5, **SOLID)
    y = alt.Y("value:Q", title=title, axis=axis, scale=alt.Scale(domain=[0, top]))
    tips: list[Any] = ["weights:N", alt.Tooltip("at:Q", title=across),
            *(alt.Tooltip(f"{name}:Q", format=".3~r") for name in ("value", "low", "high"))]  # fmt: skip
    chart = table_of("lines").encode(x=x, detail="weights:N")
    band = chart.mark_area().encode(y=alt.Y("low:Q", title=title), y2="high:Q", color=_looks(kinds, "colour", theme),
                                    fillOpacity=_looks(kinds, "band", theme))  # fmt: skip
    line = chart.mark_line().encode(
        y=y, color=_looks(kinds, "colour", theme), strokeDash=_looks(kinds, "dash", theme),
        strokeWidth=_looks(kinds, "width", theme), opacity=_looks(kinds, "strength", theme),
    )  # fmt: skip
    points = chart.mark_circle(size=16, opacity=0.9).encode(y=y, color=_looks(kinds, "colour", theme), tooltip=tips)
    level = table_of("chance").mark_rule(color=QUIET[theme], strokeDash=[1, 3], strokeWidth=2).encode(y=y)
    return checked(alt.layer(band, level, line, points).properties(width=width, height=CURVE_HEIGHT))


def _looks(kinds: tuple[str, ...], part: str, theme: Theme) -> Any:
    """One part of how kinds of weights look, as the encoding of a mark."""
    channel = {"dash": alt.StrokeDash, "width": alt.StrokeWidth, "strength": alt.Opacity, "band": alt.FillOpacity,
               "colour": alt.Color}[part]  # fmt: skip
    looks = [LOOKS[theme].get(kind, LOOKS[theme]["pixels projected"]) for kind in kinds]
    values = [_part(look, part) for look in looks]
    return channel("weights:N", legend=None, scale=alt.Scale(type="ordinal", domain=list(kinds), range=values))


def _part(look: Look, part: str) -> Any:
    value = getattr(look, part)
    if part == "colour":
        return value or FAMILY_COLOURS["rnn"]
    return list(value) if part == "dash" else min(value, 0.2) if part == "band" else value


def intervals(table: pd.DataFrame, title: str, domain: tuple[float, float], theme: Theme, width: int) -> Spec:
    """Means with their intervals (name, family, weights, value, low, high), a line a name; a point a family.

    Trained nets are full, the controls hollow.
    """
    said = "; ".join(f"{row.name_} {row.value:.3g}" for row in table.rename(columns={"name": "name_"}).itertuples())
    drawn = table.assign(colour=table.family.map(FAMILY_COLOURS), trained=table.weights.isin(["trained", "plain"]))
    line = LINE if table.family.nunique() == 1 else THREE
    chart = _intervals_chart(tuple(dict.fromkeys(table.name)), title, domain, line, theme, width)
    return filled(chart, f"{title}, means of five seeds with 95 % intervals: {said}.", dots=drawn)


@cache
def _intervals_chart(
    names: tuple[str, ...], title: str, domain: tuple[float, float], line: int, theme: Theme, width: int
) -> Spec:
    scale = alt.Scale(domain=list(domain), nice=False)
    x = alt.X("value:Q", title=title, axis=alt.Axis(gridColor=FAINT[theme], tickCount=6, **SOLID), scale=scale)
    axis = alt.Axis(grid=False, ticks=False, domain=False, labelLimit=220, labelOverlap=False, labelFontSize=12)
    tips: list[Any] = ["name:N", "weights:N", "family:N",
            *(alt.Tooltip(f"{name}:Q", format=".3~r") for name in ("value", "low", "high"))]  # fmt: skip
    chart = table_of("dots").encode(
        y=alt.Y("name:N", sort=list(names), title=None, axis=axis), color=alt.Color("colour:N", scale=None),
        yOffset=alt.YOffset("family:N", sort=["dense", "cnn", "rnn"], scale=alt.Scale(paddingOuter=1)), tooltip=tips,
    )  # fmt: skip
    spans = chart.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", scale=scale, title=title), x2="high:Q")
    full = chart.transform_filter("datum.trained").mark_circle(size=56, opacity=1).encode(x=x)
    hollow = chart.transform_filter("!datum.trained").mark_point(size=46, opacity=1, strokeWidth=1.5).encode(x=x)
    return checked(alt.layer(spans, full, hollow).properties(width=width, height=line * len(names) + AXIS))
