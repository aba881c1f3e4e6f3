"""Nets whose weights may not be on this machine: what is missing, a download with progress, the twin meanwhile."""

import streamlit as st

from core.models import zoo
from pages.shared import nets
from pages.shared.long_work import scheduler, watcher
from pages.shared.notice import notice

POLL = 0.5  # seconds


def weights_at_hand(model: str, weights: str) -> str:
    """These weights, or else, with a sentence on the page and the offer to fetch them, "untrained"."""
    try:
        nets.net(model, weights)
    except ValueError as error:
        notice(f"{error} Below stands its untrained twin.", ":material/cloud_off:")
        _offer(model)
        return "untrained"
    return weights


def _offer(model: str) -> None:
    key = ("weights", model)
    job = scheduler().look(key, watcher())
    running = job is not None and not job.over
    if running:
        st.button("Cancel", icon=":material/stop:", on_click=scheduler().cancel, args=(key, watcher()))
    else:
        st.button("Download the weights", icon=":material/download:", type="primary",
                  on_click=scheduler().start, args=(key, lambda: zoo.download(model), watcher()))  # fmt: skip
    if job is not None and job.state == "failed":
        notice(job.error, ":material/error:")
    st.fragment(_progress, run_every=POLL if running else None)(model)


def _progress(model: str) -> None:
    job = scheduler().look(("weights", model), watcher())
    if job is None or not job.records:
        return
    last: zoo.Progress = job.records[-1]
    st.progress(last.done / max(last.total, last.done), f"{last.done / 1e6:.0f} of {last.total / 1e6:.0f} MB")
    if job.over and st.session_state.get("fetching") == model:
        st.session_state["fetching"] = None
        st.rerun()
    if not job.over:
        st.session_state["fetching"] = model
