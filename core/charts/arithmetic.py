"""Sums and products with their numbers in them: windows times kernels, gates, and what adds up to a unit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from core.charts.marks import FAINT, HOVER, QUIET, TEXT, Pixels, Spec, boxes_of, checked, filled, table_of
from core.images import INK, PAPER, PUOR, Theme, colourise

WIDTH, GAP, HEAD = 354, 18, 20  # pixels: of a chart, which a phone has; between grids, where a sign stands; of a title
READABLE, ROOMY, LARGEST = 20, 30, 40  # pixels: the narrowest cell with a number in it, with a longer one, and all
LISTED = (64, 24)  # pixels of a cell in a list
PARTNERS = "cell"  # what cells that belong together share
BAR, NAMES, NUMBERS = 22, 120, 60  # pixels of a term's row, of its name, and of its number
WORDS = ["x", "y", "text", "align", "colour", "weight"]  # of texts beside cells


@dataclass(frozen=True)
class Grid:
    """Numbers in cells under a title; the strongest colour stands for `limit`."""

    title: str
    values: np.ndarray  # (rows, columns)
    limit: float
    paper: bool = False  # ink on paper, and not purple to orange


def short(value: float, most: int = 4) -> str:
    """A number in at most so many signs, as it stands in a cell: .34, 1.2, 15; with a fifth one .083.

    Without a digit that means something it is 0.
    """
    size = abs(value)
    places = 0 if size >= 9.95 else 1 if size >= 0.995 else 2 if size >= 0.0995 or most < 5 else 3
    text = f"{size:.{places}f}".removeprefix("0") or "0"
    if not text.strip(".0"):
        return "0"
    return ("−" if value < 0 else "") + text


def products(
    grids: Sequence[Grid], inside: np.ndarray, about: str, theme: Theme, labels: Sequence[str] = (), bold: str = ""
) -> Spec:  # fmt: skip
    """What is read, times the weights, makes the products: three grids of one size, whose cells light up together.

    Cells that are not `inside` are grey: there is nothing to read. Numbers stand in cells that have room for them, and
    every cell tells them. `labels` name the rows of a list; a title or label that is `bold` is so.
    """
    rows, columns = grids[0].values.shape
    cell, room = _cell(columns, labels)
    aside = bool(labels) or 3 * columns * READABLE + 2 * GAP <= WIDTH  # or else the products stand below
    step = columns * cell[0] + GAP, rows * cell[1] + HEAD + 6
    corners = [(room, 0), (room + step[0], 0), (room + 2 * step[0], 0) if aside else (room, step[1])]
    if not aside:
        grids = [*grids[:2], replace(grids[2], title=f"= {grids[2].title}")]
    said = _products_said(*(grid.values for grid in grids))
    cells = pd.concat([
        cells_of(grid, (left, top + HEAD), cell, inside, said, theme)
        for grid, (left, top) in zip(grids, corners, strict=True)
    ])  # fmt: skip
    words = [(left, top + HEAD / 2, grid.title, "left", TEXT[theme], _weight(grid.title, bold))
             for grid, (left, top) in zip(grids, corners, strict=True)]  # fmt: skip
    words += [(room - 6, HEAD + (row + 0.5) * cell[1], label, "right", TEXT[theme], _weight(label, bold))
              for row, label in enumerate(labels)]  # fmt: skip
    middle = HEAD + rows * cell[1] / 2
    words.append((room + step[0] - GAP / 2, middle, "×", "center", TEXT[theme], "normal"))
    if aside:
        words.append((room + 2 * step[0] - GAP / 2, middle, "=", "center", TEXT[theme], "normal"))
    height = step[1] if aside else 2 * step[1]
    return filled(
        cells_chart(WIDTH, height, theme), about, cells=cells, words=pd.DataFrame(words, columns=WORDS)
    )  # fmt: skip


def _weight(text: str, bold: str) -> str:
    return "bold" if bold and text == bold else "normal"


def _cell(columns: int, labels: Sequence[str]) -> tuple[tuple[int, int], int]:
    """A cell's size, and the room before the first one."""
    if labels:
        return LISTED, WIDTH - 3 * LISTED[0] - 2 * GAP
    side = (WIDTH - 2 * GAP) // (3 * columns)
    if side < READABLE:
        side = (WIDTH - GAP) // (2 * columns)
    return (min(side, LARGEST),) * 2, 0


def _products_said(values: np.ndarray, weights: np.ndarray, found: np.ndarray) -> list[str]:
    triples = zip(values.flat, weights.flat, found.flat, strict=True)
    return [f"{value:.3g} × {weight:.3g} = {product:.3g}".replace("-", "−") for value, weight, product in triples]


def cells_of(
    grid: Grid,
    corner: tuple[float, float],
    cell: tuple[int, int],
    inside: np.ndarray,
    said: Sequence[str],
    theme: Theme,
) -> pd.DataFrame:
    """A grid's cells of that size, the first at `corner`, with what each says; outside they are grey."""
    rows, columns = grid.values.shape
    down, across = np.indices((rows, columns)).reshape(2, -1)
    colours = colourise(grid.values.reshape(-1), grid.limit, "light" if grid.paper else theme, not grid.paper)
    if grid.paper:
        share = (grid.values.reshape(-1, 1) / (grid.limit or 1)).clip(0, 1)
        colours = np.rint(np.array([*PAPER, 255]) * (1 - share) + np.array([*INK, 255]) * share).astype(int)
    hexes = [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue, _ in colours.tolist()]
    there = inside.reshape(-1)
    light = colours[:, :3] @ np.array([0.299, 0.587, 0.114]) > 130
    signs = (4 if cell[0] < ROOMY else 5) if cell[0] >= READABLE else 0
    return pd.DataFrame({
        "left": corner[0] + across * cell[0], "right": corner[0] + (across + 1) * cell[0],
        "top": corner[1] + down * cell[1], "bottom": corner[1] + (down + 1) * cell[1],
        PARTNERS: down * columns + across, "said": said,
        "colour": [each if ok else FAINT[theme] for each, ok in zip(hexes, there, strict=True)],
        "number": [short(value, signs) if signs else "" for value in grid.values.flat],
        "ink": [(TEXT["light"] if pale else "#ffffff") if ok else QUIET[theme]
                for pale, ok in zip(light, there, strict=True)],
    })  # fmt: skip


