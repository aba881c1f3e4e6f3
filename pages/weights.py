"""The weights themselves: what a first layer does to pixels, and why those of deeper layers say little."""

import streamlit as st

from pages.frame import navigation

navigation.enter(
    "weights",
    "What did the nets learn?",
    "A net is its weights, so let us look at them. Those that meet the pixels are pictures: orange is ink that excites "
    "a unit, purple ink that inhibits it.",
)

with navigation.loading():
    from core.models import DIGIT_NETS, MODELS, families
    from pages.frame.glossary import explained
    from pages.inputs.choose_nets import choose_weights
    from pages.layers.weight_pictures import about_smoothness, deeper_layers, first_layer, recurrent_layers
    from pages.units.over_page import unit_over_page

DEEPER = """
Behind the first layer, weights do not meet pixels but units, and what these stand for is not in the picture. Each row
is a unit, each tile what it takes from one unit before. What a filter is *for* it does not show. Click a row to ask its
unit instead: what it looks for, what excites it, and which units it reads from.
"""
RECURRENT = """
A recurrent layer reads the layer before and its own past, by four gates each: *input* and *forget* say how much of the
new and of the old memory to keep, *cell* what to write, *output* how much to show. Below each matrix that reads the
past stand its eigenvalues and how far from zero they reach: trained as points, the untrained twin's as rings. In a
linear net what lies inside the unit circle would fade from row to row, and what lies outside would grow. Training has
pushed many of them outside, plain training fewer. The size of the weights explains that: in a random order (*shuffled*)
still more of them lie outside, in every gate. So this says nothing of memory.
"""
COMPUTED = """
**Pictures.** Each weight is a pixel, or several, without smoothing; in a picture one scale, symmetric about zero, from
purple over white to orange. The filters of the net for photos have three colours and are shown in them, each on its own
scale: grey is zero. Its normalisation is folded into them, as into all of its weights.

**Correlation of neighbouring weights.** Pearson's, over all pairs of weights that lie side by side or one below the
other in a filter. Independent weights, such as those before training, have 0. Beside the weights shown stand five
trained seeds, plain training, five untrained twins and five shuffled ones, from the lowest to the highest;
`python -m core.weights` computes them.

**Eigenvalues** are those of the 64 x 64 matrix by which a gate reads the layer's own state.
"""

theme = st.context.theme.type or "light"
weights = choose_weights()
with st.container(horizontal=True, gap="small", key="first"):
    for family in families():
        with st.container(width="content", gap="xsmall"):
            for model in MODELS:
                if MODELS[model].family == family:
                    first_layer(model, weights, theme)

st.header("Deeper layers", anchor=False, help=explained("unit", "hidden state", "gate"))
deep = st.segmented_control("Net", DIGIT_NETS, default="cnn", required=True, key="deep", bind="query-params")
st.markdown(RECURRENT if MODELS[deep].reads_rows else DEEPER)
with st.container(horizontal=True, gap="medium", key="deeper"):
    recurrent_layers(deep, weights, theme)
    deeper_layers(deep, weights, theme)
st.header("Did training make them smooth?", anchor=False)
st.markdown(about_smoothness())
unit_over_page(weights, theme)

with st.expander("How this is computed"):
    st.markdown(COMPUTED)
