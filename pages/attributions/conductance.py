"""Which units did it: those of each layer through which most of the answer flows, for it and against it."""

from collections.abc import Sequence

import streamlit as st
from torch import Tensor

from core import images
from core.attribution.backwards import conductance
from core.attribution.outcome import Target
from core.layers import Layer, first_of_each_depth
from core.trust.numbers import difference
from pages.attributions.one_map import NO_UNIT, short
from pages.attributions.question import Question
from pages.inputs import nets
from pages.layers.net_head import net_head
from pages.units.connections import unit_row

MOST, WIDTH = 3, 280  # units of a layer, for and against each; pixels of a net's column


def flowing(models: Sequence[str], question: Question, theme: images.Theme) -> None:
    """Draw, a net a column, the units of each layer that matter most, from the first layer down."""
    st.subheader("Which units did it?", anchor=False)
    st.caption(
        "The answer is reached through units, layer by layer. How much of it flows through each is its conductance; "
        "together a layer's units make up all of it, but for a few percent. Click a unit to see what it looks for."
    )
    with st.container(horizontal=True, gap="medium", key="flowing"):
        for model in models:
            target = question.target(model)
            with st.container(width=WIDTH, gap="xsmall"):
                net_head(model, question.weights)
                if target is None:
                    st.caption(NO_UNIT)
                    continue
                if not _in_front(model, target):
                    st.caption("It reads the pixels themselves: no units stand before it.")
                for layer in _in_front(model, target):
                    _layer(model, layer, question, target, theme)


def _in_front(model: str, target: Target) -> list[Layer]:
    """The activations of each depth that the target is computed from."""
    layers = nets.layers(model)
    depth = next(layer.depth for layer in layers if layer.name == target.layer)
    return [layer for layer in first_of_each_depth(layers, 1) if layer.depth < depth]


def _layer(model: str, layer: Layer, question: Question, target: Target, theme: images.Theme) -> None:
    found = _conductance(model, question.weights, question.image, target, layer.name, question.baseline)
    whole = difference(nets.net(model, question.weights), question.image[None], target, question.baseline)
    st.caption(f"**{layer.name}** · together {short(float(found.sum()))} of {short(float(whole))}")
    for word, order in (("for it", found.argsort(descending=True)), ("against", found.argsort())):
        sign = 1 if word == "for it" else -1
        pairs = [(int(unit), float(found[unit])) for unit in order[:MOST] if sign * found[unit] > 0]
        unit_row(word, model, layer.name, pairs, question.weights, theme)


@st.cache_data(max_entries=128, show_spinner=False, hash_funcs=nets.BY_VALUE)
def _conductance(model: str, weights: str, image: Tensor, target: Target, layer: str, baseline: str) -> Tensor:
    """How much of the target flows through each unit of a layer: (units,)."""
    return conductance(nets.net(model, weights), image[None], target, layer, baseline)[0]
