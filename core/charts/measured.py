"""Numbers of layers, weights and images as charts: by depth, as histograms, in the complex plane, over training."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from core.charts.marks import FAINT, FAMILY_COLOURS, QUIET, TEXT, Spec, checked, ends, filled, table_of
from core.images import Theme

KINDS = ["trained", "untrained"]
AXIS_ROOM = 56  # pixels below a chart of rows
AXIS_HEIGHT = 120  # pixels of a histogram that has room for an axis


@dataclass(frozen=True)
class Look:
    """How a kind of weights is drawn: a line's dashes, width and opacity, its points, its band's opacity."""

    dash: tuple[int, ...]
    width: float
    strength: float
    point: int
    band: float
    colour: str | None = None  # instead of the family's


LOOKS: dict[Theme, dict[str, Look]] = {
    theme: {
        "trained": Look((1, 0), 2, 1, 30, 0.4),
        "plain": Look((1, 0), 1, 0.9, 8, 0),
        "untrained": Look((5, 4), 1.5, 0.6, 6, 0.16),
        "shuffled": Look((9, 3, 2, 3), 1.5, 0.6, 6, 0.16),
        "layer below projected": Look((1, 3), 2, 0.9, 6, 0.16),
        "pixels projected": Look((1, 3), 2, 0.9, 6, 0.22, QUIET[theme]),
    }
    for theme in ("light", "dark")
}


def by_depth(table: pd.DataFrame, title: str, theme: Theme, width: int, logarithmic: bool = False) -> Spec:
    """A number for each layer of a CNN (layer, weights, value, low, high), trained as a line, its twins' dashed.

    Each line runs in a band from low to high. The title is only read aloud.
    """
    chart = _depth_chart(tuple(dict.fromkeys(table.layer)), theme, width, logarithmic)
    return filled(chart, _layer_by_layer(title, table.rename(columns={"value": "mean"})), numbers=table)


def _layer_by_layer(title: str, table: pd.DataFrame) -> str:
    """What lines by depth show (layer, weights, mean), in words."""
    lines = "; ".join(f"{kind} {ends(rows['mean'].tolist())}" for kind, rows in table.groupby("weights", sort=False))
    return f"{title}, layer by layer, from {table.layer.iloc[0]} to {table.layer.iloc[-1]}: {lines}."


@cache
def _depth_chart(layers: tuple[str, ...], theme: Theme, width: int, logarithmic: bool) -> Spec:
    scale = alt.Scale(type="log", nice=False, domain=[1, 1000]) if logarithmic else alt.Scale(zero=True)
    values = [1, 10, 100, 1000] if logarithmic else alt.Undefined
    axis = alt.Axis(gridColor=FAINT[theme], tickCount=4, values=values)
    tips = [alt.Tooltip(f"{name}:Q", format=".3~r") for name in ("value", "low", "high")]
    chart = table_of("numbers").encode(
        x=alt.X(
            "layer:N", sort=list(layers), title=None, axis=alt.Axis(labelAngle=-45, labelOverlap=False, grid=False)
        ),
        tooltip=["layer:N", "weights:N", *tips],
    )
    band = alt.FillOpacity("weights:N", scale=alt.Scale(domain=KINDS, range=[0.3, 0.15]), legend=None)
    bands = chart.mark_area(color=FAMILY_COLOURS["cnn"]).encode(
        y=alt.Y("low:Q", title=None, scale=scale, axis=axis), y2="high:Q", fillOpacity=band
    )
    lines = _lines(chart.encode(y=alt.Y("value:Q", title=None, scale=scale, axis=axis)), FAMILY_COLOURS["cnn"])
    return checked(alt.layer(bands, *lines).properties(width=width, height=190))


def spread(
    values: np.ndarray, here: float | None, title: str, family: str, theme: Theme, width: int, height: int,
    images: int | None = None,
) -> Spec:  # fmt: skip
    """What was measured of each test image, as a histogram under that title, and where one value lies, if any.

    Where the values are quantiles, they stand for so many `images`.
    """
    counts, edges = np.histogram(values.astype(np.float64), bins=40)  # a unit that hardly varies has no 40 float32
    counts = counts * (len(values) if images is None else images) / len(values)
    bins = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "images": counts})
    chart = _spread_chart(FAMILY_COLOURS.get(family, QUIET[theme]), theme, title, width, height)
    said = (
        f"Histogram of the {title} over {len(values) if images is None else images} test images, {ends(edges.tolist())}"
    )
    said += "." if here is None else f"; the line stands at {here:.3g}."
    return filled(chart, said, bins=bins, here=pd.DataFrame({"from": [] if here is None else [here]}))


@cache
def _spread_chart(colour: str, theme: Theme, title: str, width: int, height: int) -> Spec:
    x = alt.X("from:Q", title=title, axis=alt.Axis(grid=False, tickCount=5))
    axis = alt.Axis(grid=False, tickCount=3, title="test images") if height >= AXIS_HEIGHT else None
    y = alt.Y("images:Q", axis=axis)
    bars = table_of("bins").mark_rect(color=QUIET[theme]).encode(x=x, x2="to:Q", y=y, y2=alt.datum(0))
    mark = table_of("here").mark_rule(color=colour, strokeWidth=3).encode(x=x)
    return checked(alt.layer(bars, mark).properties(width=width, height=height))


def beside_pixels(table: pd.DataFrame, title: str, family: str, theme: Theme, width: int) -> Spec:
    """Of one net, by depth, a number that is at most 1 (layer, depth, weights, numbers, value; a row a seed).

    Each kind of weights in LOOKS is a line through the means of its seeds, in a band from the lowest to the highest.
    The pixels, at depth 0, are a dotted line across.
    """
    shown = table[(table.depth > 0) & table.weights.isin(LOOKS[theme])]
    by_kind = shown.groupby(["layer", "weights", "numbers"], sort=False).value
    bands = by_kind.agg(lowest="min", mean="mean", highest="max").reset_index()
    least = -0.2 if table.value.min() < 0 else 0.0
    names = tuple(dict.fromkeys(bands.layer))
    chart = _beside_pixels_chart(FAMILY_COLOURS[family], names, title, least, theme, width)
    pixels = table[table.depth == 0].head(1)[["value"]]
    return filled(chart, _layer_by_layer(title, bands), numbers=bands, pixels=pixels)


@cache
def _beside_pixels_chart(
    colour: str, layers: tuple[str, ...], title: str, least: float, theme: Theme, width: int
) -> Spec:
    grid = alt.Axis(gridColor=FAINT[theme], tickCount=5)
    scale = alt.Scale(domain=[least, 1])
    y = alt.Y("mean:Q", title=title, scale=scale, axis=grid)
    x = alt.X("layer:N", sort=list(layers), title=None, axis=alt.Axis(labelAngle=-45, grid=False))
    values = [alt.Tooltip(f"{name}:Q", format=".3f") for name in ("lowest", "mean", "highest")]
    chart = table_of("numbers").encode(x=x, tooltip=["layer:N", "weights:N", "numbers:Q", *values])

    def by_kind(channel: type[Any], field: str) -> Any:
        looks = [getattr(look, field) if field != "colour" else look.colour or colour for look in LOOKS[theme].values()]
        scale = alt.Scale(type="ordinal", domain=list(LOOKS[theme]), range=looks)  # or else sizes are spread evenly
        return channel("weights:N", scale=scale, legend=None)

    colours = by_kind(alt.Color, "colour")
    bands = chart.mark_area().encode(
        y=alt.Y("lowest:Q", scale=scale), y2="highest:Q", color=colours, fillOpacity=by_kind(alt.FillOpacity, "band")
    )
    lines = chart.mark_line().encode(
        y=y, color=colours, strokeDash=by_kind(alt.StrokeDash, "dash"), opacity=by_kind(alt.Opacity, "strength"),
        strokeWidth=by_kind(alt.StrokeWidth, "width"),
    )  # fmt: skip
    points = chart.mark_circle(opacity=1).encode(y=y, color=colours, size=by_kind(alt.Size, "point"))
    across = alt.Y("value:Q", scale=scale, axis=grid, title=title)
    pixels = table_of("pixels").mark_rule(color=QUIET[theme], strokeDash=[1, 3], strokeWidth=2).encode(y=across)
    return checked(alt.layer(bands, pixels, lines, points).properties(width=width, height=260))


def _lines(chart: alt.Chart, colour: str) -> list[alt.Chart]:
    """A trained net's line is solid, its untrained twin's dashed and lighter; each layer is a point."""
    dashes = alt.StrokeDash("weights:N", scale=alt.Scale(domain=KINDS, range=[[1, 0], [5, 4]]), legend=None)
    strength = alt.Opacity("weights:N", scale=alt.Scale(domain=KINDS, range=[1, 0.55]), legend=None)
    return [
        chart.mark_line(color=colour, strokeWidth=2).encode(strokeDash=dashes, opacity=strength),
        chart.mark_circle(color=colour, size=26).encode(opacity=strength),
    ]


def eigenvalues(values: dict[str, np.ndarray], family: str, theme: Theme, side: int) -> Spec:
    """Eigenvalues of a matrix, trained and untrained, as points of the complex plane, and the unit circle."""
    points = pd.concat([pd.DataFrame({"real": found.real, "imaginary": found.imag, "weights": weights})
                        for weights, found in values.items()])  # fmt: skip
    reach = float(np.ceil(max(1.0, *(np.abs(found).max() for found in values.values()))))
    angle = np.linspace(0, 2 * np.pi, 65)
    circle = pd.DataFrame({"real": np.cos(angle), "imaginary": np.sin(angle), "order": angle})
    return filled(
        _plane_chart(FAMILY_COLOURS[family], theme, reach, side),
        f"Eigenvalues in the complex plane, with the unit circle: {_outside(values)}.",
        points=points,
        circle=circle,
        zero=pd.DataFrame({"zero": [0]}),
    )


def _outside(values: dict[str, np.ndarray]) -> str:
    """How many eigenvalues of each kind of weights lie outside the unit circle, in words."""
    sizes = {weights: np.abs(found) for weights, found in values.items()}
    return "; ".join(f"{weights} {(size > 1).sum()} of {len(size)} outside it" for weights, size in sizes.items())


@cache
def _plane_chart(colour: str, theme: Theme, reach: float, side: int) -> Spec:
    limits: dict[str, Any] = {"domain": [-reach, reach], "nice": False}
    across, up = alt.Scale(range=[0, side], **limits), alt.Scale(range=[side, 0], **limits)
    x, y = alt.X("real:Q", scale=across, axis=None), alt.Y("imaginary:Q", scale=up, axis=None)
    zero = table_of("zero").mark_rule(color=FAINT[theme])
    level = zero.encode(y=alt.Y("zero:Q", scale=up, axis=None))
    upright = zero.encode(x=alt.X("zero:Q", scale=across, axis=None))
    points = table_of("points").encode(x=x, y=y, tooltip=["weights:N", "real:Q", "imaginary:Q"])
    circle = table_of("circle").mark_line(color=TEXT[theme], strokeWidth=1).encode(x=x, y=y, order="order:Q")
    twin = points.transform_filter("datum.weights == 'untrained'").mark_point(color=colour, size=12, opacity=0.5)
    trained = points.transform_filter("datum.weights != 'untrained'").mark_circle(color=colour, size=18, opacity=0.9)
    return checked(alt.layer(level, upright, twin, trained, circle).properties(width=side, height=side, padding=0))


def guesses(table: pd.DataFrame, theme: Theme, width: int) -> Spec:
    """Shares that were right with their intervals (name, family, right, asked, share, low, high), beside chance."""
    colours = [FAMILY_COLOURS.get(family, TEXT[theme]) for family in table.family]
    counts = [f"{right} of {asked}" for right, asked in zip(table.right, table.asked, strict=True)]
    chart = _guesses_chart(tuple(table.name), theme, width)
    said = "; ".join(f"{name} {count}" for name, count in zip(table.name, counts, strict=True))
    return filled(
        chart,
        f"How many answers were right, with 95 % intervals, beside chance: {said}.",
        guesses=table.assign(colour=colours, count=counts),
        chance=pd.DataFrame({"share": [0.5]}),
    )


@cache
def _guesses_chart(names: tuple[str, ...], theme: Theme, width: int) -> Spec:
    percent = alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1], labelFlush=True, gridColor=FAINT[theme])
    scale = alt.Scale(domain=[0, 1], nice=False)
    x = alt.X("share:Q", title="right, with 95 % intervals", axis=percent, scale=scale)
    tips: list[Any] = [
        "name:N",
        "count:N",
        *(alt.Tooltip(f"{name}:Q", format=".0%") for name in ("share", "low", "high")),
    ]
    chart = table_of("guesses").encode(
        y=alt.Y(
            "name:N",
            sort=list(names),
            title=None,
            axis=alt.Axis(grid=False, ticks=False, domain=False, labelOverlap=False),
        ),
        color=alt.Color("colour:N", scale=None),
        tooltip=tips,
    )
    layers = [
        table_of("chance").mark_rule(color=QUIET[theme], strokeDash=[1, 3], strokeWidth=2).encode(x=x),
        chart.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", scale=scale), x2="high:Q"),
        chart.mark_circle(size=60, opacity=1).encode(x=x),
        chart.mark_text(align="right", dy=-9, fontSize=11).encode(
            x=alt.datum(1, scale=scale), text="count:N", color=alt.value(QUIET[theme])
        ),
    ]
    return checked(alt.layer(*layers).properties(width=width, height=30 * len(names) + AXIS_ROOM))
