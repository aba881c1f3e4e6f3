"""Draw a digit, and see what each layer of three nets makes of it."""

import streamlit as st

from pages.frame import navigation

navigation.enter(
    "draw",
    "What does each layer make of your digit?",
    "Draw on the paper. A dense net, a convolutional net and a recurrent net, all trained on the same handwritten "
    "digits and nearly equal in size, read it layer by layer, from the top down.",
)

with navigation.loading():
    from core import examples
    from pages.frame.glossary import explained
    from pages.frame.more import more
    from pages.frame.notice import notice
    from pages.inputs import nets
    from pages.inputs.brush import BRUSH, brush
    from pages.inputs.canvas import paper
    from pages.inputs.gallery import gallery
    from pages.layers.choose_view import choose_view
    from pages.layers.digit_columns import answers_in_short, net_columns
    from pages.units.chosen import chosen_unit
    from pages.units.heads import closable_head
    from pages.units.panel import unit_panel

COMPUTED = """
**The input.** The drawing is made grey, cut to its ink, scaled until its longest side is 20 pixels, and moved until its
centre of mass is the middle of 28 x 28 pixels: the way in which MNIST itself was made (LeCun, Bottou, Bengio, Haffner
1998, section III.A). A test image is taken as it is.

**The layers.** One forward pass of each net, read at every layer. *Activations* are what a layer passes on, behind
its nonlinearity, *pre-activations* what goes into that. Each picture has a scale of its own, beside its caption: from
the background to ink for values that are never negative, from purple (negative) over white (zero) to orange (positive)
for the others. Layers of the same depth, counted in weight matrices from the input, stand at the same height. The dense
nets' neurons have no place in the image, and stand in the order of their numbers; the recurrent net's time runs
downwards, a line for each row that it reads.

**The answer.** Softmax of the logits. The recurrent net can be stopped early: its readout is then applied to the state
after the last row read.

**The weights.** *Trained* and *plain* ship with the app, from seed 0; the *untrained* twin is the same net as the first
step of training sees it, its norms set by training images; *shuffled* has the trained weights in a random order within
each matrix. Their recipes and accuracies are on the page *The nets*.

**What a unit looks for.** Gradient ascent changes an image, never the net, towards a larger pre-activation of the unit
(Erhan, Bengio, Courville, Vincent 2009): of a map where its strongest test images have their peaks, of a recurrent unit
behind their rows. *What it looks for* is the best image that a generator draws, which was fitted to the training digits
(Nguyen et al. 2016): 64 steps of Adam in its 24 numbers, from the best of 256 drawings. What the unit cannot see
is faint. With such a prior even untrained units get digits: that a picture looks like one proves nothing. Whether it
tells what excites the unit is measured, by forced choice (Borowski et al. 2021): other nets, shown the picture, choose
which of two test images excites the unit more. *Without a prior* the pixels are free but for a budget of ink, a blur
and a small shift. `python -m core.atlas build` makes the pictures, `python -m core.telling` the numbers, from seed 0.

**A unit's panel.** A unit's activation for an image is its strongest value over its map, or over time. The histogram
shows it for MNIST's 10,000 test images, none of which was trained on; the coloured line is the image on the paper. It
matters most where its relevance is largest: activation x gradient of the winning logit, summed over map or time
("relevance maximisation", Achtibat et al. 2023). A unit is cut out with zero or its mean in its place, and the cost is
how far the winning logit falls, on the mean: `python -m core.relevance`.

**Erase what matters.** Ink goes in the order of a map's absolute values; the maps are those of the page *Attribution*,
each for the answer of its net, with a black baseline. Beside it goes as much of the darkest ink, which knows nothing
of the net, and as much at random, in the curve on the mean of five orders.
"""


with st.container(horizontal=True, gap="medium"):
    side, main = st.container(width=288, key="side"), st.container(width="stretch", key="main")
with side:
    image, complaint = None, None
    try:
        image = paper()
    except ValueError as error:
        complaint = error
    in_short = st.container()
    usual = {"brush": ("Brush", BRUSH), "rows": ("Rows", 28), "erase": ("Erase", False)}
    with st.container(horizontal=True), more(usual):
        brush()
        rows = st.slider("Rows that the recurrent net reads", 1, 28, 28, key="rows", bind="query-params")
        erasing = st.toggle("Erase what matters", key="erase", bind="query-params",
                            help=explained("deletion and insertion"))  # fmt: skip
    panel = st.container(key="unit")
with main:
    view = choose_view(rows)
    if image is None:
        notice(complaint, ":material/edit:")
        st.caption("Or take one of these test images")
        gallery(examples.first_of_each(nets.test_images().labels), columns=5, scale=4, key="begin")
    else:
        if erasing:
            from pages.attributions.erasing import erase  # with Captum, which takes a second
            from pages.attributions.question import Question

            if rows < 28:
                st.caption("Below, the recurrent net reads all 28 rows.")
            erase(view.models, Question(image, view.weights), view.theme)
        unit = chosen_unit(view.models)
        recorded = net_columns(view, image, unit)
        with in_short:
            answers_in_short(recorded)
        if unit:
            with panel:
                closable_head(unit)
                rows_read = view.rows_of(unit.model)
                unit_panel(unit, view.weights, rows_read, view.theme, recorded[unit.model][unit.layer])

with st.expander("How this is computed"):
    st.markdown(COMPUTED)
