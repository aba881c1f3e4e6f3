"""What ships: up to which length each net solves a task, from several seeds, each net at its better learning rate."""

import pandas as pd
import streamlit as st

from core import charts
from core.images import Theme
from core.vanishing import sentences
from core.vanishing.lengths import LENGTHS, RATES, SEEDS, best, table
from core.vanishing.nets import USUAL
from core.vanishing.tasks import TASKS
from core.vanishing.train import SOLVED, Setup

TITLES = {
    "adding": ("Adding: two marked numbers of a sequence", "numbers to read"),
    "recall": ("Recall: a symbol, then blanks", "blanks"),
}
SIDE = 560  # pixels


def by_length(theme: Theme) -> None:
    """Draw each task's errors by length, and say what they and the gradients come to."""
    with st.container(horizontal=True, gap="large", key="vanishing-lengths"):
        for task, lengths in LENGTHS.items():
            rows = best(table()[table().task == task])
            title, over = TITLES[task]
            with st.container(width=SIDE, gap="small"):
                st.markdown(f"**{title}**")
                spec = charts.errors_by_length(_shares(rows, task), SOLVED, over, theme)
                st.vega_lite_chart(spec=spec, width="content", key=f"vanishing-{task}")
                length = Setup().length if Setup().length in lengths else max(lengths)
                said = (sentences.by_length(rows), sentences.gates_or_start(rows),
                        sentences.gradients(rows, length, USUAL))  # fmt: skip
                st.markdown("\n\n".join(said))
    st.caption(
        f"This table ships with the app. {len(SEEDS)} seeds, the usual size and number of updates, each net at the "
        f"better of the learning rates {' and '.join(map(str, RATES))}, by its loss in training. Bars reach from the "
        "best seed to the worst."
    )


def _shares(rows: pd.DataFrame, task: str) -> pd.DataFrame:
    """Errors as shares of chance's: their mean, the best and the worst of the seeds."""
    found = rows.groupby(["net", "length"], sort=False).error.agg(["mean", "min", "max"]) / TASKS[task].chance
    return found.reset_index().rename(columns={"mean": "value", "min": "low", "max": "high"})
