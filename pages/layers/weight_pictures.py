"""Weights as pictures: what a net's layers do to pixels, and to each other."""

import math
from functools import partial

import streamlit as st
import torch
from torch import Tensor

from core import charts, images
from core.layers import INPUT
from core.measures.neighbours import PLAIN
from core.models import SHUFFLED, TWIN, find
from core.units import Unit
from core.weights import Matrix, eigenvalues, headline, matrices, ranges, smoothness
from pages.frame import link
from pages.frame.clickable import clickable
from pages.inputs import nets
from pages.layers.net_head import net_head

PLANE = 140  # pixels of a plane of eigenvalues
FIRST, GATES = 60, 360  # pixels of a first layer's filter, at most, and of a recurrent net's gates in a row
LARGE = 12  # pixels of a weight in it, at most
HEIGHT, WIDTH = 420, 640  # pixels that a deeper layer's picture should have at most
SMALLEST, LARGEST = 3, 6  # pixels of a weight in it
OWN = 72  # pixels of one unit's filter


@st.cache_resource(max_entries=16, show_spinner=False)
def all_matrices(model: str, weights: str) -> list[Matrix]:
    """The matrices of a net, in forward order."""
    return matrices(nets.net(model, weights), nets.layers(model), find(model).input_shape)


def first_layer(model: str, weights: str, theme: images.Theme) -> None:
    """Draw the weights that meet the pixels; a click opens the unit."""
    matrix, *other_gates = (matrix for matrix in all_matrices(model, weights) if matrix.reads == INPUT)
    if other_gates:
        with st.container(width=GATES, gap="xsmall"):
            net_head(model, weights)
            _side_by_side(model, [matrix, *other_gates], 2, theme)
        return
    rows, across = matrix.values.shape[2:]
    columns, scale = _columns(len(matrix.values)), min(LARGE, max(1, FIRST // across))
    sheet = _filters(matrix.values, columns, scale, theme)
    with st.container(width=max(sheet.picture.width + 8, 260), gap="xsmall"):
        net_head(model, weights)
        st.caption(f"{matrix.layer.name} · {matrix.layer.units} filters of {rows} x {across}{_limit(sheet)}")
        _clickable(model, matrix, sheet, theme)
        st.caption(_resemblance(model, matrix))


def _columns(count: int) -> int:
    """Of about a square; rather a wider one whose last row is full."""
    square = math.ceil(math.sqrt(count))
    return next((columns for columns in range(square, 2 * square) if count % columns == 0), square)


@st.cache_data(show_spinner=False)
def about_smoothness() -> str:
    """What the table of smoothness says, in words."""
    return headline()


def weights_of(unit: Unit, weights: str, theme: images.Theme) -> None:
    """Draw the weights by which a first layer's unit reads the pixels."""
    own = [matrix for matrix in all_matrices(unit.model, weights)
           if (matrix.layer.name, matrix.reads) == (unit.layer, INPUT)]  # fmt: skip
    if len(own) > 1:
        sheet = images.connections(torch.stack([matrix.values[unit.index] for matrix in own]), 8, theme)
        st.caption(f"What its gates read of a row: {', '.join(matrix.gate for matrix in own)}{_limit(sheet)}")
    else:
        sheet = _filters(own[0].values[[unit.index]], 1, max(3, OWN // own[0].values.shape[3]), theme)
        st.caption(f"Its weights{_limit(sheet)}")
    st.image(sheet.picture, alt="Its weights")


def _filters(values: Tensor, columns: int, scale: int, theme: images.Theme) -> images.Tiles:
    """Filters over the pixels: signed, or over three colours in colour, each on its own scale, where grey is zero."""
    if values.shape[1] == 1:
        return images.filters(values[:, 0], columns, scale, theme)
    strongest = values.abs().amax((1, 2, 3), keepdim=True)
    return images.contact_sheet(0.5 + values / strongest / 2, columns, scale)


def deeper_layers(model: str, weights: str, theme: images.Theme) -> None:
    """Draw the weights between layers: a row a unit, in it a tile for each unit before; a click opens the unit."""
    for matrix in all_matrices(model, weights):
        if matrix.reads == INPUT or matrix.gate:
            continue
        units, before, *window = matrix.values.shape
        high, wide = window or (1, 1)
        scale = max(SMALLEST if window else 2, min(LARGEST, HEIGHT // (units * high), WIDTH // (before * wide)))
        sheet = images.connections(matrix.values, scale, theme)
        with st.container(width=max(sheet.picture.width, 260), gap="xsmall"):
            size = f" of {window[0]} x {window[1]}" if window else ""
            st.caption(f"{matrix.layer.name} · {units} x {before} weights{size}{_limit(sheet)}")
            _clickable(model, matrix, sheet, theme)
            if window:
                st.caption(_resemblance(model, matrix))


def recurrent_layers(model: str, weights: str, theme: images.Theme) -> None:
    """Draw what a recurrent net's gates read of the layer before and of their own past, and its eigenvalues."""
    gated = [matrix for matrix in all_matrices(model, weights) if matrix.gate and matrix.reads != INPUT]
    for layer, reads in dict.fromkeys((matrix.layer.name, matrix.reads) for matrix in gated):
        group = [matrix for matrix in gated if (matrix.layer.name, matrix.reads) == (layer, reads)]
        with st.container(width=624, gap="xsmall"):
            st.caption(f"**{layer}** reads {'itself, a row earlier' if reads == layer else reads}")
            _side_by_side(model, group, 2, theme)


def _side_by_side(model: str, gates: list[Matrix], scale: int, theme: images.Theme) -> None:
    with st.container(horizontal=True, gap="small"):
        for matrix in gates:
            sheet = images.connections(matrix.values, scale, theme)
            recurrent = matrix.reads == matrix.layer.name
            with st.container(width=PLANE if recurrent else max(sheet.picture.width, 76), gap="xsmall"):
                st.caption(f"{matrix.gate}{_limit(sheet)}")
                _clickable(model, matrix, sheet, theme)
                if recurrent:
                    _plane(model, matrix, theme)


def _plane(model: str, matrix: Matrix, theme: images.Theme) -> None:
    values = {"trained": eigenvalues(matrix), TWIN: eigenvalues(_same(model, matrix, TWIN))}
    spec = charts.eigenvalues({name: found.numpy() for name, found in values.items()}, find(model).family, theme, PLANE)
    st.vega_lite_chart(spec=spec, width="content", key=f"plane-{matrix.layer.name}-{matrix.gate}")
    rivals = [matrix, *(_same(model, matrix, weights) for weights in (PLAIN, TWIN, SHUFFLED))]
    here, plain, twin, shuffled = (f"{float(eigenvalues(other).abs().max()):.2f}" for other in rivals)
    st.caption(f"up to {here}; plain {plain}, twin {twin}, shuffled {shuffled}")


def _same(model: str, matrix: Matrix, weights: str) -> Matrix:
    """The matrix in the same place of the net with other weights."""
    return next(
        other
        for other in all_matrices(model, weights)
        if (other.layer.name, other.reads, other.gate) == (matrix.layer.name, matrix.reads, matrix.gate)
    )


def _resemblance(model: str, matrix: Matrix) -> str:
    """How smooth the shown weights are, beside five seeds, plain training and the twins; or beside the twin."""
    here = f"neighbouring weights correlate by {smoothness(matrix.values):.2f}"
    known = ranges(model, matrix.layer.name)
    if not known:
        return f"{here}, the twin's by {round(smoothness(_same(model, matrix, TWIN).values), 2) + 0:.2f}"
    return (f"{here}; trained {known['trained']}, plain {known['plain']}, untrained twins {known['untrained']}, "
            f"shuffled {known['shuffled']}")  # fmt: skip


def _limit(sheet: images.Tiles) -> str:
    return f" · ±{sheet.limit:.2g}" if sheet.signed else ""


def _clickable(model: str, matrix: Matrix, sheet: images.Tiles, theme: images.Theme) -> None:
    units = [str(Unit(model, matrix.layer.name, index)) for index in range(len(sheet.boxes))]
    spec = charts.clickable_sheet(sheet, charts.UNIT, units, about=f"Weights of {matrix.layer.name}", theme=theme)
    key = f"weights-{model}-{matrix.layer.name}-{matrix.reads}-{matrix.gate}"
    clickable(spec, charts.UNIT, key, partial(link.put, charts.UNIT))
