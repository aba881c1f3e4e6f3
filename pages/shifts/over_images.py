"""How many of 2,000 shifted test images the shipped nets get right."""

from collections.abc import Sequence

import streamlit as st

from core import charts, images, symmetry
from core.models import find
from core.training import RECIPES
from pages.layers.net_head import net_head

WIDTH = 300  # pixels of a net's column


def over_images(models: Sequence[str], theme: images.Theme) -> None:
    """Draw a net's accuracies, a column a net."""
    st.html(
        '<div class="legend start"><span class="line">trained with moved digits</span>'
        '<span class="line thin">plain</span><span class="line dashed">untrained twins</span>'
        '<span class="line wide">range of five seeds</span></div>'
    )
    st.caption(_lost())
    with st.container(horizontal=True, gap="medium", key="over-images"):
        for model in models:
            with st.container(width=WIDTH, gap="small"):
                net_head(model, f"% of the test images{_unlike(model)}")
                st.vega_lite_chart(spec=_spec(model, theme), width="content", key=f"over-images-{model}")


def _unlike(model: str) -> str:
    """What is otherwise than in the legend."""
    return "" if RECIPES[model].augmentation else "; trained without moved digits"


@st.cache_data(show_spinner=False)
def _lost() -> str:
    return symmetry.lost()


@st.cache_data(show_spinner=False)
def _spec(model: str, theme: images.Theme) -> charts.Spec:
    table = symmetry.over_seeds()
    return charts.accuracy_by_shift(table[table.model == model], model, find(model).family, theme, WIDTH)
