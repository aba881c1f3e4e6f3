"""What the net expects behind each character: how uncertain it is along the text, and the likeliest characters."""

import math

import streamlit as st

from core import charts
from core.charts.letters import SHOWN
from core.data.text import ALPHABET
from pages.frame import link
from pages.frame.clickable import clickable
from pages.texts.choose import Situation

BEHIND = "behind"
TOP, WINDOW = 5, 28  # characters that are shown of what is expected, and of the text around the chosen one


def chosen_place(here: Situation) -> int:
    """The character that the link names, or else one in the middle."""
    named, last = link.get(BEHIND) or "", len(here.reading.text) - 1
    if named.isascii() and named.isdigit() and len(named) < 9:
        return min(int(named), last)
    return last // 2


def next_character(here: Situation, chosen: int) -> None:
    """Draw the entropy along the text, and the five likeliest behind each character around the chosen one."""
    text, last = here.reading.text, len(here.reading.text) - 1
    st.header("What comes next?", anchor=False)
    st.markdown(_said(here, chosen))
    if last:
        key = f"{BEHIND}-{last}-{chosen}"
        st.slider("Behind character", 0, last, chosen, key=key, width=640,
                  on_change=lambda: link.put(BEHIND, str(st.session_state[key])))  # fmt: skip
    begin = max(0, min(chosen - WINDOW // 2, last + 1 - WINDOW))
    window = range(begin, min(last + 1, begin + WINDOW))
    rows = [here.reading.likeliest(place, TOP) for place in window]
    st.html(charts.expected(text[window.start : window.stop], rows, chosen - begin))
    st.caption("Below each character the five likeliest behind it, the darker the likelier; framed is what came.")
    entropy = here.reading.entropy().numpy()
    clickable(charts.uncertainty(text, entropy, chosen, here.theme), charts.PLACE, "uncertainty",
              lambda place: link.put(BEHIND, str(int(place))))  # fmt: skip
    st.caption(
        f"Entropy of the next character along the text, in bits, {entropy.mean():.2f} on the mean; guessing among "
        f"{len(ALPHABET)} would be {math.log2(len(ALPHABET)):.2f}. A click takes a character."
    )


def _said(here: Situation, chosen: int) -> str:
    likeliest = here.reading.likeliest(chosen, TOP)
    named = ", ".join(f"{_quoted(character)} {_percent(share)}" for character, share in likeliest)
    uncertain = float(here.reading.entropy()[chosen])
    surprise = here.reading.surprise(chosen)
    said = f"Behind {_quoted(here.reading.text[chosen])} it expects {named}: an entropy of **{uncertain:.2f} bits**."
    if surprise is None:
        return f"{said} Here the text ends."
    return f"{said} Then came {_quoted(here.reading.text[chosen + 1])}, which cost {surprise:.2f} bits."


def _quoted(character: str) -> str:
    return f"`{SHOWN.get(character, character)}`"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.995 else "100 %"
