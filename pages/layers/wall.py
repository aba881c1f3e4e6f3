"""The wall: what the units of a photo net look for, a row a layer, from the stem to the classes; and it in numbers."""

from functools import partial

import pandas as pd
import streamlit as st

from core import atlas, by_depth, charts, images, photo_paths
from core.units import Unit
from pages.frame import link
from pages.frame.clickable import clickable

IN_A_ROW, TILE, ROOM, CHART = 12, 74, 88, 290
HUNG = (
    "Each row has a recipe of its own, chosen by eye: a small window where units see little, and larger, smoother "
    "forms, climbed longer, the deeper the layer. **Full size** above a unit's panel says which. Every number "
    "below, and what the panels show, is of other pictures of the same units, which keep one recipe."
)


def wall(weights: str, selected: Unit | None, theme: images.Theme) -> None:
    """Draw the wall; a click opens the unit. Of shuffled weights there is none."""
    if weights not in atlas.WEIGHTS:
        st.caption(
            "The wall hangs for the trained net and for its untrained twin; choose a photo to see what others do."
        )
        return
    sheet, units, captions = _sheet(weights)
    spec = charts.clickable_sheet(sheet, charts.UNIT, units, about="What units look for, layer by layer",
                                  selected=str(selected), shrink=atlas.WALL_SIDE / TILE, captions=captions, room=ROOM,
                                  theme=theme)  # fmt: skip
    clickable(spec, charts.UNIT, "wall", partial(link.put, charts.UNIT))
    st.caption(f"{HUNG} {photo_paths.sentence()}" if weights == "trained" else HUNG)


@st.cache_resource(show_spinner="Hanging the pictures ...")
def _sheet(weights: str) -> tuple[images.Tiles, list[str], list[str]]:
    rows, units, captions = atlas.wall(weights, IN_A_ROW)
    return images.contact_sheet(rows, IN_A_ROW), [str(unit) for unit in units], captions


@st.cache_data(show_spinner="Measuring the pictures ...")
def _by_depth() -> pd.DataFrame:
    return by_depth.by_depth()


def depth_in_numbers(theme: images.Theme) -> None:
    """Draw a chart for each measure of pictures by one recipe, five untrained twins beside the trained net."""
    table = _by_depth()
    with st.container(horizontal=True, gap="medium"):
        for measure, title in (by_depth.titles() | {"field": by_depth.FIELD}).items():
            rows = table[table.measure == measure].dropna()
            spec = charts.by_depth(rows, title, theme, CHART, logarithmic=measure == "field")
            with st.container(width=CHART + 14, gap="xsmall"):
                st.caption(title)
                st.vega_lite_chart(spec=spec, width="content", key=f"depth-{measure}")
    st.caption(
        "Solid is the trained net, its band the 95 % interval over its units; dashed are five untrained twins, their "
        "band from the lowest to the highest. All are of pictures of one size, by one recipe, not of those "
        f"that hang above. {by_depth.sentence()}"
    )
