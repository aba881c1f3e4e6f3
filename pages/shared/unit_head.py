"""A unit's address, in its family's colour, above everything that is known of it."""

import html

import streamlit as st

from core import charts
from core.models import find
from core.units import Unit
from pages.shared import link, nets


def unit_head(unit: Unit) -> None:
    """Draw the address, and the class that it stands for, if it does."""
    spec = find(unit.model)
    last = nets.layers(unit.model)[-1].name
    name = f" {html.escape(spec.labels[unit.index])}" if unit.layer == last and spec.sees == "photos" else ""
    colour = charts.FAMILY_COLOURS[spec.family]
    st.html(f'<code class="unit" style="--family: {colour}">{unit}</code>{name}', width="content")


def closable_head(unit: Unit) -> None:
    """The same, and a button that takes the unit out of the link."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        unit_head(unit)
        st.button("Close", icon=":material/close:", type="tertiary", on_click=link.put, args=(charts.UNIT, None))
