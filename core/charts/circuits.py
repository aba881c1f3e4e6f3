"""A unit taken apart, as a chart: the unit on top, its parts below it row by row, the input at the bottom."""

from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pyarrow as pa

from core.charts.circuit_tables import (
    CARD,
    ENDS,
    GAP,
    LINE,
    NAME,
    Looks,
    address,
    edges,
    layout,
    pictures,
    texts,
)
from core.charts.circuit_tables import QUIET as SUBDUED
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
from core.circuits.graph import Graph
from core.images import PUOR, Theme

EXCITES, INHIBITS = (f"#{bytes(PUOR[place][:3].tolist()).hex()}" for place in (203, 51))
PAPER = {"light": "#FCFBF8", "dark": "#15171C"}  # round a number that stands on an edge
PADDING = {"left": 2, "right": 2, "top": 2, "bottom": 2}  # half of an edge


def circuit(graph: Graph, looks: Looks, chosen: str = "") -> Spec:
    """The graph; a click on a node below the root selects its `address`, one on an edge its `edge_address`.

    The edge of that address is marked.
    """
    where = layout(graph)
    lines = [line for row in range(len(graph.rows)) for line in edges(graph, row, where)]
    below = {address(graph.rows[row][place]): box for (row, place), box in where.boxes.items() if row}
    return filled(
        _chart(looks.theme, where.width, where.bottom + looks.image.height + 2 * LINE),
        _said(graph, looks),
        pictures=pa.Table.from_pylist(pictures(graph, looks, where)),
        texts=pa.Table.from_pylist(texts(graph, looks, where)),
        nodes=pa.table(sides(np.array(list(below.values()), float).reshape(-1, 4)) | {NODE: _words(below)}),
        lines=pa.Table.from_pylist(lines),
        edges=_ends([line for line in lines if line[EDGE]]),
        chosen=_ends([line for line in lines if line[EDGE] == chosen != ""]),
    )


def _words(words: Any) -> pa.Array:
    return pa.array(list(words), pa.string())


def _ends(lines: list[dict[str, Any]]) -> pa.Table:
    places = {name: np.array([line[name] for line in lines], float) for name in ENDS}
    return pa.table(places | {name: _words(line[name] for line in lines) for name in (EDGE, "text")})


def _said(graph: Graph, looks: Looks) -> str:
    """The graph in words: the root's sum, and the units of each row below."""
    root = graph.root
    reads = root.stage.reads
    parts = ", ".join(f"{reads}/{unit} {value:+.2f}" for unit, value in root.edges.items()) or f"no unit of {reads}"
    rows = "; ".join(f"of {row[0].stage.layer.name} {', '.join(str(node.unit) for node in row)}"
                     for row in graph.rows[1:])  # fmt: skip
    return (
        f"{root.stage.layer.name}/{root.unit} taken apart, {root.split.value:.2f} in all: {parts}, "
        f"others {root.others:+.2f}, bias {root.split.bias:+.2f}. Below it: {rows or 'nothing'}; "
        f"at the bottom: {looks.about}."
    )


@cache
def _chart(theme: Theme, width: int, height: int) -> Spec:
    x, y = Pixels("x", width), Pixels("y", height)
    layers = [*_edge_marks(theme, x, y), *_card_marks(theme, x, y), _clickable_edges(x, y),
              selectable("nodes", NODE, x, y)]  # fmt: skip
    chart = alt.layer(*layers).resolve_scale(color="independent")
    return checked(chart.properties(width=width, height=height, padding=PADDING))


def _edge_marks(theme: Theme, x: Pixels, y: Pixels) -> list[alt.Chart]:
    """The edges; those of the node under the pointer stand out, with their numbers."""
    ends: dict[str, Any] = {"x": x("left"), "y": y("top"), "x2": "right:Q", "y2": "bottom:Q"}
    colours = alt.Scale(domain=["excites", "inhibits", "more layers"], range=[EXCITES, INHIBITS, FAINT[theme]])
    some = "isArray(hover.node)"
    touched = f"{some} && (indexof(hover.node, datum.upper) >= 0 || indexof(hover.node, datum.lower) >= 0)"
    lines = table_of("lines")
    drawn = lines.mark_rule(strokeCap="round").encode(
        **ends,
        strokeWidth=alt.StrokeWidth("width:Q", scale=None),
        color=alt.Color("sign:N", scale=colours, legend=None),
        opacity=alt.condition(f"{some} && !({touched})", alt.value(0.15), alt.value(0.85)),
    )
    chosen = table_of("chosen").mark_rule(color=HOVER, strokeWidth=18, opacity=0.4).encode(**ends)
    there = lines.transform_calculate(x="datum.left + .78 * (datum.right - datum.left)",
                                      y="datum.top + .78 * (datum.bottom - datum.top)")  # fmt: skip
    seen = alt.condition(f"datum.shown || ({touched})", alt.value(1), alt.value(0))
    halo: dict[str, Any] = {"stroke": PAPER[theme], "strokeWidth": 4, "strokeJoin": "round"}
    numbers = [there.mark_text(fontSize=12, color=TEXT[theme], baseline="middle", **look) for look in (halo, {})]
    return [chosen, drawn, *(each.encode(x=x("x"), y=y("y"), text="text:N", opacity=seen) for each in numbers)]


def _card_marks(theme: Theme, x: Pixels, y: Pixels) -> list[alt.Chart]:
    image = table_of("pictures").mark_image(
        align="left", baseline="top", width={"expr": "datum.width"}, height={"expr": "datum.height"}
    )
    colours = alt.Scale(domain=[NAME, SUBDUED], range=[TEXT[theme], QUIET[theme]])
    text = table_of("texts").mark_text(fontSize=12, baseline="middle", limit=2 * (CARD + GAP))
    return [
        image.encode(x=x("left"), y=y("top"), url="url:N"),
        text.encode(x=x("x"), y=y("y"), text="text:N", color=alt.Color("look:N", scale=colours, legend=None)),
    ]


def _clickable_edges(x: Pixels, y: Pixels) -> alt.Chart:
    """Unseen, and wide enough to be met."""
    click = alt.selection_point(name=EDGE, fields=[EDGE], on="click", toggle=False)
    wide = table_of("edges").mark_rule(strokeWidth=12, strokeOpacity=0, cursor="pointer")
    tip = [alt.Tooltip(f"{EDGE}:N"), alt.Tooltip("text:N", title="contributes")]
    ends: dict[str, Any] = {"x": x("left"), "y": y("top"), "x2": "right:Q", "y2": "bottom:Q"}
    return wide.encode(**ends, tooltip=tip).add_params(click)
