"""The switches that say how units are climbed; all of them stand in the link."""

from dataclasses import replace
from typing import Any

import streamlit as st

from core.ascent.priors import PRIORS
from core.ascent.within import NONE
from core.data.canvas import to_text
from core.stimuli import DIGIT_STARTS, LIMITS, PHOTO_STARTS, RECIPE, RECIPES, WITH_PRIOR, Recipe, within_limits
from pages.frame.glossary import explained
from pages.frame.notice import notice
from pages.inputs.canvas import drawing

PLACES: dict[str, tuple[str, ...]] = {"digits": ("own", "centre", "mean"), "photos": ("centre", "mean")}
DRAWING, DIVERSITY = "my drawing", 2.0
STARTS: dict[str, tuple[str, ...]] = {"digits": (*DIGIT_STARTS, DRAWING), "photos": PHOTO_STARTS}
# What can be switched off, and what the recipe is without it.
SWITCHES: dict[str, dict[str, dict[str, Any]]] = {
    "digits": {"Budget of ink": {"budget": None}, "Blur": {"blur": 0.0}, "Jitter": {"jitter": 0}},
    "photos": {"Waves, not pixels": {"decay": None}, "Turn and resize": {"turn": 0.0, "zoom": 0.0},
               "Jitter": {"jitter": 0}},
}  # fmt: skip


def key_of(name: str, sees: str) -> str:
    """A switch's name in the link, where nets for photos have other choices than those for digits."""
    return name if sees == "digits" else f"{name}-photo"


def usual_recipe(sees: str) -> dict[str, tuple[str, object]]:
    """What `more` has to know of `choose_recipe`'s switches."""
    usual: dict[str, tuple[str, object]] = {
        "variants": ("Pictures of a unit", 1), "seed": ("Seed", RECIPES[sees].seed), "steps": ("Steps", None),
        key_of("start", sees): ("Begin with", STARTS[sees][0]), key_of("place", sees): ("Maps", RECIPES[sees].place),
        "minus": ("Minus unit", None),
    }  # fmt: skip
    if sees == "digits":
        usual |= {"radius": ("How far from the mean digit", WITH_PRIOR.radius), "behind": ("Behind row", None)}
    return usual | {_key(label): (label, True) for label in SWITCHES[sees]}


def choose_prior() -> str:
    """The switch for what a picture may be at all."""
    return st.segmented_control("Prior", [*reversed(PRIORS), NONE], default=WITH_PRIOR.prior, required=True,
                                key="prior", bind="query-params", help=explained("prior"))  # fmt: skip


def choose_recipe(sees: str, prior: str) -> tuple[Recipe, int]:
    """The switches that say how, for nets that see "digits" or "photos", and how many pictures of each unit.

    Raises ValueError, with a sentence for the page, where there is no drawing to begin with.
    """
    usual = RECIPES[sees]
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        variants = st.segmented_control("Pictures of a unit", [1, 2, 3, 4, 6], default=1, required=True, key="variants",
                                        bind="query-params", help=explained("diversity term"))  # fmt: skip
        if sees == "digits":
            usual = _within(prior)
    wanted = _how(sees, usual) | _switched_off(sees, disabled=usual.prior != NONE)
    apart = DIVERSITY if variants > 1 and usual.prior == NONE else 0.0
    recipe, changed = within_limits(replace(usual, diversity=apart, **wanted))
    for sentence in changed:
        notice(sentence, ":material/straighten:")
    return recipe, variants


def _within(prior: str) -> Recipe:
    """The recipe of the chosen prior, held as close to the training images as is chosen."""
    radius = st.slider("How far from the mean digit", *LIMITS["radius"], WITH_PRIOR.radius, 0.1, key="radius",
                       bind="query-params", width=180, disabled=prior == NONE,
                       help="At 1 the prior's numbers may go as far as those of training digits do.")  # fmt: skip
    return RECIPE if prior == NONE else replace(WITH_PRIOR, prior=prior, radius=radius)


def _how(sees: str, usual: Recipe) -> dict[str, Any]:
    """What few will change."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        seed = st.number_input("Seed", value=usual.seed, key="seed", bind="query-params", width=100,
                               help=explained("seed"))  # fmt: skip
        steps = st.number_input("Steps", value=None, step=32, key="steps", bind="query-params", width=110,
                                placeholder=str(usual.steps))  # fmt: skip
        start = st.selectbox("Begin with", STARTS[sees], key=key_of("start", sees), bind="query-params", width=140,
                             disabled=usual.prior != NONE, help="Only without a prior.")  # fmt: skip
        minus = st.number_input("Minus unit", value=None, key="minus", bind="query-params", width=110,
                                help="Subtract the pre-activation of this unit of the same layer: what tells two units "
                                "apart?")  # fmt: skip
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        place = st.segmented_control("Maps", PLACES[sees], default=usual.place, required=True,
                                     key=key_of("place", sees), bind="query-params",
                                     help="Where its strongest test images have their peaks, at the map's centre, or "
                                     "all over it.")  # fmt: skip
        row: float | None = usual.row
        if sees == "digits":
            row = st.number_input("Recurrent, behind row", value=row, key="behind", bind="query-params", width=170,
                                  placeholder="its own")  # fmt: skip
    if usual.prior != NONE:
        start = usual.start
    return {
        "seed": int(seed),
        "steps": usual.steps if steps is None else int(steps),
        "start": to_text(drawing().image) if start == DRAWING else start,
        "place": place,
        "row": None if row is None else int(row),
        "minus": None if minus is None else int(minus),
    }


def _switched_off(sees: str, disabled: bool) -> dict[str, Any]:
    """What keeps the pictures from noise, and is not wanted: the difference is the lesson. A prior needs none of it."""
    off: dict[str, Any] = {}
    with st.container(horizontal=True, gap="medium"):
        for label, without in SWITCHES[sees].items():
            if not st.toggle(label, True, key=_key(label), bind="query-params", disabled=disabled,
                             help=explained("regulariser")):  # fmt: skip
                off |= without
    return {} if disabled else off


def _key(label: str) -> str:
    return label.split()[0].lower()
