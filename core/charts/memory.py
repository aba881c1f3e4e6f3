"""What a recurrent net keeps: what its state hangs on row by row, how long its cells keep, and numbers over lags."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pyarrow as pa
from PIL import Image

from core.charts.evidence import PADDING
from core.charts.marks import FAINT, FAMILY_COLOURS, HOVER, QUIET, TEXT, Spec, checked, ends, filled, table_of
from core.charts.measured import LOOKS, Look
from core.images import MAGNITUDE_ENDS, PAPER, Theme, data_url

CELL, ANSWER_CELL = 10, 18  # pixels of a step in both directions, and of a class across
CURVE_HEIGHT, SPREAD_HEIGHT = 190, 150
LINE = 21  # pixels for a name beside its points
FASTEST, SLOWEST, BINS = 0.5, 64.0, 28  # time constants, on a logarithmic axis
FAR = 0.75  # of what was not read yet lies below paper
SOLID: dict[str, Any] = {"titleFontSize": 11, "titleFontWeight": "normal", "labelFontSize": 10, "titlePadding": 4}


def steps_read(picture: Image.Image, steps: int, now: int, about: str, theme: Theme) -> Spec:
    """A sequence's picture, a step a line, beside which `now` is marked; what was not read yet is faint."""
    width, height = picture.size
    chart = _picture_chart(width, height, steps, theme)
    shown = pa.table({"url": [data_url(picture)], "left": [0], "top": [0.5]})
    unread = pd.DataFrame({"from": [now + 0.5], "to": [steps + 0.5]})
    return filled(chart, about, picture=shown, unread=unread, now=_frame(now))


@cache
def _picture_chart(width: int, height: int, steps: int, theme: Theme) -> Spec:
    y = _StepsDown(steps, "row")
    image = table_of("picture").mark_image(align="left", baseline="top", width=width, height=height)
    veil = table_of("unread").mark_rect(color=_hex(PAPER), opacity=FAR)
    return _framed(
        image.encode(x=alt.value(0), y=y("top"), url="url:N"),
        veil.encode(x=alt.value(0), x2=alt.value(width), y=y("from"), y2="to:Q"),
        width=width, height=height, y=y, theme=theme,
    )  # fmt: skip


def by_step(
    values: np.ndarray, columns: Sequence[str], now: int, titles: tuple[str, str, str], about: str, theme: Theme,
    limit: float,
) -> Spec:  # fmt: skip
    """Magnitudes (steps, columns) up to `limit`, a line a step, of which `now` is framed; NaN is left out.

    `titles` name what stands downwards, across, and in the cells. Steps count from 1.
    """
    steps, count = values.shape
    down, across = np.nonzero(~np.isnan(values))
    cells = pd.DataFrame({"step": down + 1, "column": np.array(columns)[across], "value": values[down, across]})
    square = count == steps
    chart = _cells_chart(tuple(columns), steps, CELL if square else ANSWER_CELL, titles, limit, theme)
    return filled(chart, about, cells=cells, now=_frame(now))


@cache
def _cells_chart(
    columns: tuple[str, ...], steps: int, cell: int, titles: tuple[str, str, str], limit: float, theme: Theme
) -> Spec:
    width, height = cell * len(columns), CELL * steps
    y = _StepsDown(steps, titles[0])
    few = [name for place, name in enumerate(columns) if len(columns) <= 12 or place == 0 or place % 7 == 6]
    axis = alt.Axis(values=few, labelAngle=0, ticks=False, domain=False, grid=False, orient="bottom", **SOLID)
    x = alt.X("column:N", sort=list(columns), title=titles[1], axis=axis, scale=alt.Scale(padding=0))
    low, high = map(_hex, MAGNITUDE_ENDS[theme])
    colour = alt.Color("value:Q", legend=None, scale=alt.Scale(domain=[0, limit], range=[low, high], clamp=True))
    tips = [alt.Tooltip("step:Q", title=titles[0]), alt.Tooltip("column:N", title=titles[1]),
            alt.Tooltip("value:Q", title=titles[2], format=".3~r")]  # fmt: skip
    table = table_of("cells").transform_calculate(top="datum.step - 0.5", bottom="datum.step + 0.5")
    cells = table.mark_rect(strokeWidth=0).encode(x=x, y=y("top"), y2="bottom:Q", color=colour, tooltip=tips)
    return _framed(cells, width=width, height=height, y=y, theme=theme)


class _StepsDown:
    """Steps from 1, downwards, as the encoding of a field that it is called with."""

    def __init__(self, steps: int, title: str) -> None:
        self.scale = alt.Scale(domain=[0.5, steps + 0.5], reverse=True, nice=False, zero=False)
        marked = [1, *range(7, steps + 1, 7)]
        self.axis = alt.Axis(values=marked, ticks=False, domain=False, grid=False, title=title, format="d", **SOLID)

    def __call__(self, field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", scale=self.scale, axis=self.axis)


def _hex(colour: tuple[int, int, int]) -> str:
    return f"#{bytes(colour).hex()}"


def _frame(now: int) -> pd.DataFrame:
    return pd.DataFrame({"from": [now - 0.5], "to": [now + 0.5]})


def _framed(*layers: alt.Chart, width: int, height: int, y: _StepsDown, theme: Theme) -> Spec:
    """With a frame round the step that was read last."""
    frame = table_of("now").mark_rect(fillOpacity=0, stroke=HOVER, strokeWidth=2)
    last = frame.encode(x=alt.value(0), x2=alt.value(width), y=y("from"), y2="to:Q")
    return checked(alt.layer(*layers, last).properties(width=width, height=height, padding=PADDING))


def time_constants(own: np.ndarray, twin: np.ndarray, about: str, theme: Theme, width: int) -> Spec:
    """How many units keep for how many steps: bars, and the untrained twin's as a dashed outline."""
    edges = np.geomspace(FASTEST, SLOWEST, BINS + 1)
    counts = {name: np.histogram(values.clip(FASTEST, SLOWEST), edges)[0]
              for name, values in (("own", own), ("twin", twin))}  # fmt: skip
    bars = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "units": counts["own"]})
    outline = pd.DataFrame({"from": edges, "units": [*counts["twin"], 0]})
    return filled(_constants_chart(theme, width), about, bars=bars, outline=outline)


@cache
def _constants_chart(theme: Theme, width: int) -> Spec:
    axis = alt.Axis(values=[0.5, 1, 2, 4, 8, 16, 32, 64], format="~r", grid=False, **SOLID)
    x = alt.X("from:Q", title="time constant (rows)", axis=axis,
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
    chart = _intervals_chart(tuple(dict.fromkeys(table.name)), title, domain, theme, width)
    return filled(chart, f"{title}, means of five seeds with 95 % intervals: {said}.", dots=drawn)


@cache
def _intervals_chart(names: tuple[str, ...], title: str, domain: tuple[float, float], theme: Theme, width: int) -> Spec:
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
    return checked(alt.layer(spans, full, hollow).properties(width=width, height=LINE * len(names)))
