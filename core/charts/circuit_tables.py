"""What a graph's chart is drawn from: where each node stands, the edges with their widths, the numbers in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from core.charts.circuit_pictures import SIDE
from core.charts.marks import EDGE
from core.circuits.contributions import Place
from core.circuits.graph import Graph, Node
from core.images import Theme, data_url
from core.layers import INPUT

CARD, REST, GAP = 196, 104, 14  # pixels: a card's width, that of all others together, and what is between them
LINE, PICTURES, BETWEEN = 15, SIDE + 6, 76  # heights: a line, the pictures, and the room for edges between two rows
ROOM = 5  # pixels between a card and its edges
HEIGHT = LINE + PICTURES + 3 * LINE  # of a card: its name, its pictures, its numbers
THIN, WIDE, SOME = 1.0, 10.0, 25  # pixels of an edge that carries next to nothing, and of its row's widest of so many
ENDS = ("left", "top", "right", "bottom")  # of an edge: its upper end, and its lower one
NAME, QUIET = "name", "quiet"  # how a text looks
Box = tuple[float, float, float, float]


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


def number(value: float, scale: float = 1.0) -> str:
    """A signed number with two decimals; with one where the largest beside it is 10 or more, three where below .2."""
    decimals = 3 if scale < 0.2 else 1 if 10 <= scale < np.inf else 2
    return f"{round(value, decimals) + 0.0:+.{decimals}f}".replace("-", "−")


@dataclass(frozen=True)
class Layout:
    """Where everything stands, in the chart's pixels."""

    boxes: dict[tuple[int, int], Box]  # of each node, by its row and its place in it
    rests: dict[int, Box]  # of all others of a row
    width: int
    bottom: int  # where the input begins

    @property
    def middle(self) -> float:
        """From left to right."""
        return self.width / 2


def layout(graph: Graph) -> Layout:
    """The rows below each other, each in the middle."""
    widths = [len(row) * (CARD + GAP) + (REST if depth else -GAP) for depth, row in enumerate(graph.rows)]
    width, boxes, rests = max(*widths, 2 * CARD), dict[tuple[int, int], Box](), dict[int, Box]()
    for depth, row in enumerate(graph.rows):
        left, top = (width - widths[depth]) / 2, depth * (HEIGHT + BETWEEN)
        for place in range(len(row)):
            boxes[depth, place] = (left, top, left + CARD, top + HEIGHT)
            left += CARD + GAP
        if depth:
            rests[depth] = (left, top, left + REST, top + HEIGHT)
    return Layout(boxes, rests, width, len(graph.rows) * (HEIGHT + BETWEEN))


def edges(graph: Graph, row: int, where: Layout) -> list[dict[str, Any]]:
    """What leads down from a row: to the next one's nodes, to all others together, or to the input.

    The widest is that of the largest contribution to a node of the row; what others give together is cut off there.
    """
    last = row + 1 == len(graph.rows)
    reaches = not last or graph.rows[row][0].stage.reads == INPUT
    found = [edge for place in range(len(graph.rows[row])) for edge in _from(graph, row, place, where)]
    named = [abs(value) for value, *_, edge, _ in found if edge] or [abs(value) for value, *_ in found]
    wide = WIDE * min(1.0, (SOME / len(named)) ** 0.5)
    most, largest = max(named) or 1.0, max(abs(value) for value, *_ in found)
    signs = [("excites" if value >= 0 else "inhibits") if reaches else "more layers" for value, *_ in found]
    return [
        dict(zip(ENDS, ends, strict=True))
        | {"width": THIN + (wide - THIN) * min(1.0, abs(value) / most) if reaches else THIN, "sign": sign,
           "text": number(value, largest) if reaches else "", EDGE: edge, "upper": address(graph.rows[row][place]),
           "lower": lower, "shown": row == 0 and not last}
        for (value, place, ends, edge, lower), sign in zip(found, signs, strict=True)
    ]  # fmt: skip


