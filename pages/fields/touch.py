"""A unit to touch: the pixels that it can see, in a box, and those that move it in this very image, as heat."""

import random

import streamlit as st
from torch import Tensor

from core import images
from core.layers import Layer, first_of_each_depth
from core.models import families
from pages.fields.column import Touched, column
from pages.fields.places import chosen_spot
from pages.frame.glossary import explained
from pages.frame.notice import notice
from pages.inputs import nets
from pages.inputs.canvas import TEST_IMAGES, drawing, look_at
from pages.inputs.choose_nets import shown_layers
from pages.inputs.photographs import EXAMPLE, as_input, choose_photo

DEPTH, BLOCK = 2, "block4"  # that a page begins with
LEAD = """
A line surrounds the pixels that a unit *can* see. Brown are those that *move it here*, in this very image, and the
number below says how few of them hold 90 % of that. Click a place in a picture, or a unit. The untrained twin has the
same line, because the net is built so; only what moves a unit can be learnt.
"""
COMPUTED = """
**Can see.** The receptive field of a unit of a map is computed from the kernels, strides and paddings before it, and
ends where the image ends. A dense unit sees everything; a recurrent cell sees the rows that the net has read so far.
Outside, the gradient is zero, to the last bit.

**Moves it here.** The gradient of the unit's pre-activation at that place, of a recurrent cell's hidden state behind
that row, by each pixel of this image: its absolute value, the colours added up, on a scale of its own from white to
brown; in a photo the strongest percent share the strongest colour. The fewest pixels that hold 90 % of it are counted,
the strongest first. Averaged over images it is the effective receptive field (Luo, Li, Urtasun, Zemel 2016). A gradient
says what a small change does: a pixel without may still matter when much changes.

**Which unit.** The one that was clicked; where none was, the one that answers most at this place. A place is the unit
in the middle of whose field it lies most nearly. Layers of the same depth stand side by side, counted in matrices of
weights; a net that has fewer shows its last. The twin shows the same unit at the same place; its weights are those that
training begins with, from seed 0, its norms set by training images.
"""


def draw(theme: images.Theme) -> None:
    """Draw the switches, and below them what a unit of each net sees: of three nets for digits, or of one for photos.

    Its parameters in the link are images, depth, layer, twin, place, digit, ink, photo, and unit- with a net's name.
    """
    st.markdown(LEAD)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        sees = st.segmented_control("Images", ["digits", "photos"], default="digits", required=True, key="images",
                                    bind="query-params")  # fmt: skip
        layers = _layers_by_depth() if sees == "digits" else _layer_for_photos()
        twin = st.toggle("Untrained twin", key="twin", bind="query-params", help=explained("untrained twin"))
        if sees == "digits":
            st.button("Show me a digit", icon=":material/shuffle:",
                      on_click=lambda: look_at(random.randrange(TEST_IMAGES)))  # fmt: skip
    image = _image(sees)
    if image is None:
        return
    spot = chosen_spot()
    with st.container(horizontal=True, gap="medium", key="fields"):
        for model, (layer, others) in layers.items():
            column(Touched(model, layer, others, image, spot, theme), twin)


def _layers_by_depth() -> dict[str, tuple[Layer, list[Layer]]]:
    """The slider for how deep one looks, and for each net its layer there and those of all depths.

    Of each depth it is what its weights give: half of all units behind a ReLU are silent, and nothing moves those.
    """
    found = {models[0]: first_of_each_depth(nets.layers(models[0]), 0) for models in families().values()}
    depth = st.slider("Depth", 1, max(map(len, found.values())), DEPTH, key="depth", bind="query-params", width=260,
                      help="Matrices of weights between the pixels and the layer.")  # fmt: skip
    return {model: (layers[min(depth, len(layers)) - 1], layers) for model, layers in found.items()}


def _layer_for_photos() -> dict[str, tuple[Layer, list[Layer]]]:
    layers = {layer.name: layer for layer in shown_layers("photo")}
    name = st.select_slider("Layer", list(layers), BLOCK, key="layer", bind="query-params", width=360)
    return {"photo": (layers[name], list(layers.values()))}


def _image(sees: str) -> Tensor | None:
    """The digit or photo on the page; None, and a sentence, where the link's is damaged."""
    if sees == "photos":
        picture = choose_photo(EXAMPLE)
        return None if picture is None else as_input(picture, "photo")
    try:
        return drawing().image
    except ValueError as error:
        notice(error, ":material/edit:")
        return None
