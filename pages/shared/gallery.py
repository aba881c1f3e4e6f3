"""Test images in a grid; a click puts one on the paper."""

from functools import partial

import streamlit as st
from torch import Tensor

from core import charts, images
from pages.shared import nets, paper


def gallery(numbers: Tensor, columns: int, scale: int, key: str) -> None:
    """Draw the test images of these numbers."""
    sheet = images.contact_sheet(nets.test_images().images[numbers], columns, scale)
    st.vega_lite_chart(spec=charts.gallery(sheet, numbers.tolist()), width="content", key=key,
                    on_select=partial(_take, key), selection_mode=charts.IMAGE)  # fmt: skip


def _take(key: str) -> None:
    clicked = st.session_state[key].selection[charts.IMAGE]
    if clicked:
        paper.turn_to(clicked[0][charts.IMAGE])
