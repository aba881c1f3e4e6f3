"""What the studio starts from: a photo, or the digit that the other pages are about."""

import random
from dataclasses import dataclass

import streamlit as st
from PIL import Image
from torch import Tensor

from core import charts
from core.data.canvas import to_text
from core.data.photos import to_input
from core.studio.task import DIGIT, INK
from pages.frame import link
from pages.frame.notice import notice
from pages.inputs.canvas import drawing, look_at
from pages.inputs.photographs import EXAMPLE, choose_photo

PHOTO, DIGIT_SUBJECT = "a photo", "a digit"


@dataclass(frozen=True)
class Subject:
    """A picture, and its name among the sources of `core.studio.task`."""

    sees: str  # "photos" or "digits": which nets can take it
    source: str
    picture: Image.Image | Tensor

    def image(self, side: int) -> Tensor:
        """As nets take it: (channels, side, side) in [0, 1]; a digit is as large as it is."""
        return self.picture if isinstance(self.picture, Tensor) else to_input(self.picture, side)


def choose_subject() -> Subject | None:
    """Draw the switch and, for photos, the samples. None where the link's picture is not there, which has been said."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        kind = st.segmented_control("Made from", [PHOTO, DIGIT_SUBJECT], default=PHOTO, required=True, key="made-from",
                                    bind="query-params")  # fmt: skip
        if kind == PHOTO:
            return _photo()
        st.button("Show me a digit", icon=":material/shuffle:", on_click=lambda: look_at(random.randrange(10_000)))
    try:
        return _digit()
    except ValueError as error:
        notice(error, ":material/edit:")
        return None


def _photo() -> Subject | None:
    picture = choose_photo(EXAMPLE)
    if picture is None:
        return None
    name = link.get(charts.PHOTO) or EXAMPLE
    return Subject("photos", name, picture)


def _digit() -> Subject:
    shown = drawing()
    source = f"{INK}{to_text(shown.image)}" if shown.digit is None else f"{DIGIT}{shown.digit}"
    return Subject("digits", source, shown.image)
