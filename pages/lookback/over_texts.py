"""What holds over many texts: what stands further back is worth, and what can be read from the state."""

import pandas as pd
import streamlit as st

from core import charts
from core.images import Theme
from core.memory import contexts, of_text
from core.memory.contexts import MIXED, NGRAM, NOTHING, OTHER
from core.memory.of_text import CAPACITY, CHARACTER
from core.models import SHUFFLED, TWIN

WIDTH = 344  # pixels of a chart: a phone's
TRAINED = "seed-0"
LOOKS = {NOTHING: "trained", OTHER: "plain", MIXED: SHUFFLED, NGRAM: NGRAM}  # how each line looks
BITS = 4.0  # that the axis reaches up to
CONTEXT_LEGEND = (
    '<div class="legend start" style="--family: #009E73"><span class="line">before these nothing</span>'
    '<span class="line thin">another place\'s text</span><span class="line dots">its own words in another order</span>'
    '<span class="line dots" style="--family: currentcolor">n-gram</span></div>'
)
STATE_LEGEND = (
    '<div class="legend start" style="--family: #009E73"><span class="line">trained</span>'
    '<span class="line dashed">untrained twins</span><span class="line dash-dot">shuffled</span>'
    '<span class="line dots" style="--family: currentcolor">the present character alone</span></div>'
)


def over_texts(layer: str, theme: Theme) -> None:
    """Draw bits over how much is kept, and what a layer's state tells of earlier characters."""
    st.header("What is the text further back worth?", anchor=False)
    st.markdown(_said()[0])
    with st.container(horizontal=True, gap="medium", key="further-back"):
        with st.container(width=WIDTH, gap="xsmall"):
            st.html(CONTEXT_LEGEND)
            st.vega_lite_chart(spec=_bits(theme), width="content", key="bits-by-context")
        with st.container(width=WIDTH, gap="xsmall"):
            st.html(STATE_LEGEND)
            st.vega_lite_chart(spec=_capacity(layer, theme), width="content", key="text-capacity")
    st.markdown(_said()[1])


@st.cache_data(show_spinner=False)
def _said() -> tuple[str, str]:
    return contexts.sentence(), of_text.sentence()


@st.cache_data(show_spinner=False)
def _bits(theme: Theme) -> charts.Spec:
    found = contexts.table()
    own = found[found.weights.isin([TRAINED, ""]) & found.before.isin(LOOKS) & (found.kept > 0)]
    lines = own.groupby(["before", "kept"]).bits.mean().reset_index(name="value")
    lines = lines.assign(weights=lines.before.map(LOOKS), at=lines.kept, low=lines.value, high=lines.value)
    return charts.over_lags(lines[lines.value < BITS], "characters that stay", "bits a character", BITS, theme, WIDTH)


@st.cache_data(show_spinner=False)
def _capacity(layer: str, theme: Theme) -> charts.Spec:
    found = of_text.table()
    own = found[(found.measure == CAPACITY) & found.layer.isin([layer, CHARACTER])]
    kinds = own.weights.map(lambda name: name.split("-")[0]).map({"seed": "trained", TWIN: TWIN, SHUFFLED: SHUFFLED})
    lines = own.assign(weights=kinds.fillna(CHARACTER)).groupby(["weights", "back"]).value
    shown = pd.DataFrame(lines.agg(value="mean", low="min", high="max")).reset_index().rename(columns={"back": "at"})
    return charts.over_lags(shown, "characters back", "R² of the character so far back", 1.0, theme, WIDTH)
