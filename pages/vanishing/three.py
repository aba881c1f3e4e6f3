"""RNN beside LSTM beside GRU: the entry that a page calls."""

import streamlit as st

from core.images import Theme
from core.vanishing.train import BATCH, CLIP, PROBED, SOLVED, TEST
from pages.frame.notice import notice
from pages.vanishing.by_length import by_length
from pages.vanishing.choose import choose
from pages.vanishing.live import live
from pages.vanishing.training import Training

ASKED = (
    "From how far back can a net learn? Small recurrent nets with as many parameters were trained on the same tasks, "
    "in which something has to be kept over more and more steps."
)
HINT = (
    "On the left, a line shows how much each input still moves the last hidden state, by its distance: dashed before "
    "the training, full after it. Where it falls steeply, the gradient vanishes."
)
COMPUTED = f"""
**Adding**: of the numbers from [0, 1] two are marked, one in each half, and their sum is to be told (Hochreiter and
Schmidhuber 1997). Who always says 1 has a mean squared error of 1/6, the variance of the sum: that is chance.
**Recall**: one of eight symbols, then blanks, then the symbol is to be told; chance is 7/8 wrong. **Digits**: a row of
pixels a step. Training images do not ship with the app, so the nets learn from three quarters of MNIST's test images
and are tested on the others; chance is 9/10 wrong. Sequences of adding and recall are drawn anew for each update.
A task counts as solved at {100 * SOLVED:.0f} % of chance's error or less, on {TEST:,} unseen sequences.

**Nets**: one recurrent layer (a plain RNN with tanh, an LSTM, a GRU) and a linear readout of its last hidden state.
The LSTM has the chosen number of units, the others as many as give them as many parameters. Controls differ from them
by their weights at the start only: *identity RNN* begins with W = 1 and b = 0, *identity ReLU* has ReLUs in place of
tanh as well (Le, Jaitly, Hinton 2015; they draw smaller input weights), and *LSTM bias 1* begins with a forget bias of
1 (Jozefowicz, Zaremba, Sutskever 2015). All other weights begin as PyTorch draws them.

**Training**: Adam, {BATCH} sequences an update, all nets the same ones in the same order; the learning rate rises to
the chosen one and falls again (one cycle); gradients are clipped at a norm of {CLIP:.0f} (Pascanu, Mikolov, Bengio
2013). A training stops where its loss is no number any more.

**Influence**: the Frobenius norm of d h_T / d x_s, with h_T the hidden state after the last step and x_s the input at
step s, its mean over {PROBED} unseen sequences, in double precision (Hochreiter 1991; Bengio, Simard, Frasconi 1994).
The factor a step is the slope of the least-squares line through its logarithms over T - s; the half-life is
ln 2 / -ln(factor).
"""


def vanishing(theme: Theme) -> None:
    """Draw the switches, the nets as they train, what was measured before, and how."""
    st.markdown(ASKED)
    by_length(theme)
    st.header("Train them here", anchor=False)
    st.markdown(HINT)
    try:
        live(Training(choose()), theme)
    except ValueError as error:
        notice(error, ":material/search_off:")
    with st.expander("How this is computed", key="three-computed"):
        st.markdown(COMPUTED)
