"""Tables and pictures made into charts: the palette and the encodings have their home here.

A chart is a Vega-Lite specification whose tables are named and filled in last. Altair checks a specification once and
it is kept, because building one costs a tenth of a second and a page has several; a rerun only brings new tables.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from PIL import Image

from core.images import STEP, Theme, Tiles, data_url, ramp
from core.layers import Layer
from core.units import Unit

# Okabe and Ito's colours, safe for colour-blind eyes: https://jfly.uni-koeln.de/color/
FAMILY_COLOURS = {"dense": "#D55E00", "cnn": "#0072B2", "rnn": "#009E73"}
# Ten colours for ten classes, safe for colour-blind eyes (Petroff 2021, https://arxiv.org/abs/2107.02270).
CLASS_COLOURS = ("#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581",
                 "#92dadd")  # fmt: skip
HOVER = "#E69F00"
TEXT = {"light": "#171512", "dark": "#ECE9E1"}
QUIET = {"light": "#6B675F", "dark": "#A19D94"}
FAINT = {"light": "#DEDAD0", "dark": "#3A3E47"}

CAPTION, SPACE, INDENT = 18, 16, 12  # pixels: a caption's height, the space below a picture, the spine's room
BARS = 48  # pixels of a bar for 100 %
RAMP_WIDTH, RAMP_HEIGHT = 36, 6
AXIS_HEIGHT = 120  # pixels of a histogram that has room for an axis
SHARE_HEIGHT = 34  # pixels for a class, its name above its bar
NO_LEGEND = {"scale": "", "legend": ""}
BOX = ["left", "top", "right", "bottom"]  # a place in a chart, in its pixels
# The names of what a click selects: a unit's address, a test image's number, a layer's name, a sample photo's name,
# a pixel's place.
UNIT, IMAGE, LAYER, PHOTO, PIXEL = "unit", "digit", "layer", "photo", "pixel"

Spec = dict[str, Any]  # Vega-Lite, with its tables under "datasets"


@dataclass(frozen=True)
class Column:
    """One net as it stands on the page: its input's picture, and the layers that are shown."""

    model: str
    family: str
    input: Image.Image
    input_caption: str
    layers: tuple[tuple[Layer, Tiles], ...]
    labels: tuple[str, ...]  # of the classes
    shares: tuple[float, ...]  # of the net's belief that each class gets
    reading: Tiles | None = None  # a recurrent net's shares after each row, rows downwards
    rows: int = 0  # how many of those rows it was given


def picture_width(width: int) -> int:
    """The room for a layer's picture in a column of that width."""
    return width - INDENT


def net_columns(columns: Sequence[Column], theme: Theme, width: int, selected: Unit | None) -> list[Spec]:
    """The nets side by side, a chart each, with layers of the same depth at the same height.

    A click on a unit selects its address (`Unit`) under the name `unit`.
    """
    tops = _tops(columns)
    return [_net_column(column, tops, theme, width, selected) for column in columns]


def _tops(columns: Sequence[Column]) -> dict[int, int]:
    """Where each depth begins: each is as high as its highest stack of pictures."""
    heights: dict[int, int] = {0: max(CAPTION + column.input.height + SPACE for column in columns)}
    for column in columns:
        for depth in {layer.depth for layer, _ in column.layers}:
            stack = sum(_height(tiles) for layer, tiles in column.layers if layer.depth == depth)
            heights[depth] = max(heights.get(depth, 0), stack)
    tops, below = {}, BARS + CAPTION + SPACE
    for depth in sorted(heights):
        tops[depth] = below
        below += heights[depth]
    return tops


def _height(tiles: Tiles) -> int:
    return CAPTION + tiles.picture.height + SPACE


