"""Points of one's own: where a click may put them, and how the link holds them, two letters a point."""

from string import ascii_lowercase

import streamlit as st
import torch

from core.data.points import Points
from pages.frame import link

OWN, LINKED, CLASS = "own", "own", "adds"
STEPS = 10  # from the middle to the edge
LETTERS = ascii_lowercase[: 2 * STEPS + 1]  # from -1 to 1; capitals are of class 1
MOST = 200
COLOURS = ["purple", "orange"]


def read(text: str) -> Points:
    """The points of such a text; ValueError, with a sentence for the page, where it is none."""
    pairs = [text[place : place + 2] for place in range(0, len(text), 2)]
    if len(pairs) > MOST or any(len(pair) < 2 or not _is_point(pair) for pair in pairs):
        raise ValueError(f"The link's own points cannot be read: {text[:40]!r}. Clear them, and click new ones.")
    positions = [[(LETTERS.index(letter) - STEPS) / STEPS for letter in pair.lower()] for pair in pairs]
    labels = [int(pair.isupper()) for pair in pairs]
    return Points(torch.tensor(positions, dtype=torch.float32).reshape(-1, 2), torch.tensor(labels, dtype=torch.long))


def _is_point(pair: str) -> bool:
    return pair.isascii() and (pair.isupper() or pair.islower()) and set(pair.lower()) <= set(LETTERS)


def places() -> dict[str, tuple[float, float]]:
    """All places where a click can put a point, by their names."""
    return {
        f"{_signed(x)}, {_signed(y)}": (x / STEPS, y / STEPS)
        for y in range(STEPS, -STEPS - 1, -1)
        for x in range(-STEPS, STEPS + 1)
    }


def _signed(steps: int) -> str:
    return f"{steps / STEPS:.1f}"


def put_or_take(place: str) -> None:
    """What a click does: a point of the chosen colour stands there, or where one of that colour stood, none."""
    text = link.get(LINKED) or ""
    x, y = (LETTERS[round(float(part) * STEPS) + STEPS] for part in place.split(","))
    one = x + y if st.session_state.get(CLASS, COLOURS[0]) == COLOURS[0] else (x + y).upper()
    pairs = [text[at : at + 2] for at in range(0, len(text), 2)]
    kept = [pair for pair in pairs if pair.lower() != one.lower()]
    link.put(LINKED, "".join(kept if one in pairs else [*kept, one][-MOST:]) or None)


def choose_colour() -> None:
    """Of what class the next point is; or all points away."""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.segmented_control("A click adds", COLOURS, default=COLOURS[0], required=True, key=CLASS,
                             bind="query-params")  # fmt: skip
        st.button("Clear", icon=":material/delete:", on_click=link.put, args=(LINKED, None))
