"""Small receptive fields, large enough: what a unit sees of its picture and of its strongest images, enlarged."""

import streamlit as st
from torch import Tensor

from core import atlas, examples, images
from core.layers import record
from core.units import Unit
from pages.frame.glossary import explained
from pages.inputs import nets

NARROW, SIDE, MOST = 14, 50, 4  # pixels of a field that is small, and of its picture; test images


def windows(unit: Unit, weights: str, numbers: Tensor, places: Tensor) -> None:
    """Draw them, where the field is small; the numbers of the test images and where the unit peaks in each are (n,)."""
    layer, fields = nets.layer(unit.model, unit.layer), nets.fields(unit.model, unit.layer)
    if len(layer.shape) != 3 or fields is None or fields[0].size > NARROW or not len(numbers):
        return
    shown, where = list(nets.test_images().images[numbers[:MOST]]), places[:MOST].tolist()
    stimulus = atlas.look_up(unit, weights)
    if stimulus is not None:
        activation = record(nets.net(unit.model, weights), stimulus.image[None], [unit.layer])[unit.layer]
        shown.insert(0, stimulus.image)
        where.insert(0, int(activation[0, unit.index].argmax()))
    seen = [examples.whole_patch(image, fields, divmod(place, layer.shape[2]))
            for image, place in zip(shown, where, strict=True)]  # fmt: skip
    size = seen[0].shape[-1]
    with st.container(horizontal=True, gap="xsmall"):
        for place, each in enumerate(seen):
            picture = images.framed(images.paper(each, SIDE // size))
            st.image(picture, width=picture.width, alt=f"What {unit} sees at its peak in image {place}, enlarged")
    first = "of what it looks for, and of" if stimulus is not None else "of"
    st.caption(f"Its {size} x {size} pixels {first} the images below, enlarged", help=explained("receptive field"))
