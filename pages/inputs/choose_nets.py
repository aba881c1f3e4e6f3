"""The switches for nets, their weights and their layers; all of them stand in the link."""

from collections.abc import Sequence

import streamlit as st

from core.layers import Layer, landmarks
from core.models import DIGIT_NETS, SHUFFLED, TWIN, families, find
from core.models.zoo_names import OFFERED, OTHERS
from pages.frame.glossary import explained
from pages.inputs import nets

ONE_OF_EACH = tuple(models[0] for models in families().values())  # family of nets for digits


def choose_weights() -> str:
    """Trained, or a control."""
    return st.segmented_control("Weights", ["trained", TWIN, SHUFFLED], default="trained", required=True, key="of",
                                bind="query-params", help=explained("untrained twin", "shuffled"))  # fmt: skip


def usual_nets() -> dict[str, tuple[str, object]]:
    """What `more` has to know of `choose_digit_nets`."""
    return {"models": ("Nets", list(ONE_OF_EACH))}


def choose_digit_nets() -> Sequence[str]:
    """Several of the nets for digits, in their usual order; one of each family, unless others are chosen."""
    chosen = st.segmented_control("Nets", DIGIT_NETS, selection_mode="multi", default=usual_nets()["models"][1],
                                  key="models", bind="query-params")  # fmt: skip
    return [name for name in DIGIT_NETS if name in chosen]


def choose_net() -> str:
    """The net for photos: ours, those of torchvision's that everybody knows, and all of its others."""
    return st.selectbox("Net", ["photo", *OFFERED, *OTHERS], key="net", bind="query-params", width=220)


def shown_layers(model: str) -> list[Layer]:
    """The layers of the strip: those that the model's makers call its parts, or an even choice."""
    layers = nets.layers(model)
    named = {layer.name: layer for layer in layers}
    return [named[name] for name in find(model).landmarks] or landmarks(layers)
