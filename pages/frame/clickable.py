"""Charts in which a click chooses something."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.charts import Spec

CLICKS = "clicks"


def clickable(spec: Spec, name: str, key: str, take: Callable[[Any], None]) -> None:
    """Draw a chart; a click on something gives its value of `name` to `take`, before the page runs again.

    After each click all charts begin with nothing selected, so that the same thing can be clicked once more.
    """
    chart = f"{key}-{st.session_state.get(CLICKS, 0)}"

    def clicked() -> None:
        chosen = st.session_state[chart].selection[name]
        if chosen:  # a click beside everything clears the selection, and chooses nothing
            st.session_state[CLICKS] = st.session_state.get(CLICKS, 0) + 1
            take(chosen[0][name])

    with st.container(key=key):
        st.vega_lite_chart(spec=spec, width="content", key=chart, on_select=clicked, selection_mode=name)
