"""The switches for what is shown of several nets side by side."""

import streamlit as st

from core.models import families
from pages.frame.glossary import explained
from pages.frame.more import more
from pages.inputs import nets
from pages.layers.digit_columns import View


def choose_view(rows: int) -> View:
    """The switches above the nets; all of them stand in the link, as they are written on the page."""

    def switch(label: str, *options: str, key: str, hint: str | None = None) -> str:
        return st.segmented_control(label, options, default=options[0], required=True, key=key, bind="query-params",
                                    help=hint)  # fmt: skip

    several = {family: models for family, models in families().items() if len(models) > 1}
    usual = {family: (f"{family} net", models[0]) for family, models in several.items()}
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        weights = switch("Weights", "trained", "untrained", "plain", "shuffled", key="weights",
                         hint=explained("untrained twin"))  # fmt: skip
        layers = switch("Layers", "activations", "pre-activations", "all", key="layers",
                        hint=explained("activation", "pre-activation"))  # fmt: skip
        with more(usual | {"epochs": ("After epochs", "end")}):
            epochs = st.select_slider("Trained for so many epochs", nets.stages(), "end", key="epochs",
                                      bind="query-params", disabled=weights != "trained",
                                      help=explained("epoch"))  # fmt: skip
            chosen = {family: switch(f"The {family} net", *models, key=family) for family, models in several.items()}
    models = tuple(chosen.get(family, its[0]) for family, its in families().items())
    if weights == "trained":
        weights = nets.stages()[epochs]
    return View(models, weights, layers, rows, st.context.theme.type or "light")
