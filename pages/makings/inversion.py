"""Inversion: what a layer keeps of a picture, made from its activations alone."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from core import charts, images
from core.ascent.priors import PRIORS
from core.ascent.within import NONE
from core.data.photos import SAMPLES
from core.models import find
from core.studio.inversion import IN_A_ROW, LIMITS, ONE_LAYER, WITH_PRIOR, Inversion
from core.studio.inversion_table import DIGITS, TWINS, by_depth, layers_of, sentence
from core.studio.made import Made
from core.studio.task import Task
from pages.frame.glossary import explained
from pages.frame.more import more
from pages.inputs import nets
from pages.inputs.choose_nets import ONE_OF_EACH
from pages.layers.net_head import net_head
from pages.studio.inverted import inverted_layers, true_picture
from pages.studio.making import Making, show, with_twin
from pages.studio.subject import Subject

COMPUTED = (
    "From grey and a little noise, a picture x is changed by Adam until a layer's activations φ(x) are those of the "
    "picture x₀: it minimises |φ(x) − φ(x₀)|² / |φ(m) − φ(x₀)|² + λ TV(x), where TV is the mean absolute difference of "
    "neighbouring pixels (Mahendran and Vedaldi 2015, equation 1). m is the mean test digit, or a photo's mean colour, "
    "so that an error of 1 is that of a picture that tells nothing. Errors, of pixels and in the layer, are roots of "
    "mean squares in shares of m's; likeness is the correlation of pixels, each channel about its mean, which leaves "
    "brightness and contrast aside; spread is the mean distance between two starts. Within a prior, only images are "
    "tried that a generator, or principal components, can draw. What comes back is what so many steps find: a layer "
    "may keep more. `python -m core.studio inversion` measures the table."
)
DRAWN = {
    "digits": "Error of inverted images, in shares of the mean digit's, dotted. Solid: trained; dashed: "
    f"{TWINS} untrained twins; with dots: shuffled. Bands: 95 % bootstrap intervals.",
    "photos": "Likeness: the correlation of pixels with the photo's, of which a grey picture has 0, dotted. Solid: "
    "trained; dashed: an untrained twin. Bands: 95 % bootstrap intervals.",
}
ROW = "several"
START = {"photos": IN_A_ROW, "digits": Inversion(())}


def inversion(subject: Subject, theme: images.Theme) -> None:
    """Draw the part of the page."""
    recipe = _choose(subject.sees)
    if subject.sees == "photos":
        task = Task("inversion", "photo", "trained", recipe, (subject.source,))
        makings = with_twin(task, [subject.image(task.side)])
        show(makings, partial(_photo, makings))
    else:
        tasks = [Task("inversion", name, "trained", replace(recipe, layers=layers_of(name)), (subject.source,))
                 for name in ONE_OF_EACH]  # fmt: skip
        makings = [each for task in tasks for each in with_twin(task, [subject.image(task.side)])]
        show(makings, partial(_digits, makings))
    _measured(subject.sees, recipe.prior if recipe.prior != "linear" else NONE, theme)


def _choose(sees: str) -> Inversion:
    usual = START[sees]
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="inversion-switches"):
        if sees == "photos":
            names = [layer.name for layer in nets.layers("photo")]
            layer = st.selectbox("Layers", [ROW, *names], key="inversion-layer", bind="query-params", width=220)
            usual = usual if layer == ROW else replace(ONE_LAYER, layers=(layer,))
        else:
            prior = st.segmented_control("Prior", [NONE, *PRIORS], default=NONE, required=True, key="inversion-prior",
                                         bind="query-params", help=explained("prior"))  # fmt: skip
            usual = usual if prior == NONE else replace(WITH_PRIOR, prior=prior)
        kind = f"{sees}-{usual.prior}" if sees == "digits" else f"{sees}-{len(usual.layers)}"
        starts = st.slider("Starts", 1, 6, usual.starts, key=f"inversion-starts-{kind}", bind="query-params", width=160,
                           help="Where they differ, the layer does not care.")  # fmt: skip
        with more(
            {
                f"inversion-{name}-{kind}": (label, str(usual.lr) if name == "lr" else getattr(usual, name))
                for name, label in MORE.items()
            }
        ):
            return replace(usual, starts=starts, **_more(usual, kind))


RATES = ("0.005", "0.01", "0.02", "0.05", "0.1", "0.2", "0.3", "0.5")
MORE = {"tv": "Total variation", "steps": "Steps", "lr": "Learning rate", "seed": "Seed"}


def _more(usual: Inversion, kind: str) -> dict[str, Any]:
    least, most = LIMITS["steps"]
    return {
        "tv": st.slider("Weight of total variation", 0.0, 10.0, usual.tv, 0.1, key=f"inversion-tv-{kind}",
                        bind="query-params"),
        "steps": st.slider("Steps", int(least), int(most), usual.steps, key=f"inversion-steps-{kind}",
                           bind="query-params"),
        "lr": float(st.select_slider("Learning rate", RATES, str(usual.lr), key=f"inversion-lr-{kind}",
                                     bind="query-params")),
        "seed": st.number_input("Seed", 0, 9999, 0, key=f"inversion-seed-{kind}", bind="query-params"),
    }  # fmt: skip


def _photo(makings: Sequence[Making], lasts: Sequence[Made | None]) -> None:
    with st.container(horizontal=True, gap="small", key="inversion-photo"):
        true_picture(makings[0].images[0])
        inverted_layers([each.task for each in makings], lasts)


def _digits(makings: Sequence[Making], lasts: Sequence[Made | None]) -> None:
    for place, name in enumerate(ONE_OF_EACH):
        net_head(name, find(name).title)
        with st.container(horizontal=True, gap="small", key=f"inversion-{name}"):
            true_picture(makings[0].images[0])
            own = slice(2 * place, 2 * place + 2)
            inverted_layers([each.task for each in makings[own]], lasts[own])


def _measured(sees: str, prior: str, theme: images.Theme) -> None:
    """What the table says, over many images."""
    digits = sees == "digits"
    models, number = (ONE_OF_EACH, "error") if digits else (("photo",), "likeness")
    within = "" if prior == NONE else f", within the prior {prior}"
    what = f"{DIGITS} test digits" if digits else f"{len(SAMPLES)} sample photos"
    st.header(f"Over {what}{within}", anchor=False)
    spec = charts.nets_by_depth(by_depth(models, prior, number), f"{number}; pixels: the mean image", theme, 300, 200)
    st.vega_lite_chart(spec, width="content", key="inversion-chart")
    st.caption(DRAWN[sees])
    for model in models:
        st.markdown(sentence(model, prior))
