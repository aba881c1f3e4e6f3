"""Nets as columns, side by side: each layer's picture, with what a click on a unit selects, and the answer.

Their tables are Arrow's, which the browser gets: made by way of pandas they took half of the page's time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pyarrow as pa
from PIL import Image

from core.charts.marks import (
    FAINT,
    FAMILY_COLOURS,
    QUIET,
    TEXT,
    UNIT,
    Pixels,
    Spec,
    boxes_of,
    checked,
    filled,
    selectable,
    sides,
    table_of,
)
from core.images import STEP, Theme, Tiles, data_url, ramp
from core.layers import Layer
from core.units import Unit

CAPTION, SPACE, INDENT = 18, 16, 12  # pixels: a caption's height, the space below a picture, the spine's room
BARS = 48  # pixels of a bar for 100 %
RAMP_WIDTH, RAMP_HEIGHT = 36, 6
NO_LEGEND = {"scale": "", "legend": ""}


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
    pictures, boxes, units = _placed(column, tops, theme)
    classes = boxes[len(boxes) - len(column.labels) :]
    outlines = np.concatenate([_rows_read(column, pictures[-1]), boxes[[unit == str(selected) for unit in units]]])
    height = max(picture["top"] + picture["height"] for picture in pictures) + CAPTION
    return filled(
        _column_chart(FAMILY_COLOURS[column.family], theme, width, height),
        _described(column),
        pictures=pa.Table.from_pylist(pictures),
        units=pa.table(sides(boxes) | {UNIT: units}),
        bars=_bars(classes, column),
        labels=_labels(classes, column.labels),
        outlines=pa.table(sides(outlines)),
    )


def _described(column: Column) -> str:
    layers = ", ".join(layer.name for layer, _ in column.layers)
    best = int(np.argmax(column.shares))
    return (
        f"{column.model}, from the top down: {column.input_caption}, then the layers {layers}. "
        f"It answers {column.labels[best]} with {100 * column.shares[best]:.3g} %."
    )


def _placed(column: Column, tops: dict[int, int], theme: Theme) -> tuple[list[dict[str, Any]], np.ndarray, list[str]]:
    """Where everything of a net stands, in pixels: its pictures, the units' boxes, and the units."""
    pictures = [_picture(column.input, tops[0], column.input_caption)]
    boxes, units = [], []
    below = dict(tops)
    for layer, tiles in column.layers:
        top = below[layer.depth]
        below[layer.depth] += _height(tiles)
        pictures.append(_picture(tiles.picture, top, layer.caption) | _legend(tiles, theme))
        boxes.append(tiles.boxes + np.array([INDENT, top + CAPTION] * 2))
        units += [str(Unit(column.model, layer.name, n)) for n in range(len(tiles.boxes))]
    if column.reading:
        top = below[column.layers[-1][0].depth] + CAPTION
        pictures.append(_picture(column.reading.picture, top, "answer after each row") | _legend(column.reading, theme))
    return pictures, np.concatenate(boxes), units


def _picture(picture: Image.Image, top: int, caption: str) -> dict[str, Any]:
    place = {"left": INDENT, "top": top + CAPTION, "width": picture.width, "height": picture.height}
    return {"url": data_url(picture), "caption": caption, "caption_at": top + CAPTION / 2} | place | NO_LEGEND


def _legend(tiles: Tiles, theme: Theme) -> dict[str, str]:
    scale = f"{'±' if tiles.signed else '0 to '}{tiles.limit:.3g}"
    return {"scale": scale, "legend": _ramp_url(tiles.signed, theme)}


@cache
def _ramp_url(signed: bool, theme: Theme) -> str:
    return data_url(ramp(signed, theme, RAMP_WIDTH, RAMP_HEIGHT))


def _rows_read(column: Column, last: dict[str, Any]) -> np.ndarray:
    """A box round the rows of the last picture that the recurrent net was given."""
    box = [last["left"], last["top"], last["left"] + last["width"], last["top"] + STEP * column.rows]
    return np.array([box] if column.reading else [], int).reshape(-1, 4)


def _bars(classes: np.ndarray, column: Column) -> pa.Table:
    """A bar a class, above the class's unit further down; each as high as the class's share of the net's belief."""
    left, _, right, _ = classes.T
    percent = 100 * np.array(column.shares)
    return pa.table({
        "left": left, "right": right, "label": column.labels, "percent": percent, "best": percent == percent.max(),
        "top": BARS * (1 - percent / 100), "bottom": np.full(len(percent), float(BARS)),
    })  # fmt: skip


def _labels(classes: np.ndarray, labels: Sequence[str]) -> pa.Table:
    """The classes' names below their units, and below their bars."""
    left, _, right, bottom = classes.T
    at = np.concatenate([bottom + CAPTION / 2, np.full(len(labels), BARS + CAPTION / 2)])
    return pa.table({"left": np.tile(left, 2), "right": np.tile(right, 2), "label": [*labels, *labels], "at": at})


@cache
def _column_chart(colour: str, theme: Theme, width: int, height: int) -> Spec:
    x, y = Pixels("x", width), Pixels("y", height)
    layers = [
        *_bar_marks(colour, theme, x, y),
        *_spine(colour, x, y),
        *_picture_marks(theme, width, x, y),
        _label_marks(theme, x, y),
        boxes_of("outlines", x, y, stroke=colour, strokeWidth=2),
        selectable("units", UNIT, x, y),
    ]
    return checked(alt.layer(*layers).properties(width=width, height=height, padding=0))


def _bar_marks(colour: str, theme: Theme, x: Pixels, y: Pixels) -> list[alt.Chart]:
    tip = [alt.Tooltip("label:N", title="class"), alt.Tooltip("percent:Q", format=".3~r", title="%")]
    fill = alt.condition("datum.best", alt.value(colour), alt.value(QUIET[theme]))
    floor = table_of("bars").mark_rule(color=FAINT[theme])
    return [
        floor.encode(x=x("left"), x2="right:Q", y=y("bottom")),
        boxes_of("bars", x, y, fillOpacity=1).encode(fill=fill, tooltip=tip),
    ]


def _spine(colour: str, x: Pixels, y: Pixels) -> list[alt.Chart]:
    place = alt.value(3)
    line = table_of("pictures").mark_rule(color=colour, strokeWidth=1.5)
    stops = table_of("pictures").mark_circle(color=colour, size=36, opacity=1)
    return [
        line.encode(x=place, y=y("min(caption_at)"), y2="max(caption_at):Q"),
        stops.encode(x=place, y=y("caption_at")),
    ]


def _picture_marks(theme: Theme, width: int, x: Pixels, y: Pixels) -> list[alt.Chart]:
    table = table_of("pictures")
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


def _label_marks(theme: Theme, x: Pixels, y: Pixels) -> alt.Chart:
    middles = table_of("labels").transform_calculate(middle="(datum.left + datum.right) / 2")
    text = middles.mark_text(baseline="middle", fontSize=12, color=QUIET[theme])
    return text.encode(x=x("middle"), y=y("at"), text="label:N")
