"""Charts in which a click chooses something, and so does the keyboard."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from core.charts import EDGE, FEATURE, IMAGE, LAYER, NODE, PHOTO, PIXEL, PLACE, STYLE, UNIT, Spec, choices

CLICKS = "clicks"
# What a list says that offers the same to who has no pointer; a map's pixels are too many for a list below each.
OFFERS = {
    UNIT: "Open a unit",
    IMAGE: "Take a test image",
    LAYER: "Look at a layer",
    PHOTO: "Take a photo",
    PIXEL: "Read off a pixel",
    PLACE: "Choose a place",
    NODE: "Take a unit apart",
    EDGE: "Open an edge's arithmetic",
    FEATURE: "See the cell for a feature",
    STYLE: "Take a style",
}


def clickable(spec: Spec, name: str, key: str, take: Callable[[Any], None]) -> None:
    """Draw a chart; a click on something gives its value of `name` to `take`, before the page runs again.

    After each click all charts begin with nothing selected, so that the same thing can be clicked once more.
    """
    clickable_by({name: take}, spec, key)


def clickable_by(takes: Mapping[str, Callable[[Any], None]], spec: Spec, key: str) -> None:
    """The same for a chart in which things of several names can be clicked."""
    chart = _fresh(key)

    def clicked() -> None:
        for name, take in takes.items():
            # A click beside everything clears the selection, and chooses nothing; one on something of another name
            # chooses something that has none of this one.
            chosen = [each[name] for each in st.session_state[chart].selection[name] if name in each]
            if chosen:
                _begin_anew()
                take(chosen[0])
                return

    with st.container(key=key):
        st.vega_lite_chart(spec=spec, width="content", key=chart, on_select=clicked, selection_mode=list(takes))
        for name, take in takes.items():
            if name != PIXEL:
                offer(choices(spec, name), name, f"{key}-{name}" if len(takes) > 1 else key, take)


def offer(values: Sequence[Any], name: str, key: str, take: Callable[[Any], None]) -> None:
    """A list that does what a click on one of these values of `name` does; it shows while the keyboard is on it."""
    chosen = _fresh(f"keys-{key}")

    def take_it() -> None:
        value = st.session_state[chosen]
        if value is not None:
            _begin_anew()
            take(value)

    with st.container(key=f"keys-{key}"):
        st.selectbox(OFFERS[name], values, None, key=chosen, on_change=take_it)


def _fresh(key: str) -> str:
    """A widget's key that no click has used."""
    return f"{key}-{st.session_state.get(CLICKS, 0)}"


def _begin_anew() -> None:
    st.session_state[CLICKS] = st.session_state.get(CLICKS, 0) + 1
