"""Sheets of pictures that can be clicked, and short lists of classes."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pyarrow as pa

from core.charts.marks import (
    FAMILY_COLOURS,
    IMAGE,
    QUIET,
    TEXT,
    Pixels,
    Spec,
    boxes_of,
    checked,
    filled,
    selectable,
    sides,
    table_of,
)
from core.images import Theme, Tiles, data_url

SHARE_HEIGHT = 34  # pixels for a class, its name above its bar
LISTED = 12  # values are all read aloud


def gallery(sheet: Tiles, numbers: Sequence[int]) -> Spec:
    """Images of the test set on one sheet; a click on one selects its number under the name `digit`."""
    return clickable_sheet(sheet, IMAGE, numbers, about="Test images")


def clickable_sheet(
    sheet: Tiles,
    name: str,
    values: Sequence[Any],
    *,
    about: str,
    selected: Any = None,
    shrink: float = 1.0,
    captions: Sequence[str] = (),
    room: int = 0,
    theme: Theme = "light",
    family: str = "cnn",
    marks: Sequence[Sequence[float]] = (),
) -> Spec:
    """Tiles on one sheet; a click on one selects its value under that name; the selected one has a frame.

    `about` says in words what they show. `captions`, one a row of tiles, stand to the left of the sheet, where they
    have `room` pixels. A sheet is shown smaller by `shrink`, and keeps its pixels for screens that are finer. Frames
    have the family's colour; boxes in `marks`, in the sheet's pixels, have one, too.
    """
    width, height = (round(side / shrink) for side in sheet.picture.size)
    boxes, framed = (_shown(each, shrink, room) for each in (sheet.boxes, marks))
    chosen = boxes[[value == selected for value in values]]
    tops = sorted(set(boxes[:, 1].tolist()))[: len(captions)]
    return filled(
        _sheet_chart(name, width, height, room, FAMILY_COLOURS[family], theme),
        f"{about}: {_listed(values)}",
        picture=pa.table({"left": [room], "top": [0], "url": [data_url(sheet.picture, exact=shrink == 1)]}),
        boxes=pa.table(sides(boxes) | {name: values}),
        rows=pa.table({"top": pa.array(tops, pa.float64()), "caption": pa.array(captions[: len(tops)], pa.string())}),
        outlines=pa.table(sides(np.concatenate([chosen, framed]))),
    )


def _shown(boxes: np.ndarray | Sequence[Sequence[float]], shrink: float, room: int) -> np.ndarray:
    """Boxes in a sheet's pixels as they stand in the chart."""
    return np.array(boxes, float).reshape(-1, 4) / shrink + np.array([room, 0, room, 0])


def _listed(values: Sequence[Any]) -> str:
    """The values in words, of many the first and the last."""
    if len(values) <= LISTED:
        return ", ".join(map(str, values))
    return f"{len(values)}, from {values[0]} to {values[-1]}"


@cache
def _sheet_chart(name: str, width: int, height: int, room: int, colour: str, theme: Theme) -> Spec:
    x, y = Pixels("x", width + room), Pixels("y", height)
    sheet = table_of("picture").mark_image(align="left", baseline="top", width=width, height=height)
    text = table_of("rows").mark_text(
        align="left", baseline="top", fontSize=12, lineBreak="\n", color=TEXT[theme], dy=4
    )
    layers = [
        sheet.encode(x=x("left"), y=y("top"), url="url:N"),
        text.encode(x=alt.value(0), y=y("top"), text="caption:N"),
        boxes_of("outlines", x, y, stroke=colour, strokeWidth=3),
        selectable("boxes", name, x, y),
    ]
    return checked(alt.layer(*layers).properties(width=width + room, height=height, padding=0))


def shares(labels: Sequence[str], percent: Sequence[float], theme: Theme, width: int) -> Spec:
    """A bar for each of a few classes, the likeliest first, with its name and its share in percent."""
    below = np.arange(len(labels)) * SHARE_HEIGHT
    table = pd.DataFrame({"label": labels, "percent": percent, "text": below + 9, "top": below + 19})
    table = table.assign(left=0, right=table.percent / 100 * width, bottom=table.top + 7)
    said = ", ".join(f"{label} {share:.3g} %" for label, share in zip(labels, percent, strict=True))
    return filled(_shares_chart(theme, width, len(labels)), f"The likeliest classes: {said}.", shares=table)


@cache
def _shares_chart(theme: Theme, width: int, count: int) -> Spec:
    x, y = Pixels("x", width), Pixels("y", count * SHARE_HEIGHT)
    fill = alt.condition("datum.top < 20", alt.value(FAMILY_COLOURS["cnn"]), alt.value(QUIET[theme]))
    table = table_of("shares")
    name = table.mark_text(align="left", baseline="middle", fontSize=13, color=TEXT[theme], limit=width - 56)
    number = table.transform_calculate(share="format(datum.percent, '.3~r') + ' %'")
    share = number.mark_text(align="right", baseline="middle", fontSize=12, color=QUIET[theme])
    layers = [
        boxes_of("shares", x, y, fillOpacity=1).encode(fill=fill),
        name.encode(x=alt.value(0), y=y("text"), text="label:N"),
        share.encode(x=alt.value(width), y=y("text"), text="share:N"),
    ]
    return checked(alt.layer(*layers).properties(width=width, height=count * SHARE_HEIGHT, padding=0))
