"""What does a recurrent net remember? Of a digit's rows, of a text's characters, and why gates help."""

import streamlit as st

from pages.frame import navigation

navigation.enter(
    "memory",
    "What does a recurrent net remember?",
    "It reads one thing after the other, a digit's rows or a text's characters, and all that it knows of those behind "
    "it is its state: see what still moves that state, what can be read from it, and what its cells are waiting for.",
)

with navigation.loading():
    from pages.lookback.text import text
    from pages.memories.digit import digit
    from pages.vanishing.three import vanishing

DIGIT, TEXT, THREE = "a digit", "a text", "three nets"
PARTS = {DIGIT: digit, TEXT: text, THREE: vanishing}

theme = st.context.theme.type or "light"
part = st.segmented_control("It reads", list(PARTS), default=DIGIT, required=True, key="reads", bind="query-params",
                            label_visibility="collapsed")  # fmt: skip
PARTS[part](theme)
st.page_link("pages/evidence.py", label="What this says about the claim on memory (C8): Evidence",
             icon=":material/balance:", query_params={"claim": "C8"})  # fmt: skip
