"""How far the maps on the page can be trusted, measured on its one image: a job, method by method."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st
import torch

from core.attribution import ATTRIBUTIONS, COMPLETE, Target, why_not
from core.trust import agreement, numbers
from pages.shared import nets
from pages.shared.explained import Question, explained
from pages.shared.jobs import Records
from pages.shared.long_work import said_if_full, scheduler, start, watcher

POLL = 0.5  # seconds
RUNNING = "measuring"


@dataclass(frozen=True)
class Measuring:
    """Which maps, of which image."""

    cells: tuple[tuple[str, str, Target], ...]  # net, method, and what is explained
    weights: str
    image: bytes  # 28 x 28 floats

    def run(self) -> Records:
        """A row of numbers for each map."""
        image = torch.frombuffer(bytearray(self.image), dtype=torch.float32).view(1, 1, 28, 28)
        for model, method, target in self.cells:
            twin = nets.net(model, "untrained")
            found = numbers(ATTRIBUTIONS[method], nets.net(model, self.weights), twin, image, target)
            row = {name: float(value) for name, value in found.items()}
            yield {"model": model, "method": method} | row | ({} if method in COMPLETE else {"gap": None})


def measure(models: Sequence[str], methods: Sequence[str], question: Question) -> None:
    """Draw the button and, while the job runs, the numbers as they come; below them how far the methods agree."""
    cells = tuple(
        (model, method, target)
        for model in models
        for method in methods
        if (target := question.target(model)) and why_not(method, nets.net(model, question.weights)) is None
    )
    work = Measuring(cells, question.weights, question.image.numpy().tobytes())
    job = scheduler().look(work, watcher())
    if job and not job.over:
        st.session_state[RUNNING] = work
        st.button("Cancel", icon=":material/stop:", on_click=scheduler().cancel, args=(work, watcher()))
    elif cells and (job is None or job.state != "done"):
        st.button("Measure these maps on this digit", icon=":material/straighten:", type="primary", on_click=start,
                  args=(scheduler(), work, work.run))  # fmt: skip
    said_if_full()
    st.fragment(_live, run_every=POLL if job and not job.over else None)(work)
    if job and job.state == "done":
        _agreement(models, cells, question)


def _live(work: Measuring) -> None:
    job = scheduler().look(work, watcher())
    if job is None:
        return
    if job.state == "failed":
        st.error("These maps could not be measured. Choose others, or another unit.", icon=":material/error:")
    if not job.over:
        st.progress(len(job.records) / len(work.cells), f"{len(job.records)} of {len(work.cells)} maps")
    if job.records:
        numbers_table(pd.DataFrame(job.records), key="measured")
    if job.over and st.session_state.get(RUNNING) == work:
        st.session_state[RUNNING] = None
        st.rerun()


def numbers_table(table: pd.DataFrame, key: str) -> None:
    """Draw numbers of trust, a row a net and method."""
    names = [name for name in table.columns if name not in ("model", "method")]
    columns = {name: st.column_config.NumberColumn(name, format="%.2f") for name in names}
    st.dataframe(table, hide_index=True, column_config=columns, key=key)


def _agreement(models: Sequence[str], cells: Sequence[tuple[str, str, Target]], question: Question) -> None:
    """Draw the rank correlations between the methods, a table a net."""
    st.caption("Do they agree? Rank correlations of what two methods make of the pixels with ink; 1 is the same order.")
    for model in models:
        maps = {
            method: explained(method, model, question.weights, question.image, target, question.baseline)
            for name, method, target in cells
            if name == model
        }
        if len(maps) > 1:
            st.caption(model)
            st.dataframe(agreement(maps, question.image[None]).round(2), key=f"agree-{model}", width="content")
