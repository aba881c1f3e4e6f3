"""The switches for the maps of one image: which methods, of which nets, and how they are shown."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core import images
from core.atlas import PHOTO
from core.attribution import ATTRIBUTIONS, DRAWN
from core.attribution.outcome import BASELINES
from core.trust.advice import most_advised
from core.trust.controls import CONTROLS, IMAGE
from pages.attributions.one_map import ABSOLUTE, POSITIVE, SIGNED, Looks
from pages.frame.glossary import explained
from pages.frame.more import more
from pages.inputs.choose_nets import choose_digit_nets, choose_net, choose_weights, usual_nets

PHOTO_METHODS = ["Grad-CAM", "guided Grad-CAM", "DeepLift", "saliency"]  # at once, the best in pointing first
LOOKS, OPACITY = {"digits": SIGNED, "photos": ABSOLUTE}, 0.8  # a photo's signed maps are grain


@dataclass(frozen=True)
class Chosen:
    """What the switches say."""

    methods: Sequence[str]
    models: Sequence[str]
    weights: str
    baseline: str
    looks: Looks
    cut: bool = False  # show what a photo's map cuts out of it


def choose_maps(sees: str, theme: images.Theme) -> Chosen:
    """Draw them, for images of this kind: "digits" or "photos"."""
    begin, baselines = _begin_with(sees), BASELINES[sees]
    digits = sees == "digits"
    shown_key = "shown" if digits else "shown-photos"
    usual = (usual_nets() if digits else {"net": ("Net", PHOTO), "cut": ("Cut out", False)}) | {
        f"methods-{sees}": ("Methods", begin), f"baseline-{sees}": ("Baseline", baselines[0]),
        shown_key: ("Shown", LOOKS[sees]), "opacity": ("Opacity", OPACITY),
    }  # fmt: skip
    weights = choose_weights()
    everything = st.toggle("All methods", key="all", bind="query-params")
    with more(usual):
        models = choose_digit_nets() if digits else [choose_net()]
        cut = not digits and st.toggle("Cut out what it found", key="cut", bind="query-params")
        offered = [*CONTROLS, *ATTRIBUTIONS]
        methods = st.multiselect("Methods", offered, begin, key=f"methods-{sees}", bind="query-params",
                                 help=explained("attribution"), disabled=everything)  # fmt: skip
        baseline = st.selectbox("Baseline", baselines, key=f"baseline-{sees}", bind="query-params",
                                help=explained("baseline"))  # fmt: skip
        shown = st.segmented_control("Shown", [SIGNED, ABSOLUTE, POSITIVE], default=LOOKS[sees], required=True,
                                     key=shown_key, bind="query-params")  # fmt: skip
        opacity = st.slider("Opacity", 0.0, 1.0, OPACITY, key="opacity", bind="query-params")
    return Chosen(offered if everything else methods, models, weights, baseline, Looks(shown, opacity, theme), cut)


@st.cache_data(show_spinner=False)  # every rerun asks, and asking the table takes 50 ms
def _begin_with(sees: str) -> list[str]:
    """The methods that are shown at first: three that we advise and that draw nothing at random, and a control."""
    if sees == "photos":
        return PHOTO_METHODS
    return [*most_advised([name for name in ATTRIBUTIONS if name not in DRAWN], 3), IMAGE]
