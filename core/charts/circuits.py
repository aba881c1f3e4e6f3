"""A unit taken apart, as a chart: the unit on top, its parts below it row by row, the input at the bottom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pyarrow as pa
from PIL import Image

from core.charts.circuit_pictures import SIDE
from core.charts.marks import (
    EDGE,
    FAINT,
    HOVER,
    NODE,
    QUIET,
    TEXT,
    Pixels,
    Spec,
    checked,
    filled,
    selectable,
    sides,
    table_of,
)
from core.circuits.contributions import Place
from core.circuits.graph import Graph, Node
from core.images import PUOR, Theme, data_url
from core.layers import INPUT

CARD, REST, GAP = 176, 104, 14  # pixels: a card's width, that of all others together, and what is between them
LINE, PICTURES, BETWEEN = 15, SIDE + 6, 78  # heights: a line, the pictures, and the room for edges between two rows
HEIGHT = LINE + PICTURES + 3 * LINE  # of a card: its name, its pictures, its numbers
THIN, WIDE = 1.0, 10.0  # pixels of an edge that carries next to nothing, and of its row's widest
EXCITES, INHIBITS = (f"#{bytes(PUOR[place][:3].tolist()).hex()}" for place in (203, 51))


@dataclass(frozen=True)
class Looks:
    """How the nodes and the input are shown: pictures that others have made."""

    pictures: Mapping[tuple[str, int], Sequence[Image.Image]]  # by the layer's name and the unit's number
    image: Image.Image
    about: str  # what the input is, in words
    names: Mapping[int, str]  # what the root's layer calls its units, where they are classes
    theme: Theme


def address(node: Node) -> str:
    """A node as a click selects it: its layer, its number, and its place where it has one, as `row-column` from 1."""
    return f"{node.stage.layer.name}/{node.unit}" + (f"@{at(node.place)}" if node.place else "")


def at(place: Place) -> str:
    """A place as links name it: row-column, each from 1."""
    return "-".join(str(index + 1) for index in place)


def in_words(place: Place) -> str:
    """A place in words: of a recurrent unit the row that it has just read."""
    return {0: "", 1: "behind row {}", 2: "at {}, {}"}[len(place)].format(*(index + 1 for index in place))


def edge_address(node: Node, part: Node) -> str:
    """An edge as a click selects it, and as links name it."""
    return f"{node.stage.layer.name}/{node.unit}>{part.stage.layer.name}/{part.unit}"


def number(value: float, scale: float) -> str:
    """A signed number with three digits where the largest beside it has three."""
    decimals = 2 if scale < 1 or not np.isfinite(scale) else max(0, 2 - int(np.log10(scale)))
    return f"{value:+.{max(decimals, 1)}f}".replace("-", "−")


def circuit(graph: Graph, looks: Looks, chosen: str = "") -> Spec:
    """The graph; a click on a node below the root selects its `address`, one on an edge its `edge_address`."""
    boxes, rests, width = _layout(graph)
    height = len(graph.rows) * (HEIGHT + BETWEEN) + looks.image.height + LINE
    middle, top = width / 2, len(graph.rows) * (HEIGHT + BETWEEN)
    lines = [line for row in range(len(graph.rows)) for line in _edges(graph, row, boxes, rests, (middle, top))]
    below = [(node, boxes[row, place]) for row, nodes in enumerate(graph.rows) for place, node in enumerate(nodes)][1:]
    return filled(
        _chart(looks.theme, width, height),
        _said(graph, looks),
        pictures=pa.Table.from_pylist([*_pictures(graph, looks, boxes), _input(looks, middle, top)]),
        texts=pa.Table.from_pylist([*_texts(graph, looks, boxes), *_rest_texts(graph, rests),
                                    _text(looks.about, middle, top + looks.image.height + LINE / 2, "quiet")]),
        nodes=pa.table(sides(np.array([box for _, box in below], float).reshape(-1, 4))
                       | {NODE: [address(node) for node, _ in below]}),
        lines=pa.Table.from_pylist(lines),
        edges=pa.Table.from_pylist([{name: line[name] for name in (*ENDS, EDGE, "text")} for line in lines if line[EDGE]]
                                   or [dict.fromkeys((*ENDS, EDGE, "text"))]),
        chosen=pa.Table.from_pylist([line for line in lines if line[EDGE] == chosen != ""] or
                                    [dict.fromkeys(lines[0])]),
    )  # fmt: skip


ENDS = ("left", "top", "right", "bottom")  # of an edge: its upper end, and its lower one
Box = tuple[float, float, float, float]


def _layout(graph: Graph) -> tuple[dict[tuple[int, int], Box], dict[int, Box], int]:
    """Each node's box by row and place, each row's box for all others, and the chart's width."""
    widths = [len(row) * (CARD + GAP) + (REST if depth else -GAP) for depth, row in enumerate(graph.rows)]
    width, boxes, rests = max(*widths, 2 * CARD), dict[tuple[int, int], Box](), dict[int, Box]()
    for depth, row in enumerate(graph.rows):
        left, top = (width - widths[depth]) / 2, depth * (HEIGHT + BETWEEN)
        for place in range(len(row)):
            boxes[depth, place] = (left, top, left + CARD, top + HEIGHT)
            left += CARD + GAP
        if depth:
            rests[depth] = (left, top, left + REST, top + HEIGHT)
    return boxes, rests, width


