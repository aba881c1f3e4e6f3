"""What does a hidden layer add? A small net learns points in the plane, and every unit's surface is seen."""

import streamlit as st

from pages.frame import navigation

navigation.enter(
    "xor",
    "What does depth add?",
    "A small net has learnt which points are orange and which are purple. Each small picture is one unit, and shows "
    "what it answers at every place of the plane; the large one is the net's output.",
)

with navigation.loading():
    from pages.frame.notice import notice
    from pages.plane.bench import bench
    from pages.plane.choose import choose
    from pages.plane.own_points import choose_colour

COMPUTED = """
**Points.** XOR's lie at the corners of a square, of class 1 where just one coordinate is positive; noise is normal, of
the chosen spread. The test points are others of the same kind, drawn from another seed. Of your own points there are no
others, so that the test is the training itself.

**Training.** A dense net with one output, on all points at once, by cross-entropy and Adam; the learning rate rises to
the chosen one and falls again (one cycle). Regularisation adds so many times the squared weights to the loss. The seed
draws the points and the weights that training begins with. The training runs to its end by itself and keeps every
epoch; *Play*, *Pause*, *Step*, *Reset* and the slider move through these, and each is the net as it really was. The
same link gives the same net, to the last bit on the same machine.

**Surfaces.** A unit's activation at each place, minus the middle of its nonlinearity (0, of a sigmoid 0.5); a ReLU's is
divided by the largest value of its layer in view. The output's colour is 2 p - 1, with p the probability of orange.
*Best* is the share of the training points that the layer's best unit gets right by the best threshold on it. A click
on a unit shows its surface large: ringed are then the points on the wrong side of that threshold, in place of those
that the output gets wrong.

**Exactly.** Best line: all lines through two points, each turned a little either way. A linear readout separates the
classes where y (w x + b) ≥ 1 has a solution, by a linear program. Linear regions: the square is cut, layer by layer, by
each unit's zero line (Montúfar, Pascanu, Cho, Bengio 2014); pieces that meet in a silent layer count each.
"""

theme = st.context.theme.type or "light"
try:
    training = choose()
    bench(training, theme)
except ValueError as error:
    notice(error, ":material/search_off:")
    choose_colour()

st.markdown(
    "A net without a hidden layer cannot do what one with a hidden layer can: set *Layers* to 0 and see. That a "
    "first-layer unit cannot compute XOR, and a deeper one can, is claim C5."
)
st.page_link("pages/evidence.py", label="The evidence for claim C5", icon=":material/fact_check:",
             query_params={"claim": "C5"})  # fmt: skip

with st.expander("How this is computed"):
    st.markdown(COMPUTED)
