"""The switches of the page: which way the image moves and how far, which nets with which weights."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from PIL.Image import Image
from torch import Tensor

from core import images
from core.models import SHUFFLED, TWIN
from core.movements import MOVEMENTS, Movement
from pages.frame.glossary import explained
from pages.frame.more import more
from pages.inputs.canvas import TEST_IMAGES, Drawing, look_at
from pages.inputs.choose_nets import choose_digit_nets, usual_nets

SCALE = 7  # of the page for a pixel of the digit
SECONDS = 3.0  # in which it moves once


@dataclass(frozen=True)
class Moving:
    """An image, how it moves, and the nets that are asked."""

    image: Tensor  # (1, 28, 28)
    name: str  # of the movement
    by: int
    models: Sequence[str]
    weights: str
    theme: images.Theme

    @property
    def movement(self) -> Movement:
        """How it moves."""
        return MOVEMENTS[self.name]

    @property
    def moved(self) -> Tensor:
        """The image where it is now."""
        return self.movement.of(self.image[None], self.by)[0]


def switches() -> tuple[str, str, Sequence[str]]:
    """Draw the row of switches, and return the movement, the weights and the nets."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        name = st.segmented_control("Move", list(MOVEMENTS), default="right", required=True, key="move",
                                    bind="query-params")  # fmt: skip
        weights = st.segmented_control("Weights", ["plain", "trained", TWIN, SHUFFLED], default="plain", required=True,
                                       key="kind", bind="query-params",
                                       help=explained("plain training", "untrained twin", "shuffled"))  # fmt: skip
        st.button("Show me a digit", icon=":material/shuffle:",
                  on_click=lambda: look_at(random.randrange(TEST_IMAGES)))  # fmt: skip
        with more(usual_nets()):
            models = choose_digit_nets()
    return name, weights, models


def digit(shown: Drawing, name: str) -> int:
    """Draw the digit, which moves once until somebody moves it, and the slider; return how far it is moved."""
    movement = MOVEMENTS[name]
    picture = st.empty()
    key = f"by-{name}"
    touched = key in st.query_params or st.session_state.get(key, movement.usual) != movement.usual
    by = st.slider(movement.title.capitalize(), movement.values[0], movement.values[-1], movement.usual, movement.step,
                   key=key, bind="query-params")  # fmt: skip
    by = min(movement.values, key=lambda value: abs(value - by))  # a link may name what lies between two steps
    with picture.container(gap="xsmall"):
        if touched:
            st.image(_frame(shown.image, movement, by), alt=f"{shown.about}, moved: {movement.in_words(by)}")
        else:
            st.image(_film(shown.image, name), alt=f"{shown.about}, moving once, to {movement.in_words(by)}")
        st.caption(shown.about)
    return by


def _frame(image: Tensor, movement: Movement, by: int) -> Image:
    return images.framed(images.paper(movement.of(image[None], by)[0], SCALE))


def _film(image: Tensor, name: str) -> bytes:
    """From where it was, once to the one end and to the other, and to where it stays."""
    movement = MOVEMENTS[name]
    low, still, here, high = (movement.values[0], movement.still, movement.usual, movement.values[-1])
    step = movement.step
    ways = [range(still, high, step), range(high, low, -step), range(low, here + 1, step)]
    return images.gif([_frame(image, movement, by) for way in ways for by in way], SECONDS, once=True)
