"""The switches that say how units are climbed; all of them stand in the link."""

import streamlit as st

from core.ascent.objectives import Place
from core.data.canvas import to_text
from core.stimuli import RECIPE, STARTS, Recipe, within_limits
from pages.shared.notice import notice
from pages.shared.paper import drawing

PLACES: tuple[Place, ...] = ("centre", "mean")
DRAWING, DIVERSITY = "my drawing", 2.0


def choose_recipe() -> tuple[Recipe, int]:
    """The switches that say how, and how many pictures of each unit.

    Raises ValueError, with a sentence for the page, where there is no drawing to begin with.
    """
    with st.container(horizontal=True, gap="medium"):
        steps = st.number_input("Steps", value=RECIPE.steps, step=32, key="steps", bind="query-params", width=110)
        seed = st.number_input("Seed", value=RECIPE.seed, key="seed", bind="query-params", width=100)
        start = st.selectbox("Begin with", [*STARTS, DRAWING], key="start", bind="query-params", width=140)
        variants = st.segmented_control("Pictures of a unit", [1, 2, 3, 6], default=1, required=True, key="variants",
                                        bind="query-params")  # fmt: skip
        place: Place = st.segmented_control("Maps", PLACES, default="centre", required=True, key="place",
                                            bind="query-params",
                                            help="At the map's centre, or all over it.")  # fmt: skip
        row = st.number_input("Recurrent, behind row", value=RECIPE.row, key="behind", bind="query-params", width=150)
        minus = st.number_input(
            "Minus unit",
            value=None,
            key="minus",
            bind="query-params",
            width=110,
            help="Subtract the sum of this unit of the same layer: what tells two units apart?",
        )
    with st.container(horizontal=True, gap="medium"):
        budget = st.toggle("Budget of ink", True, key="budget", bind="query-params")
        blur = st.toggle("Blur", True, key="blur", bind="query-params")
        jitter = st.toggle("Jitter", True, key="jitter", bind="query-params")
    recipe, changed = within_limits(
        Recipe(
            steps=int(steps),
            budget=RECIPE.budget if budget else None,
            blur=RECIPE.blur if blur else 0.0,
            jitter=RECIPE.jitter if jitter else 0,
            seed=int(seed),
            start=to_text(drawing()) if start == DRAWING else start,
            place=place,
            row=int(row),
            minus=None if minus is None else int(minus),
            diversity=DIVERSITY if variants > 1 else 0.0,
        )
    )
    for sentence in changed:
        notice(sentence, ":material/straighten:")
    return recipe, variants
