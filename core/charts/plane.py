"""A small net in the plane: every unit's surface in a diagram, the output's large with the points, and the losses."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pyarrow as pa
from jaxtyping import Float
from PIL import Image, ImageDraw
from torch import Tensor

from core import images
from core.charts.circuits import EXCITES, INHIBITS, PADDING, PAPER
from core.charts.marks import (
    BOX,
    FAINT,
    FAMILY_COLOURS,
    PLACE,
    QUIET,
    TEXT,
    UNIT,
    Pixels,
    Spec,
    boxes_of,
    checked,
    ends,
    filled,
    selectable,
    sides,
    table_of,
)
from core.data.points import Points
from core.images import Theme, data_url
from core.plane.surfaces import Row

LARGE, SMALL, MANY = 56, 32, 8  # pixels of a unit's picture; more than so many units in a row get the small one
FACTOR = 2  # pixels of each place in it
GAP, BETWEEN, NAMES = 6, 54, 92  # pixels between pictures, between rows, and for the rows' names
SURFACE, CELL = 420, 4  # pixels of the large picture, and of each place in it
FINE = SURFACE // CELL
NONE = dict.fromkeys(PADDING, 0)  # or the edge of the picture would be cut
WIDEST, THINNEST = 6.0, 0.6  # pixels of an edge
SOFT = 1.6  # the strongest colours are left to the points
CLASSES = ("#2D004B", "#7F3B08")  # of class 0 and 1: the ends of PuOr
CURVES, HEIGHT, POINTS = 320, 260, 200  # pixels of the loss curves, and of how many epochs they are drawn


def side(units: Sequence[int]) -> int:
    """How large each unit's picture is, in pixels, in a net of so many units in its hidden layers."""
    return LARGE if max(units, default=0) <= MANY else SMALL


def diagram(rows: Sequence[Row], theme: Theme, chosen: str | None = None) -> Spec:
    """The net read downwards, a unit a picture of its surface; an edge's width is its weight's size, orange above 0.

    A click selects a unit, by its address; that of the `chosen` one has a frame.
    """
    size = side([len(row.values) for row in rows])
    boxes = [_boxes(place, len(row.values), rows, size) for place, row in enumerate(rows)]
    width = int(max(box[:, 2].max() for box in boxes)) + GAP
    height = int(boxes[-1][:, 3].max()) + GAP
    pictures = [
        {"url": data_url(_picture(values, size)), **dict(zip(BOX, box.tolist(), strict=True)),
         UNIT: address, "share": share, "chosen": address == chosen}
        for row, lying in zip(rows, boxes, strict=True)
        for values, box, address, share in zip(row.values, lying, row.addresses, row.right, strict=True)
    ]  # fmt: skip
    texts = [
        {"x": 0.0, "y": float(box[0, 1] + size / 2 + shift), "text": text, "look": look}
        for row, box in zip(rows, boxes, strict=True)
        for shift, text, look in ((-8, row.name, "name"), (8, f"best {100 * max(row.right):.0f} %", "quiet"))
    ]
    return filled(
        _diagram(theme, width, height, size),
        _said(rows),
        lines=pa.Table.from_pylist(_edges(rows, boxes)),
        pictures=pa.Table.from_pylist(pictures),
        texts=pa.Table.from_pylist(texts),
    )


def _boxes(place: int, units: int, rows: Sequence[Row], size: int) -> np.ndarray:
    """Where a row's pictures lie (units, 4): in the middle of the widest row."""
    widest = max(len(row.values) for row in rows)
    left = NAMES + (widest - units) * (size + GAP) / 2 + np.arange(units) * (size + GAP)
    top = np.full(units, place * (size + BETWEEN) + 1.0)
    return np.stack([left, top, left + size, top + size], axis=1)


