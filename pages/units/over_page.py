"""A unit's panel over the page, for pages that have no room for it beside what they show."""

import streamlit as st

from core import charts, images
from core.models import find
from core.units import Unit
from pages.frame import link
from pages.inputs.canvas import look_at
from pages.layers.photo_layers import PhotoView
from pages.units.chosen import chosen_unit
from pages.units.heads import unit_head
from pages.units.panel import unit_panel
from pages.units.photo_panel import photo_panel


def unit_over_page(weights: str, theme: images.Theme) -> None:
    """Draw the panel of the unit that the link names, if it names one; closing it takes it out of the link."""
    if unit := chosen_unit():
        st.dialog("A unit", on_dismiss=lambda: link.put(charts.UNIT, None))(_panel)(unit, weights, theme)


def _panel(unit: Unit, weights: str, theme: images.Theme) -> None:
    if link.get(charts.UNIT) != str(unit):  # another unit was clicked in the panel, which runs by itself
        st.rerun()
    with st.container(key="unit-over"):
        unit_head(unit)
        if find(unit.model).sees == "photos":
            photo_panel(unit, PhotoView(unit.model, weights, None, theme), None)
        else:
            unit_panel(unit, weights, 28, theme, None, take=look_at)