def _edges(
    graph: Graph, row: int, boxes: Mapping[tuple[int, int], Box], rests: Mapping[int, Box], end: tuple[float, float]
) -> list[dict[str, Any]]:
    """What leads down from a row: to the next one's nodes, to all others together, or to the input."""
    last = row + 1 == len(graph.rows)
    found = []
    for place, node in enumerate(graph.rows[row]):
        begin = boxes[row, place]
        if last:
            found.append((node, begin, node.others, *end, "", ""))
            continue
        for number_, part in enumerate(graph.rows[row + 1]):
            box = boxes[row + 1, number_]
            found.append((node, begin, node.edges[part.unit], (box[0] + box[2]) / 2, box[1],
                          edge_address(node, part), address(part)))  # fmt: skip
        rest = rests[row + 1]
        found.append((node, begin, node.others, (rest[0] + rest[2]) / 2, rest[1], "", ""))
    named = [abs(value) for _, _, value, *_, edge, _ in found if edge] or [abs(value) for _, _, value, *_ in found]
    most = max(named, default=0.0) or 1.0
    reaches = not last or graph.rows[row][0].stage.reads == INPUT
    return [
        {"left": (begin[0] + begin[2]) / 2, "top": begin[3], "right": x, "bottom": y, EDGE: edge,
         "width": THIN + (WIDE - THIN) * min(1.0, abs(value) / most) if reaches else THIN,
         "sign": ("excites" if value >= 0 else "inhibits") if reaches else "more layers",
         "text": number(value, most) if reaches else "", "upper": address(node), "lower": lower,
         "shown": row == 0 and not last}
        for node, begin, value, x, y, edge, lower in found
    ]  # fmt: skip


def _pictures(graph: Graph, looks: Looks, boxes: Mapping[tuple[int, int], Box]) -> list[dict[str, Any]]:
    found = []
    for (row, place), box in boxes.items():
        node = graph.rows[row][place]
        shown = looks.pictures[node.stage.layer.name, node.unit]
        left = (box[0] + box[2] - sum(each.width + 4 for each in shown) + 4) / 2
        for each in shown:
            top = box[1] + LINE + (PICTURES - each.height) / 2
            found.append({"url": data_url(each), "left": left, "top": top, "width": each.width, "height": each.height})
            left += each.width + 4
    return found


def _input(looks: Looks, middle: float, top: float) -> dict[str, Any]:
    width, height = looks.image.size
    url = data_url(looks.image, exact=looks.image.mode != "RGB" or width < 2 * SIDE)
    return {"url": url, "left": middle - width / 2, "top": float(top), "width": width, "height": height}


def _text(text: str, x: float, y: float, look: str) -> dict[str, Any]:
    return {"text": text, "x": x, "y": y, "look": look}


def _texts(graph: Graph, looks: Looks, boxes: Mapping[tuple[int, int], Box]) -> list[dict[str, Any]]:
    """Each node's name above its pictures, and below them its numbers, which add up."""
    found = []
    for (row, place), (left, top, right, _) in boxes.items():
        node, middle = graph.rows[row][place], (left + right) / 2
        known = looks.names.get(node.unit, "") if not row else ""
        where = known or in_words(node.place)
        name = f"{node.stage.layer.name}/{node.unit}"
        found.append(_text(f"{name} {where}".strip(), middle, top + LINE / 2, "name"))
        for count, (line, look) in enumerate(zip(numbers(node), ("name", "quiet", "quiet"), strict=True)):
            found.append(_text(line, middle, top + LINE + PICTURES + (count + 0.5) * LINE, look))
    return found


def numbers(node: Node) -> list[str]:
    """A node's value, and what it is the sum of: three lines."""
    split, shown = node.split, sum(node.edges.values())
    scale = max(abs(split.value), abs(shown), abs(node.others), abs(split.bias), abs(split.gap))

    def write(value: float) -> str:
        return number(value, scale)

    value = write(split.value).lstrip("+")
    first = value if node.activation == split.value else f"{value}, activation {write(node.activation).lstrip('+')}"
    if node.stage.reads == INPUT:
        terms = f"pixels {write(node.others)}"
    elif node.edges:
        terms = f"shown {write(shown)}, others {write(node.others)}"
    else:
        terms = f"{node.count} of {node.stage.reads} {write(node.others)}"
    gap = "" if node.stage.affine else f", gap {write(split.gap)}"
    return [first, f"= {terms}", f"bias {write(split.bias)}{gap}"]


