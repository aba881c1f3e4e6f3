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
    from core import examples
    from core.atlas import PHOTO
    from core.attribution import ATTRIBUTIONS
    from core.attribution.outcome import BASELINES
    from core.trust.controls import CONTROLS, IMAGE
    from pages.attributions import on_photos
    from pages.attributions.conductance import flowing
    from pages.attributions.erasing import erase
    from pages.attributions.one_map import ABSOLUTE, POSITIVE, SIGNED, Looks
    from pages.attributions.question import Question, choose_about, heads, row
    from pages.attributions.trust import HOW_TRUSTED, trusted
    from pages.attributions.trust_here import measure
    from pages.frame.notice import notice
    from pages.inputs import nets
    from pages.inputs.canvas import drawing, look_at
    from pages.inputs.choose_nets import choose_digit_nets, choose_weights
    from pages.inputs.gallery import gallery
    from pages.units.over_page import unit_over_page

BEGIN = [IMAGE, "saliency", "integrated gradients", "guided backprop", "DeepLift", "LRP", "occlusion", "Grad-CAM"]
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
image = None
with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
    sees = st.segmented_control("Images", ["digits", "photos"], default="digits", required=True, key="images",
                                bind="query-params")  # fmt: skip
    baseline = st.selectbox("Baseline", BASELINES[sees], key=f"baseline-{sees}", bind="query-params", width=140)
    shown = st.segmented_control("Shown", [SIGNED, ABSOLUTE, POSITIVE], default=SIGNED, required=True, key="shown",
                                 bind="query-params")  # fmt: skip
    opacity = st.slider("Opacity", 0.0, 1.0, 0.8, key="opacity", bind="query-params", width=140)
looks = Looks(shown, opacity, theme)
begin = BEGIN if sees == "digits" else on_photos.BEGIN
methods = st.multiselect("Methods", [*CONTROLS, *ATTRIBUTIONS], begin, key=f"methods-{sees}", bind="query-params")
if sees == "photos":
    try:
        on_photos.photo_explained(methods, baseline, looks)
    except ValueError as error:
        notice(error, ":material/image_not_supported:")
    trusted([PHOTO], theme)
    explain()
    st.stop()
with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
    models, weights = choose_digit_nets(), choose_weights()
    st.button("Show me a digit", icon=":material/shuffle:", on_click=lambda: look_at(random.randrange(10_000)))
try:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        about = choose_about()
    image = drawing()
    if not models:
        raise ValueError("Choose a net: without one there is nothing to explain.")
    question = Question(image, weights, about, baseline)
    with st.container(key="grid"):
        heads(models, question)
        for name in methods:
            row(name, models, question, looks)
    maps = [question.map_of(name, model) for model in models for name in methods]
    measure([map_ for map_ in maps if map_], "digit", theme)
    flowing(models, question, theme)
    unit_over_page(weights, theme)
    erase(models, question, theme)
except ValueError as error:
    notice(error, ":material/edit:")
    if image is None:
        st.caption("Or take one of these test images")
        gallery(examples.first_of_each(nets.test_images().labels), columns=10, scale=2, key="begin", take=look_at)

trusted(models, theme)

explain()
