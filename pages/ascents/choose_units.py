"""The switches for which units of which layers are climbed."""

import streamlit as st

from core import atlas
from core.layers import Layer, first_of_each_depth, pre_activation
from pages.ascents import which_units
from pages.ascents.choose_recipe import key_of
from pages.inputs import nets
from pages.inputs.canvas import drawing
from pages.inputs.choose_nets import choose_digit_nets, choose_net, shown_layers, usual_nets
from pages.inputs.missing_weights import weights_at_hand
from pages.inputs.photographs import photo_input

PLACEHOLDERS = {"digits": "cnn/conv3/12, rnn/lstm2/5", "photos": "photo/block8/12, resnet18/layer3.0.conv1/5"}


def usual_units(sees: str) -> dict[str, tuple[str, object]]:
    """What `more` has to know of these switches."""
    usual = usual_nets() if sees == "digits" else {"net": ("Net", atlas.PHOTO)}
    return usual | {
        key_of("which", sees): ("Units", which_units.IN_ORDER), "count": ("How many", 6), "first": ("From unit", 0),
        "only": ("Only", ""),
    }  # fmt: skip


def choose_units(sees: str, weights: str) -> tuple[str, which_units.Targets]:
    """The weights that are at hand, and the units; ValueError, with a sentence for the page, for what is not there."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        layers = _choose_layers(sees)
        count = st.segmented_control("How many", [6, 12, 18], default=6, required=True, key="count",
                                     bind="query-params")  # fmt: skip
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        offered = [which_units.IN_ORDER, which_units.ACTIVE[sees], which_units.DIFFERENT]
        which = st.segmented_control("Units of each layer", offered, default=which_units.IN_ORDER, required=True,
                                     key=key_of("which", sees), bind="query-params")  # fmt: skip
        first = st.number_input("From unit", 0, 9999, 0, key="first", bind="query-params", width=100,
                                disabled=which != which_units.IN_ORDER)  # fmt: skip
        only = st.text_input("Or only these", key="only", bind="query-params", width=260,
                             placeholder=PLACEHOLDERS[sees])  # fmt: skip
    if only:
        units = which_units.named(only, sees)
        return weights_at_hand({place.split("/")[0] for place, _ in units}, weights), units
    weights, image = weights_at_hand(layers, weights), None
    if which == which_units.ACTIVE[sees]:
        image = drawing().image if sees == "digits" else photo_input(next(iter(layers)))
    return weights, which_units.of_every_layer(layers, weights, which, count, int(first), image)


def _choose_layers(sees: str) -> dict[str, list[Layer]]:
    """The layers of each chosen net: of nets for digits all with weights, of one for photos a few."""
    if sees == "digits":
        return {name: first_of_each_depth(nets.layers(name), 0) for name in choose_digit_nets()}
    model = choose_net()
    layers = nets.layers(model)
    shown = [layer.name for layer in shown_layers(model)]
    usual = [name for name in atlas.WALL[1:-1] if name in shown] or shown[1::3]
    chosen = st.multiselect("Layers", shown, usual, key=f"layers-{model}", bind="query-params")
    pre_activations = [pre_activation(layers, name) for name in shown if name in chosen]
    return {model: list(dict.fromkeys(pre_activations))}