def _net_column(column: Column, tops: dict[int, int], theme: Theme, width: int, selected: Unit | None) -> Spec:
    pictures, units = _placed(column, tops, theme)
    classes = units.tail(len(column.labels)).assign(label=column.labels)
    labels = classes[["left", "right", "label"]].assign(at=classes.bottom + CAPTION / 2)
    outlines = pd.concat([_rows_read(column, pictures), units.loc[units[UNIT] == str(selected), BOX]])
    height = int((pictures.top + pictures.height).max()) + CAPTION
    return _filled(
        _column_chart(FAMILY_COLOURS[column.family], theme, width, height),
        pictures=pictures,
        units=units,
        bars=_bars(classes, column.shares),
        labels=pd.concat([labels, labels.assign(at=BARS + CAPTION / 2)]),
        outlines=outlines,
    )


def _placed(column: Column, tops: dict[int, int], theme: Theme) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Where everything of a net stands, in pixels: a row a picture, and a row a unit."""
    pictures = [_picture(column.input, tops[0], column.input_caption)]
    units = []
    below = dict(tops)
    for layer, tiles in column.layers:
        top = below[layer.depth]
        below[layer.depth] += _height(tiles)
        pictures.append(_picture(tiles.picture, top, layer.caption) | _legend(tiles, theme))
        boxes = pd.DataFrame(tiles.boxes + np.array([INDENT, top + CAPTION] * 2), columns=BOX)
        units.append(boxes.assign(**{UNIT: [str(Unit(column.model, layer.name, n)) for n in range(len(boxes))]}))
    if column.reading:
        top = below[column.layers[-1][0].depth] + CAPTION
        pictures.append(_picture(column.reading.picture, top, "answer after each row") | _legend(column.reading, theme))
    return pd.DataFrame(pictures), pd.concat(units, ignore_index=True)


def _picture(picture: Image.Image, top: int, caption: str) -> dict[str, Any]:
    place = {"left": INDENT, "top": top + CAPTION, "width": picture.width, "height": picture.height}
    return {"url": data_url(picture), "caption": caption, "caption_at": top + CAPTION / 2} | place | NO_LEGEND


def _legend(tiles: Tiles, theme: Theme) -> dict[str, str]:
    scale = f"{'±' if tiles.signed else '0 to '}{tiles.limit:.3g}"
    return {"scale": scale, "legend": _ramp_url(tiles.signed, theme)}


@cache
def _ramp_url(signed: bool, theme: Theme) -> str:
    return data_url(ramp(signed, theme, RAMP_WIDTH, RAMP_HEIGHT))


def _rows_read(column: Column, pictures: pd.DataFrame) -> pd.DataFrame:
    """A box round the rows of the last picture that the recurrent net was given."""
    last = pictures.iloc[-1]
    box = [last.left, last.top, last.left + last.width, last.top + STEP * column.rows]
    return pd.DataFrame([box] if column.reading else [], columns=BOX)


def _bars(classes: pd.DataFrame, shares: Sequence[float]) -> pd.DataFrame:
    """A bar a class, above the class's unit further down; each as high as the class's share of the net's belief."""
    percent = 100 * np.array(shares)
    bars = classes[["left", "right", "label"]].assign(percent=percent, best=percent == percent.max())
    return bars.assign(top=BARS * (1 - percent / 100), bottom=float(BARS))


@cache
def _column_chart(colour: str, theme: Theme, width: int, height: int) -> Spec:
    x, y = _Axis("x", width), _Axis("y", height)
    layers = [
        *_bar_marks(colour, theme, x, y),
        *_spine(colour, x, y),
        *_picture_marks(theme, width, x, y),
        _label_marks(theme, x, y),
        _boxes("outlines", x, y, stroke=colour, strokeWidth=2),
        _selectable("units", UNIT, x, y),
    ]
    return _checked(alt.layer(*layers).properties(width=width, height=height, padding=0))


def _checked(chart: alt.LayerChart | alt.FacetChart) -> Spec:
    """The chart as a specification, with Altair's check; its tables have names and are empty."""
    return chart.configure_view(stroke=None).to_dict()


def _filled(spec: Spec, **tables: pd.DataFrame) -> Spec:
    return copy.deepcopy(spec) | {"datasets": tables}


