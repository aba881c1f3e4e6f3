"""The switches that say how units are climbed; all of them stand in the link."""

from dataclasses import replace
from typing import Any

import streamlit as st

from core.ascent.priors import PRIORS
from core.data.canvas import to_text
from core.stimuli import (
    DIGIT_STARTS,
    LIMITS,
    NONE,
    PHOTO_STARTS,
    RECIPE,
    RECIPES,
    WITH_PRIOR,
    Recipe,
    within_limits,
)
from pages.frame.notice import notice
from pages.inputs.canvas import drawing

PLACES: dict[str, tuple[str, ...]] = {"digits": ("own", "centre", "mean"), "photos": ("centre", "mean")}
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
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        if sees == "digits":
            usual = _with_prior()
        variants = st.segmented_control("Pictures of a unit", [1, 2, 3, 4, 6], default=1, required=True, key="variants",
                                        bind="query-params")  # fmt: skip
        seed = st.number_input("Seed", value=usual.seed, key="seed", bind="query-params", width=100)
    with st.expander("More: how it is climbed"):
        wanted = _more(sees, usual)
        if usual.prior == NONE:
            wanted |= _switched_off(sees)
    apart = DIVERSITY if variants > 1 and usual.prior == NONE else 0.0
    recipe, changed = within_limits(replace(usual, seed=int(seed), diversity=apart, **wanted))
    for sentence in changed:
        notice(sentence, ":material/straighten:")
    return recipe, variants


def _with_prior() -> Recipe:
    """The recipe of the chosen prior, held as close to the training images as is chosen."""
    prior = st.segmented_control(
        "Prior",
        [NONE, *PRIORS],
        default=WITH_PRIOR.prior,
        required=True,
        key="prior",
        bind="query-params",
        help="What the picture may be: anything; what the principal components of the training digits add up to; or "
        "what a generator trained on them draws.",
    )
    radius = st.slider(
        "How far from the mean digit",
        *LIMITS["radius"],
        WITH_PRIOR.radius,
        0.1,
        key="radius",
        bind="query-params",
        width=180,
        disabled=prior == NONE,
        help="At 1 the prior's numbers may go as far as those of training digits do.",
    )
    return RECIPE if prior == NONE else replace(WITH_PRIOR, prior=prior, radius=radius)


def _more(sees: str, usual: Recipe) -> dict[str, Any]:
    """What few will change."""
    starts = [*DIGIT_STARTS, DRAWING] if sees == "digits" else list(PHOTO_STARTS)
    with st.container(horizontal=True, gap="medium"):
        steps = st.number_input("Steps", value=None, step=32, key="steps", bind="query-params", width=110,
                                placeholder=str(usual.steps))  # fmt: skip
        start = st.selectbox("Begin with", starts, key=key_of("start", sees), bind="query-params", width=140,
                             disabled=usual.prior != NONE, help="Only without a prior.")  # fmt: skip
        place = st.segmented_control(
            "Maps",
            PLACES[sees],
            default=usual.place,
            required=True,
            key=key_of("place", sees),
            bind="query-params",
            help="Where its strongest test images have their peaks, at the map's centre, or all over it.",
        )
        row: float | None = usual.row
        if sees == "digits":
            row = st.number_input("Recurrent, behind row", value=row, key="behind", bind="query-params", width=170,
                                  placeholder="its own")  # fmt: skip
        minus = st.number_input(
            "Minus unit",
            value=None,
            key="minus",
            bind="query-params",
            width=110,
            help="Subtract the sum of this unit of the same layer: what tells two units apart?",
        )
    if usual.prior != NONE:
        start = usual.start
    return {
        "steps": usual.steps if steps is None else int(steps),
        "start": to_text(drawing()) if start == DRAWING else start,
        "place": place,
        "row": None if row is None else int(row),
        "minus": None if minus is None else int(minus),
    }


def _switched_off(sees: str) -> dict[str, Any]:
    """What keeps the pictures from noise, and is not wanted: the difference is the lesson."""
    offered = DIGIT_SWITCHES if sees == "digits" else PHOTO_SWITCHES
    off: dict[str, Any] = {}
    with st.container(horizontal=True, gap="medium"):
        for label, without in offered.items():
            if not st.toggle(label, True, key=label.split()[0].lower(), bind="query-params"):
                off |= without
    return off
