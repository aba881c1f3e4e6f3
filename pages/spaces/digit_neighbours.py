"""An image in the space of a layer: the vector that it is there, and its nearest neighbours."""

from dataclasses import dataclass

import streamlit as st
import torch
from torch import Tensor

from core import charts, images
from core.layers import first_of_each_depth
from core.measures import neighbours
from core.measures.spaces import K, Metric, vectors
from pages.inputs import nets
from pages.inputs.canvas import Drawing, look_at
from pages.inputs.gallery import gallery

STRIPES, SCALE = 14, 2  # pixels of height; enlarges the neighbours
DEPTHS = [1, 2, 3, 4, 5]


@dataclass(frozen=True)
class Query:
    """The image whose neighbours are looked for, and how."""

    drawing: Drawing
    weights: str
    metric: Metric
    theme: images.Theme

    @property
    def image(self) -> Tensor:
        """The image itself: (1, 28, 28)."""
        return self.drawing.image


def depths() -> tuple[int, int]:
    """The switches for the two spaces beside each other: after how many matrices of weights they lie."""
    near = st.segmented_control("Left: depth", DEPTHS, default=1, required=True, key="near",
                                bind="query-params")  # fmt: skip
    far = st.segmented_control("Right: depth", DEPTHS, default=3, required=True, key="far", bind="query-params")
    return near, far


def layer_at(model: str, depth: int) -> str:
    """What a net passes on behind so many matrices of weights, or its answer where it has fewer."""
    layers = first_of_each_depth(nets.layers(model), 1)
    return layers[min(depth, len(layers)) - 1].name


def query_digit(query: Query) -> None:
    """Draw the image itself."""
    st.image(images.framed(images.paper(query.image, 5)))
    st.caption(query.drawing.about)


def neighbourhood(query: Query, model: str, layer: str, family: str, columns: int) -> None:
    """Draw the vector that the image is in a layer of a net, how far all others are, and which are nearest."""
    width = columns * (28 * SCALE + images.GAP) - images.GAP
    point = vectors(nets.net(model, query.weights), query.image[None], layer)
    distances, numbers = nets.space(model, query.weights, layer, query.metric).nearest(point, 10**9)
    others = numbers[0] != (-1 if query.drawing.digit is None else query.drawing.digit)
    distances, numbers = distances[0][others], numbers[0][others]
    nearest = numbers[:K]
    st.caption(f"{layer} · {point.shape[1]:,} numbers")
    st.image(images.barcode(point[0], width, STRIPES, query.theme))
    gallery(nearest, columns, SCALE, key=f"near-{model}-{layer}", take=look_at)
    st.markdown(_said(query, model, layer, nearest))
    title, twelfth = f"{query.metric} distance", float(distances[K - 1])
    spec = charts.spread(distances.numpy(), twelfth, title, family, query.theme, width, 96)
    st.vega_lite_chart(spec=spec, width="content", key=f"distances-{model}-{layer}")


def _said(query: Query, model: str, layer: str, nearest: Tensor) -> str:
    """How many of the neighbours agree, with each other or with the image, and how many do on the mean."""
    labels = nets.test_images().labels
    here = labels[nearest]
    digit = int(torch.mode(here).values) if query.drawing.digit is None else int(labels[query.drawing.digit])
    share = 100 * neighbours.shown(model, query.weights, layer, query.metric).share
    return f"**{int((here == digit).sum())} of {len(here)}** are {digit}s; on the mean, {share:.0f} % agree."
