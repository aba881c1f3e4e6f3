"""What comes first in training: which layer is as it will be, and whether units become easier to read."""

import streamlit as st

from core import charts, images, readability
from core.evidence import order
from core.models import DIGIT_NETS, MODELS

WIDTH, HEIGHT = 205, 150  # pixels of a chart without its axes
AXES = 68


def in_training(theme: images.Theme) -> None:
    """Draw both, a chart a net: similarity to the end, and how well pictures tell."""
    for said, specs in _parts(theme):
        st.markdown(said)
        with st.container(horizontal=True, gap="medium"):
            for title, spec in specs.items():
                with st.container(width=WIDTH + AXES, gap="xsmall"):
                    st.caption(title)
                    st.vega_lite_chart(spec=spec, width="content", key=f"in-training-{title}")


@st.cache_data(show_spinner=False)
def _parts(theme: images.Theme) -> list[tuple[str, dict[str, charts.Spec]]]:
    """A sentence each, and the charts by their titles."""
    parts = (
        (order.sentence(), "Similarity to the end: CKA", order.table()[order.table().measure == order.TO_THE_END]),
        (readability.sentence(), "Right choices by a unit's picture",
         readability.table()[readability.table().measure == readability.PICTURE]),
    )  # fmt: skip
    found = []
    for said, title, rows in parts:
        of_nets = {f"{model}: {title}": (rows[rows.model == model], MODELS[model].family) for model in DIGIT_NETS}
        found.append((said, {name: charts.over_training(own, name, family, theme, WIDTH, HEIGHT)
                             for name, (own, family) in of_nets.items() if len(own)}))  # fmt: skip
    return found
