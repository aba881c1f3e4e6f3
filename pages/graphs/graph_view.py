"""The graph on the page: its pictures, what a click does, and the root's numbers as a table."""

import random
import re
from collections.abc import Callable

import pandas as pd
import streamlit as st
from PIL import Image

from core import atlas, charts
from core.charts.circuit_pictures import (
    Seen,
    activation_picture,
    input_picture,
    product_picture,
    seen_picture,
    stimulus_picture,
)
from core.circuits.contributions import Place
from core.circuits.graph import Node
from core.examples import seen
from core.layers import INPUT
from core.measures.receptive_field import ALL
from core.models import find
from core.units import Unit
from pages.frame import link
from pages.frame.clickable import clickable_by
from pages.frame.notice import notice
from pages.graphs.choose import THIS, open_unit
from pages.graphs.situation import Situation
from pages.inputs import nets
from pages.inputs.canvas import TEST_IMAGES, look_at

WIDTH = {"digits": 112, "photos": 192}  # pixels of the input's picture
HINT = (
    "On a card: what the unit looks for, its activation here, and what it sees. Orange excites, purple inhibits; the "
    "wider, the more. Click a unit to take it apart, or an edge for its arithmetic."
)


def graph_view(here: Situation, about: str, open_edge: Callable[[str], None]) -> None:
    """Draw the graph, and below it the root's sum as a table; a click on a node takes that one apart."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        st.caption(HINT, width="content")
        if find(here.unit.model).sees == "digits" and st.session_state["input"] == THIS:
            st.button(
                "Another digit", icon=":material/shuffle:", on_click=lambda: look_at(random.randrange(TEST_IMAGES))
            )
    layers = nets.layers(here.unit.model)
    last = here.graph.root.stage.layer == layers[-1]
    labels = find(here.unit.model).labels
    names = dict(enumerate(labels)) if last and not labels[0].isdigit() else {}
    fields = [_seen(here, node) for node in here.graph.rows[-1] if len(node.place) == 2]
    colour = charts.FAMILY_COLOURS[find(here.unit.model).family]
    picture = input_picture(here.image[0], fields, WIDTH[find(here.unit.model).sees], colour)
    looks = charts.Looks(_pictures(here), picture, about, names, here.theme)
    spec = charts.circuit(here.graph, looks, link.get(charts.EDGE) or "")
    takes = {charts.EDGE: open_edge,
             charts.NODE: lambda node: open_unit(*_parsed(here, node), keep=here.unit)}  # fmt: skip
    st.html(f"<style>.st-key-circuit {{ --graph: {spec['width']}px; }}</style>")
    clickable_by(takes, spec, "circuit")
    with st.expander("The same in numbers"):
        _tables(here)


def chosen_edge(here: Situation) -> tuple[Node, int | None]:
    """The edge that the link names, as the unit that reads and the number of the one that is read; or the strongest.

    One that the graph does not have is said. Where the root reads the pixels alone there is no number.
    """
    root, text = here.graph.root, link.get(charts.EDGE)
    for above, below in zip(here.graph.rows, here.graph.rows[1:], strict=False):
        for node in above:
            for part in below:
                if charts.edge_address(node, part) == text:
                    return node, part.unit
    if text:
        notice(f"The graph has no edge {text[:60]!r}: click one of those that it has.", ":material/search_off:")
    return root, max(root.edges, key=lambda unit: abs(root.edges[unit]), default=None)


def _parsed(here: Situation, node: str) -> tuple[Unit, Place | None]:
    found = re.fullmatch(r"(.+)/(\d+)(?:@([\d-]+))?", node)
    assert found
    layer, index, place = found.groups()
    return Unit(here.unit.model, layer, int(index)), tuple(int(at) - 1 for at in place.split("-")) if place else None


def _seen(here: Situation, node: Node) -> Seen:
    """The rows and columns of the image that a node can see."""
    fields = nets.fields(here.unit.model, node.stage.layer.name) or (ALL, ALL)
    return seen(fields, node.place, (here.image.shape[-2], here.image.shape[-1]))


def _pictures(here: Situation) -> dict[tuple[str, int], list[Image.Image]]:
    """Of each node what it looks for, its activation on this input, and what it sees or how the pixels contribute."""
    return {(node.stage.layer.name, node.unit): _of(here, node) for row in here.graph.rows for node in row}


def _of(here: Situation, node: Node) -> list[Image.Image]:
    name = node.stage.layer.name
    stimulus = atlas.look_up(Unit(here.unit.model, name, node.unit), here.weights)
    activation = here.run.activation(name)
    shown = [stimulus_picture(stimulus.image)] if stimulus is not None else []
    shown.append(activation_picture(activation[node.unit], node.place, float(activation.abs().max()), here.theme))
    if node.stage.reads == INPUT:
        shown.append(product_picture(node.split.parts, _seen(here, node)))
    elif node.place:
        part = seen_picture(here.image[0], _seen(here, node))
        shown += [part] if part is not None else []
    return shown


def _tables(here: Situation) -> None:
    """The root's sum, term by term, and all edges further down."""
    root = here.graph.root
    by = {node.unit: node for node in here.graph.rows[1]} if len(here.graph.rows) > 1 else {}
    terms = [(charts.address(by[unit]), value) for unit, value in root.edges.items()]
    what = "the pixels" if root.stage.reads == INPUT else f"{root.count} others of {root.stage.reads}"
    terms += [(what, root.others), ("bias", root.split.bias)]
    terms += [] if root.stage.affine else [("gap to completeness", root.split.gap)]
    st.markdown(f"`{charts.address(root)}`: what it reads from, and what each contributes")
    st.dataframe(pd.DataFrame([*terms, ("total", root.split.value)], columns=["from", "contributes"]),
                 hide_index=True, key="root-sum", width=420, alt="The root's sum, term by term")  # fmt: skip
    edges = [(charts.address(node), charts.address(part), node.edges[part.unit])
             for above, below in zip(here.graph.rows[1:], here.graph.rows[2:], strict=False)
             for node in above for part in below]  # fmt: skip
    if edges:
        st.markdown("Further down")
        st.dataframe(pd.DataFrame(edges, columns=["unit", "from", "contributes"]), hide_index=True, key="all-edges",
                     width=520, alt="What each part contributes to each unit above it")  # fmt: skip


def silence(here: Situation) -> str:
    """Where the root is silent, what would have to change, in words; else nothing."""
    root = here.graph.root
    rectified = root.stage.layer != root.stage.sums and root.activation == 0
    if not rectified or root.split.value > 0:
        return ""
    down = sorted((value, unit) for unit, value in enumerate(root.split.by_unit.tolist()) if value < 0)[:3]
    reads = root.stage.reads
    held = ", ".join(f"`{reads}/{unit}` {charts.number(value)}" for value, unit in down)
    most = (
        f"Held down most by {held if reads != INPUT else 'its pixels'}" if down else "Nothing that it reads is below 0"
    )
    return (
        f"**`{here.unit}` is silent** for this input: its pre-activation is {charts.number(root.split.value)}, so that "
        f"it would need {-root.split.value:.2f} more. {most}; its bias is {charts.number(root.split.bias)}."
    )
