"""What each method finds beyond the controls, as it ships: in sentences, as gains, and all numbers."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core import charts, images
from core.models import find
from core.trust.advice import MUST_BEAT, advice, of_task, summary
from core.trust.controls import CONTROLS
from core.trust.table import DIGITS, NUMBERS, table
from pages.shared.measured import numbers_table

CAPTION = (
    "The gain over the best control, on the mean, with its 95 % interval; a full dot beats the control. Right of the "
    "dotted line is better than the best map that knows nothing of the net: the image itself, its edges, its middle "
    "first, or chance. In colour: the nets."
)


def trusted(models: Sequence[str], theme: images.Theme) -> None:
    """Draw what follows from the shipped table for these nets."""
    st.subheader("Does a method find more than the image itself?", anchor=False)
    weights = st.segmented_control("Training", list(DIGITS), default="trained", required=True, key="training",
                                   bind="query-params")  # fmt: skip
    if not models:
        return
    st.markdown(f"**What we advise**: {advice(models, weights)}.", help=_rule())
    for model in models:
        st.markdown(f"**{model}** · " + "; ".join(summary(model, weights)) + ".")
    st.caption(CAPTION)
    st.vega_lite_chart(charts.gains(_gains(models, weights), theme), key="gains", width="content")
    with st.expander("All numbers, the controls among them"):
        numbers_table(_numbers(models, weights), key="worth")


def _rule() -> str:
    return (
        f"A method is advised where it beats the best control in {', '.join(MUST_BEAT[:-1])} and {MUST_BEAT[-1]}, and "
        "keeps less than half of its order when all weights are random."
    )


def _gains(models: Sequence[str], weights: str) -> pd.DataFrame:
    rows = [of_task(model, number, weights).assign(family=find(model).family)
            for model in models for number in charts.GAINS]  # fmt: skip
    return pd.concat(rows).rename(columns={"gain low": "lower", "gain high": "upper"})


def _numbers(models: Sequence[str], weights: str) -> pd.DataFrame:
    """A row a net and method, the controls first; a column a number."""
    own = table()[table().model.isin(models) & (table().weights == weights)]
    wide = own.pivot(index=["model", "method"], columns="number", values="value").reset_index()
    columns = ["model", "method", *(number for number in NUMBERS if number in wide)]
    return wide.assign(control=wide.method.isin(CONTROLS)).sort_values(["model", "control"], ascending=[True, False])[
        columns
    ]
