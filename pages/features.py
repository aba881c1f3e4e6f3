"""What do units look for? Gradient ascent in several nets, live."""

import streamlit as st

from pages.shared import frame

frame.enter(
    "features",
    "What does each unit look for?",
    "Every picture begins as pale grey and is changed, step by step, until one unit of one layer fires as strongly as "
    "it can: so we ask the nets, by experiment. Deeper layers stand further down.",
)

with frame.loading():
    from core.models import MODELS
    from core.stimuli import RECIPE, Recipe
    from pages.shared.ascents import Choice, show

COMPUTED = """
**Gradient ascent.** The image is free, the net is not: Adam changes the pixels so that the unit's sum grows (Erhan,
Bengio, Courville, Vincent 2009). A convolutional unit is climbed at its map's centre and sees a window only, the rest
stays paper; a recurrent unit is climbed after the last row; a ReLU's unit by the sum in front of it, because behind the
ReLU half of them are silent at the start.

**What keeps it from noise.** *A budget of ink*: where the mean ink exceeds 0.13, as in MNIST, all pixels sink together.
*Blur* (a Gaussian of half a pixel) and *jitter* (a shift of up to two pixels) before every step make what is found
depend on no single pixel; units that see less than 20 pixels are shaken less. Switch them off: the difference is the
lesson.

**How strong.** Below each picture stands what it reaches, as a multiple of the strongest sum that any of MNIST's 10,000
test images causes in the same unit of the same net; *silent* is a unit whose ReLU lets neither through, *new* one that
only the picture lifts above zero, a dash one that neither does, as a logit may. Choose *untrained* for the control.

The same choice, recipe and seed give the same pictures, and results are kept, so that nothing is computed twice.
"""

with st.container(horizontal=True, gap="medium"):
    models = st.segmented_control("Nets", list(MODELS), selection_mode="multi", default=["dense", "cnn", "rnn"],
                                  key="models", bind="query-params")  # fmt: skip
    weights = st.segmented_control("Weights", ["trained", "untrained"], default="trained", required=True,
                                   key="of", bind="query-params")  # fmt: skip
    count = st.segmented_control("Units a layer", [6, 12, 18], default=6, required=True, key="count",
                                 bind="query-params")  # fmt: skip
    steps = st.segmented_control("Steps", [32, 128, 512], default=128, required=True, key="steps", bind="query-params")
    first = st.number_input("From unit", 0, 63, 0, key="first", bind="query-params", width=100)
    seed = st.number_input("Seed", 0, 9999, 0, key="seed", bind="query-params", width=100)
with st.container(horizontal=True, gap="medium"):
    budget = st.toggle("Budget of ink", True, key="budget", bind="query-params")
    blur = st.toggle("Blur", True, key="blur", bind="query-params")
    jitter = st.toggle("Jitter", True, key="jitter", bind="query-params")

recipe = Recipe(
    steps=int(steps),
    budget=RECIPE.budget if budget else None,
    blur=RECIPE.blur if blur else 0.0,
    jitter=RECIPE.jitter if jitter else 0,
    seed=int(seed),
)
if models:
    show(Choice(tuple(name for name in MODELS if name in models), weights, int(first), int(count), recipe))
else:
    st.info("Choose a net.", icon=":material/touch_app:")

with st.expander("How this is computed"):
    st.markdown(COMPUTED)