@dataclass(frozen=True)
class _Axis:
    """A chart's pixels as a scale, downwards for y, so that tables can hold places."""

    channel: str
    size: int

    def __call__(self, field: str) -> alt.X | alt.Y:
        scale = alt.Scale(domain=[0, self.size], range=[0, self.size], nice=False, zero=False)
        return (alt.X if self.channel == "x" else alt.Y)(f"{field}:Q", scale=scale, axis=None)


def _table(name: str) -> alt.Chart:
    return alt.Chart(alt.NamedData(name))


def _boxes(table: str, x: _Axis, y: _Axis, **look: Any) -> alt.Chart:
    box = _table(table).mark_rect(**{"fillOpacity": 0, **look})
    return box.encode(x=x("left"), x2="right:Q", y=y("top"), y2="bottom:Q")


def _bar_marks(colour: str, theme: Theme, x: _Axis, y: _Axis) -> list[alt.Chart]:
    tip = [alt.Tooltip("label:N", title="class"), alt.Tooltip("percent:Q", format=".3~r", title="%")]
    fill = alt.condition("datum.best", alt.value(colour), alt.value(QUIET[theme]))
    floor = _table("bars").mark_rule(color=FAINT[theme])
    return [
        floor.encode(x=x("left"), x2="right:Q", y=y("bottom")),
        _boxes("bars", x, y, fillOpacity=1).encode(fill=fill, tooltip=tip),
    ]


def _spine(colour: str, x: _Axis, y: _Axis) -> list[alt.Chart]:
    place = alt.value(3)
    line = _table("pictures").mark_rule(color=colour, strokeWidth=1.5)
    stops = _table("pictures").mark_circle(color=colour, size=36, opacity=1)
    return [
        line.encode(x=place, y=y("min(caption_at)"), y2="max(caption_at):Q"),
        stops.encode(x=place, y=y("caption_at")),
    ]


def _picture_marks(theme: Theme, width: int, x: _Axis, y: _Axis) -> list[alt.Chart]:
    table = _table("pictures")
    image = table.mark_image(
        align="left", baseline="top", width={"expr": "datum.width"}, height={"expr": "datum.height"}
    )
    caption = table.mark_text(align="left", baseline="middle", fontSize=12, color=TEXT[theme])
    legend = table.transform_filter("datum.legend != ''")
    scale = legend.mark_text(align="right", baseline="middle", fontSize=11, color=QUIET[theme])
    ramp_ = legend.mark_image(align="right", baseline="middle", width=RAMP_WIDTH, height=RAMP_HEIGHT)
    return [
        image.encode(x=x("left"), y=y("top"), url="url:N"),
        caption.encode(x=x("left"), y=y("caption_at"), text="caption:N"),
        scale.encode(x=alt.value(width - RAMP_WIDTH - 6), y=y("caption_at"), text="scale:N"),
        ramp_.encode(x=alt.value(width), y=y("caption_at"), url="legend:N"),
    ]


def _label_marks(theme: Theme, x: _Axis, y: _Axis) -> alt.Chart:
    middles = _table("labels").transform_calculate(middle="(datum.left + datum.right) / 2")
    text = middles.mark_text(baseline="middle", fontSize=12, color=QUIET[theme])
    return text.encode(x=x("middle"), y=y("at"), text="label:N")


def _selectable(table: str, field: str, x: _Axis, y: _Axis) -> alt.Chart:
    """Invisible boxes that light up under the pointer; a click selects the box's value of `field`, under that name."""
    click = alt.selection_point(name=field, fields=[field], on="click", toggle=False)
    hover = alt.selection_point(name="hover", fields=[field], on="pointerover", clear="pointerout", empty=False)
    width = alt.condition(hover, alt.value(2), alt.value(0))
    boxes = _boxes(table, x, y, fill="white", stroke=HOVER, cursor="pointer")
    return boxes.encode(tooltip=f"{field}:N", strokeWidth=width).add_params(click, hover)


def gallery(sheet: Tiles, numbers: Sequence[int]) -> Spec:
    """Images of the test set on one sheet; a click on one selects its number under the name `digit`."""
    return clickable_sheet(sheet, IMAGE, numbers)


