"""Layerscope: the page's frame and the navigation."""

import streamlit as st

from pages.shared import frame

st.set_page_config(page_title="Layerscope", page_icon=str(frame.ICON), layout="wide")
page = frame.navigation()
st.session_state[frame.FRAMED] = True
page.run()
