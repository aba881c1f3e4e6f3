"""What hangs on the wall of a unit, at full size over the page: beside it what its untrained twin looks for."""

import streamlit as st

from core import atlas, images, photo_examples
from core.stimuli import Recipe
from core.units import Unit
from pages.units.heads import unit_head

SIDE = 560  # pixels of each of the two pictures


def full_size_button(unit: Unit, weights: str) -> None:
    """Draw the button that opens the picture of a unit that hangs on the wall; nothing for others."""
    if atlas.look_up(unit, weights, atlas.ON_WALL) is None:
        return
    if st.button("Full size", icon=":material/open_in_full:", help="As it hangs on the wall, and its untrained twin's"):
        st.dialog("On the wall", width="large")(_full_size)(unit, weights)


def _full_size(unit: Unit, weights: str) -> None:
    unit_head(unit)
    recipe = atlas.WALL_RECIPES[unit.layer]
    with st.container(key="full-size", horizontal=True, gap="medium"):
        for name in dict.fromkeys((weights, "untrained")):
            stimulus = atlas.look_up(unit, name, atlas.ON_WALL)
            assert stimulus is not None
            with st.container(width=SIDE, gap="xsmall"):
                shown = atlas.enlarged(stimulus.image[None], SIDE, recipe)[0]
                st.image(images.picture(shown), width=SIDE, alt=f"{name}: what it looks for, as on the wall")
                st.caption(_reaches(unit, name, stimulus))
    st.caption(f"Both by the recipe of this row, enlarged from {recipe.side} pixels: {recipe_in_a_line(recipe)}.")


def _reaches(unit: Unit, weights: str, stimulus: atlas.Stimulus) -> str:
    """What the picture reaches beside the best crop of the shipped photographs, or, of a twin, of the samples."""
    crops = photo_examples.examples_of(unit, weights)
    best, of = (crops[0].value, "photo") if crops else (stimulus.strongest, "sample photo")
    if stimulus.reached <= 0 or best <= 0:
        return f"{weights}: reaches {stimulus.reached:.3g}, the best {of} {best:.3g}"
    return f"{weights}: excites it {stimulus.reached / best:.2g} times as much as the best {of}"


def recipe_in_a_line(recipe: Recipe) -> str:
    """A recipe for photographs in words."""
    drawn = "pixel by pixel" if recipe.decay is None else f"waves as weak as 1 / frequency^{recipe.decay:g}"
    read = "the one at its map's centre" if recipe.place == "centre" else "the mean of its map"
    shaken = [
        *([f"shifted by up to {recipe.jitter} pixels"] if recipe.jitter else []),
        *([f"turned by up to {recipe.turn:g} degrees"] if recipe.turn else []),
        *([f"resized by up to {100 * recipe.zoom:g} %"] if recipe.zoom else []),
    ]
    return f"{drawn}, {recipe.steps} steps of Adam at {recipe.lr:g} up {read}, {', '.join(shaken) or 'not shaken'}"
