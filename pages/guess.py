"""Forced choice in one's own hands: whether a unit's picture says which of two real images excites it more."""

import streamlit as st

from pages.frame import navigation

navigation.enter(
    "guess",
    "Which would excite it more?",
    "Pictures of what a unit of a net looks for, and two images: which excites it more? If the pictures explain the "
    "unit, you will beat a coin.",
)

with navigation.loading():
    from pages.game.guessing import ask, choose_turn, result, tally

COMPUTED = """
**Two images** (Borowski et al. 2021, [arXiv:2010.12606](https://arxiv.org/abs/2010.12606)). Of MNIST's test images
those with odd numbers are asked about. A unit's answer to an image is its largest pre-activation over the map, or its
largest hidden state over the rows. One of the two images is of the 1 % that excite the unit most, the other of its
middle fifth.

**Two squares** (after Zimmermann et al. 2021, [arXiv:2106.12447](https://arxiv.org/abs/2106.12447)). One image of the
strongest 1 %, and two squares of 8 x 8 pixels in it that do not overlap and whose ink differs by at most 2 %. Of all
such pairs it is the one whose erasing leaves the most different answers.

**What is shown**: the unit's preferred stimulus, four of them that had to differ, the nine images with even numbers
that excite it most, or nothing. **Who is asked**: units of `dense/fc1` and `fc2`, `cnn/conv2` to `conv4`, `rnn/lstm1`
and `lstm2`; nets, kinds of pictures and sides as often as each other. A unit is left out where the strongest 1 % do
not lift it above zero in front of a ReLU, or lie above the middle fifth by less than a tenth of its range. The round's
number is the seed of all that: the same link asks the same ten.

**The others** take the same ten questions. They see images in their own features, `cnn/conv3` and `dense/fc2` of
another seed, or the pixels, less the mean of the odd images; the image with the larger mean cosine to the pictures,
they say, excites the unit more. A tie, or nothing shown, is half right. *Pictures of other units*: the mean over all
other units of the same layer, shown theirs of the same kind.

**Intervals** are Wilson's (1927), at 95 %, as if answers were independent. They stay in this session, nowhere else.
"""

theme = st.context.theme.type or "light"
with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
    turn, place = choose_turn()
with st.container(horizontal=True, gap="medium", key="guess"):
    if place:
        ask(turn, place)
    else:
        result(turn)
    tally(turn.sort, theme)

with st.expander("How this is computed"):
    st.markdown(COMPUTED)
