"""Whether layers move along: a layer's activations moved, those of the moved image, and the difference."""

from functools import partial

import pandas as pd
import streamlit as st
from torch import Tensor

from core import charts, images
from core.layers import first_of_each_depth, record
from core.measures.equivariance import equivariance, moved_along, whole
from core.models import find
from core.process import in_lasting_thread
from pages.inputs import nets
from pages.layers.net_head import net_head
from pages.shifts.choose import Moving

WIDTH, HIGH = 300, 150  # pixels of a column, and of a picture at most
FAR = range(7)  # pixels
USUAL = {"cnn": "pool1", "rnn": "lstm1"}  # what a page begins with
WAYS = {"right": (1, 0), "down": (0, 1)}
SIZE = (28, 28)


def layer_by_layer(here: Moving) -> None:
    """Draw a column a net, where the image is shifted."""
    if here.name not in WAYS:
        st.caption("Layers are compared for shifts: choose *right* or *down* above.")
        return
    st.markdown(
        "If a layer follows the shift, then what it makes of the *moved* image is what it made of the unmoved one, "
        "moved along. What is left between the two is its **equivariance error**: 0 follows, 1 is as far apart as "
        "the activations are large."
    )
    with st.container(horizontal=True, gap="medium", key="layers-moved"):
        for model in here.models:
            with st.container(width=WIDTH, gap="small"):
                _column(here, model)


def _column(here: Moving, model: str) -> None:
    layers = {layer.name: layer for layer in nets.layers(model)}
    family = find(model).family
    net_head(model, here.weights)
    names = list(layers)
    name = st.selectbox("Layer", names, names.index(USUAL.get(model, names[1])), key=f"layer-{model}",
                        bind="query-params", format_func=lambda name: layers[name].caption)  # fmt: skip
    right, down = (here.by * step for step in WAYS[here.name])
    before, after = _activations(model, here.weights, name, here.image, right, down)
    expected = moved_along(before, SIZE, right, down)
    limit = float(max(expected.abs().max(), after.abs().max()))
    pictures = {
        "of the unmoved image, moved along": images.tiles(expected, WIDTH, here.theme, HIGH, limit),
        "of the moved image": images.tiles(after, WIDTH, here.theme, HIGH, limit),
        "the difference": images.tiles(after - expected, WIDTH, here.theme, HIGH, limit),
    }
    for about, sheet in pictures.items():
        st.image(sheet.picture, alt=f"{model}, {name}: {about}")
        st.caption(f"{about} · {'±' if sheet.signed else '0 to '}{limit:.3g}")
    table = _errors(model, here.weights, name, here.image, here.name, here.by < 0)
    spec = charts.error_curves(table, name, abs(here.by), f"pixels {_where(here)}", f"{model}, {here.weights}", family,
                               here.theme, WIDTH)  # fmt: skip
    st.caption("Equivariance error")
    st.vega_lite_chart(spec=spec, width="content", key=f"errors-{model}")


def _where(here: Moving) -> str:
    return {("right", False): "to the right", ("right", True): "to the left", ("down", False): "down",
            ("down", True): "up"}[here.name, here.by < 0]  # fmt: skip


@st.cache_data(max_entries=128, show_spinner=False, hash_funcs=nets.BY_VALUE)
def _activations(model: str, weights: str, layer: str, image: Tensor, right: int, down: int) -> tuple[Tensor, Tensor]:
    """A layer's activations of an image and of the same one shifted."""
    net, shifted = nets.net(model, weights), moved_along(image, SIZE, right, down)
    before, after = (in_lasting_thread(partial(record, net, each[None], [layer]))[layer][0]
                     for each in (image, shifted))  # fmt: skip
    return before, after


@st.cache_data(max_entries=128, show_spinner=False, hash_funcs=nets.BY_VALUE)
def _errors(model: str, weights: str, chosen: str, image: Tensor, name: str, back: bool) -> pd.DataFrame:
    """The errors of the layer of each depth, and of the chosen one, over shifts one way."""
    layers = nets.layers(model)
    shown = [layer for layer in layers if layer in first_of_each_depth(layers, 1) or layer.name == chosen]
    net, rows = nets.net(model, weights), []
    for far in FAR:
        way = [(-far if back else far) * step for step in WAYS[name]]
        found = in_lasting_thread(partial(equivariance, net, image[None], shown, *way))
        rows += [(layer.name, layer.depth, far, found[layer.name], whole(layer.shape, SIZE, *way)) for layer in shown]
    return pd.DataFrame(rows, columns=["layer", "depth", "shift", "error", "whole"])
