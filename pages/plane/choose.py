"""The switches of the page XOR: points, net and training; all of them stand in the link."""

import streamlit as st

from core.data.points import POINTS
from core.plane.nets import ACTIVATIONS, DEEPEST, WIDEST, Setup
from pages.frame import link
from pages.frame.glossary import explained
from pages.frame.more import more
from pages.plane.own_points import LINKED, OWN
from pages.plane.training import Training

USUAL = Setup(points="XOR", count=100, noise=0.1, hidden=(2,), activation="sigmoid", rate=0.1, epochs=1000, seed=1)
UNITS = 4  # of a layer that is added
DECAYS = [0.0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1]
CHIPS = {
    "rate": ("Learning rate", USUAL.rate), "decay": ("Regularisation", USUAL.decay), "net-seed": ("Seed", USUAL.seed),
    "noise": ("Noise", USUAL.noise), "how-many": ("Points", USUAL.count), "length": ("Epochs", USUAL.epochs),
}  # fmt: skip


def choose() -> Training:
    """Draw the switches; what they ask for.

    Raises ValueError, with a sentence for the page, for points of one's own that cannot be read.
    """
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="switches"):
        points = st.segmented_control("Points", [*POINTS, OWN], default=USUAL.points, required=True, key="points",
                                      bind="query-params")  # fmt: skip
        activation = st.segmented_control("Nonlinearity", list(ACTIVATIONS), default=USUAL.activation, required=True,
                                          key="activation", bind="query-params")  # fmt: skip
        hidden = _hidden()
        with more(CHIPS):
            rate, decay, seed, epochs = _training()
            noise = st.slider("Noise", 0.0, 0.5, USUAL.noise, 0.01, key="noise", bind="query-params", width=240)
            count = st.slider("Points", 4, 200, USUAL.count, key="how-many", bind="query-params", width=240)
    setup = Setup(points, count, noise, hidden, activation, rate, decay, epochs, seed)
    return Training(setup, (link.get(LINKED) or "") if points == OWN else "")


def _hidden() -> tuple[int, ...]:
    """How many hidden layers, and how many units in each: a click adds or removes one."""
    layers = st.number_input("Layers", 0, DEEPEST, len(USUAL.hidden), key="hidden", bind="query-params",
                             width=116)  # fmt: skip
    return tuple(
        st.number_input(f"Units {depth}", 1, WIDEST, USUAL.hidden[0] if depth == 1 else UNITS, key=f"units{depth}",
                        bind="query-params", width=116)
        for depth in range(1, layers + 1)
    )  # fmt: skip


def _training() -> tuple[float, float, int, int]:
    with st.container(horizontal=True, gap="small"):
        rate = st.number_input("Learning rate", 1e-5, 1e12, USUAL.rate, format="%g", step=0.01, key="rate",
                               bind="query-params", width=140, help=explained("learning rate"))  # fmt: skip
        seed = st.number_input("Seed", 0, 9999, USUAL.seed, key="net-seed", bind="query-params", width=120,
                               help=explained("seed"))  # fmt: skip
    decay = st.select_slider("Regularisation, on squared weights", DECAYS, USUAL.decay, key="decay",
                             bind="query-params", width=240)  # fmt: skip
    epochs = st.slider("Epochs", 100, 3000, USUAL.epochs, 100, key="length", bind="query-params", width=240)
    return rate, decay, seed, epochs
