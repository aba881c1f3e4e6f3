"""The nets and the test images, loaded once a process and shared by every session."""

import gc
from fractions import Fraction

import streamlit as st
import torch
from torch import Tensor, nn

from core.data import digits
from core.examples import peaks
from core.layers import Layer, list_layers
from core.models import MODELS, load, snapshots
from core.process import settle
from core.stimuli import Recipe, climb

settle()


@st.cache_resource(max_entries=64, show_spinner=False)
def net(name: str, weights: str) -> nn.Module:
    """A model with its weights; ValueError, with a sentence for the page, where there is none."""
    return load(name, weights=weights)


@st.cache_resource(show_spinner=False)
def layers(name: str) -> list[Layer]:
    """A model's layers in forward order."""
    return list_layers(net(name, "untrained"), MODELS[name].input_shape)


@st.cache_resource(show_spinner=False)
def test_images() -> digits.Digits:
    """MNIST's 10,000 test images and their labels."""
    return digits.test_set()


@st.cache_resource(max_entries=48, show_spinner="Showing the 10,000 test images to this layer ...", show_time=True)
def test_peaks(name: str, weights: str, layer: str, rows: int) -> Tensor:
    """Every unit's strongest activation for each test image, cut behind so many rows: (10000, units)."""
    return torch.cat(list(peaks(net(name, weights), test_images().images[:, :, :rows], layer)))


@st.cache_resource(show_spinner=False)
def stages() -> dict[str, str]:
    """The snapshots that every model has, by their epochs as text ("1/16"), in the order of training; last, "end"."""
    shared = set.intersection(*(set(snapshots(name)) for name in MODELS))
    taken = [name for name in snapshots("dense") if name in shared]
    return {str(Fraction(name.removeprefix("epoch-"))): name for name in taken} | {"end": "trained"}


def load_all() -> None:
    """Load what every visitor will want, and keep the garbage collector from sweeping it ever again.

    Streamlit collects after every run: with torch loaded that costs 110 to 200 ms, and 10 ms once the heap is frozen.
    """
    for name in MODELS:
        layers(name)
        net(name, "trained")
    test_images()
    list(climb(net("cnn", "trained"), "conv1", [0], Recipe(steps=1)))  # torch's optimizers load 2 s of compiler at once
    gc.collect()
    gc.freeze()
