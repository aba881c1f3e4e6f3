"""The first screen: the text, coloured by what the cell puts out, and what that cell tracks."""

from pathlib import Path

import streamlit as st

from core import charts
from core.cells import tracked
from pages.texts.choose import Situation

STYLE = Path(__file__).with_name("letters.css")


def coloured(here: Situation, chosen: int) -> None:
    """Draw the text with the sentence on its cell."""
    st.html(STYLE)
    st.markdown(_said(here))
    values = here.values
    limit = float(values.abs().max())
    st.html(charts.coloured(here.reading.text, values.tolist(), limit, chosen))
    st.html(charts.scale(limit))
    st.caption(f"Each character on the colour of {here.unit}'s output behind it; point at one to read it off.")


def _said(here: Situation) -> str:
    """What the table says of the cell; of another cell, or other weights, what these are."""
    if here.feature is None:
        return f"`{here.unit}`: no feature of our list has this cell as its best one."
    if here.weights != "trained":
        return (f"`{here.unit}` with the weights **{here.weights}**. In the trained net it is the best cell for the "
                f"feature *{here.feature}*: do you still see it?")  # fmt: skip
    return tracked.said(here.feature)
