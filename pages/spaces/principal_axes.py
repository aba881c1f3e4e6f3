"""The test images along the principal axes of each layer's space, and where another image lies among them."""

import numpy as np
import streamlit as st
from torch import Tensor

from core import embeddings
from core.maps import Basis, Coordinates, Flat
from core.measures.neighbours import ENOUGH
from core.measures.spaces import vectors
from pages.inputs import nets


@st.cache_resource(max_entries=48, show_spinner="Finding the principal axes of this layer ...")
def basis(model: str, weights: str, layer: str) -> Basis:
    """The principal axes of the first test images in a layer's space."""
    return Basis(vectors(nets.net(model, weights), nets.test_images().images[:ENOUGH], layer))


def principal_maps(model: str, weights: str) -> dict[str, Flat]:
    """The first two principal axes of each space, turned so that the maps lie alike."""
    return {
        layer: basis(model, weights, layer).coordinates[:, :2] @ turn for layer, turn in _turns(model, weights).items()
    }


@st.cache_resource(max_entries=16, show_spinner=False)
def _turns(model: str, weights: str) -> dict[str, np.ndarray]:
    layers = embeddings.spaces(model)
    return dict(zip(layers, embeddings.turns([basis(model, weights, layer) for layer in layers]), strict=True))


def point(model: str, weights: str, layer: str, image: Tensor) -> Coordinates:
    """Where an image (1, 28, 28) lies along a space's principal axes: (1, axes)."""
    return basis(model, weights, layer)(vectors(nets.net(model, weights), image[None], layer))


def principal_star(model: str, weights: str, layer: str, image: Tensor) -> Flat:
    """Where an image (1, 28, 28) lies among a layer's first two principal axes: (2,)."""
    return (point(model, weights, layer, image)[:, :2] @ _turns(model, weights)[layer])[0]
