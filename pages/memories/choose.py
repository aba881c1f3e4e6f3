"""The switches of the page: which layer of the net, with which weights, and how far it has read."""

import random
from dataclasses import dataclass
from functools import partial

import streamlit as st
from torch import Tensor

from core import images
from core.memory.influence import influence, occlusion
from core.memory.unrolled import Unrolled, all_unrolled
from core.models import SHUFFLED, TWIN
from core.models.rnn import RNN
from core.process import in_lasting_thread
from pages.frame.glossary import explained
from pages.frame.more import more
from pages.inputs import nets
from pages.inputs.canvas import TEST_IMAGES, Drawing, drawing, look_at

MODEL, LAYERS = "rnn", ("lstm2", "lstm1")
HALF, ROWS = 14, 28
GRADIENT, BLANKED = "gradient", "one row blanked"
BY_LINE, BY_ALL = "each row", "all rows"
BY_NUMBER, BY_ACTIVITY, BY_CONSTANT = "number", "activity", "time constant"


@dataclass(frozen=True)
class Asked:
    """What the switches say."""

    layer: str
    weights: str
    how: str  # influence is measured
    scale: str  # of its colours
    order: str  # of units
    rows: int  # that are read
    theme: images.Theme


@dataclass(frozen=True)
class Reading(Asked):
    """The same, and the image that the net reads."""

    shown: Drawing

    def triangle(self) -> Tensor:
        """The influence of each row on the layer's state after each row: (28, 28)."""
        return _influences(self.weights, self.how, self.shown.image)[self.layer]

    def cells(self) -> Unrolled:
        """The layer's gates and states, in a batch of one."""
        return _unrolled(self.weights, self.shown.image)[self.layer]


def net(weights: str) -> RNN:
    """The recurrent net with these weights."""
    found = nets.net(MODEL, weights)
    assert isinstance(found, RNN)
    return found


def choose(theme: images.Theme) -> Asked:
    """Draw the switches and the slider."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        layer = st.segmented_control("Layer", LAYERS, default=LAYERS[0], required=True, key="layer",
                                     bind="query-params", help=explained("hidden state"))  # fmt: skip
        weights = st.segmented_control("Weights", ["trained", "plain", TWIN, SHUFFLED], default="trained",
                                       required=True, key="of", bind="query-params",
                                       help=explained("plain training", "untrained twin", "shuffled"))  # fmt: skip
        st.button("Show me a digit", icon=":material/shuffle:",
                  on_click=lambda: look_at(random.randrange(TEST_IMAGES)))  # fmt: skip
        usual = {"influence": ("Influence", GRADIENT), "scale": ("Colours", BY_LINE), "sort": ("Units by", BY_NUMBER)}
        with more(usual):
            how = st.segmented_control("Influence by", [GRADIENT, BLANKED], default=GRADIENT, required=True,
                                       key="influence", bind="query-params")  # fmt: skip
            scale = st.segmented_control("Colours run to the largest of", [BY_LINE, BY_ALL], default=BY_LINE,
                                         required=True, key="scale", bind="query-params")  # fmt: skip
            order = st.segmented_control("Units by", [BY_NUMBER, BY_ACTIVITY, BY_CONSTANT], default=BY_NUMBER,
                                         required=True, key="sort", bind="query-params")  # fmt: skip
    rows = st.slider("Rows read", 1, ROWS, HALF, key="read", bind="query-params")
    return Asked(layer, weights, how, scale, order, rows, theme)


def reading(asked: Asked) -> Reading:
    """With what stands on the paper. Raises ValueError, with a sentence, where the link's image is damaged."""
    return Reading(**vars(asked), shown=drawing())


@st.cache_data(max_entries=128, show_spinner=False, hash_funcs=nets.BY_VALUE)
def _influences(weights: str, how: str, image: Tensor) -> dict[str, Tensor]:
    measure = influence if how == GRADIENT else occlusion
    found = in_lasting_thread(partial(measure, net(weights), image[None]))
    return {layer: triangle[0] for layer, triangle in found.items()}


@st.cache_resource(max_entries=128, show_spinner=False, hash_funcs=nets.BY_VALUE)
def _unrolled(weights: str, image: Tensor) -> dict[str, Unrolled]:
    return in_lasting_thread(partial(all_unrolled, net(weights), image[None]))
