"""The switches that matter less, out of the way: what differs from the usual stands beside them as chips."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import streamlit as st

LONGEST = 24  # letters of a chip's value


@contextmanager
def more(usual: Mapping[str, tuple[str, object]]) -> Iterator[None]:
    """Around the switches that matter less; a row holds their popover, and a chip for each that is not as usual.

    `usual` says by their keys what they are called, and what they usually are; a click on a chip takes that back.
    """
    with st.popover("More", icon=":material/tune:"):
        yield
    for key, (label, value) in usual.items():
        now = st.session_state.get(key, value)
        if now != value:
            st.button(f"{label}: {_short(now)}", icon=":material/close:", key=f"chip-{key}", type="tertiary",
                      on_click=_take_back, args=(key, value), help=f"Back to {_short(value)}")  # fmt: skip


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    text = {"True": "on", "False": "off", "None": "as usual", "": "none"}.get(text, text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _take_back(key: str, value: object) -> None:
    st.session_state[key] = value
