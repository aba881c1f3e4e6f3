"""Images as points in each layer's space: which lie near each other there, and whether neighbours mean the same."""

import random

import streamlit as st

from pages.frame import navigation

navigation.enter(
    "neighbours",
    "Which images are alike to a layer?",
    "To a layer, an image is a list of numbers: a point in a space with as many axes. Its nearest neighbours are the "
    "images that the layer takes for nearly the same. Do they show the same digit? In three of the "
    "four nets, the deeper a trained layer, the more of them do.",
)

with navigation.loading():
    from core.measures import neighbours
    from core.measures.spaces import METRICS, PIXELS
    from core.models import DIGIT_NETS, MODELS
    from pages.frame.glossary import explained
    from pages.frame.more import more
    from pages.frame.notice import notice
    from pages.inputs.canvas import drawing, look_at
    from pages.inputs.choose_nets import choose_digit_nets, choose_weights, usual_nets
    from pages.layers.net_head import net_head
    from pages.spaces.beside_controls import beside_controls
    from pages.spaces.digit_neighbours import Query, depths, layer_at, neighbourhood, query_digit
    from pages.spaces.photo_neighbours import photo_neighbours

COMPUTED = """
**From image to point.** The net runs up to the layer, and everything that the layer puts out, all units, all places,
all rows, is written in one line: a vector. Of a recurrent net that is the whole sequence of its states. The stripes
show it from left to right; of longer vectors several numbers share a stripe.

**Distance.** *Cosine*: 1 minus the cosine of the angle between two vectors, each without the mean of all test images'
vectors, so that nothing that all images share counts; *euclidean*: the length of their difference. The search is exact,
among the first 2,000 of MNIST's test images, on none of which a net was trained; the image itself is left out. The
histogram shows the distances to all of them, and the line the twelfth neighbour's.

**Share.** Of the twelve nearest others of each of those 2,000 images, how many show the same digit, on the mean. A
layer is said to gather digits where the lowest of five trained seeds lies above the highest of every control with as
many numbers, by both distances: five untrained twins; five shuffled twins, with the trained weights in a random order;
and five random projections (Gaussian) of the pixels, and of the layer below. A projection to as many numbers shows what
the loss of dimensions does by itself. `python -m core.measures.neighbours` computes the numbers of the charts.
"""


def explain() -> None:
    """End the page."""
    with st.expander("How this is computed"):
        st.markdown(COMPUTED)


theme = st.context.theme.type or "light"
with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
    sees = st.segmented_control("Images", ["digits", "photos"], default="digits", required=True, key="images",
                                bind="query-params")  # fmt: skip
    if sees == "digits":
        near, far = depths()
    weights = choose_weights()
    with more(usual_nets() | {"metric": ("Distance", "cosine")}):
        models = choose_digit_nets() if sees == "digits" else ()
        metric = st.segmented_control("Distance", METRICS, default="cosine", required=True, key="metric",
                                      bind="query-params", help=explained("cosine distance"))  # fmt: skip
    if sees == "digits":
        st.button("Show me a digit", icon=":material/shuffle:",
                  on_click=lambda: look_at(random.randrange(neighbours.ENOUGH)))  # fmt: skip
if sees == "photos":
    try:
        photo_neighbours(weights, metric, theme)
    except ValueError as error:
        notice(error, ":material/image_not_supported:")
    explain()
    st.stop()
with st.container(horizontal=True, gap="medium"):
    side, main = st.container(width=288, key="side"), st.container(width="stretch", key="main")
with side:
    image = None
    try:
        image = drawing()
    except ValueError as error:
        notice(error, ":material/edit:")
    if image is not None:
        query = Query(image, weights, metric, theme)
        query_digit(query)
        neighbourhood(query, DIGIT_NETS[0], PIXELS, family="", columns=4)
with main:
    for model in models if image is not None else []:
        net_head(model, weights)
        with st.container(horizontal=True, gap="medium"):
            for place, depth in enumerate((near, far)):
                with st.container(width=440, key=f"space-{model}-{place}"):
                    neighbourhood(query, model, layer_at(model, depth), MODELS[model].family, columns=6)
    st.subheader("Do neighbours mean the same?", anchor=False)
    beside_controls("share", models, metric, theme)

explain()
