"""What ships: up to which length each net solves the task, from several seeds, each net at its better rate."""

import pandas as pd
import streamlit as st

from core import charts
from core.images import Theme
from core.vanishing import sentences
from core.vanishing.lengths import LENGTHS, RATES, SEEDS, best, table
from core.vanishing.nets import USUAL
from core.vanishing.tasks import TASKS
from core.vanishing.train import SOLVED

TITLES = {"adding": "numbers to read", "recall": "blanks behind the symbol", "digits": "rows"}


def by_length(task: str, theme: Theme) -> None:
    """Draw the errors by length, and say what they and the gradients come to."""
    rows = best(table()[table().task == task])
    st.header("What has been measured before", anchor=False)
    with st.container(horizontal=True, gap="medium", key="vanishing-lengths"):
        spec = charts.errors_by_length(_shares(rows, task), SOLVED, TITLES[task], theme)
        st.vega_lite_chart(spec=spec, width="content", key="vanishing-by-length")
        with st.container(width=520):
            said = [sentences.by_length(rows), sentences.gates_or_start(rows),
                    sentences.gradients(rows, _telling(rows), USUAL)]  # fmt: skip
            st.markdown("\n\n".join(said))
            st.caption(
                f"{len(SEEDS)} seeds, the usual size and number of updates, each net at the better of the learning "
                f"rates {' and '.join(map(str, RATES))}, by its loss in training. Bars reach from the best seed to the "
                "worst. This table ships with the app; what is trained here above is new."
            )


def _telling(rows: pd.DataFrame) -> int:
    """The usual length of the nets that are trained here, where it was measured, or else the longest."""
    return max(LENGTHS[rows.task.iloc[0]])


def _shares(rows: pd.DataFrame, task: str) -> pd.DataFrame:
    found = rows.groupby(["net", "length"], sort=False).error.agg(["mean", "min", "max"]) / TASKS[task].chance
    return found.reset_index().rename(columns={"mean": "value", "min": "low", "max": "high"})