def clickable_sheet(
    sheet: Tiles,
    name: str,
    values: Sequence[Any],
    *,
    selected: Any = None,
    shrink: float = 1.0,
    captions: Sequence[str] = (),
    room: int = 0,
    theme: Theme = "light",
) -> Spec:
    """Tiles on one sheet; a click on one selects its value under that name; the selected one has a frame.

    `captions`, one a row of tiles, stand to the left of the sheet, where they have `room` pixels. A sheet is shown
    smaller by `shrink`, and keeps its pixels for screens that are finer.
    """
    width, height = (round(side / shrink) for side in sheet.picture.size)
    picture = pd.DataFrame([{"left": room, "top": 0, "url": data_url(sheet.picture, exact=shrink == 1)}])
    boxes = pd.DataFrame(sheet.boxes / shrink + np.array([room, 0, room, 0]), columns=BOX).assign(**{name: values})
    tops = sorted(set(boxes.top))
    rows = pd.DataFrame({"top": tops[: len(captions)], "caption": captions})
    chart = _sheet_chart(name, width, height, room, FAMILY_COLOURS["cnn"], theme)
    outlines = boxes.loc[boxes[name] == selected, BOX]
    return _filled(chart, picture=picture, boxes=boxes, rows=rows, outlines=outlines)


@cache
def _sheet_chart(name: str, width: int, height: int, room: int, colour: str, theme: Theme) -> Spec:
    x, y = _Axis("x", width + room), _Axis("y", height)
    sheet = _table("picture").mark_image(align="left", baseline="top", width=width, height=height)
    text = _table("rows").mark_text(align="left", baseline="top", fontSize=12, lineBreak="\n", color=TEXT[theme], dy=4)
    layers = [
        sheet.encode(x=x("left"), y=y("top"), url="url:N"),
        text.encode(x=alt.value(0), y=y("top"), text="caption:N"),
        _boxes("outlines", x, y, stroke=colour, strokeWidth=3),
        _selectable("boxes", name, x, y),
    ]
    return _checked(alt.layer(*layers).properties(width=width + room, height=height, padding=0))


def by_depth(table: pd.DataFrame, theme: Theme, width: int, logarithmic: bool = False) -> Spec:
    """A number for each layer of a CNN (layer, weights, value), trained as a line, untrained dashed and lighter."""
    chart = _depth_chart(tuple(dict.fromkeys(table.layer)), theme, width, logarithmic)
    return _filled(chart, numbers=table)


@cache
def _depth_chart(layers: tuple[str, ...], theme: Theme, width: int, logarithmic: bool) -> Spec:
    scale = alt.Scale(type="log", nice=False, domain=[1, 1000]) if logarithmic else alt.Scale(zero=True)
    values = [1, 10, 100, 1000] if logarithmic else alt.Undefined
    chart = _table("numbers").encode(
        x=alt.X(
            "layer:N", sort=list(layers), title=None, axis=alt.Axis(labelAngle=-45, labelOverlap=False, grid=False)
        ),
        y=alt.Y("value:Q", title=None, scale=scale, axis=alt.Axis(gridColor=FAINT[theme], tickCount=4, values=values)),
        tooltip=["layer:N", "weights:N", alt.Tooltip("value:Q", format=".3~r")],
    )
    return _checked(alt.layer(*_lines(chart, FAMILY_COLOURS["cnn"])).properties(width=width, height=190))


def shares(labels: Sequence[str], percent: Sequence[float], theme: Theme, width: int) -> Spec:
    """A bar for each of a few classes, the likeliest first, with its name and its share in percent."""
    below = np.arange(len(labels)) * SHARE_HEIGHT
    table = pd.DataFrame({"label": labels, "percent": percent, "text": below + 9, "top": below + 19})
    table = table.assign(left=0, right=table.percent / 100 * width, bottom=table.top + 7)
    return _filled(_shares_chart(theme, width, len(labels)), shares=table)


