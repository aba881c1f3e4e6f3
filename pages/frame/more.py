"""The switches that matter less, out of the way: what differs from the usual stands beside them as chips."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import streamlit as st

LONGEST = 24  # letters of a chip's value
SIDES = [96, 128, 160, 192, 224, 256]  # pixels of a picture that is made


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


def number_fields(
    usual: object, labels: Mapping[str, str], limits: Mapping[str, tuple[float, float]], keys: Mapping[str, str]
) -> dict[str, Any]:
    """Draw a field for each of a recipe's values that have labels, and return what they say, by the values' names."""
    values: dict[str, Any] = {}
    for name, label in labels.items():
        value: Any = getattr(usual, name)
        low, high = (type(value)(limit) for limit in limits[name])
        values[name] = st.number_input(label, low, high, value, key=keys[name], bind="query-params")
    return values


def side_field(usual: int, key: str) -> int:
    """Draw the choice of a picture's size in pixels."""
    return int(st.select_slider("Pixels", SIDES, usual, key=key, bind="query-params"))