def _edges(rows: Sequence[Row], boxes: Sequence[np.ndarray]) -> list[dict[str, object]]:
    """A line a weight, the weakest first, so that the strong ones lie on top; widths are on one scale."""
    most = max(float(row.weights.abs().max()) for row in rows if row.weights is not None) or 1.0
    found: list[dict[str, object]] = []
    for place, row in enumerate(rows):
        if row.weights is None:
            continue
        above, here = boxes[place - 1], boxes[place]
        for unit, reads in enumerate(row.weights.tolist()):
            for before, weight in enumerate(reads):
                found.append({
                    "left": (above[before, 0] + above[before, 2]) / 2, "top": above[before, 3],
                    "right": (here[unit, 0] + here[unit, 2]) / 2, "bottom": here[unit, 1],
                    "width": THINNEST + (WIDEST - THINNEST) * abs(weight) / most, "size": abs(weight),
                    "weight": weight, "sign": "+" if weight >= 0 else "-",
                    "edge": f"{rows[place - 1].addresses[before]} to {row.addresses[unit]}",
                })  # fmt: skip
    return sorted(found, key=lambda line: float(str(line["size"])))


def _picture(values: Float[Tensor, "side side"], size: int) -> Image.Image:
    colours = images.colourise(values.numpy(), SOFT, "light", signed=True)
    factor = max(1, size // len(values))
    return Image.fromarray(colours).resize((len(values) * factor,) * 2, Image.Resampling.NEAREST)


def _said(rows: Sequence[Row]) -> str:
    layers = "; ".join(f"{row.name}, {len(row.values)} units, the best gets {100 * max(row.right):.0f} % right by a "
                       "threshold" for row in rows)  # fmt: skip
    return f"The net from the input down to the output, a picture of its surface for each unit: {layers}."


@cache
def _diagram(theme: Theme, width: int, height: int, size: int) -> Spec:
    x, y = Pixels("x", width), Pixels("y", height)
    lines = table_of("lines").mark_rule(strokeCap="round", opacity=0.8).encode(
        x=x("left"), y=y("top"), x2="right:Q", y2="bottom:Q",
        strokeWidth=alt.StrokeWidth("width:Q", scale=None),
        color=alt.Color("sign:N", scale=alt.Scale(domain=["-", "+"], range=[INHIBITS, EXCITES]), legend=None),
        tooltip=["edge:N", alt.Tooltip("weight:Q", format="+.3f")],
    )  # fmt: skip
    pictures = table_of("pictures").mark_image(align="left", baseline="top", width=size, height=size)
    tips: list[Any] = [f"{UNIT}:N", alt.Tooltip("share:Q", format=".0%", title="right by a threshold")]
    text = table_of("texts").mark_text(align="left", fontSize=12, baseline="middle")
    looks = alt.Scale(domain=["name", "quiet"], range=[TEXT[theme], QUIET[theme]])
    layers = [
        lines,
        pictures.encode(x=x("left"), y=y("top"), url="url:N"),
        boxes_of("pictures", x, y, stroke=TEXT[theme], strokeWidth=3).transform_filter("datum.chosen"),
        selectable("pictures", UNIT, x, y).encode(tooltip=tips),
        text.encode(x=x("x"), y=y("y"), text="text:N", color=alt.Color("look:N", scale=looks, legend=None)),
    ]
    chart = alt.layer(*layers).resolve_scale(color="independent")
    return checked(chart.properties(width=width, height=height, padding=PADDING))


def surface(
    values: Float[Tensor, "fine fine"] | None, points: Points, wrong: Sequence[bool], reach: float, theme: Theme,
    places: dict[str, tuple[float, float]] | None = None, of: str = "the output",
) -> Spec:  # fmt: skip
    """A surface over the square [-reach, reach] with the points in it, the wrong ones ringed; without values, paper.

    `places`, by their names, are what a click selects, as squares round their middles.
    """
    picture = _paper(places or {}, reach) if values is None else _picture(values, SURFACE)
    at = (points.positions.numpy() * [1, -1] + reach) / (2 * reach) * SURFACE
    table = pa.table({
        "x": at[:, 0], "y": at[:, 1], "class": pa.array(map(str, points.labels.tolist()), pa.string()),
        "wrong": pa.array(list(wrong), pa.bool_()),
    })  # fmt: skip
    clicked = {}
    if places is not None:
        half = SURFACE / (2 * reach) * _step(places) / 2
        middles = (np.array(list(places.values())) * [1, -1] + reach) / (2 * reach) * SURFACE
        boxes = np.concatenate([middles - half, middles + half], axis=1)
        clicked = {"places": pa.table(sides(boxes) | {PLACE: pa.array(list(places), pa.string())})}
    count, missed = len(points.labels), sum(wrong)
    return filled(
        _surface(theme, places is not None),
        f"The surface of {of} over the plane, with {count} points, of which {missed} lie on the wrong side.",
        picture=pa.table({"left": [0.0], "top": [0.0], "url": [data_url(picture)]}),
        points=table,
        **clicked,
    )


def _paper(places: dict[str, tuple[float, float]], reach: float) -> Image.Image:
    """Where no net is, a sheet with a dot at each place that can be clicked."""
    sheet = Image.new("RGB", (SURFACE - 2, SURFACE - 2), images.PAPER)
    for x, y in places.values():
        across, down = ((each + reach) / (2 * reach) * SURFACE for each in (x, -y))
        ImageDraw.Draw(sheet).rectangle((across - 2, down - 2, across, down), fill=images.HAIRLINE)
    return images.framed(sheet)


def _step(places: dict[str, tuple[float, float]]) -> float:
    across = sorted({x for x, _ in places.values()})
    return min(other - one for one, other in pairwise(across))


@cache
def _surface(theme: Theme, clickable: bool) -> Spec:
    x, y = Pixels("x", SURFACE), Pixels("y", SURFACE)
    image = table_of("picture").mark_image(align="left", baseline="top", width=SURFACE, height=SURFACE)
    ring = alt.condition("datum.wrong", alt.value(TEXT["light"]), alt.value(PAPER["light"]))
    points = table_of("points").mark_circle(size=64, opacity=1).encode(
        x=x("x"), y=y("y"), stroke=ring,
        strokeWidth=alt.condition("datum.wrong", alt.value(2.5), alt.value(1)),
        color=alt.Color("class:N", scale=alt.Scale(domain=["0", "1"], range=list(CLASSES)), legend=None),
        tooltip=["class:N", "wrong:N"],
    )  # fmt: skip
    layers = [image.encode(x=x("left"), y=y("top"), url="url:N"), points]
    layers += [selectable("places", PLACE, x, y)] if clickable else []
    return checked(alt.layer(*layers).properties(width=SURFACE, height=SURFACE, padding=NONE))


def losses(curves: Mapping[str, Sequence[float]], now: int, theme: Theme) -> Spec:
    """The loss by epoch on each kind of points, with a line at the epoch that is shown."""
    tables = []
    for kind, values in curves.items():
        step = max(1, len(values) // POINTS)
        epochs = sorted({*range(0, len(values), step), len(values) - 1})
        tables.append(pd.DataFrame({"epoch": epochs, "loss": [values[epoch] for epoch in epochs], "kind": kind}))
    said = "; ".join(f"{kind} {ends(values)}" for kind, values in curves.items())
    return filled(_losses(theme, tuple(curves)), f"The loss over epochs: {said}.", curves=pd.concat(tables),
                  now=pd.DataFrame({"epoch": [now]}))  # fmt: skip


@cache
def _losses(theme: Theme, shown: tuple[str, ...]) -> Spec:
    count = len(shown)  # training alone, or test as well: that is wide and pale, to be seen where both are alike
    x = alt.X("epoch:Q", title="epochs", axis=alt.Axis(grid=False, tickCount=5), scale=alt.Scale(nice=False))
    y = alt.Y("loss:Q", title="loss", axis=alt.Axis(gridColor=FAINT[theme], domain=False, tickCount=5))
    kinds = alt.Scale(domain=list(shown), range=[FAMILY_COLOURS["dense"], QUIET[theme]][:count])
    lines = table_of("curves").mark_line().encode(
        x=x, y=y,
        strokeWidth=alt.StrokeWidth("kind:N", scale=alt.Scale(domain=list(shown), range=[2, 6][:count]), legend=None),
        opacity=alt.Opacity("kind:N", scale=alt.Scale(domain=list(shown), range=[1, 0.45][:count]), legend=None),
        color=alt.Color("kind:N", scale=kinds, title=None, legend=alt.Legend(orient="top")),
        tooltip=["kind:N", "epoch:Q", alt.Tooltip("loss:Q", format=".4f")],
    )  # fmt: skip
    rule = table_of("now").mark_rule(color=QUIET[theme], opacity=0.6).encode(x=x)
    return checked(alt.layer(rule, lines).properties(width=CURVES, height=HEIGHT))
