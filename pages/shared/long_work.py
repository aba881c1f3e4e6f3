"""Long work in Streamlit: one scheduler a process, and a watcher's token a session."""

import uuid

import streamlit as st

from core.store import Store
from pages.shared.jobs import Scheduler


@st.cache_resource(show_spinner=False)
def scheduler() -> Scheduler:
    """The one that all sessions share."""
    return Scheduler()


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """Where finished results are kept."""
    return Store()


@st.cache_resource(scope="session", show_spinner=False, on_release=lambda token: scheduler().leave(token))
def watcher() -> str:
    """A token of this session; when its last tab closes, its jobs lose a watcher."""
    return uuid.uuid4().hex
