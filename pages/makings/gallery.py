"""The six techniques: their parts of the page, and a finished result of each, which a click opens."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core import images
from core.studio.first import FIRST
from pages.makings import caricature, dream, fooling, inversion, style, texture
from pages.studio.subject import Subject

ALL, SIDE = "All six", 300


@dataclass(frozen=True)
class Part:
    """A technique's part of the page."""

    draw: Callable[[Subject, images.Theme], None]
    technique: str  # its name in `core.studio.techniques`
    sentence: str  # on its card
    computed: str  # a paragraph on how
    shown: int = 0  # which of its pictures stands on the card


PARTS: dict[str, Part] = {
    "Fooling": Part(fooling.fooling, "fooling", "A change that is hardly seen, and the net says something else.",
                    fooling.COMPUTED),
    "DeepDream": Part(dream.dream, "dream", "What a layer sees in a picture, amplified until it shows.",
                      dream.COMPUTED),
    "Inversion": Part(inversion.inversion, "inversion", "What a layer keeps, made from its activations alone.",
                      inversion.COMPUTED),
    "Caricature": Part(caricature.caricature, "caricature",
                       "Another picture of the same, with what a layer saw in it exaggerated.", caricature.COMPUTED),
    "Texture": Part(texture.texture, "texture", "Noise becomes what a picture is made of.", texture.COMPUTED, -1),
    "Style": Part(style.style, "style", "Your photo, made of another picture's texture.", style.COMPUTED),
}  # fmt: skip


def gallery() -> None:
    """Draw a card for each technique, with the first of its results that ship."""
    with st.container(horizontal=True, gap="medium"):
        for name, part in PARTS.items():
            first = next(task for task in FIRST if task.technique == part.technique)
            with st.container(width=SIDE, gap="xsmall", key=f"card-{part.technique}"):
                # First, as a picture that came before its button would not open anything yet.
                st.button(name, key=f"open-{part.technique}", on_click=_open, args=(name,), type="tertiary")
                if made := first.shipped():
                    picture = images.picture(made.images[part.shown])
                    st.image(picture, width=SIDE, alt=f"{name}, made from the sample photo")
                st.caption(part.sentence)


def _open(name: str) -> None:
    st.session_state["make"] = name
