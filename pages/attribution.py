"""Which part of the input did it? Fifteen methods, side by side in several nets, and how far each can be trusted."""

import random

import streamlit as st

from pages.shared import frame

frame.enter(
    "attribution",
    "Which part of the image did it?",
    "What a unit looks for is one question; what in this image it found is another. Orange speaks for the answer, "
    "purple against it. The methods disagree: beside each stands how far it can be trusted, and beside all of them the "
    "image itself, which knows nothing of the net.",
)

with frame.loading():
    from core import examples
    from core.attribution import ATTRIBUTIONS
    from core.attribution.outcome import BASELINES
    from core.trust.controls import CONTROLS, IMAGE
    from pages.shared import nets, photo_explained
    from pages.shared.choose_nets import choose_digit_nets, choose_weights
    from pages.shared.erasing import erase
    from pages.shared.explained import Question, choose_about, heads, row
    from pages.shared.explaining import ABSOLUTE, POSITIVE, SIGNED, Looks
    from pages.shared.flowing import flowing
    from pages.shared.gallery import gallery
    from pages.shared.measured import measure
    from pages.shared.notice import notice
    from pages.shared.paper import drawing, look_at
    from pages.shared.trusted import trusted
    from pages.shared.unit_over_page import unit_over_page

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

**The controls** know no net: *at random*, a random value for each pixel; *centre first*; *the image itself*, its ink;
an *edge detector*, Sobel's. A method has to beat the best of them. The gain is paired, image by image; its interval is a
bootstrap of the mean (95 %, 2,000 resamples); where it holds 0, the method does not beat the controls.

**Pointing game** (Böhle, Fritz, Schiele 2021): four digits of different classes in one image, two for the recurrent
net, whose readout is applied at every place, or row, on the mean; of the map's positive values, the share that lies on
the digit that was asked for. Chance is 0.25, or 0.5. Only grids count whose asked class is among the four, or two,
strongest logits. The dense nets read 784 pixels and cannot play. **Against its rival**: the map of the digit's own
class minus its strongest rival; ink goes in its order, what speaks for the digit first, and the digit's share of the
two is watched; ink alone is not enough here, because most of it speaks for both.

**Deletion, insertion**: the area under the answer's probability while ink goes, or comes, the most important first
(Petsiuk, Das, Saenko 2018), by absolute value, or *signed*, what speaks for the answer first. Only ink goes: to take out
paper changes nothing, and over all pixels anything that finds the ink would win. Equals go at random. For one digit and
not another it is its probability beside that of both, for a unit how much is left of the difference that the image
makes. Deletion's area should be small, insertion's large. What is gone is black. Of a photo superpixels go, and what is
gone is blurred.

**Infidelity**: which share of what happens when squares go the map does not predict, 0 nothing, 1 all of it; the map
may be scaled, but not turned round (after Yeh et al. 2019, who do not scale it). **Sensitivity**: how much the map
changes at most in 16 random corners of the box of 0.02 a pixel round the image, a lower bound (Yeh et al. 2019, over 20
digits). **Weights random**: the rank correlation, over the ink, with the map of the same net whose layers, from the last
one on, have the weights of one of five untrained twins (Adebayo et al. 2018): what stays near 1 does not explain the net.
Methods that multiply by the pixel share that with any other map: pixel times noise keeps as much as *floor* says with
pixel times other noise; *divided* is the same with the pixel divided out. **Gap**: what a map's sum misses, as a share
of what the target changed, where the method promises that it is 0. **Error**: the standard error as above.
`python -m core.trust` computes all of it; Shapley sampling over 100 digits, kernel SHAP over 50, all others over 200,
and over 100 for the plain nets.

**Units.** Conductance (Dhamdhere, Sundararajan, Yan 2019): the gradients' path from the baseline to the image, shared
out among a layer's units, over all of a unit's map or time. In 256 steps a layer's sum is off by 0.7 % on the mean.

**Photos.** Superpixels are regions of like colour (SLIC, Achanta et al. 2012), the occluding squares 16 pixels wide;
the strongest percent of a map's pixels share the strongest colour. What is *cut out* grows from the map's highest and
lowest places by random walkers (Grady 2006); the idea is Simonyan, Vedaldi and Zisserman's (2014, section 3.2).
"""


def explain() -> None:
    """End the page."""
    with st.expander("How this is computed"):
        st.markdown(COMPUTED)


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
begin = BEGIN if sees == "digits" else photo_explained.BEGIN
methods = st.multiselect("Methods", [*CONTROLS, *ATTRIBUTIONS], begin, key=f"methods-{sees}", bind="query-params")
if sees == "photos":
    try:
        photo_explained.photo_explained(methods, baseline, looks)
    except ValueError as error:
        notice(error, ":material/image_not_supported:")
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
    measure([map_ for map_ in maps if map_ and not map_.why_not() and map_.method not in CONTROLS], "digit", theme)
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
