"""Claims about depth, each with the measurement that could have refuted it."""

import streamlit as st

from pages.frame import navigation

navigation.enter(
    "evidence",
    "What is true of depth?",
    "Of every story about layers, the experiment that could have refuted it.",
)

with navigation.loading():
    from pages.fields import touch
    from pages.frame.glossary import explained

theme = st.context.theme.type or "light"
st.header("How far does a unit see?", anchor=False, help=explained("receptive field"))
touch.draw(theme)

with st.expander("How this is computed"):
    st.markdown(touch.COMPUTED)
