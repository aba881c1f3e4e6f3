"""Numbers of every layer's space by depth, beside every control, and what they say."""

from collections.abc import Sequence

import streamlit as st

from core import charts, images
from core.measures import neighbours
from core.measures.neighbours import Value
from core.measures.spaces import PIXELS, Metric
from core.models import MODELS

WIDTH = 300
TITLES: dict[Value, str] = {"share": "share with the same label", "silhouette": "silhouette"}
LEGEND = (
    "In a net's colour: *thick* trained, in a band from the lowest to the highest of five seeds; *thin* plain; "
    "*dashed* five untrained twins; *dashes and dots* five shuffled ones; *dotted* five random projections of the "
    "layer below to as many numbers. In grey: *dotted in a band* the same of the pixels; *dotted across* the pixels "
    "themselves."
)


def beside_controls(value: Value, models: Sequence[str], metric: Metric, theme: images.Theme) -> None:
    """Say what the rule says of these nets, and draw a chart for each."""
    table = neighbours.table()
    measured = set(table.model)
    models = [model for model in models if model in measured]
    if models:
        st.markdown(_verdict(value, tuple(models)))
    st.caption(LEGEND)
    with st.container(horizontal=True, gap="medium"):
        for model in models:
            rows = table[table.model.isin([model, PIXELS]) & (table.metric == metric)]
            with st.container(width=WIDTH, gap="xsmall"):
                st.caption(model)
                spec = charts.beside_pixels(
                    rows.assign(value=rows[value]), TITLES[value], MODELS[model].family, theme, WIDTH - 10
                )
                st.vega_lite_chart(spec=spec, width="content", key=f"{value}-{model}")


@st.cache_data(show_spinner=False)
def _verdict(value: Value, models: tuple[str, ...]) -> str:
    said = [neighbours.headline(value, models)]
    if value == "share":
        said += [neighbours.dimensions(models), neighbours.rise(models)]
    return "\n".join(f"- {each}" for each in said) if len(said) > 1 else said[0]
