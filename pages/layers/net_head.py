"""What stands above a net, in its family's colour."""

import streamlit as st

from core import charts
from core.models import find


def net_head(model: str, about: str, below: str = "") -> None:
    """Draw a net's name, a word about it, and below it what else is HTML."""
    st.html(
        f'<div class="answer" style="--family: {charts.FAMILY_COLOURS[find(model).family]}">'
        f'<div><span class="net">{model}</span><span class="about">{about}</span></div>{below}</div>'
    )
