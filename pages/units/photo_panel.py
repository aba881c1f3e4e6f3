"""The panel of a photo net's unit: what it looks for, where it answers in this photo, what else excites it."""

import math
import os
from dataclasses import replace

import streamlit as st
from PIL import Image, ImageOps
from torch import Tensor

from core import atlas, examples, images, photo_examples
from core.data import photographers
from core.data.photos import FOLDER_VARIABLE
from core.measures.receptive_field import ALL, Field
from core.models import find
from core.survey import Extremes
from core.units import Unit
from pages.inputs import nets
from pages.layers.photo_layers import PhotoView
from pages.units.connections import connections
from pages.units.heads import stimulus_caption, take_apart

WIDTH, STIMULUS, PATCH, PATCHES = 280, 112, 88, 9


def photo_panel(unit: Unit, view: PhotoView, activation: Tensor | None) -> None:
    """Draw the panel; `activation` is the unit's layer for the photo, if there is one: (units, *map)."""
    shipped = [] if os.environ.get(FOLDER_VARIABLE) else photo_examples.examples_of(unit, view.weights)
    _stimuli(unit, view.weights, shipped[0].value if shipped else None)
    answers = nets.photo_answers(unit.model, view.weights, unit.layer)
    most, best = answers.most, float(answers.most.values[unit.index, 0])
    if activation is not None and view.image is not None:
        here = activation[unit.index]
        if here.ndim == 2:
            st.image(images.spotlight(view.image, here), width=WIDTH, alt="The photo, lit where the unit answers")
            st.caption("Where it answers in this photo")
        share = 100 * answers.share_below(unit.index, float(here.max()))
        st.markdown(
            f"Its strongest activation here is **{float(here.max()):.3g}**, more than for **{share:.3g} %** of the "
            f"{answers.inputs} photos; the strongest there is {best:.3g}."
        )
    if shipped:
        _examples(unit, shipped)
    else:
        _patches(unit, most)
    connections(unit, view.weights, view.theme)
    if unit.model == "photo":
        take_apart(unit, view.weights)


def _stimuli(unit: Unit, weights: str, best: float | None) -> None:
    """`best` is how strongly the best shipped crop excites the unit, where there is one."""
    found = {name: atlas.look_up(unit, name) for name in dict.fromkeys((weights, "untrained"))}
    with st.container(horizontal=True, gap="small"):
        for name, stimulus in found.items():
            if stimulus is not None:
                with st.container(width=(WIDTH - 16) // 2, gap="xsmall"):
                    picture = images.enlarged(images.picture(stimulus.image), STIMULUS)
                    st.image(picture, width=STIMULUS, alt=f"{name}: what it looks for")
                    if best is None or name != weights:
                        st.caption(stimulus_caption(name, stimulus, "sample photo"))
                    else:
                        st.caption(stimulus_caption(name, replace(stimulus, strongest=best), "photo below"))
    st.page_link(
        "pages/features.py",
        label="What does it look for? Ask it" if found[weights] is None else "More pictures, different from each other",
        icon=":material/trending_up:",
        query_params={"sees": "photos", "only": str(unit), "of": weights, "variants": "3"},
    )


def _examples(unit: Unit, shipped: list[photo_examples.Example]) -> None:
    _in_a_row([example.picture.resize((2 * PATCH,) * 2, Image.Resampling.LANCZOS) for example in shipped])
    count = len(photo_examples.shipped()["photographs"])
    st.caption(
        f"What excites it most among the photos: crops of {count}, at most three of one, the strongest first; "
        f"{_seen(nets.fields(unit.model, unit.layer))}. Who took them:",
        help="\n".join(f"{place}. {photographers.credit(example.photograph)}"
                       for place, example in enumerate(shipped, 1)),
    )  # fmt: skip


def _patches(unit: Unit, most: Extremes) -> None:
    fields, layer = nets.fields(unit.model, unit.layer), nets.layer(unit.model, unit.layer)
    photos = nets.photo_set(find(unit.model).input_shape[-1])
    width = layer.shape[2] if len(layer.shape) == 3 else 1
    numbers, places = most.inputs[unit.index, :PATCHES].tolist(), most.places[unit.index, :PATCHES].tolist()
    cut = [examples.patch(photos[n], fields or (ALL, ALL), divmod(place, width))
           for n, place in zip(numbers, places, strict=True)]  # fmt: skip
    _in_a_row([_square(patch) for patch in cut])
    st.caption(f"What excites it most among the photos, the strongest first; {_seen(fields)}")


def _in_a_row(pictures: list[Image.Image]) -> None:
    st.image(pictures, width=PATCH, alt=[f"What excites it, {place}" for place in range(1, len(pictures) + 1)])


def _seen(fields: tuple[Field, Field] | None) -> str:
    if fields is None:
        return "its receptive field is not known"
    down, across = fields
    if math.isinf(down.size):
        return "its receptive field is the whole photo"
    most = "" if down.exact and across.exact else "at most "
    return f"its receptive field is {most}{down.size:.0f} x {across.size:.0f} pixels"


def _square(patch: Tensor) -> Image.Image:
    picture = images.picture(patch)
    method = Image.Resampling.NEAREST if max(picture.size) < PATCH else Image.Resampling.LANCZOS
    return ImageOps.pad(picture, (2 * PATCH, 2 * PATCH), method, color=images.PAPER)
