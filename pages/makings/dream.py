"""DeepDream: what a layer sees in a picture is amplified until it shows."""

from dataclasses import replace
from functools import partial

import streamlit as st

from core.images import Theme
from core.studio.dream import LIMITS, RECIPES, Dream
from core.studio.dream_table import sentence
from core.studio.made import Made
from core.studio.task import Task
from pages.frame.glossary import explained
from pages.frame.more import more, number_fields
from pages.studio.beside_twin import answer, beside_twin, choose_layer
from pages.studio.making import show, with_twin
from pages.studio.subject import Subject

COMPUTED = (
    "Gradient ascent raises the mean square of a layer's activations, or one unit's mean over its map or over time "
    "(Mordvintsev, Olah, Tyka 2015), by Adam on the waves of which the picture is made, fine ones weaker as 1 / "
    "frequency. It begins with the picture made small and goes on at larger and larger sizes, the octaves; what was "
    "changed is enlarged, and the photo's own detail comes back. In each octave every wave moves by about the same, "
    "the strength. Before each step the picture is shifted in a circle. A frame of the zoom is the middle of the one "
    "before, enlarged and dreamt on in two octaves, by half the steps and a quarter of the strength. Noise as large "
    "and as coarse: the change itself, each of its waves at a random phase, and as large in L2."
)
MORE = {"steps": "Steps an octave", "scale": "From octave to octave", "jitter": "Jitter, in pixels",
        "frames": "Frames of a zoom into it", "factor": "Each frame enlarges by", "seed": "Seed"}  # fmt: skip
STRENGTHS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)


def dream(subject: Subject, theme: Theme) -> None:
    """Draw the part of the page."""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="dream-switches"):
        model, recipe = _choose(subject.sees)
    task = Task("dream", model, "trained", recipe, (subject.source,))
    makings = with_twin(task, [subject.image(task.side)])
    draw = partial(beside_twin, makings, partial(_caption, model, recipe))
    show(makings, draw)
    st.markdown(sentence(model, recipe.layer))


def _choose(sees: str) -> tuple[str, Dream]:
    """The net, and how it dreams."""
    usual = RECIPES[sees]
    model, layer = choose_layer("dream", sees, usual.layer)
    strength = st.select_slider("Strength", STRENGTHS, 1.0, format_func=lambda times: f"x {times:g}",
                                key="dream-strength", bind="query-params", width=180,
                                help="How far each wave of the picture moves.")  # fmt: skip
    octaves = usual.octaves
    if sees == "photos":
        octaves = st.slider("Octaves", 1, 6, usual.octaves, key="dream-octaves", bind="query-params", width=160,
                            help="Sizes at which it dreams, from small to large: many make large forms.")  # fmt: skip
    labels = {name: label for name, label in MORE.items() if sees == "photos" or name != "scale"}
    keys = {name: f"dream-{name}-{sees}" for name in labels}
    with more({"dream-unit": ("Unit", None)} | {keys[name]: (labels[name], getattr(usual, name)) for name in labels}):
        unit = st.number_input("Unit", 0, int(LIMITS["unit"][1]), None, key="dream-unit", bind="query-params",
                               placeholder="all of the layer's", help=explained("unit"))  # fmt: skip
        rest = number_fields(usual, labels, LIMITS, keys)
    return model, replace(usual, layer=layer, unit=unit, strength=round(strength * usual.strength, 4),
                          octaves=octaves, **rest)  # fmt: skip


def _caption(model: str, recipe: Dream, made: Made) -> str:
    """What was raised by how much, beside noise, and what the net says of it."""
    before, after, noise = (made.number(name) for name in ("before", "after", "noise"))
    if recipe.unit is None:
        raised = (f"{recipe.layer}'s root mean square is {after / before:.2f} times as large, by noise as large and as "
                  f"coarse {noise / before:.2f} times.")  # fmt: skip
    else:
        raised = (f"The mean of unit {recipe.unit} of {recipe.layer} went from {before:.3g} to {after:.3g}, by noise "
                  f"as large and as coarse to {noise:.3g}.")  # fmt: skip
    return f"{'Before the zoom: ' if recipe.frames else ''}{raised} {answer(made, model)}"
