"""The nets while they train: influence by distance, errors and losses, and what came out, in numbers and words."""

import math
from functools import partial

import pandas as pd
import streamlit as st

from core import charts
from core.images import Theme
from core.vanishing.gradients import decay
from core.vanishing.sentences import is_solved, outcome
from core.vanishing.tasks import TASKS
from core.vanishing.train import Reading
from pages.frame.notice import notice
from pages.jobs.long_work import by_itself, long_work
from pages.jobs.scheduler import View
from pages.vanishing.training import SHORT, Read, Training

ERRORS = {True: "share of unseen sequences wrong", False: "mean squared error, unseen"}
HELP = {
    "parameters": "As many as the LSTM has, as near as a width can come.",
    "error": "On 1,000 unseen sequences: the mean squared error, or the share of wrong answers.",
    "of chance's": "The error as a share of the error of the best answer that ignores the input.",
    "factor before": "By which an input's influence on the last state changes with each step, before the training.",
    "factor after": "The same after the training, or so far.",
    "half-life": "In so many steps the influence halves, after the training.",
    "farthest": "The first input's influence as a share of the last one's, after the training.",
    "largest gradient": "Its norm in the last updates, before it is clipped.",
    "seconds": "Of one core, for the updates.",
}


def live(training: Training, theme: Theme) -> None:
    """Train, by itself where that is short, and draw how the nets stand."""
    draw = partial(_draw, training, theme)
    if training.seconds <= SHORT:
        by_itself(training, draw, key="vanishing")
    else:
        long_work([training], f"Train them, about {training.seconds:.0f} seconds", draw, key="vanishing",
                  last_only=False)  # fmt: skip


def _draw(training: Training, theme: Theme, views: list[View | None]) -> None:
    read, task = Read.of(views[0]), training.setup.task
    if not read.readings:
        return
    ends = read.ends()
    with st.container(horizontal=True, gap="medium", key="vanishing-charts"):
        for name, spec in {
            "influence": charts.influences(read.influences(), theme),
            "error": charts.unseen_errors(read.curves(), TASKS[task].chance, ERRORS[TASKS[task].classes], theme),
            "loss": charts.training_losses(read.curves(), theme),
        }.items():
            st.vega_lite_chart(spec=spec, width="content", key=f"vanishing-{name}")
    _said(training, read)
    for end in ends:
        if end.broken:
            notice(f"{end.net}: the loss is no number any more after {end.update} updates, because its gradient has "
                   "exploded. Try a smaller learning rate, or clipped gradients.", ":material/error:")  # fmt: skip
    columns = {label: st.column_config.TextColumn(label, help=said) for label, said in HELP.items()}
    st.dataframe(_numbers(read, task), hide_index=True, column_config=columns, key="vanishing-numbers")


def _said(training: Training, read: Read) -> None:
    ends = read.ends()
    if not read.over:
        done = min(end.update for end in ends)
        st.markdown(f"They train: update **{done:,}** of {training.setup.updates:,} is done.")
        return
    st.markdown(outcome(training.setup.task, read.starts(), [_with_influence(read, end) for end in ends]))


def _with_influence(read: Read, end: Reading) -> Reading:
    """A net's last reading; where its training broke off, the one before that."""
    return end if end.influence else next(each for each in read.measured() if each.net == end.net)


def _numbers(read: Read, task: str) -> pd.DataFrame:
    return pd.DataFrame([
        _row(start, end, now, task) for start, end, now in zip(read.starts(), read.ends(), read.measured(), strict=True)
    ])  # fmt: skip


def _row(start: Reading, end: Reading, now: Reading, task: str) -> dict[str, object]:
    before, after = decay(start.influence), decay(now.influence)
    return {
        "net": end.net, "units": end.units, "parameters": f"{end.parameters:,}",
        "error": f"{end.error:.3g}", "of chance's": f"{100 * end.error / TASKS[task].chance:.3g} %",
        "solved": "yes" if is_solved(end.error, task) else "no",
        "factor before": f"{before.factor:.3f}", "factor after": f"{after.factor:.3f}" if now.update else "",
        "half-life": _steps(after.half_life) if now.update else "",
        "farthest": f"{after.left:.1e}" if now.update else "", "largest gradient": f"{end.norm:.2g}",
        "seconds": f"{end.seconds:.1f}",
    }  # fmt: skip


def _steps(half_life: float) -> str:
    return f"{half_life:.3g} steps" if math.isfinite(half_life) else "does not halve"
