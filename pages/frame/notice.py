"""Sentences for the visitor, which may quote what a link says."""

import re

import streamlit as st


def notice(sentence: object, icon: str) -> None:
    """Show a sentence as it is: what looks like markup in it is text, or a link could put links and pictures here."""
    st.info(re.sub(r"([\\`*_{}\[\]()#+\-!<>|~:$&])", r"\\\1", str(sentence)), icon=icon)
