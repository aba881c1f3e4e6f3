"""What do units look for? Gradient ascent in several nets, live."""

import streamlit as st

from pages.shared import frame

frame.enter(
    "features",
    "What does each unit look for?",
    "Every picture begins with next to nothing and is changed, step by step, until one unit of one layer fires as "
    "strongly as it can: so we ask the nets, by experiment. Deeper layers stand further down.",
)

with frame.loading():
    from core.models import MODELS
    from pages.shared import targets
    from pages.shared.ascents import Choice, show
    from pages.shared.notice import notice
    from pages.shared.paper import drawing
    from pages.shared.recipe import choose_recipe

COMPUTED = """
**Gradient ascent.** The image is free, the net is not: Adam changes the pixels so that the unit's sum grows (Erhan,
Bengio, Courville, Vincent 2009). Unless you choose otherwise, a convolutional unit is climbed at its map's centre and
sees a window only, the rest stays paper, and a recurrent unit after the last row; a ReLU's unit always by the sum in
front of it, because behind the ReLU half of them are silent at the start.

**What keeps it from noise.** *A budget of ink*: where the mean ink exceeds 0.13, as in MNIST, all pixels sink together.
*Blur* (a Gaussian of half a pixel) and *jitter* (a shift of up to two pixels) before every step make what is found
depend on no single pixel; units that see less than 20 pixels are shaken less. Switch them off: the difference is the
lesson.

**How strong.** Below each picture stands what it reaches anywhere in its map or in time, as a multiple of the strongest
sum that any of MNIST's 10,000 test images causes in the same unit of the same net; *silent* is a unit whose ReLU lets
neither through, *new* one that only the picture lifts above zero, a dash one that neither does, as a logit may. Choose
*untrained* for the control.

**Which units.** *Most active* are those whose sums for the drawing come nearest to their strongest for any test image;
*most different* those whose answers to 1,000 test images are least correlated, taken one by one.

**Several pictures** of a unit shun one another: what is climbed then has minus twice the cosine similarity of the
layer's Gram matrices in it (Olah, Mordvintsev, Schubert 2017), so that a unit that knows two things can show both.
*Minus unit* subtracts another unit's sum: 4 minus 9 at the logits shows what tells them apart.

The same choice, recipe and seed give the same pictures, and results are kept, so that nothing is computed twice.
"""


def choose_units() -> tuple[str, targets.Targets]:
    """The switches for weights and units; ValueError, with a sentence for the page, for units that are not there."""
    with st.container(horizontal=True, gap="medium"):
        models = st.segmented_control("Nets", list(MODELS), selection_mode="multi", default=["dense", "cnn", "rnn"],
                                      key="models", bind="query-params")  # fmt: skip
        weights = st.segmented_control("Weights", ["trained", "untrained"], default="trained", required=True,
                                       key="of", bind="query-params")  # fmt: skip
    with st.container(horizontal=True, gap="medium"):
        which = st.segmented_control("Units of each layer", [targets.IN_ORDER, targets.ACTIVE, targets.DIFFERENT],
                                     default=targets.IN_ORDER, required=True, key="which",
                                     bind="query-params")  # fmt: skip
        count = st.segmented_control("How many", [6, 12, 18], default=6, required=True, key="count",
                                     bind="query-params")  # fmt: skip
        first = st.number_input("From unit", 0, 63, 0, key="first", bind="query-params", width=100,
                                disabled=which != targets.IN_ORDER)  # fmt: skip
        only = st.text_input("Or only these", key="only", bind="query-params", width=260,
                             placeholder="cnn/conv3/12, rnn/lstm2/5")  # fmt: skip
    if only:
        return weights, targets.named(only)
    here = drawing() if which == targets.ACTIVE else None
    chosen = [name for name in MODELS if name in models]
    return weights, targets.of_every_layer(chosen, weights, which, count, int(first), here)


try:
    weights, units = choose_units()
    recipe, variants = choose_recipe()
    if units:
        show(Choice(weights, units, variants, recipe))
    else:
        st.info("Choose a net.", icon=":material/touch_app:")
except ValueError as error:
    notice(error, ":material/search_off:")

with st.expander("How this is computed"):
    st.markdown(COMPUTED)
