"""The switches that say how units are climbed; all of them stand in the link."""

from dataclasses import replace
from typing import Any

import streamlit as st

from core.ascent.objectives import Place
from core.data.canvas import to_text
from core.stimuli import DIGIT_STARTS, PHOTO_STARTS, RECIPES, Recipe, within_limits
from pages.shared.notice import notice
from pages.shared.paper import drawing

PLACES: tuple[Place, ...] = ("centre", "mean")
DRAWING, DIVERSITY = "my drawing", 2.0
# What can be switched off, and what the recipe is without it.
DIGIT_SWITCHES: dict[str, dict[str, Any]] = {
    "Budget of ink": {"budget": None}, "Blur": {"blur": 0.0}, "Jitter": {"jitter": 0},
}  # fmt: skip
PHOTO_SWITCHES: dict[str, dict[str, Any]] = {
    "Waves, not pixels": {"decay": None}, "Turn and resize": {"turn": 0.0, "zoom": 0.0}, "Jitter": {"jitter": 0},
}  # fmt: skip


def key_of(name: str, sees: str) -> str:
    """A switch's name in the link, where nets for photos have other choices than those for digits."""
    return name if sees == "digits" else f"{name}-photo"


def choose_recipe(sees: str) -> tuple[Recipe, int]:
    """The switches that say how, for nets that see "digits" or "photos", and how many pictures of each unit.

    Raises ValueError, with a sentence for the page, where there is no drawing to begin with.
    """
    usual = RECIPES[sees]
    starts = [*DIGIT_STARTS, DRAWING] if sees == "digits" else list(PHOTO_STARTS)
    with st.container(horizontal=True, gap="medium"):
        steps = st.number_input("Steps", value=usual.steps, step=32, key="steps", bind="query-params", width=110)
        seed = st.number_input("Seed", value=usual.seed, key="seed", bind="query-params", width=100)
        start = st.selectbox("Begin with", starts, key=key_of("start", sees), bind="query-params", width=140)
        variants = st.segmented_control("Pictures of a unit", [1, 2, 3, 6], default=1, required=True, key="variants",
                                        bind="query-params")  # fmt: skip
        place: Place = st.segmented_control(
            "Maps",
            PLACES,
            default=usual.place,
            required=True,
            key=key_of("place", sees),
            bind="query-params",
            help="At the map's centre, or all over it.",
        )
        row = usual.row
        if sees == "digits":
            row = st.number_input("Recurrent, behind row", value=row, key="behind", bind="query-params", width=150)
        minus = st.number_input(
            "Minus unit",
            value=None,
            key="minus",
            bind="query-params",
            width=110,
            help="Subtract the sum of this unit of the same layer: what tells two units apart?",
        )
    recipe, changed = within_limits(
        replace(
            usual,
            steps=int(steps),
            seed=int(seed),
            start=to_text(drawing()) if start == DRAWING else start,
            place=place,
            row=int(row),
            minus=None if minus is None else int(minus),
            diversity=DIVERSITY if variants > 1 else 0.0,
            **_switched_off(sees),
        )
    )
    for sentence in changed:
        notice(sentence, ":material/straighten:")
    return recipe, variants


def _switched_off(sees: str) -> dict[str, Any]:
    """What keeps the pictures from noise, and is not wanted: the difference is the lesson."""
    offered = DIGIT_SWITCHES if sees == "digits" else PHOTO_SWITCHES
    off: dict[str, Any] = {}
    with st.container(horizontal=True, gap="medium"):
        for label, without in offered.items():
            if not st.toggle(label, True, key=label.split()[0].lower(), bind="query-params"):
                off |= without
    return off
