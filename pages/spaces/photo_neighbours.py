"""A photo in the spaces of a net for photos: the vector that it is there, and its nearest among the set of photos."""

from math import prod

import streamlit as st
from torch import Tensor

from core import images
from core.layers import Layer
from core.measures.spaces import PIXELS, Metric, vectors
from core.models import find
from pages.inputs import nets
from pages.inputs.choose_nets import choose_net, shown_layers
from pages.inputs.missing_weights import weights_at_hand
from pages.inputs.photographs import EXAMPLE, as_input, choose_photo
from pages.layers.net_head import net_head

LONGEST = 80_000  # numbers of a vector, so that 500 photos stay below 200 MB
NEAREST, COLUMNS, TILE, STRIPES = 6, 3, 112, 14
SAME = 1e-6  # a distance below which two photos are one; of lengths a share


def photo_neighbours(wanted: str, metric: Metric, theme: images.Theme) -> None:
    """Draw the samples, the net's switches, and the photo's nearest in pixels and in two layers."""
    picture = choose_photo(EXAMPLE)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        model = choose_net()
        weights = weights_at_hand([model], wanted)
        short = [layer for layer in shown_layers(model) if prod(layer.shape) <= LONGEST]
        near, far = _choose("Left", model, short, len(short) // 3), _choose("Right", model, short, len(short) - 2)
    if picture is None:  # the link's is not there, which has been said
        return
    image = as_input(picture, model)
    net_head(model, weights)
    with st.container(horizontal=True, gap="medium"):
        for layer in (PIXELS, near, far):
            with st.container(width=COLUMNS * (TILE + images.GAP) + 16, gap="xsmall"):
                _neighbourhood(image, model, weights, layer, metric, theme)
    st.caption(
        f"Among {len(nets.photo_set(find(model).input_shape[-1]))} photos: those of the folder that LAYERSCOPE_PHOTOS "
        "names, or else views of the samples. Cosines are of what differs from their mean. Nobody has labelled them; "
        "judge for yourself."
    )


def _choose(label: str, model: str, layers: list[Layer], place: int) -> str:
    return st.selectbox(label, [layer.name for layer in layers], place, key=f"{label.lower()}-{model}", width=200)


def _neighbourhood(image: Tensor, model: str, weights: str, layer: str, metric: Metric, theme: images.Theme) -> None:
    width = COLUMNS * (TILE + images.GAP) - images.GAP
    point = vectors(nets.net(model, weights), image[None], layer)
    distances, numbers = nets.photo_space(model, weights, layer, metric).nearest(point, NEAREST + 1)
    least = SAME * (float(point.norm()) if metric == "euclidean" else 1)
    others = (distances[0] > least).nonzero().flatten()[:NEAREST]  # the photo may be one of the set
    st.caption(f"{layer} · {point.shape[1]:,} numbers")
    st.image(images.barcode(point[0], width, STRIPES, theme))
    if not len(others):
        st.caption("There is no other photo in the set.")
        return
    photos = nets.photo_set(find(model).input_shape[-1])[numbers[0][others]]
    st.image(images.contact_sheet(photos[:, :, ::2, ::2], COLUMNS).picture, width=width)
    first, last = (float(distances[0][place]) for place in others[[0, -1]].tolist())
    st.caption(f"The nearest first: {metric} distances {first:.2g} to {last:.2g}")
