"""What a net's layers make of a photo: a strip of all of them, and one layer's maps."""

from dataclasses import dataclass
from functools import partial

import streamlit as st
import torch
from torch import Tensor

from core import charts, images
from core.answers import probabilities
from core.examples import peak
from core.layers import Layer, record
from core.models import find
from core.process import in_lasting_thread
from core.units import Unit
from pages.frame import link
from pages.frame.clickable import clickable
from pages.inputs import nets
from pages.inputs.choose_nets import shown_layers

STRIP = 44  # pixels of a thumbnail
WIDTH, HEIGHT = 780, 720  # of the maps
LEAST, MOST, PIXELS = 12, 64, 200_000  # maps at once, and all their pixels
LONGEST = 16  # letters of a layer's name in the strip
STRONGEST, IN_ORDER = "strongest first", "in order"


@dataclass(frozen=True)
class PhotoView:
    """What the page shows, and of which net."""

    model: str
    weights: str
    image: Tensor | None  # (3, side, side), as the net gets it
    theme: images.Theme


def record_photo(view: PhotoView, layer: Layer) -> dict[str, Tensor]:
    """The activations of the strip's layers and of this one for the photo, in a batch of one."""
    assert view.image is not None
    wanted = [*shown_layers(view.model), layer, nets.layers(view.model)[-1]]
    names = dict.fromkeys(layer.name for layer in wanted)
    return in_lasting_thread(partial(record, nets.net(view.model, view.weights), view.image[None], names))


def choose_layer(model: str) -> Layer:
    """The layer that the link names, or one to begin with; and a list of all to choose from."""
    layers = {layer.name: layer for layer in nets.layers(model)}
    shown = shown_layers(model)
    name = link.get(charts.LAYER)
    chosen = layers[name] if name in layers else shown[len(shown) // 4]
    st.selectbox(
        "Layer",
        list(layers),
        list(layers).index(chosen.name),
        key=f"layers-{model}-{chosen.name}",
        on_change=lambda: link.put(charts.LAYER, st.session_state[f"layers-{model}-{chosen.name}"]),
        width=240,
    )
    return chosen


def strip(view: PhotoView, activations: dict[str, Tensor], chosen: Layer) -> None:
    """Draw every layer's thumbnail, the first on top; a click chooses the layer."""
    layers = shown_layers(view.model)
    pictures = [images.strength(activations[layer.name][0], STRIP, view.theme) for layer in layers]
    sheet = images.in_column(pictures)
    spec = charts.clickable_sheet(
        sheet, charts.LAYER, [layer.name for layer in layers], about="What each layer makes of the photo",
        selected=chosen.name, theme=view.theme,
        captions=[_short(layer) for layer in layers], room=108,
    )  # fmt: skip
    clickable(spec, charts.LAYER, "strip", partial(link.put, charts.LAYER))


def _short(layer: Layer) -> str:
    name = layer.name if len(layer.name) <= LONGEST else f"…{layer.name[-LONGEST:]}"
    size = f" · {layer.shape[1]} x {layer.shape[2]}" if len(layer.shape) == 3 else ""
    return f"{name}\n{layer.units}{size}"


def maps(view: PhotoView, activation: Tensor, layer: Layer, selected: Unit | None) -> None:
    """Draw a layer's maps at their own resolution; a click opens the unit."""
    order = st.segmented_control("Channels", [STRONGEST, IN_ORDER], default=STRONGEST, required=True, key="order",
                                 bind="query-params")  # fmt: skip
    peaks = peak(activation[None])[0]
    most = min(MOST, max(LEAST, PIXELS // activation[0].numel()))
    shown = torch.arange(len(peaks))[:most]
    if order == STRONGEST:
        shown = torch.sort(peaks, descending=True, stable=True).indices[:most]
    sheet = images.tiles(activation[shown], WIDTH, view.theme, HEIGHT)
    there = f", {len(shown)} of them" if len(shown) < layer.units else ""
    st.caption(f"{layer.caption}{there} · {'±' if sheet.signed else '0 to '}{sheet.limit:.3g}")
    units = [str(Unit(view.model, layer.name, index)) for index in shown.tolist()]
    spec = charts.clickable_sheet(
        sheet, charts.UNIT, units, about=f"Maps of {layer.name}", selected=str(selected), theme=view.theme
    )
    clickable(spec, charts.UNIT, "maps", partial(link.put, charts.UNIT))


def answer(view: PhotoView, logits: Tensor, width: int) -> None:
    """Draw the five classes that the net thinks likeliest."""
    st.caption(f"What {view.model}, {view.weights}, takes it for")
    best = probabilities(logits.flatten()).topk(5)
    labels = find(view.model).labels
    names = [labels[index] for index in best.indices.tolist()]
    spec = charts.shares(names, (100 * best.values).tolist(), view.theme, width)
    with st.container(key="answer"):
        st.vega_lite_chart(spec=spec, width="content", key="answer-chart")
