"""How many of 2,000 shifted test images the shipped nets get right."""

from collections.abc import Sequence

import streamlit as st

from core import charts, images, symmetry
from core.models import find
from pages.frame.glossary import explained
from pages.layers.net_head import net_head

WIDTH = 340


def over_images(models: Sequence[str], theme: images.Theme) -> None:
    """Draw a net's accuracies, a column a net."""
    st.markdown(
        '<div class="legend"><span class="line wide">range of five seeds</span><span class="line">thick: trained '
        'with moved digits (augmentation); thin: plain</span><span class="line dashed">untrained twins</span></div>',
        unsafe_allow_html=True, help=explained("plain training", "untrained twin"),
    )  # fmt: skip
    with st.container(horizontal=True, gap="medium", key="over-images"):
        for model in models:
            with st.container(width=WIDTH, gap="small"):
                net_head(model, "test images that it gets right, in %")
                st.vega_lite_chart(spec=_spec(model, theme), width="content", key=f"over-images-{model}")


@st.cache_data(show_spinner=False)
def _spec(model: str, theme: images.Theme) -> charts.Spec:
    table = symmetry.over_seeds()
    return charts.accuracy_by_shift(table[table.model == model], model, find(model).family, theme, WIDTH)
