"""Does a net follow when the image moves? Answers, layers and accuracies of nets while a digit is shifted."""

import streamlit as st

from pages.frame import navigation

navigation.enter(
    "symmetry",
    "Does a net follow when the image moves?",
    "A digit stays the same digit wherever it stands: that is a symmetry of the task. Here it moves, and you see which "
    "nets follow, at which layer they lose it, and what that is good for.",
)

with navigation.loading():
    from core import symmetry
    from pages.frame.glossary import explained
    from pages.frame.notice import notice
    from pages.inputs.canvas import drawing
    from pages.shifts.answers import answers, answers_now
    from pages.shifts.choose import Moving, digit, switches
    from pages.shifts.layer_by_layer import layer_by_layer
    from pages.shifts.learned import learned
    from pages.shifts.over_images import over_images

COMPUTED = r"""
**Moved.** A shift is by whole pixels; what leaves the image is lost, and what comes in is paper. Turns and sizes are
about the image's middle, bilinear. Digits stand nearer to the lower border than to the right one, so a shift
down cuts ink from more of them.

**The curve** is the probability (softmax) that a net gives to *its own* answer to the unmoved image; the digits above
it are what it answers at each place, in colour where that is another.

**Equivariance error** (Cohen and Welling 2016, section 2, call a map f equivariant where it is zero):
||T f(x) - f(T x)|| / ||f(x)||, for the image on the page. T f(x) are the layer's activations of the unmoved image,
shifted by as many of the layer's places as the image is shifted by strides, a part of a place by linear interpolation;
f(T x) are those of the shifted image. Places within the shift of a map's border are left out. A recurrent layer's
states have their place in time, which runs down the rows: to the right there is nothing to shift. A dense neuron has no
place: T leaves it as it is. Points are full where the shift is a multiple of the layer's stride, hollow elsewhere.
A convolution follows every shift; average pooling over 2 x 2 pixels only those by an even number of them.

**Over the test images.** Every fifth of MNIST's 10,000, shifted by 0 to 6 pixels; five seeds a net and kind of
weights, their mean and range. *Plain* saw no digit that was moved. *Trained* did, `cnn` and `rnn` by up to 2.5 pixels,
`dense` by up to 1.25, `dense-video` none; they differ in penalties and adversarial steps, too (see *The nets*).
*Untrained* are twins. `python -m core.symmetry` computes it.

**Learning curves.** A dense net, a CNN and an LSTM of equal size, and the CNN with its weights not shared between
places; so many images drawn by seed, Adam, batches of 64. The learning rate is the best of three, by 5,000 training
images that are held out, for each net and number of images. Permuted: all pixels of every image in one fixed random
order, which makes of a window a random choice of pixels. What is added is paired by seed, and a word such as *helps* is
said where all seeds agree. Images that are moved, every fifth of the test images, are shown to the nets that learnt
from 30,000. `python -m core.learning_curves` trains them; what you train here runs the same code, at the rate that was
chosen.
"""

theme = st.context.theme.type or "light"
st.markdown(symmetry.sentence())
name, weights, models = switches()
shown = None
try:
    shown = drawing()
except ValueError as error:
    notice(error, ":material/edit:")
if not models:
    notice("Choose a net: under More there are four.", ":material/tune:")
with st.container(horizontal=True, gap="medium"):
    side, main = st.container(width=200, key="moving"), st.container(width="stretch", key="main")
if shown is not None:
    with side:
        here = Moving(shown.image, name, digit(shown, name), models, weights, theme)
        answers_now(here)
    with main:
        answers(here)
        if models:
            st.header("Which layers follow?", anchor=False)
            layer_by_layer(here)
with main if shown is not None else st.container():
    if models:
        st.header("How many test images do they still get right?", anchor=False,
                  help=explained("plain training", "untrained twin"))  # fmt: skip
        over_images(models, theme)
    learned(theme)
st.page_link("pages/evidence.py", label="What this says about the claim on symmetry (C6): Evidence",
             icon=":material/balance:", query_params={"claim": "C6"})  # fmt: skip

with st.expander("How this is computed"):
    st.markdown(COMPUTED)
