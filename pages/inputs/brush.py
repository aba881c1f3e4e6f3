"""The brush: how wide the canvas's pen is."""

import streamlit as st

BRUSH = 22  # pixels of the canvas


def brush() -> None:
    """Draw the slider for the width of the canvas's pen."""
    st.slider("Brush", 12, 32, BRUSH, key="brush", bind="query-params",
              help="In pixels of the canvas; the nets see a tenth of that.")  # fmt: skip
