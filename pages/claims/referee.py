"""What a referee will object, each with a number, and how far the measures agree."""

import pandas as pd
import streamlit as st

from core import charts, images
from core.evidence import objections
from pages.frame.glossary import explained


def referee(theme: images.Theme) -> None:
    """Draw both, each where there is any."""
    if found := _objections():
        st.header("What a referee will object", anchor=False)
        st.markdown("\n".join(f"- **{said}** {answer}" for said, answer in found))
    if spec := _agreement(theme):
        with st.expander("Do the measures agree?"):
            st.caption("Rank correlations of two measures over all hidden layers of trained nets: orange is the same "
                       "order, white none, purple the opposite one.", help=explained("rank correlation"))  # fmt: skip
            with st.container(key="agreement-of-measures"):
                st.vega_lite_chart(spec=spec, width="content", key="agreement-chart")


@st.cache_data(show_spinner=False)
def _objections() -> list[tuple[str, str]]:
    return objections.objections()


@st.cache_data(show_spinner=False)
def _agreement(theme: images.Theme) -> charts.Spec | None:
    """A row and a column a measure."""
    pairs = objections.agreement()
    if pairs.empty:
        return None
    names = list(dict.fromkeys([*pairs["first"], *pairs["second"]]))
    square = pd.DataFrame(1.0, names, names)
    for row in pairs.to_dict("records"):
        square.loc[row["first"], row["second"]] = square.loc[row["second"], row["first"]] = row["correlation"]
    return charts.agreement(square, theme)
