"""What comes first in training: which layer is as it will be, and whether units become easier to read."""

import streamlit as st

from core import charts, images, readability
from core.evidence import order
from core.models import DIGIT_NETS, MODELS

WIDTH, HEIGHT = 205, 150  # pixels of a chart without its axes


def in_training(theme: images.Theme) -> None:
    """Draw both, a chart a net: similarity to the end, and how well pictures tell."""
    for said, title, rows in (
        (order.sentence(), "Similarity to the end: CKA", order.table()[order.table().measure == order.TO_THE_END]),
        (readability.sentence(), "Right choices by a unit's picture",
         readability.table()[readability.table().measure == readability.PICTURE]),
    ):  # fmt: skip
        st.markdown(said)
        with st.container(horizontal=True, gap="medium"):
            for model in DIGIT_NETS:
                own = rows[rows.model == model]
                if len(own):
                    with st.container(width=WIDTH + 68, gap="xsmall"):
                        st.caption(f"{model}: {title}")
                        spec = charts.over_training(
                            own, f"{model}: {title}", MODELS[model].family, theme, WIDTH, HEIGHT
                        )
                        st.vega_lite_chart(spec=spec, width="content", key=f"in-training-{model}-{title}")
