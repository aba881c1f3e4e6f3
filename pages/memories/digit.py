"""The part on digits, from its switches down to how it is computed."""

import streamlit as st

from core.images import Theme
from pages.frame.notice import notice
from pages.memories.choose import choose, reading
from pages.memories.half_read import half_read
from pages.memories.over_nets import how_far, how_much, in_another_order
from pages.memories.states import cells, keeping
from pages.units.over_page import unit_over_page

COMPUTED = r"""
**The cell** (Hochreiter and Schmidhuber 1997; Gers, Schmidhuber, Cummins 2000). Input gate i, forget gate f and output
gate o are sigmoids, the candidate g a tanh, each of W x + V h + b with weights of its own, where x is the row and h the
layer's output after the row before. The cell state is c = f c' + i g, where c' is the one before, and the output is
o tanh(c). All six are computed by these formulas, and the outputs are torch's to 1e-5.

**Influence.** ||d h_t / d x_s||, the Frobenius norm of how the output after row t changes with the pixels of row s
(Pascanu, Mikolov, Bengio 2013, equations 3 to 5). It is exact: the Jacobians in all rows so far are carried along,
multiplied at each row by the cell's own Jacobian (as in real-time recurrent learning, Williams and Zipser 1989). By
*one row blanked* it is ||h_t - h_t without the ink of row s|| / ||h_t||, from 28 runs of the net. Colours run to the
largest value of each line, or of the whole triangle.

**The answer as it forms.** The net's readout, which was trained on the last state only, applied to each state.

**Time constant.** -1 / ln f in rows, where f is the cell's forget gate on the mean over 200 test images and their rows:
in so many rows a memory fades to 1 / e if nothing is written (Tallec and Ollivier 2018, section 2).

**Horizon.** The influence over lags t - s, on the mean over 100 test images and the states behind row 21; how many rows
back it has fallen to 1 / e of its greatest. Where it does not fall so far within 21 rows, it is 21. Blanked are rows
with ink only.

**Memory capacity** (Jaeger 2001, definition 1). R² of a ridge regression from the present state to the row k rows back,
on held-out ones of 1,000 test images, with one readout for all rows from k on, and a bias of each row's own: to know
which row it is counts as nothing. The capacity is the sum over k. *The present row* is the control without memory: its
28 pixels and 64 random tanh features of them. *Rows of different images* are the same rows, each taken from another
image, so that neighbours tell nothing of each other.

**Held over a delay.** 14 rows of a digit, then empty ones; a linear probe is fitted to the states of three quarters of
2,000 test images at that step, and asked of the others (Alain and Bengio 2016).

**In another order.** 2,000 test images; five orders, the same for all images, on the mean; one row blanked is drawn
for each image among those with ink. Dense nets and CNNs get the same images.

**Over nets.** Five seeds each; intervals are 95 % bootstrap intervals of the mean over seeds. *Trained* and *plain*
ship with the app; *untrained* are twins, *shuffled* have the trained weights in a random order within each
gate's matrix. `python -m core.memory` computes the table.
"""


def digit(theme: Theme) -> None:
    """Draw all of the part; a drawing that cannot be read gets a sentence."""
    asked = choose(theme)
    try:
        here = reading(asked)
        half_read(here)
        st.header("What does each cell do?", anchor=False)
        cells(here)
        keeping(here)
        unit_over_page(here.weights, theme)
    except ValueError as error:
        notice(error, ":material/edit:")
    st.header("How far back, over many images and nets?", anchor=False)
    how_far(theme)
    how_much(asked.layer, theme)
    in_another_order(theme)
    with st.expander("How this is computed"):
        st.markdown(COMPUTED)
