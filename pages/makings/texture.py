"""Texture: from noise to what looks like a picture and has nothing in its place, from few to many layers."""

from dataclasses import replace
from functools import partial

import streamlit as st
from torch import Tensor

from core.data import photos
from core.images import Theme
from core.studio import texture_table
from core.studio.made import Made
from core.studio.task import Task
from core.studio.texture import LIMITS, MOST, RECIPES, Texture
from pages.frame.more import more, number_fields, side_field
from pages.frame.notice import notice
from pages.inputs import nets
from pages.studio.in_a_row import in_a_row
from pages.studio.making import show, with_twin
from pages.studio.subject import Subject

NETS = {"photos": "photo", "digits": "cnn"}  # which have places; `rnn` and `dense` have none
ABOVE = "the picture above"
COMPUTED = """
Noise is changed by Adam until, in each layer that is read, its units are active together as they are in the source:
G_ij, the mean over all places of f_i f_j (Gatys, Ecker, Bethge 2015, "Texture synthesis using convolutional neural
networks"). A Gram matrix does not know where anything is, so the picture has the source's stuff, and nothing in its
place. Read are the pixels and every ReLU up to the depth. Two things differ from the paper: every layer weighs alike,
its squared distance divided by the source's own square; and covariances and means are compared, half each, in place of
G = covariance + mean mean', whose large means drown the rest in nets that are not VGG. Photos are drawn in waves with
decorrelated colours (Mordvintsev, Pezzotti, Schubert, Olah 2018). Random nets make fair textures, too (Ustyuzhaninov,
Brendel, Gatys, Bethge 2016): so how much a picture is like its source is asked of a measure without a net, how the
strengths of waves at four directions and three scales go together (after Portilla, Simoncelli 2000).
"""


def texture(subject: Subject, theme: Theme) -> None:
    """Draw the switches, and the textures of the trained net above those of its twin."""
    found = _choose(subject)
    if found is None:
        return
    recipe, source, image = found
    works = with_twin(Task("texture", NETS[subject.sees], "trained", recipe, (source,)), [image])
    show(works, partial(_draw, image, recipe))
    if subject.sees == "photos":
        st.markdown(_measured())
    else:
        st.caption("*dense* and *rnn* have no places: what a Gram matrix forgets, they do not have.")


@st.cache_data(show_spinner=False)
def _measured() -> str:
    """What the table says; its intervals are bootstraps, which no rerun has to draw again."""
    return texture_table.sentence()


def _choose(subject: Subject) -> tuple[Texture, str, Tensor] | None:
    """The recipe, and of what: its name, and the picture."""
    usual, sees = RECIPES[subject.sees], subject.sees
    maps = [layer.name for layer in nets.layers(NETS[sees]) if len(layer.shape) == 3]
    source, picture = subject.source, None
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        if sees == "photos":
            of = st.pills("Texture of", [ABOVE, *photos.STYLES], default=ABOVE, required=True, key="texture-of",
                          bind="query-params")  # fmt: skip
            source, picture = (source, None) if of == ABOVE else (of, photos.style_image(of))
        depths = st.multiselect("Up to these depths", maps, list(usual.depths), key=f"layers-texture-{sees}",
                                max_selections=MOST, bind="query-params",
                                help="A picture each, made of all ReLUs up to there.")  # fmt: skip
        recipe = _more(usual, sees)
    if not depths:
        notice("Choose at least one depth.", ":material/layers:")
        return None
    recipe = replace(recipe, depths=tuple(sorted(depths, key=maps.index)))
    return recipe, source, subject.image(recipe.side) if picture is None else photos.to_input(picture, recipe.side)


def _more(usual: Texture, sees: str) -> Texture:
    labels = {"steps": "Steps", "lr": "Learning rate", "jitter": "Jitter", "tv": "Smoothness", "seed": "Seed"}
    keys = {name: f"texture-{name}-{sees}" for name in (*labels, "gram")}
    chips: dict[str, tuple[str, object]] = {keys[name]: (label, getattr(usual, name)) for name, label in labels.items()}
    chips |= {keys["gram"]: ("Gram matrices", False)}
    if sees == "photos":
        chips["texture-side"] = ("Pixels", usual.side)
    with more(chips):
        side = side_field(usual.side, "texture-side") if sees == "photos" else usual.side
        numbers = number_fields(usual, labels, LIMITS, keys)
        gram = st.toggle("Gram matrices, as in the paper", key=keys["gram"], bind="query-params",
                         help="Else covariances and means.")  # fmt: skip
    return replace(usual, side=side, centred=not gram, **numbers)


def _draw(image: Tensor, recipe: Texture, lasts: list[Made | None]) -> None:
    """Of photos it is said how far from the source they are by waves; of digits, in the layers that were read."""
    number, of = ("left", "what it read") if image.shape[0] == 1 else ("structure", "how waves go together")
    for label, last in zip(("Trained", "Untrained twin"), lasts, strict=True):
        st.markdown(f"**{label}**")
        shares = last.numbers_of(number) if last and number in last.numbers else None
        made = list(last.images) if last else [None] * len(recipe.depths)
        captions = [f"up to {depth}" + (f": {100 * shares[place]:.0f} % left" if shares else "")
                    for place, depth in enumerate(recipe.depths)]  # fmt: skip
        in_a_row([(image, "the source"), *zip(made, captions, strict=True)], f"texture-row-{label[:2].lower()}")
    st.caption(f"In per cent: how much of noise's distance to the source is left in {of}.")
