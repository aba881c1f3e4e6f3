"""Layers' spaces drawn flat: how classes part from layer to layer, and where one's own drawing lies among them."""

import random

import streamlit as st

from pages.frame import navigation

navigation.enter(
    "maps",
    "How do the digits part, layer by layer?",
    "Each point is a test image, and each map a layer's space drawn flat: what is near in it, the layer takes for "
    "alike. Draw a lasso round some points, and see where the same images lie in every other layer.",
)

with navigation.loading():
    from core import images
    from core.embeddings import METHOD
    from core.maps import METHODS
    from core.measures import neighbours
    from pages.frame.glossary import explained
    from pages.frame.notice import notice
    from pages.inputs import nets
    from pages.inputs.canvas import drawing, look_at
    from pages.inputs.choose_nets import choose_digit_nets, choose_weights
    from pages.inputs.gallery import gallery
    from pages.spaces.beside_controls import beside_controls
    from pages.spaces.fit_maps import PCA, shown_maps

MOST = 60  # images of a lasso that are shown
COMPUTED = """
**From image to point.** The net runs up to the layer, and all that it puts out there is one vector: up to 9,408
numbers. A map has two, so something is always lost; what stands under it is measured before anything is lost.

**Alike**: of the twelve nearest others of each of the 2,000 images, how many show the same digit, on the mean.
**Silhouette** (Rousseeuw 1987): the mean of (b - a) / max(a, b), where a is an image's mean distance to the others of
its digit, and b that to the nearest other digit's; 1 is far apart, 0 touching, less is mixed. Both by euclidean
distance here; what is said of the nets holds by cosines, too. The controls have as many numbers as the layer: twins,
and random projections (Gaussian) of the pixels and of the layer below. `python -m core.measures.neighbours` computes
them.

**PCA** is a shadow: the two directions in which the images spread most, and how much of their variance these hold. Maps
are turned or mirrored to lie like the one before (Schönemann 1966); distances stay.

**t-SNE** (van der Maaten and Hinton 2008, by openTSNE) and **UMAP** (McInnes, Healy, Melville 2018, by umap-learn)
keep neighbours together instead. What they do not keep: distances between clusters, and their sizes. Both begin with
the map that PCA makes, on the first 50 principal axes; t-SNE with perplexity 30, 250 iterations with attraction times
12 and 500 without; UMAP with 15 neighbours. Same images, same map: the seed is 0. t-SNE's maps of our nets ship with
the app; `python -m core.embeddings` fits them.

**The star** is your drawing, or a test image that you clicked. The axes are not fitted again: PCA projects it, t-SNE
and UMAP move only it while all others stay.
"""

theme = st.context.theme.type or "light"
with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
    method = st.segmented_control("Map", [*METHODS, PCA], default=METHOD, required=True, key="map",
                                  bind="query-params", help=explained("t-SNE"))  # fmt: skip
    models, weights = choose_digit_nets(), choose_weights()
    st.button("Show me a digit", icon=":material/shuffle:",
              on_click=lambda: look_at(random.randrange(neighbours.ENOUGH)))  # fmt: skip
    shown = None
    try:
        shown = drawing()
    except ValueError as error:
        notice(error, ":material/edit:")
    if shown is not None:
        st.image(images.framed(images.paper(shown.image, 2)), alt=f"★ {shown.about}")
        st.caption(f"★ {shown.about}", width=150)

chosen = []
try:
    chosen = shown_maps(method, models, weights, shown, look_at)
except ValueError as error:
    notice(error, ":material/scatter_plot:")
if chosen:
    labels = nets.test_images().labels[chosen]
    counts = labels.bincount(minlength=10)
    parts = [f"{int(counts[digit])} × {digit}" for digit in counts.argsort(descending=True).tolist() if counts[digit]]
    st.markdown(f"**{len(chosen)} images inside the lasso:** {', '.join(parts)}")
    with st.container(key="lasso"):
        gallery(labels.new_tensor(chosen[:MOST]), columns=20, scale=2, key="inside", take=look_at)

st.header("How far apart are they?", anchor=False, help=explained("silhouette"))
beside_controls("silhouette", models, "euclidean", theme)

with st.expander("How this is computed"):
    st.markdown(COMPUTED)
