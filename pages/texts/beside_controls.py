"""The table of features: each with its best cell beside the controls; a click shows the cell."""

import pandas as pd
import streamlit as st

from core import charts
from core.cells import tracked
from core.cells.search import CELL
from core.charts.cells import NONE, TRACKS
from core.images import Theme
from pages.frame.clickable import clickable
from pages.frame.glossary import explained
from pages.texts.choose import take_feature

MARKS = "●○■◆▲▼✚—"


def beside_controls(chosen: str | None, theme: Theme) -> None:
    """Draw each feature's best cell and its controls, and the numbers; nothing where none ship."""
    if tracked.table().empty:
        return
    st.header("Which features have a cell?", anchor=False, help=explained("confidence interval", "untrained twin"))
    st.markdown(tracked.in_general())
    marks = zip(MARKS, charts.SHAPES, strict=True)
    st.html('<div class="legend start">' + "".join(f"<span>{mark} {kind}</span>" for mark, kind in marks) + "</div>")
    with st.container(horizontal=True, gap="large"):
        for measure in ("AUC", "rank correlation"):
            spec = charts.beside_controls(_shown(measure), measure, chosen or "", theme)
            with st.container(width="content"):
                clickable(spec, charts.FEATURE, f"features-{measure.split()[0]}", take_feature)
    st.caption(tracked.quotations())
    with st.expander("All numbers"):
        st.dataframe(tracked.table(), hide_index=True)


@st.cache_data(show_spinner=False)
def _shown(measure: str) -> pd.DataFrame:
    """The rows of the features with that measure, as the chart wants them."""
    parts = []
    for name, rows in tracked.of_seed().items():
        if tracked.measure(name) == measure:
            own = rows.rename({CELL: TRACKS if tracked.tracks(rows) else NONE})
            parts.append(own[own.index.isin(list(charts.SHAPES))].reset_index())
    return pd.concat(parts)[["feature", "kind", "value", "low", "high"]]
