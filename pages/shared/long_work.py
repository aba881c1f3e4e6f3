"""Long work in Streamlit: one scheduler a process, and a watcher's token a session."""

import uuid
from collections.abc import Callable, Hashable

import streamlit as st

from core.store import Store
from pages.shared.jobs import QueueFullError, Records, Scheduler

FULL = "queue-full"


@st.cache_resource(show_spinner=False)
def scheduler() -> Scheduler:
    """The one that all sessions share."""
    return Scheduler()


@st.cache_resource(show_spinner=False)
def downloads() -> Scheduler:
    """One for work that waits for other machines, so that no ascent waits for it."""
    return Scheduler(running=1, waiting=4)


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """Where finished results are kept."""
    return Store()


@st.cache_resource(scope="session", show_spinner=False, on_release=lambda token: _leave(token))
def watcher() -> str:
    """A token of this session; when its last tab closes, its jobs lose a watcher."""
    return uuid.uuid4().hex


def _leave(token: str) -> None:
    scheduler().leave(token)
    downloads().leave(token)


def start(work: Scheduler, key: Hashable, make: Callable[[], Records]) -> None:
    """Start a job for this session; where too many wait, the page says so: see `said_if_full`."""
    try:
        work.start(key, make, watcher())
    except QueueFullError as full:
        st.session_state[FULL] = str(full)


def said_if_full() -> None:
    """Say once that there was no room for a job."""
    if message := st.session_state.pop(FULL, None):
        st.warning(message, icon=":material/hourglass:")
