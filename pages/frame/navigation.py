"""What every page stands in: the list of pages, the guard against running without it, and the look of the page."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from core.turns import Turns
from pages.frame import link

FRAMED = "framed"
LONGEST = 0.5  # seconds that a session may keep the others waiting
STYLE, ICON = Path(__file__).parent / "style.css", Path(__file__).parent / "icon.svg"

# Each page's file, its group, and its title; the first is the start. No icons: Streamlit would fetch them from another
# host.
PAGES = {
    "draw": ("See", "Draw"),
    "photo": ("See", "Photo"),
    "weights": ("See", "Weights"),
    "features": ("Ask", "Features"),
    "attribution": ("Ask", "Attribution"),
    "circuits": ("Ask", "Circuits"),
    "guess": ("Ask", "Guess"),
    "neighbours": ("Compare", "Neighbours"),
    "maps": ("Compare", "Maps"),
    "memory": ("Compare", "Memory"),
    "make": ("Make", "Make"),
    "evidence": ("Prove", "Evidence"),
    "xor": ("Prove", "XOR"),
    "symmetry": ("Prove", "Symmetry"),
    "nets": ("About", "The nets"),
}


def current_page() -> StreamlitPage:
    """The page that the address names, with all pages offered at the top, in groups."""
    groups: dict[str, list[StreamlitPage]] = {}
    for place, (name, (group, title)) in enumerate(PAGES.items()):
        groups.setdefault(group, []).append(st.Page(f"pages/{name}.py", title=title, default=not place))
    return st.navigation(groups, position="top")


def run(page: StreamlitPage) -> None:
    """Run a page, one session after the other: fifty that run at once take twice as long, and each until the end."""
    with turns().take():
        page.run()


@st.cache_resource(show_spinner=False)
def turns() -> Turns:
    """In which sessions run their pages."""
    return Turns(LONGEST)


def enter(page: str, title: str, sentence: str) -> None:
    """Begin a page: its name among PAGES, its title, and one sentence that says what one is looking at.

    A cold server opened by a deep link runs the page's file without app.py. Naming the navigation and running again
    brings the page back inside its frame.
    """
    if FRAMED not in st.session_state:
        current_page()
        st.rerun()
    link.arrive(page)
    _warm_up()
    st.html(STYLE)
    st.html(f"<style>:root {{ color-scheme: {st.context.theme.type or 'light'}; }}</style>")  # also of what pops up
    st.html(link.ENTRIES, unsafe_allow_javascript=True)
    st.title(title, anchor=False)
    st.markdown(sentence)


@contextmanager
def loading() -> Iterator[None]:
    """Around a page's imports of torch and `core`, which take seconds in a cold process, the first time."""
    page = st.session_state[link.HERE]
    if page in _LOADED:
        yield  # a spinner starts a thread
        return
    with st.spinner("Loading the nets ..."):
        yield
    _LOADED.add(page)


_LOADED: set[str] = set()


@st.cache_resource(show_spinner=False)
def _warm_up() -> None:
    """Once a process: load torch and the nets in the background, so that no page's first paint waits for them."""

    def load_all() -> None:
        from pages.inputs import nets

        nets.load_all()

    threading.Thread(target=load_all, name="warm-up", daemon=True).start()
