"""Layerscope: the page's frame and the navigation."""

import streamlit as st

from pages.shared import frame

page = frame.navigation()
st.set_page_config(page_title=f"{page.title} · Layerscope", page_icon=str(frame.ICON), layout="wide")
st.session_state[frame.FRAMED] = True
frame.run(page)
