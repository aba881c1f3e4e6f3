"""What the priors of gradient ascent draw, and what they leave out."""

import streamlit as st

from core import images
from core.ascent import priors

DRAWN, IN_A_ROW = 30, 10
WHAT = {
    "linear": "the mean and {numbers} principal components of the training digits",
    "generator": "the decoder of a variational autoencoder with {numbers} numbers (Kingma and Welling 2014)",
}


def prior_drawings() -> None:
    """Draw a sheet of each prior's drawings at random, and say how near it comes to digits that it never saw."""
    st.subheader("The priors", anchor=False)
    st.markdown(
        "What *Features* may draw with. Each was fitted to 50,000 training digits; these are drawn at random. The "
        "*error* is what it leaves out of the 10,000 others: the root mean squared difference of their pixels, "
        "between 0 and 1, from what the prior makes of them. A prior draws digits whatever the net."
    )
    with st.container(horizontal=True, gap="medium"):
        for name, what in WHAT.items():
            known, prior = priors.about(name), priors.shipped(name)
            with st.container(width=IN_A_ROW * 56, gap="xsmall"):
                st.image(images.contact_sheet(priors.drawings(name, DRAWN), IN_A_ROW, 2).picture)
                st.caption(f"**{name}**: {what.format(numbers=prior.numbers)}; error {known['error']:.3f}")
