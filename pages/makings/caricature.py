"""Caricature: another picture of the same thing, with what a layer saw in it exaggerated."""

from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from core.images import Theme
from core.studio.caricature import RECIPES, STARTS, Caricature
from core.studio.caricature_table import sentence
from core.studio.task import Task
from pages.frame.more import more
from pages.studio.beside_twin import Numbers, answer, beside_twin, choose_layer
from pages.studio.making import show, with_twin
from pages.studio.subject import Subject

COMPUTED = (
    "A picture x climbs (φ(x) · φ(x₀)) cos(φ(x), φ(x₀))^p, where φ is a layer's whole activation and x₀ the picture "
    "itself (Olah et al. 2018, as in Lucid): the layer's answer is made longer, and kept in its direction, the more so "
    "the larger p is. Adam moves the waves of which x is made, fine ones weaker as "
    "1 / frequency, from grey and noise or from x₀. Before each step x and x₀ are shifted together."
)
MORE = {"strength": "Strength", "steps": "Steps", "jitter": "Jitter", "seed": "Seed"}


def caricature(subject: Subject, theme: Theme) -> None:
    """Draw the part of the page."""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="caricature-switches"):
        model, recipe = _choose(subject.sees)
    task = Task("caricature", model, "trained", recipe, (subject.source,))
    makings = with_twin(task, [subject.image(task.side)])
    draw = partial(beside_twin, makings, partial(_caption, model, recipe))
    show(makings, draw)
    st.markdown(sentence(model))


def _choose(sees: str) -> tuple[str, Caricature]:
    """The net, and how it exaggerates."""
    usual = RECIPES[sees]
    model, layer = choose_layer("caricature", sees, usual.layer)
    exponent = st.slider("Exponent of the cosine", 0.0, 8.0, usual.exponent, 0.5, key=f"caricature-exponent-{sees}",
                         bind="query-params", width=200,
                         help="0: only longer, in whatever direction. Large: in the same direction.")  # fmt: skip
    start = st.segmented_control("Begin with", STARTS, default=usual.start, required=True, key="caricature-start",
                                 bind="query-params")  # fmt: skip
    with more({f"caricature-{name}-{sees}": (label, getattr(usual, name)) for name, label in MORE.items()}):
        rest = _more(usual, sees)
    return model, replace(usual, layer=layer, exponent=exponent, start=start, **rest)


def _more(usual: Caricature, sees: str) -> dict[str, Any]:
    """What few will change."""

    def slider(name: str, label: str, low: float, high: float, step: float) -> float:
        return st.slider(label, low, high, getattr(usual, name), step, key=f"caricature-{name}-{sees}",
                         bind="query-params")  # fmt: skip

    return {
        "strength": slider("strength", "Strength: how far each wave can move", 0.5, 10.0, 0.5),
        "steps": slider("steps", "Steps", 1, 400, 1),
        "jitter": slider("jitter", "Jitter, in pixels", 0, 64 if sees == "photos" else 6, 1),
        "seed": st.number_input("Seed", 0, 9999, usual.seed, key=f"caricature-seed-{sees}", bind="query-params"),
    }


def _caption(model: str, recipe: Caricature, numbers: Numbers) -> str:
    """How long the answer is, how far it points elsewhere, and what the net says."""
    return (
        f"{recipe.layer}'s answer is {numbers['length']:.2f} times as long as to the picture itself, and their cosine "
        f"is {numbers['cosine']:.2f}. {answer(numbers, model)}"
    )