@cache
def _shares_chart(theme: Theme, width: int, count: int) -> Spec:
    x, y = _Axis("x", width), _Axis("y", count * SHARE_HEIGHT)
    fill = alt.condition("datum.top < 20", alt.value(FAMILY_COLOURS["cnn"]), alt.value(QUIET[theme]))
    table = _table("shares")
    name = table.mark_text(align="left", baseline="middle", fontSize=13, color=TEXT[theme], limit=width - 56)
    number = table.transform_calculate(share="format(datum.percent, '.3~r') + ' %'")
    share = number.mark_text(align="right", baseline="middle", fontSize=12, color=QUIET[theme])
    layers = [
        _boxes("shares", x, y, fillOpacity=1).encode(fill=fill),
        name.encode(x=alt.value(0), y=y("text"), text="label:N"),
        share.encode(x=alt.value(width), y=y("text"), text="share:N"),
    ]
    return _checked(alt.layer(*layers).properties(width=width, height=count * SHARE_HEIGHT, padding=0))


def spread(
    values: np.ndarray, here: float | None, title: str, family: str, theme: Theme, width: int, height: int,
    images: int | None = None,
) -> Spec:  # fmt: skip
    """What was measured of each test image, as a histogram under that title, and where one value lies, if any.

    Where the values are quantiles, they stand for so many `images`.
    """
    counts, edges = np.histogram(values, bins=40)
    counts = counts * (len(values) if images is None else images) / len(values)
    bins = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "images": counts})
    chart = _spread_chart(FAMILY_COLOURS.get(family, QUIET[theme]), theme, title, width, height)
    return _filled(chart, bins=bins, here=pd.DataFrame({"from": [] if here is None else [here]}))


@cache
def _spread_chart(colour: str, theme: Theme, title: str, width: int, height: int) -> Spec:
    x = alt.X("from:Q", title=title, axis=alt.Axis(grid=False, tickCount=5))
    axis = alt.Axis(grid=False, tickCount=3, title="test images") if height >= AXIS_HEIGHT else None
    y = alt.Y("images:Q", axis=axis)
    bars = _table("bins").mark_rect(color=QUIET[theme]).encode(x=x, x2="to:Q", y=y, y2=alt.datum(0))
    mark = _table("here").mark_rule(color=colour, strokeWidth=3).encode(x=x)
    return _checked(alt.layer(bars, mark).properties(width=width, height=height))


def beside_pixels(table: pd.DataFrame, title: str, family: str, theme: Theme, width: int) -> Spec:
    """Of one net, by depth, a number that is at most 1 (layer, depth, weights, numbers, value).

    The untrained twin is dashed and lighter; the pixels, at depth 0, are a dotted line across.
    """
    layers = table[table.depth > 0]
    least = -0.2 if table.value.min() < 0 else 0.0
    names = tuple(dict.fromkeys(layers.layer))
    chart = _beside_pixels_chart(FAMILY_COLOURS[family], names, title, least, theme, width)
    return _filled(chart, numbers=layers, pixels=table[table.depth == 0].head(1)[["value"]])


@cache
def _beside_pixels_chart(
    colour: str, layers: tuple[str, ...], title: str, least: float, theme: Theme, width: int
) -> Spec:
    grid = alt.Axis(gridColor=FAINT[theme], tickCount=5)
    y = alt.Y("value:Q", title=title, scale=alt.Scale(domain=[least, 1]), axis=grid)
    x = alt.X("layer:N", sort=list(layers), title=None, axis=alt.Axis(labelAngle=-45, grid=False))
    value = alt.Tooltip("value:Q", title=title, format=".3f")
    chart = _table("numbers").encode(x=x, y=y, tooltip=["layer:N", "weights:N", "numbers:Q", value])
    pixels = _table("pixels").mark_rule(color=QUIET[theme], strokeDash=[1, 3], strokeWidth=2).encode(y=y)
    return _checked(alt.layer(pixels, *_lines(chart, colour)).properties(width=width, height=200))