def _from(graph: Graph, row: int, place: int, where: Layout) -> list[tuple[float, int, Box, str, str]]:
    """A node's edges: what is contributed, the node's place, both ends, the edge's address and its lower node's."""
    node, (left, _, right, bottom) = graph.rows[row][place], where.boxes[row, place]
    begin = ((left + right) / 2, bottom + ROOM)
    if row + 1 == len(graph.rows):
        return [(node.others, place, (*begin, where.middle, float(where.bottom)), "", "")]
    found = [
        (node.edges[part.unit], place, (*begin, *_top(where.boxes[row + 1, at_])), edge_address(node, part),
         address(part))
        for at_, part in enumerate(graph.rows[row + 1])
    ]  # fmt: skip
    return [*found, (node.others, place, (*begin, *_top(where.rests[row + 1])), "", "")]


def _top(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, box[1] - ROOM


def pictures(graph: Graph, looks: Looks, where: Layout) -> list[dict[str, Any]]:
    """The pictures of all cards, and of the input."""
    found = []
    for (row, place), (left, top, right, _) in where.boxes.items():
        node = graph.rows[row][place]
        shown = looks.pictures[node.stage.layer.name, node.unit]
        begin = (left + right - sum(each.width + 4 for each in shown) + 4) / 2
        for each in shown:
            found.append(_picture(each, begin, top + LINE + (PICTURES - each.height) / 2))
            begin += each.width + 4
    return [*found, _picture(looks.image, where.middle - looks.image.width / 2, where.bottom)]


def _picture(picture: Image.Image, left: float, top: float) -> dict[str, Any]:
    exact = max(picture.size) < 2 * SIDE or len(picture.getcolors(1000) or []) > 0  # of a photo it is not
    return {"url": data_url(picture, exact), "left": float(left), "top": float(top), "width": picture.width,
            "height": picture.height}  # fmt: skip


def texts(graph: Graph, looks: Looks, where: Layout) -> list[dict[str, Any]]:
    """Each node's name above its pictures, and below them its numbers, which add up; the others; and the input."""
    found = []
    for (row, place), (left, top, right, _) in where.boxes.items():
        node, middle = graph.rows[row][place], (left + right) / 2
        known = "" if row else looks.names.get(node.unit, "")
        name = f"{node.stage.layer.name}/{node.unit} {known or in_words(node.place)}"
        found.append(_text(name.strip(), middle, top + LINE / 2, NAME))
        for count, line in enumerate(numbers(node)):
            below = top + LINE + PICTURES + (count + 0.5) * LINE
            found.append(_text(line, middle, below, QUIET if count else NAME))
    found += [text for row in where.rests for text in _others(graph, row, where.rests[row])]
    return [*found, _text(looks.about, where.middle, where.bottom + looks.image.height + LINE, QUIET)]


def _text(text: str, x: float, y: float, look: str) -> dict[str, Any]:
    return {"text": text, "x": x, "y": y, "look": look}


def numbers(node: Node) -> list[str]:
    """A node's value, and what it is the sum of: three lines."""
    split, shown = node.split, sum(node.edges.values())
    scale = max(abs(split.value), abs(shown), abs(node.others), abs(split.bias), abs(split.gap))
    value, activation = (number(each, scale).lstrip("+") for each in (split.value, node.activation))
    if node.stage.reads == INPUT:
        terms = f"pixels {number(node.others, scale)}"
    elif node.edges:
        terms = f"shown {number(shown, scale)}, others {number(node.others, scale)}"
    else:
        terms = f"all {node.count} of {node.stage.reads} {number(node.others, scale)}"
    gap = "" if node.stage.affine else f", gap {number(split.gap, scale)}"
    return [value if activation == value else f"{value}, activation {activation}", f"= {terms}",
            f"bias {number(split.bias, scale)}{gap}"]  # fmt: skip


def _others(graph: Graph, row: int, box: Box) -> list[dict[str, Any]]:
    """How many others there are in a row, and what they contribute to each node above."""
    above, middle, top = graph.rows[row - 1], (box[0] + box[2]) / 2, box[1]
    scale = max(abs(node.others) for node in above)
    said = [number(node.others, scale) if row == 1 else f"to {node.unit}: {number(node.others, scale)}"
            for node in above]  # fmt: skip
    lines = [f"{above[0].count} others", *said]
    return [_text(line, middle, top + (place + 0.5) * LINE, QUIET if place else NAME)
            for place, line in enumerate(lines)]  # fmt: skip
