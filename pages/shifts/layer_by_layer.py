"""Whether layers move along: a layer's activations moved, those of the moved image, and the difference."""

from functools import partial

import pandas as pd
import streamlit as st
from torch import Tensor

from core import charts, images
from core.layers import first_of_each_depth
from core.measures.equivariance import Compared, compared, equivariance, whole
from core.models import find
from core.process import in_lasting_thread
from pages.inputs import nets
from pages.layers.net_head import net_head
from pages.shifts.choose import Moving

WIDTH, HIGH = 300, 150  # pixels of a column, and of a picture at most
FAR = range(9)  # pixels
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
        "the activations are large; what a shift brings in at the border does not count. Bold is the chosen layer, its "
        "points full where the shift is a whole number of its strides; pale are those of other depths."
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
    name = st.selectbox(
        "Layer", names, names.index(USUAL.get(model, names[1])), key=f"layer-{model}", bind="query-params"
    )
    table = _errors(model, here.weights, name, here.image, here.name, here.by < 0)
    spec = charts.error_curves(table, name, abs(here.by), f"pixels {_where(here)}", f"{model}, {here.weights}", family,
                               here.theme, WIDTH)  # fmt: skip
    st.caption(f"{layers[name].caption}  \nequivariance error at {abs(here.by)} px: {_at(table, name, abs(here.by))}")
    st.vega_lite_chart(spec=spec, width="content", key=f"errors-{model}")
    right, down = (here.by * step for step in WAYS[here.name])
    found = _compared(model, here.weights, name, here.image, right, down)
    pictures = {"of the unmoved image, moved along": found.expected, "of the moved image": found.found,
                "the difference": found.apart}  # fmt: skip
    for about, activation in pictures.items():
        sheet = images.tiles(activation, WIDTH, here.theme, HIGH, found.limit)
        st.image(sheet.picture, alt=f"{model}, {name}: {about}")
        st.caption(f"{about} · {'±' if sheet.signed else '0 to '}{found.limit:.3g}")


def _at(table: pd.DataFrame, layer: str, far: int) -> str:
    """A layer's error at a shift, where it was computed."""
    found = table[(table.layer == layer) & (table["shift"] == far)].error
    return f"**{found.iloc[0]:.2f}**" if len(found) else "not shown"


def _where(here: Moving) -> str:
    return {("right", False): "to the right", ("right", True): "to the left", ("down", False): "down",
            ("down", True): "up"}[here.name, here.by < 0]  # fmt: skip


@st.cache_data(max_entries=128, show_spinner=False, hash_funcs=nets.BY_VALUE)
def _compared(model: str, weights: str, layer: str, image: Tensor, right: int, down: int) -> Compared:
    return in_lasting_thread(partial(compared, nets.net(model, weights), image, layer, right, down))


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
