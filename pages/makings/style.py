"""Style transfer: the photo above, or the digit, made of another picture's texture."""

from dataclasses import replace
from functools import partial

import streamlit as st
from torch import Tensor

from core.data.digits import test_set
from core.data.photos import to_input
from core.images import Theme
from core.studio.made import Made
from core.studio.style import LIMITS, RECIPES, STARTS, Style
from core.studio.task import DIGIT, Task
from pages.frame.more import more, number_fields, side_field
from pages.inputs import nets
from pages.inputs.photographs import choose_style_image
from pages.studio.in_a_row import in_a_row
from pages.studio.making import show, with_twin
from pages.studio.subject import Subject

NETS = {"photos": "photo", "digits": "cnn"}  # which have places; `rnn` and `dense` have none
EXAMPLE, ANOTHER = "tissue", 3  # the style image, and the test image, that the tab opens with
STRENGTHS = [0.3, 1.0, 3.0, 10.0, 30.0, 100.0]
WIDTH = 252  # pixels of a picture on the page, nine times a digit's
COMPUTED = """
The picture climbs -|F - F0|^2 / |F0|^2 + strength * likeness, less its mean difference of neighbours times a smoothness
(Gatys, Ecker, Bethge 2016, "Image style transfer using convolutional neural networks", equation 7): F is the content
layer's activation and F0 what the photo makes of it, both shifted by the same jitter, so that places are compared with
themselves; likeness is that of *Texture*, to the style image, in the pixels and all ReLUs up to the style layer. It
begins with the photo, or with noise. Where the photo's colours are kept, both pictures are made grey, the style image
with the photo's mean and spread of luminance; a grey picture climbs, and gives the luminance to the photo's colours
(Gatys, Bethge, Hertzmann, Shechtman 2016, "Preserving color in neural artistic style transfer", luminance-only). The
numbers are then of the luminance that is shown. Style images: *tissue*, a stained section (CMMI, no known copyright
restrictions), and *galaxies*, Hubble's deep field (NASA, public domain), out of scikit-image.
"""


def style(subject: Subject, theme: Theme) -> None:
    """Draw the switches, the two pictures, and what the trained net and its twin make of them."""
    found = _choose(subject)
    if found is None:
        return
    recipe, name, pictures = found
    works = with_twin(Task("style", NETS[subject.sees], "trained", recipe, (subject.source, name)), pictures)
    show(works, partial(_draw, pictures))


def _choose(subject: Subject) -> tuple[Style, str, list[Tensor]] | None:
    """The recipe, the style image's name, and both pictures."""
    usual, sees = RECIPES[subject.sees], subject.sees
    chosen = choose_style_image(EXAMPLE) if sees == "photos" else None
    if chosen is None and sees == "photos":
        return None
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        if sees == "digits":
            number = int(st.number_input("In the style of test image", 0, 9999, ANOTHER, key="style-digit",
                                         bind="query-params"))  # fmt: skip
            number = min(max(number, 0), 9999)
        strength = st.select_slider("Strength of the style", STRENGTHS, usual.strength, key=f"style-strength-{sees}",
                                    bind="query-params", format_func=lambda x: f"{x:g}", width=280)  # fmt: skip
        keep = sees == "photos" and st.toggle("Keep the photo's colours", key="style-keep", bind="query-params")
        recipe = replace(_more(usual, sees), strength=strength, keep_colours=keep)
    if chosen is None:
        return recipe, f"{DIGIT}{number}", [subject.image(recipe.side), test_set().images[number]]
    return recipe, chosen[0], [subject.image(recipe.side), to_input(chosen[1], recipe.side)]


def _more(usual: Style, sees: str) -> Style:
    maps = [layer.name for layer in nets.layers(NETS[sees]) if len(layer.shape) == 3]
    layers = {"content": "Content layer", "style": "Style layers up to"}
    labels = {"steps": "Steps", "lr": "Learning rate", "jitter": "Jitter", "tv": "Smoothness", "seed": "Seed"}
    keys = {name: f"style-{name}-{sees}" for name in (*layers, *labels, "start", "gram")}
    named = (layers | labels | {"start": "Start"}).items()
    chips: dict[str, tuple[str, object]] = {keys[name]: (label, getattr(usual, name)) for name, label in named}
    chips |= {keys["gram"]: ("Gram matrices", False)}
    if sees == "photos":
        chips["style-side"] = ("Pixels", usual.side)
    with more(chips):
        content, style_ = (st.selectbox(label, maps, maps.index(getattr(usual, name)), key=keys[name],
                                        bind="query-params") for name, label in layers.items())  # fmt: skip
        start = st.segmented_control("Start", STARTS, default=usual.start, required=True,
                                     key=keys["start"], bind="query-params")  # fmt: skip
        side = side_field(usual.side, "style-side") if sees == "photos" else usual.side
        numbers = number_fields(usual, labels, LIMITS, keys)
        gram = st.toggle("Gram matrices, as in the paper", key=keys["gram"], bind="query-params",
                         help="Else covariances and means.")  # fmt: skip
    return replace(usual, content=content, style=style_, start=start, side=side, centred=not gram, **numbers)


def _draw(pictures: list[Tensor], lasts: list[Made | None]) -> None:
    captions = [_said(label, last) for label, last in zip(("trained", "untrained twin"), lasts, strict=True)]
    made = [last.images[0] if last else None for last in lasts]
    in_a_row([*zip(pictures, ("content", "style"), strict=True), *zip(made, captions, strict=True)], "style-row", WIDTH)
    numbers = [last.numbers for last in lasts if last and "structure" in last.numbers]
    st.caption("Moved: how far from the content in the content layer, in shares of the style image's distance. Left: "
               "of the content's distance to the style, in the style layers.")  # fmt: skip
    if len(numbers) == 2 and pictures[0].shape[0] == 3:
        trained, twin = (f"{100 * each['structure']:.0f} %" for each in numbers)
        st.markdown(f"In how waves go together, which no net measures, {trained} of the photo's distance to the style "
                    f"is left in the trained net's picture, and {twin} in its untrained twin's.")  # fmt: skip


def _said(label: str, last: Made | None) -> str:
    if not last or "style" not in last.numbers:
        return label
    moved, left = (f"{100 * last.numbers[name]:.0f} %" for name in ("content", "style"))
    return f"{label}: {moved} moved, {left} left"
