"""Caricature: another picture of the same thing, with what a layer saw in it exaggerated."""

from dataclasses import replace
from functools import partial

import streamlit as st

from core.images import Theme
from core.studio.caricature import LIMITS, RECIPES, STARTS, Caricature
from core.studio.caricature_table import sentence
from core.studio.made import Made
from core.studio.task import Task
from pages.frame.more import more, number_fields
from pages.studio.beside_twin import answer, beside_twin, choose_layer
from pages.studio.making import show, with_twin
from pages.studio.subject import Subject

COMPUTED = (
    "A picture x climbs (φ(x) · φ(x₀)) cos(φ(x), φ(x₀))^p, where φ is a layer's whole activation and x₀ the picture "
    "itself (Olah et al. 2018, as in Lucid): the layer's answer is made longer, and kept in its direction, the more so "
    "the larger p is. Adam moves the waves of which x is made, fine ones weaker as "
    "1 / frequency, from grey and noise or from x₀. Before each step x and x₀ are shifted together."
)
MORE = {
    "strength": "Strength: how far each wave can move",
    "steps": "Steps",
    "jitter": "Jitter, in pixels",
    "seed": "Seed",
}


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
    keys = {name: f"caricature-{name}-{sees}" for name in MORE}
    with more({keys[name]: (label, getattr(usual, name)) for name, label in MORE.items()}):
        rest = number_fields(usual, MORE, LIMITS, keys)
    return model, replace(usual, layer=layer, exponent=exponent, start=start, **rest)


def _caption(model: str, recipe: Caricature, made: Made) -> str:
    """How long the answer is, how far it points elsewhere, and what the net says."""
    return (
        f"{recipe.layer}'s answer is {made.number('length'):.2f} times as long as to the picture itself, and their "
        f"cosine is {made.number('cosine'):.2f}. {answer(made, model)}"
    )
