"""Layerscope: the page's frame and the navigation."""

import streamlit as st

from pages.frame import navigation

page = navigation.current_page()
st.set_page_config(page_title=f"{page.title} · Layerscope", page_icon=str(navigation.ICON), layout="wide")
st.session_state[navigation.FRAMED] = True
navigation.run(page)
