"""What holds over many images and seeds: horizons, memory capacity, what is held over a delay, other orders."""

import pandas as pd
import streamlit as st

from core import charts, images
from core.charts import FAMILY_COLOURS
from core.memory import sentences, tables
from core.memory.tables import BLANKED, GRADIENT, HELD, IMAGES, MIXED, ROW
from core.models import SHUFFLED, TWIN, find

WIDTH = 344  # pixels of a chart: a phone's
KINDS = ("trained", "plain", TWIN, SHUFFLED)
LEGEND = (
    '<div class="legend start" style="--family: #009E73"><span class="line">trained</span>'
    '<span class="line thin">plain</span><span class="line dashed">untrained twins</span>'
    '<span class="line dash-dot">shuffled</span>'
    '<span class="line dots" style="--family: currentcolor">without memory</span></div>'
)


def how_far(theme: images.Theme) -> None:
    """Draw horizons by both measures."""
    st.markdown(_words("horizons"))
    titles = {GRADIENT: "horizon by gradient (rows back)", BLANKED: "horizon, one row blanked (rows back)"}
    with st.container(horizontal=True, gap="medium", key="horizons"):
        for measure, title in titles.items():
            spec = _horizons(measure, title, theme)
            with st.container(width=WIDTH):
                st.vega_lite_chart(spec=spec, width="content", key=f"horizon-{measure}")
    st.caption("21 rows are 21 or more: the states that are asked have read no more rows.")


def how_much(layer: str, theme: images.Theme) -> None:
    """Draw a layer's memory capacities, and what it holds over a delay."""
    st.header("What can be read off the state?", anchor=False)
    st.html(LEGEND)
    st.markdown(_words("capacities"))
    titles = {IMAGES: "R² of the row so far back", MIXED: "R², rows of different images"}
    with st.container(horizontal=True, gap="medium", key="capacities"):
        for measure, title in titles.items():
            with st.container(width=WIDTH):
                st.vega_lite_chart(spec=_curve(measure, layer, "rows back", title, 1.0, theme), width="content",
                                   key=f"capacity-{measure}")  # fmt: skip
    with st.container(horizontal=True, gap="medium", vertical_alignment="center", key="held"):
        with st.container(width=WIDTH):
            spec = _curve(HELD, layer, "empty rows behind half a digit", "class read off (%)", 100, theme)
            st.vega_lite_chart(spec=spec, width="content", key="delays")
        with st.container(width=WIDTH):
            st.markdown(_words("delays"))


def in_another_order(theme: images.Theme) -> None:
    """Draw accuracies of three nets whose rows come in another order."""
    st.header("And in another order?", anchor=False)
    with st.container(horizontal=True, gap="medium", vertical_alignment="center", key="in-order"):
        with st.container(width=WIDTH):
            st.vega_lite_chart(spec=_orders(theme), width="content", key="orders")
        with st.container(width=WIDTH):
            st.markdown(_words("orders"))
            st.html(f'<div class="legend start">{"".join(map(_family, FAMILY_COLOURS))}</div>')


def _family(family: str) -> str:
    return f'<span class="line" style="--family: {FAMILY_COLOURS[family]}">{family}, trained</span>'


@st.cache_data(show_spinner=False)
def _words(name: str) -> str:
    return str(getattr(sentences, name)())


@st.cache_data(show_spinner=False)
def _horizons(measure: str, title: str, theme: images.Theme) -> charts.Spec:
    found = tables.over_seeds(measure)
    table = found.assign(name=found["where"] + " · " + found.weights, family="rnn")
    return charts.intervals(table.sort_values("where", kind="stable"), title, (0, 22), theme, WIDTH)


@st.cache_data(show_spinner=False)
def _curve(measure: str, layer: str, across: str, title: str, top: float, theme: images.Theme) -> charts.Spec:
    found = tables.over_seeds(measure)
    shown = found[found["where"].isin([layer, ROW])]
    shown = shown[(shown["at"] < shown["at"].max()) | (measure == HELD)]  # of the first row alone nothing is asked
    return charts.over_lags(shown, across, title, top, theme, WIDTH, chance=10 if measure == HELD else None)


@st.cache_data(show_spinner=False)
def _orders(theme: images.Theme) -> charts.Spec:
    found = tables.over_seeds("accuracy")
    table = found[found.weights == "trained"].rename(columns={"where": "name"})
    families = {model: find(model).family for model in table.model.unique()}
    return charts.intervals(pd.DataFrame(table).assign(family=table.model.map(families)), "accuracy (%)", (0, 100),
                            theme, WIDTH)  # fmt: skip
