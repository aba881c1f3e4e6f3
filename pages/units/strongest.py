"""The test images that excite a unit most, those in which it matters most for the answer, and what it sees of them."""

from collections.abc import Callable

import streamlit as st
import torch
from torch import Tensor

from core import atlas, examples, images
from core.layers import record
from core.models import MODELS
from core.relevance.orders import in_common, of_layer
from core.relevance.uses import WEIGHTS, activation_of, shipped
from core.survey import Answers
from core.units import Unit
from pages.frame.glossary import explained
from pages.inputs import nets
from pages.inputs.gallery import gallery

EXAMPLES, COLUMNS, SCALE = 9, 3, 3
HALF, TWO_COLUMNS, TWO_SCALE = 136, 2, 2  # pixels of each of two galleries side by side
NARROW, SIDE, MOST = 14, 48, 4  # pixels of a field that is small, and of its picture; test images
PREDICTED = """

Predicted from one half of the test images, and measured on the other by running the net once for each unit, cut out.
Bold where the confidence interval of the difference leaves out 0. To first order relevance is what zero in a unit's
place costs."""


def windows(unit: Unit, weights: str, numbers: Tensor, places: Tensor) -> None:
    """Draw small receptive fields enlarged, as `places` of the test images of these numbers have them: both (n,)."""
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


def strongest(unit: Unit, weights: str, rows: int, answers: Answers, take: Callable[[int], None]) -> None:
    """Draw the test images that excite a unit most, which there are, beside those in which it matters most."""
    best = answers.strongest(unit.index, EXAMPLES)
    seen = _seen(unit, best, answers.most.places[unit.index, : len(best)])
    title = f"The {len(best)} test images that excite it most"
    activation, found = activation_of(unit.model, unit.layer), shipped(unit.model, weights)
    if activation is None or found is None or rows < 28:
        st.caption(f"{title}, dark where it looks; a click takes one")
        gallery(best, columns=COLUMNS, scale=SCALE, key="excites", take=take, shown=seen)
        if activation is not None:
            of = f"{', '.join(WEIGHTS)} weights, not for {weights}" if found is None else "whole images only"
            st.caption(f"In which images it matters most for the answer was measured for {of}.")
        return
    used, places = found[activation].used_for(unit.index)
    with st.container(horizontal=True, gap="xsmall"):
        with st.container(width=HALF, gap="xsmall"):
            st.caption(title)
            gallery(best, columns=TWO_COLUMNS, scale=TWO_SCALE, key="excites", take=take, shown=seen)
        with st.container(width=HALF, gap="xsmall"):
            where = f"The {len(used)} in which it matters most for the answer" if len(used) else "It adds to no answer"
            st.caption(where, help=explained("relevance"))
            if len(used):
                seen = _seen(Unit(unit.model, activation, unit.index), used, places)
                gallery(used, columns=TWO_COLUMNS, scale=TWO_SCALE, key="used", take=take, shown=seen)
    shared = f"{100 * in_common(best, used):.0f} % of the first are among the second"
    st.caption(f"{shared}; dark where it looks; a click takes one")
    st.caption(of_layer(unit.model, weights, activation), help=explained("rank correlation") + PREDICTED)


def weakest(unit: Unit, answers: Answers, take: Callable[[int], None]) -> None:
    """Draw the three test images in which something excites a unit least, if that is below zero."""
    if float(answers.least.values[unit.index, 0]) < 0:
        st.caption("And three in which something excites it least, below zero")
        least = answers.least.inputs[unit.index, :3]
        seen = _seen(unit, least, answers.least.places[unit.index, :3])
        gallery(least, columns=COLUMNS, scale=SCALE, key="subdues", take=take, shown=seen)


def _seen(unit: Unit, numbers: Tensor, places: Tensor) -> Tensor:
    """The images, faint where the unit cannot have looked: beside a map's window, or below the row just read."""
    layer, reads_rows = nets.layer(unit.model, unit.layer), MODELS[unit.model].reads_rows
    shown = []
    for image, place in zip(nets.test_images().images[numbers], places.tolist(), strict=True):
        seen = slice(None), slice(None)
        fields = nets.fields(unit.model, unit.layer) if len(layer.shape) == 3 else None
        if fields:
            seen = examples.window(fields, divmod(place, layer.shape[2]), (image.shape[1], image.shape[2]))
        elif reads_rows and len(layer.shape) == 2:
            seen = slice(place + 1), slice(None)
        shown.append(examples.faded(image, seen))
    return torch.stack(shown)