def _lines(chart: alt.Chart, colour: str) -> list[alt.Chart]:
    """A trained net's line is solid, its untrained twin's dashed and lighter; each layer is a point."""
    kinds = ["trained", "untrained"]
    dashes = alt.StrokeDash("weights:N", scale=alt.Scale(domain=kinds, range=[[1, 0], [5, 4]]), legend=None)
    strength = alt.Opacity("weights:N", scale=alt.Scale(domain=kinds, range=[1, 0.55]), legend=None)
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
    return _filled(
        _plane_chart(FAMILY_COLOURS[family], theme, reach, side),
        points=points,
        circle=circle,
        zero=pd.DataFrame({"zero": [0]}),
    )


@cache
def _plane_chart(colour: str, theme: Theme, reach: float, side: int) -> Spec:
    limits: dict[str, Any] = {"domain": [-reach, reach], "nice": False}
    across, up = alt.Scale(range=[0, side], **limits), alt.Scale(range=[side, 0], **limits)
    x, y = alt.X("real:Q", scale=across, axis=None), alt.Y("imaginary:Q", scale=up, axis=None)
    zero = _table("zero").mark_rule(color=FAINT[theme])
    level = zero.encode(y=alt.Y("zero:Q", scale=up, axis=None))
    upright = zero.encode(x=alt.X("zero:Q", scale=across, axis=None))
    points = _table("points").encode(x=x, y=y, tooltip=["weights:N", "real:Q", "imaginary:Q"])
    circle = _table("circle").mark_line(color=TEXT[theme], strokeWidth=1).encode(x=x, y=y, order="order:Q")
    twin = points.transform_filter("datum.weights == 'untrained'").mark_point(color=colour, size=12, opacity=0.5)
    trained = points.transform_filter("datum.weights != 'untrained'").mark_circle(color=colour, size=18, opacity=0.9)
    return _checked(alt.layer(level, upright, twin, trained, circle).properties(width=side, height=side, padding=0))


def learning(curves: pd.DataFrame, family: str, theme: Theme, width: int) -> Spec:
    """One net's errors on the test images while it trains; a row an epoch and training, as in `core.models.cards`.

    Both axes are logarithmic: the first tenth of an epoch and the last tenth of a percent have the same room.
    """
    table = curves.assign(error=(100 - curves.accuracy).clip(lower=0.01), epoch=curves.epoch.clip(lower=1 / 32))
    return _filled(_learning_chart(FAMILY_COLOURS[family], theme, width), curves=table)


@cache
def _learning_chart(colour: str, theme: Theme, width: int) -> Spec:
    epoch = alt.Scale(type="log", domain=[1 / 32, 48], nice=False)
    error = alt.Scale(type="log", domain=[0.3, 100], nice=False)
    epochs = alt.Axis(
        values=[1 / 32, 0.25, 1, 4, 16], labelExpr="datum.value < 0.04 ? 'start' : datum.value", grid=False
    )
    errors = alt.Axis(values=[0.5, 1, 2, 5, 10, 20, 50, 100], gridColor=FAINT[theme])
    strength = alt.Scale(domain=["trained", "plain"], range=[1, 0.4])  # dashes are for untrained twins
    lines = alt.Legend(orient="top", symbolType="stroke", symbolSize=600, symbolStrokeColor=colour)
    chart = _table("curves").encode(
        x=alt.X("epoch:Q", scale=epoch, axis=epochs, title="epochs"),
        y=alt.Y("error:Q", scale=error, axis=errors, title="test errors (%)"),
        tooltip=["training:N", alt.Tooltip("epoch:Q", format=".3~r"), alt.Tooltip("accuracy:Q", format=".2f")],
    )
    line = chart.mark_line(color=colour, strokeWidth=2)
    layers = [
        line.encode(opacity=alt.Opacity("training:N", title=None, scale=strength, legend=lines)),
        chart.mark_circle(color=colour, size=18).encode(opacity=alt.Opacity("training:N", scale=strength)),
    ]
    return _checked(alt.layer(*layers).properties(width=width, height=260))