def _rest_texts(graph: Graph, rests: Mapping[int, Box]) -> list[dict[str, Any]]:
    """How many others there are, and what they contribute to each node above."""
    found = []
    for row, (left, top, right, _) in rests.items():
        above, middle = graph.rows[row - 1], (left + right) / 2
        scale = max(abs(node.others) for node in above)
        found.append(_text(f"{above[0].count} others", middle, top + LINE / 2, "name"))
        for place, node in enumerate(above):
            said = number(node.others, scale)
            found.append(_text(said if row == 1 else f"to {node.unit}: {said}", middle, top + (place + 1.5) * LINE,
                               "quiet"))  # fmt: skip
    return found


def _said(graph: Graph, looks: Looks) -> str:
    """The graph in words: the root's sum, and the units of each row below."""
    root = graph.root
    parts = ", ".join(f"{unit} {value:+.2f}" for unit, value in root.edges.items())
    rows = "; ".join(f"{row[0].stage.layer.name}: {', '.join(str(node.unit) for node in row)}"
                     for row in graph.rows[1:])  # fmt: skip
    return (
        f"{root.stage.layer.name}/{root.unit} taken apart, {root.split.value:.3g} in all: "
        f"{parts or 'pixels'}, others {root.others:+.2f}, bias {root.split.bias:+.2f}. "
        f"Below it {rows or 'the input'}; at the bottom {looks.about}."
    )


@cache
def _chart(theme: Theme, width: int, height: int) -> Spec:
    x, y = Pixels("x", width), Pixels("y", height)
    layers = [*_edge_marks(theme, x, y), *_card_marks(theme, x, y), *_selected(x, y)]
    return checked(
        alt.layer(*layers).properties(
            width=width, height=height, padding={"left": 2, "right": 2, "top": 2, "bottom": 2}
        )
    )


def _edge_marks(theme: Theme, x: Pixels, y: Pixels) -> list[alt.Chart]:
    ends: dict[str, Any] = {"x": x("left"), "y": y("top"), "x2": "right:Q", "y2": "bottom:Q"}
    colours = alt.Scale(domain=["excites", "inhibits", "more layers"], range=[EXCITES, INHIBITS, FAINT[theme]])
    touched = "isArray(hover.node) && (indexof(hover.node, datum.upper) >= 0 || indexof(hover.node, datum.lower) >= 0)"
    lines = table_of("lines")
    drawn = lines.mark_rule(strokeCap="round").encode(
        **ends,
        strokeWidth=alt.StrokeWidth("width:Q", scale=None),
        color=alt.Color("sign:N", scale=colours, legend=None),
        opacity=alt.condition(f"isArray(hover.node) && !({touched})", alt.value(0.15), alt.value(0.85)),
    )
    chosen = table_of("chosen").mark_rule(color=HOVER, strokeWidth=16, opacity=0.5).encode(**ends)
    middles = lines.transform_calculate(x="datum.left + .78 * (datum.right - datum.left)",
                                        y="datum.top + .78 * (datum.bottom - datum.top)")  # fmt: skip
    label = middles.mark_text(fontSize=12, color=TEXT[theme], baseline="middle", stroke=PAPER[theme], strokeWidth=4,
                              strokeJoin="round")  # fmt: skip
    seen = alt.condition(f"datum.shown || ({touched})", alt.value(1), alt.value(0))
    halo = label.encode(x=x("x"), y=y("y"), text="text:N", opacity=seen)
    text = middles.mark_text(fontSize=12, color=TEXT[theme], baseline="middle")
    return [chosen, drawn, halo, text.encode(x=x("x"), y=y("y"), text="text:N", opacity=seen)]


PAPER = {"light": "#FCFBF8", "dark": "#15171C"}  # behind a number that stands on an edge


def _card_marks(theme: Theme, x: Pixels, y: Pixels) -> list[alt.Chart]:
    image = table_of("pictures").mark_image(
        align="left", baseline="top", width={"expr": "datum.width"}, height={"expr": "datum.height"}
    )
    colours = alt.Scale(domain=["name", "quiet"], range=[TEXT[theme], QUIET[theme]])
    text = table_of("texts").mark_text(fontSize=12, baseline="middle", limit=CARD + GAP)
    return [
        image.encode(x=x("left"), y=y("top"), url="url:N"),
        text.encode(x=x("x"), y=y("y"), text="text:N", color=alt.Color("look:N", scale=colours, legend=None)),
    ]


def _selected(x: Pixels, y: Pixels) -> list[alt.Chart]:
    """What a click selects: an edge, within some pixels of it, or a node."""
    click = alt.selection_point(name=EDGE, fields=[EDGE], on="click", toggle=False)
    wide = table_of("edges").mark_rule(strokeWidth=12, strokeOpacity=0, cursor="pointer")
    tip = [alt.Tooltip(f"{EDGE}:N"), alt.Tooltip("text:N", title="contributes")]
    edges = wide.encode(x=x("left"), y=y("top"), x2="right:Q", y2="bottom:Q", tooltip=tip).add_params(click)
    return [edges, selectable("nodes", NODE, x, y)]
