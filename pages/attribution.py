"""Which part of the input did it? Fifteen methods, side by side in several nets, and how far each can be trusted."""

import random

import streamlit as st

from pages.frame import navigation

navigation.enter(
    "attribution",
    "Which part of the image did it?",
    "What a unit looks for is one question; what in this image it found is another. Orange speaks for the answer, "
    "purple against it. The methods disagree: beside each stands how far it can be trusted, and beside all of them the "
    "image itself, which knows nothing of the net.",
)

with navigation.loading():
    from core.atlas import PHOTO
    from pages.attributions.choose_maps import choose_maps
    from pages.attributions.conductance import flowing
    from pages.attributions.erasing import erase
    from pages.attributions.on_photos import photo_explained
    from pages.attributions.question import Question, choose_about, heads, row
    from pages.attributions.trust import HOW_TRUSTED, trusted
    from pages.attributions.trust_here import measure
    from pages.frame.notice import notice
    from pages.inputs.canvas import drawing, look_at
    from pages.units.over_page import unit_over_page

COMPUTED = """
**Maps.** By Captum, each for the strongest value of the unit over its map or over time; a class's is its logit, not
its probability. *Saliency*: the gradient. *Input x gradient*, *SmoothGrad*, *guided backprop*, *deconvolution*: ways
to use it. *Integrated gradients*, *DeepLift*, *gradient SHAP*: what changed since the baseline. *LRP*: the answer,
shared out backwards by the gamma rule. *Occlusion*, *feature ablation*, *Shapley sampling*, *kernel SHAP*: what
happens when squares of 4 x 4 pixels go. *Grad-CAM*: the last maps, weighed. The papers stand in `core/attribution`.
What is drawn at random says its *standard error*, all pixels' together, beside the map's size.

**Adds up**: some methods promise that their map's sum is what the target changed since the baseline; the others' is
called *sum* only. Both are computed for each map, and what the target changed stands beside. A black baseline gives
black pixels nothing by construction: choose another one to see.

**Units.** Conductance (Dhamdhere, Sundararajan, Yan 2019): the gradients' path from the baseline to the image, shared
out among a layer's units, over all of a unit's map or time. In 256 steps a layer's sum is off by less than 2 % on the
mean.

**Photos.** Superpixels are regions of like colour (SLIC, Achanta et al. 2012), the occluding squares 16 pixels wide;
the strongest percent of a map's pixels share the strongest colour. What is *cut out* grows from the map's highest and
lowest places by random walkers (Grady 2006); the idea is Simonyan, Vedaldi and Zisserman's (2014, section 3.2).
"""


def explain() -> None:
    """End the page."""
    with st.expander("How this is computed"):
        st.markdown(COMPUTED)
        st.markdown(HOW_TRUSTED)


theme = st.context.theme.type or "light"
with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
    sees = st.segmented_control("Images", ["digits", "photos"], default="digits", required=True, key="images",
                                bind="query-params")  # fmt: skip
    chosen = choose_maps(sees, theme)
    about, complaint = None, None
    if sees == "digits":
        st.button("Show me a digit", icon=":material/shuffle:", on_click=lambda: look_at(random.randrange(10_000)))
        try:
            about = choose_about()
        except ValueError as error:
            complaint = error
if sees == "photos":
    try:
        photo_explained(chosen)
    except ValueError as error:
        notice(error, ":material/image_not_supported:")
    trusted([PHOTO], theme)
    explain()
    st.stop()
try:
    if complaint:
        raise complaint
    if not chosen.models:
        raise ValueError("Choose a net: without one there is nothing to explain.")
    shown = drawing()
    question = Question(shown.image, chosen.weights, about, chosen.baseline)
    with st.container(key="grid"):
        heads(chosen.models, question, shown.about)
        for name in chosen.methods:
            row(name, chosen.models, question, chosen.looks)
    maps = [question.map_of(name, model) for model in chosen.models for name in chosen.methods]
    measure([map_ for map_ in maps if map_], "digit", theme)
    flowing(chosen.models, question, theme)
    unit_over_page(chosen.weights, theme)
    erase(chosen.models, question, theme)
except ValueError as error:
    notice(error, ":material/edit:")

trusted(chosen.models, theme)

explain()
