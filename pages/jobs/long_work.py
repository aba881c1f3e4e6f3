"""Long work in Streamlit: one scheduler a process, a watcher's token a session, and how a page shows a job."""

import time
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import streamlit as st

from core.store import Store
from pages.frame.navigation import turns
from pages.frame.notice import notice
from pages.jobs.scheduler import QueueFullError, Records, Scheduler, View

FULL, BROKE_OFF = "queue-full", "It broke off. Start it again."
POLL, LEAST = 0.5, 0.1  # seconds: between two looks at a job, and until a job goes on though pages still run


@st.cache_resource(show_spinner=False)
def scheduler() -> Scheduler:
    """The one that all sessions share. Its jobs make way for pages, which take much less."""
    return Scheduler(make_way=partial(turns().make_way, LEAST))


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


class Work(Protocol):
    """A job of the page: equal ones are one job. Frozen, and made of what can be compared."""

    def run(self) -> Records:
        """Do it, record by record."""

    def __hash__(self) -> int: ...


def start(work: Work, by: Scheduler, *, last_only: bool) -> None:
    """Start a job for this session; where too many wait, `long_work` says so."""
    try:
        by.start(work, work.run, watcher(), last_only=last_only)
    except QueueFullError as full:
        st.session_state[FULL] = str(full)


def long_work(
    works: Sequence[Work],
    label: str,
    draw: Callable[[list[View | None]], None],
    *,
    key: str = "work",
    last_only: bool = True,
    by: Scheduler | None = None,
    help: str | None = None,  # noqa: A002 - Streamlit's own word for it
) -> None:
    """Draw the button that starts the jobs, or Cancel while they run, and what `draw` makes of how they stand.

    That is drawn again and again while they run, and when they are over the page runs once more. Several on one page
    differ by `key`. All records are kept for `draw`, or only the last one.
    """
    by = by or scheduler()
    views = [by.look(work, watcher()) for work in works]
    running = any(view and not view.over for view in views)
    if running:
        st.session_state[f"running-{key}"] = True
        st.button("Cancel", icon=":material/stop:", key=f"cancel-{key}", on_click=_cancel, args=(by, works, key))
    elif any(view is None or view.state != "done" for view in views):
        st.button(label, icon=":material/play_arrow:", type="primary", key=f"start-{key}", help=help,
                  on_click=_start, args=(by, works, key, last_only))  # fmt: skip
    if message := st.session_state.pop(FULL, None):
        st.warning(message, icon=":material/hourglass:")
    st.fragment(_live, run_every=POLL if running else None)(works, draw, key, by)


def by_itself(
    work: Work, draw: Callable[[list[View | None]], None], *, key: str = "work", moving: bool = False
) -> None:
    """A job of a second or two that starts without a button; what it was before under that key is given up.

    What `draw` makes of it is drawn again and again while it runs, and while something is `moving`.
    """
    by = scheduler()
    give_up_others([work], key)
    view = by.look(work, watcher())
    if view is None or view.state == "stopped":
        start(work, by, last_only=False)
        view = _begun(work, by)
    if message := st.session_state.pop(FULL, None):
        st.warning(message, icon=":material/hourglass:")
    running = bool(view and not view.over)
    if running:
        st.session_state[f"running-{key}"] = True
    st.fragment(_live, run_every=POLL if running or moving else None)([work], draw, key, by)


def give_up_others(works: Sequence[Work], key: str) -> None:
    """Cancel what began without a button under that key before, but these, which begin so now."""
    for last in st.session_state.get(f"last-{key}", ()):
        if last not in works:
            scheduler().cancel(last, watcher())
    st.session_state[f"last-{key}"] = tuple(works)


def cancelled(works: Sequence[Work], key: str) -> bool:
    """Whether these are what the visitor cancelled last under that key: only the button begins them again."""
    return st.session_state.get(f"cancelled-{key}") == tuple(works)


def _begun(work: Work, by: Scheduler) -> View | None:
    """How a job stands that was started just now: for a moment it waits, though nobody is before it."""
    patience = time.monotonic() + POLL
    turns().let_go()
    while (view := by.look(work, watcher())) and view.state == "waiting" and time.monotonic() < patience:
        time.sleep(0.01)
    return view


def _start(by: Scheduler, works: Sequence[Work], key: str, last_only: bool) -> None:
    st.session_state.pop(f"cancelled-{key}", None)
    for work in works:
        start(work, by, last_only=last_only)


def _cancel(by: Scheduler, works: Sequence[Work], key: str) -> None:
    st.session_state[f"cancelled-{key}"] = tuple(works)
    for work in works:
        by.cancel(work, watcher())


def _live(works: Sequence[Work], draw: Callable[[list[View | None]], None], key: str, by: Scheduler) -> None:
    views = _first_looks(works, by)
    waiting = [view.position for view in views if view and view.state == "waiting"]
    if waiting:
        st.info(f"Others are computing: this is number {min(waiting)} in line.", icon=":material/hourglass:")
    errors = [view.error for view in views if view and view.state == "failed"]
    sentences = [str(error) if isinstance(error, ValueError) else BROKE_OFF for error in errors]
    for sentence in dict.fromkeys(sentences):  # jobs side by side may fail by the same
        notice(sentence, ":material/error:")
    draw(views)
    if all(view is None or view.over for view in views) and st.session_state.pop(f"running-{key}", None):
        st.rerun()


def _first_looks(works: Sequence[Work], by: Scheduler) -> list[View | None]:
    """How they stand; a first record is worth waiting for, rather than for the next poll."""
    patience = time.monotonic() + POLL
    turns().let_go()  # or else the job would make way for who waits for it
    while True:
        views = [by.look(work, watcher()) for work in works]
        begun = [view for view in views if view and view.state == "running"]
        if not begun or any(view.records for view in begun) or time.monotonic() > patience:
            return views
        time.sleep(0.02)
