"""What do units look for? Gradient ascent in several nets, live."""

import streamlit as st

from pages.frame import navigation

navigation.enter(
    "features",
    "What does each unit look for?",
    "Every picture begins with next to nothing and is changed, step by step, until one unit of one layer fires as "
    "strongly as it can: so we ask the nets, by experiment. Deeper layers stand further down.",
)

with navigation.loading():
    from core.ascent.within import NONE
    from pages.ascents.choose_recipe import choose_prior, choose_recipe, usual_recipe
    from pages.ascents.choose_units import choose_units, usual_units
    from pages.ascents.live import Choice, show
    from pages.frame.more import more
    from pages.frame.notice import notice
    from pages.inputs.choose_nets import choose_weights
    from pages.units.over_page import unit_over_page

MOST = {"digits": 2000, "photos": 144}  # pictures at once

COMPUTED = """
**Gradient ascent.** The image is free, the net is not: Adam changes the image so that the unit's pre-activation grows
(Erhan, Bengio, Courville, Vincent 2009). Unless you choose otherwise, a convolutional unit is climbed where its
strongest test images have their peaks, a recurrent unit behind their rows, where its output is flat by atanh of it; a
ReLU's unit always by its pre-activation, because behind the ReLU up to nine of ten units of a layer are silent at
the start.

**The prior** says what may be drawn. *None*: any image. *Linear*: what the mean and 50 principal components of the
training digits add up to. *Generator*: what the decoder of a variational autoencoder draws, which was fitted to the
training digits (Nguyen et al. 2016). Both begin with the best of 256 drawings of the prior and stay in a ball around
the mean digit; what the unit cannot see is faint. A prior draws digits for untrained units, too: whether a picture
tells what excites its unit stands in the unit's panel.

**Without a prior**, what keeps it from noise: *a budget of ink*: where the mean ink exceeds 0.13, as in MNIST, all
pixels sink together. *Blur* (a Gaussian of half a pixel) and *jitter* (a shift of up to two pixels) before every step
make what is found depend on no single pixel; units that see less than 20 pixels are shaken less. Switch them off: the
difference is the lesson.

**How strong.** Below each picture stands what it reaches anywhere in its map or in time, as a multiple of the strongest
pre-activation that any of MNIST's 10,000 test images causes in the same unit of the same net; *silent* is a unit whose
ReLU lets neither through, *new* one that only the picture lifts above zero, a dash one that neither does, as a logit
may. Choose *untrained* for the control.

**Which units.** *Most active* are those whose pre-activations for the drawing come nearest to their strongest for any
test image; *most different* those whose answers to 1,000 test images are least correlated, taken one by one.

**Several pictures** of a unit begin apart, each where another part of its strongest images has its peak. Without a
prior they keep apart: what is climbed then has minus twice the cosine similarity of the layer's Gram matrices in it
(Olah, Mordvintsev, Schubert 2017), so that a unit that knows two things can show both.
*Minus unit* subtracts another unit's pre-activation: 4 minus 9 at the logits shows what tells them apart.

**Nets for photos.** A channel's mean over its map is climbed, unless you choose its centre. The picture is made of
waves, the fine ones weaker as 1 / frequency, with decorrelated colours (Olah, Mordvintsev, Schubert 2017); before every
step it is shifted by up to 8 pixels, turned by up to 10 degrees and resized by up to 10 %. Layers that see less than 32
pixels get smaller pictures, shaken less; classes larger forms. The multiple is of the strongest pre-activation for
any of the photos that come with the app, or that LAYERSCOPE_PHOTOS names.

The same choice, recipe and seed give the same pictures (photos on the same machine: they are climbed in the type that
it computes faster, float32 or bfloat16), and results are kept, so that nothing is computed twice.
"""


theme = st.context.theme.type or "light"
try:
    complaint = None
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        sees = st.segmented_control("Nets for", ["digits", "photos"], default="digits", required=True, key="sees",
                                    bind="query-params")  # fmt: skip
        weights = choose_weights()
        prior = choose_prior() if sees == "digits" else NONE
        with more(usual_units(sees) | usual_recipe(sees)):
            try:
                weights, units = choose_units(sees, weights)
                recipe, variants = choose_recipe(sees, prior)
            except ValueError as error:
                complaint = error
    if complaint:
        raise complaint
    if sum(len(indices) for _, indices in units) * variants > MOST[sees]:
        raise ValueError(f"That is more than {MOST[sees]} pictures: choose fewer layers, units, or pictures of a unit.")
    if units:
        show(Choice(weights, units, variants, recipe))
        unit_over_page(weights, theme)
    else:
        st.info("Choose a net, and a layer.", icon=":material/touch_app:")
except ValueError as error:
    notice(error, ":material/search_off:")

with st.expander("How this is computed"):
    st.markdown(COMPUTED)
