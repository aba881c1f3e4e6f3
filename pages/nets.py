"""What the nets are, how well they do, and how they were made."""

from typing import Any

import streamlit as st

from pages.frame import navigation

navigation.enter(
    "nets",
    "The nets, trained and untrained",
    "Three nets of nearly the same size, one of each family, and the small net of a well-known video, all of them "
    "trained here to read digits; a net for photos, and one that reads text.",
)

with navigation.loading():
    from core import charts
    from core.memory import contexts
    from core.models import DIGIT_NETS, MODELS, cards
    from pages.ascents.prior_drawings import prior_drawings
    from pages.frame.glossary import GLOSSARY, explained
    from pages.inputs import nets
    from pages.layers.layer_table import layer_table


def percent(label: str, hint: str | None = None) -> Any:
    """A table's column of percentages."""
    return st.column_config.NumberColumn(label, help=hint, format="%.2f %%")


def parameters(model: str) -> float:
    """How many parameters a net has, in millions."""
    return sum(weight.numel() for weight in nets.net(model, "trained").parameters()) / 1e6


COLUMNS = {
    "model": st.column_config.TextColumn("model", pinned=True),
    "parameters": st.column_config.NumberColumn("parameters", format="localized"),
    "trained": percent("trained", "Seed 0, the net of every page."),
    "lowest": percent("lowest of 5 seeds"),
    "highest": percent("highest of 5 seeds"),
    "plain": percent("plain training"),
    "lowest untrained": percent("lowest of 5 twins", "Untrained. Ten digits: guessing gives 10 %."),
    "highest untrained": percent("highest of 5 twins"),
    "trained moved": percent("trained, moved", "FGSM: see below."),
    "plain moved": percent("plain, moved", "FGSM: see below."),
}
WIDTH = 300  # pixels of a chart; four fit a screen, one a phone's
COMPUTED = """
**Accuracy** is the share of the 10,000 test images, none of which was trained on, that a net gets right. No choice was
made by it between epochs or seeds: what ships is the last epoch, and every page uses seed 0. It is no blind protocol:
there is no validation split, and the recipes were set by hand beside this very accuracy.

**Trained** is made so that its features can be read. All three nets see shifted, turned, resized, thinner and thicker
digits. The dense net also pays for rough and for large first-layer weights. The CNN and the recurrent net learn from
images that one adversarial step has moved against them (random start, Wong, Rice, Kolter 2020; the step grows to 0.1).
The video's net pays a little for large first-layer weights. **Plain** is the same net without any of it, after 8 epochs
in batches of 128 at a peak learning rate of 0.004; the trained nets have lengths and rates of their own, so the two
differ by that, too.

**Moved** is the accuracy when each test image is changed by at most 0.1 a pixel, in the direction in which the loss
grows (FGSM, Goodfellow, Shlens, Szegedy 2015).

**Untrained** twins are the nets as the first step of training sees them, from five seeds: the CNN's norms hold the
statistics of the first 256 training images.

**Over training**: the untrained net stands at "start"; both axes are logarithmic. `python -m core.training NAME
--seed S` makes each checkpoint again, with `--plain` the plain one, `python -m core.ascent.priors` the priors.
"""

theme = st.context.theme.type or "light"
curves = cards.curves()
with st.container(horizontal=True, gap="medium"):
    for model in DIGIT_NETS:
        spec = MODELS[model]
        with st.container(width=WIDTH, gap="small"):
            st.markdown(f"**{model}**")
            chart = charts.learning(curves[curves.model == model], spec.family, theme, WIDTH)
            st.vega_lite_chart(spec=chart, width="content", key=f"curve-{model}")
st.dataframe(cards.cards().drop(columns="family"), column_config=COLUMNS, hide_index=True)

st.header("The net for photos", anchor=False, help=explained("receptive field", "feature map"))
st.markdown(
    f"`photo` is EfficientNet-Lite0, {parameters('photo'):.1f} million parameters, trained by others on the 1,000 "
    "classes of ImageNet. Each block widens, filters every channel by itself, and narrows again. *Receptive field*: "
    "how many pixels a unit can see at all. torchvision's classifiers can be chosen on the other pages, too."
)
st.dataframe(layer_table("photo"), hide_index=True)

st.header("The net that reads text", anchor=False)
st.markdown(
    f"`text` has two LSTM layers of 256 cells, {parameters('text'):.1f} million parameters, and was trained here on "
    f"nine tenths of tiny Shakespeare to tell the next character. {contexts.sentence()}"
)

prior_drawings()

with st.expander("The terms"):
    st.markdown(explained(*GLOSSARY))

with st.expander("How this is computed"):
    st.markdown(COMPUTED)
