"""DeepDream: what a layer sees in a picture is amplified until it shows."""

from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from core.images import Theme
from core.studio.dream import LIMITS, RECIPES, Dream
from core.studio.dream_table import sentence
from core.studio.task import Task
from pages.frame.glossary import explained
from pages.frame.more import more
from pages.studio.beside_twin import Numbers, answer, beside_twin, choose_layer
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
    chips: dict[str, tuple[str, object]] = {
        f"dream-{name}-{sees}": (label, getattr(usual, name)) for name, label in MORE.items()
    }
    with more({"dream-unit": ("Unit", None), **chips}):
        unit = st.number_input("Unit", 0, int(LIMITS["unit"][1]), None, key="dream-unit", bind="query-params",
                               placeholder="all of the layer's", help=explained("unit"))  # fmt: skip
        rest = _more(usual, sees)
    return model, replace(usual, layer=layer, unit=unit, strength=round(strength * usual.strength, 4),
                          octaves=octaves, **rest)  # fmt: skip


MORE = {"steps": "Steps", "scale": "Scale", "jitter": "Jitter", "frames": "Frames", "factor": "Zoom", "seed": "Seed"}


def _more(usual: Dream, sees: str) -> dict[str, Any]:
    """What few will change."""
    photos = sees == "photos"

    def slider(name: str, label: str, low: float, high: float, step: float) -> float:
        return st.slider(label, low, high, getattr(usual, name), step, key=f"dream-{name}-{sees}", bind="query-params")

    rest = {
        "steps": slider("steps", "Steps an octave", 1, 100, 1),
        "jitter": slider("jitter", "Jitter, in pixels", 0, 64 if photos else 6, 1),
        "frames": slider("frames", "Frames of a zoom into it", 0, 48, 1),
        "factor": slider("factor", "Each frame enlarges by", 1.0, 1.2, 0.01),
        "seed": st.number_input("Seed", 0, 9999, usual.seed, key=f"dream-seed-{sees}", bind="query-params"),
    }
    return rest | ({"scale": slider("scale", "From octave to octave", 1.1, 2.0, 0.1)} if photos else {})


def _caption(model: str, recipe: Dream, numbers: Numbers) -> str:
    """What was raised by how much, beside noise, and what the net says of it."""
    before, after, noise = (numbers[name] for name in ("before", "after", "noise"))
    assert isinstance(before, float) and isinstance(after, float) and isinstance(noise, float)
    if recipe.unit is None:
        raised = (f"{recipe.layer}'s root mean square is {after / before:.2f} times as large, by noise as large and as "
                  f"coarse {noise / before:.2f} times.")  # fmt: skip
    else:
        raised = (f"The mean of unit {recipe.unit} of {recipe.layer} went from {before:.3g} to {after:.3g}, by noise "
                  f"as large and as coarse to {noise:.3g}.")  # fmt: skip
    return f"{'Before the zoom: ' if recipe.frames else ''}{raised} {answer(numbers, model)}"
