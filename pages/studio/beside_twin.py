"""What was made of one picture by the trained net and by its untrained twin, side by side."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.models import find
from core.studio.made import Made
from pages.inputs import nets
from pages.inputs.choose_nets import ONE_OF_EACH
from pages.studio.in_a_row import drawn
from pages.studio.making import Making, picture

DIGIT_LAYERS = {"dense": "relu2", "cnn": "relu4", "rnn": "lstm2"}
SMALL, WIDTHS = 112, {"photos": 336, "digits": 224}  # pixels of what it is made from, and of what is made


def choose_layer(technique: str, sees: str, usual: str) -> tuple[str, str]:
    """Draw the switches for a net of those that see this, where there are several, and for its layer."""
    model = "photo"
    if sees == "digits":
        model = st.segmented_control("Net", ONE_OF_EACH, default="cnn", required=True, key=f"{technique}-net",
                                     bind="query-params")  # fmt: skip
        usual = DIGIT_LAYERS[model]
    names = [layer.name for layer in nets.layers(model)]
    return model, st.selectbox("Layer", names, names.index(usual), key=f"{technique}-layer-{model}",
                               bind="query-params", width=200)  # fmt: skip


def beside_twin(makings: Sequence[Making], caption: Callable[[Made], str], lasts: Sequence[Made | None]) -> None:
    """Draw the picture that it began with, small, and both as far as they are, with what their numbers say."""
    with st.container(horizontal=True, gap="medium", key=f"{makings[0].task.technique}-pictures"):
        with st.container(width=SMALL, gap="xsmall"):
            image = makings[0].images[0]
            sees = find(makings[0].task.model).sees
            st.image(drawn(image, SMALL), width=SMALL, alt="The picture that it begins with")
            st.caption("The picture itself.")
        for each, made in zip(makings, lasts, strict=True):
            if made is None:
                continue  # the button, or a sentence, stands above
            with st.container(width=WIDTHS[sees], gap="xsmall"):
                st.image(picture(made), width=WIDTHS[sees], alt=f"Made by the {each.label} net")
                st.caption(f"**{each.label.capitalize()}.** {caption(made) if made.numbers else ''}")


def answer(made: Made, model: str) -> str:
    """What the net says of the picture before and after."""
    labels = find(model).labels
    before, after = (f"*{labels[int(made.number(f'class_{when}'))]}* ({_percent(made.number(f'sure_{when}'))}\u00a0%)"
                     for when in ("before", "after"))  # fmt: skip
    return f"Its answer was {before}, and is {after} now."


def _percent(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.01 else f"{100 * share:.2g}"
