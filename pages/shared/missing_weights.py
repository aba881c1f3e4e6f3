"""Nets whose weights may not be on this machine: what is missing, a download with progress, the twin meanwhile."""

from collections.abc import Iterable

import streamlit as st

from pages.shared import nets
from pages.shared.long_work import downloads, said_if_full, start, watcher
from pages.shared.notice import notice

POLL = 0.5  # seconds
FETCHING = "fetching"


def weights_at_hand(models: Iterable[str], weights: str) -> str:
    """These weights, if all of the nets have them here; else "untrained", a sentence, and the offer to fetch them."""
    found = weights
    for model in models:
        try:
            nets.net(model, weights)
        except ValueError as error:
            notice(f"{error} Below stands its untrained twin.", ":material/cloud_off:")
            _offer(model)
            found = "untrained"
    return found


def _offer(model: str) -> None:
    from core.models import zoo  # torchvision takes seconds to import

    key = ("weights", model)
    job = downloads().look(key, watcher())
    running = job is not None and not job.over
    if running:
        st.session_state[FETCHING] = model
        st.button("Cancel", icon=":material/stop:", on_click=downloads().cancel, args=(key, watcher()))
    else:
        st.button("Download the weights", icon=":material/download:", type="primary", on_click=start,
                  args=(downloads(), key, lambda: zoo.download(model)))  # fmt: skip
    said_if_full()
    if job is not None and job.state == "failed":
        notice(job.error, ":material/error:")
    st.fragment(_progress, run_every=POLL if running else None)(model)


def _progress(model: str) -> None:
    job = downloads().look(("weights", model), watcher())
    if job is None:
        return
    if job.over and st.session_state.get(FETCHING) == model:
        st.session_state[FETCHING] = None
        st.rerun()
    if job.records and not job.over:
        last = job.records[-1]
        st.progress(last.done / max(last.total, last.done), f"{last.done / 1e6:.0f} of {last.total / 1e6:.0f} MB")