@cache
def cells_chart(width: int, height: int, theme: Theme) -> Spec:
    """Cells with numbers, of which those with the same number light up together, and words beside them."""
    x, y = Pixels("x", width), Pixels("y", height)
    hover = alt.selection_point(name="hover", fields=[PARTNERS], on="pointerover", clear="pointerout", empty=False)
    raw = alt.Color("colour:N", scale=None)
    hair = {"expr": f"datum.right - datum.left < {READABLE} ? 0 : 1"}
    seen = boxes_of("cells", x, y, fillOpacity=1, strokeWidth=hair).encode(
        fill=alt.Fill("colour:N", scale=None), stroke=alt.value("#fcfbf8" if theme == "light" else "#15171c")
    )
    middle = table_of("cells").transform_calculate(
        across="(datum.left + datum.right) / 2", down="(datum.top + datum.bottom) / 2"
    )
    size = {"expr": "min(12, (datum.right - datum.left) / 2.2)"}
    numbers = middle.mark_text(baseline="middle", fontSize=size).encode(
        x=x("across"), y=y("down"), text="number:N", color=alt.Color("ink:N", scale=None)
    )
    words = table_of("words").mark_text(baseline="middle", fontSize=12, align={"expr": "datum.align"},
                                       fontWeight={"expr": "datum.weight"})  # fmt: skip
    width_of = alt.condition(hover, alt.value(2.5), alt.value(0))
    touched = boxes_of("cells", x, y, fill="white", stroke=HOVER).encode(
        strokeWidth=width_of, tooltip=alt.Tooltip("said:N", title=" ")
    )
    layers = [
        seen,
        numbers,
        words.encode(x=x("x"), y=y("y"), text="text:N", color=raw),
        touched.add_params(hover),
    ]
    return checked(alt.layer(*layers).properties(width=width, height=height, padding=0))


def addends(names: Sequence[str], values: Sequence[float], total: str, theme: Theme, bold: str = "") -> Spec:
    """What adds up to a number, a bar a term: orange adds, purple takes away; below them the total."""
    table = pd.DataFrame({"name": [*names, total], "value": [*values, sum(values)]})
    low, high = min(0.0, table.value.min()), max(0.0, table.value.max())
    scale = (WIDTH - NAMES - NUMBERS) / ((high - low) or 1.0)
    zero = NAMES - low * scale
    ends = zero + table.value * scale
    top = np.arange(len(table)) * BAR + np.where(table.name == total, 6, 0)
    drawn = table.assign(
        left=np.minimum(zero, ends), right=np.maximum(zero, ends), top=top + 4, bottom=top + BAR - 4,
        middle=top + BAR / 2, zero=zero,
        colour=[sign_colour(value) for value in table.value], said=[signed(value) for value in table.value],
        weight=["bold" if name in (bold, total) else "normal" for name in table.name],
    )  # fmt: skip
    said = ", ".join(f"{name} {signed(value)}" for name, value in zip(names, values, strict=True))
    height = len(table) * BAR + 8
    return filled(
        _addends_chart(height, theme), f"{said}; {total}: {sum(values):.3f}.", terms=drawn,
        line=pd.DataFrame({"left": [0], "right": [WIDTH], "y": [(len(table) - 1) * BAR + 2]}),
    )  # fmt: skip


def signed(value: float) -> str:
    """A term of a sum: its sign, and three places behind the point."""
    return f"{value + 0.0:+.3f}".replace("-", "−")


def percent(share: float) -> str:
    """A share in whole percent, which no line break parts."""
    return f"{100 * share:.0f}\u00a0%".replace("-0\u00a0", "0\u00a0").replace("-", "−")


def sign_colour(value: float) -> str:
    """Orange of what excites, purple of what inhibits."""
    red, green, blue = PUOR[210 if value > 0 else 44][:3].tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"


@cache
def _addends_chart(height: int, theme: Theme) -> Spec:
    x, y = Pixels("x", WIDTH), Pixels("y", height)
    terms = table_of("terms")
    words: dict[str, Any] = {
        "baseline": "middle",
        "fontSize": 12,
        "color": TEXT[theme],
        "fontWeight": {"expr": "datum.weight"},
    }
    layers = [
        boxes_of("terms", x, y, fillOpacity=1).encode(fill=alt.Fill("colour:N", scale=None)),
        terms.mark_rule(color=QUIET[theme]).encode(x=x("zero"), y=y("top"), y2="bottom:Q"),
        table_of("line").mark_rule(color=TEXT[theme]).encode(x=x("left"), x2="right:Q", y=y("y")),
        terms.mark_text(align="left", limit=NAMES - 4, **words).encode(x=alt.value(0), y=y("middle"), text="name:N"),
        terms.mark_text(align="right", **words).encode(x=alt.value(WIDTH), y=y("middle"), text="said:N"),
    ]
    return checked(alt.layer(*layers).properties(width=WIDTH, height=height, padding=0))
