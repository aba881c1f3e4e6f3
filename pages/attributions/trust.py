"""What each method finds beyond the controls, as it ships: in sentences, as gains, and all numbers."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core import charts, images
from core.atlas import PHOTO
from core.models import find
from core.trust.advice import MUST_BEAT, advice, count, of_task, summary
from core.trust.controls import CONTROLS
from core.trust.table import DIGITS, NUMBERS, table
from pages.attributions.trust_here import numbers_table
from pages.frame.glossary import explained

PANEL = 310  # pixels of a chart of gains
CAPTION = (
    "The gain over the best control, on the mean, with its 95 % interval; a full dot beats the control. Right of the "
    "dotted line is better than the best map that knows nothing of the net: the image itself, its edges, its middle "
    "first, or chance. In colour: the nets."
)

OF_SIX = " All grids are made of six photos: the intervals say nothing of others."
HOW_TRUSTED = """
**The controls** know no net: *at random*, a random value for each pixel; *centre first*; *the image itself*, its ink;
an *edge detector*, Sobel's. A method has to beat the best of them. The gain is paired, image by image; its interval
is a bootstrap of the mean (95 %, 2,000 resamples); where it holds 0, the method does not beat the controls.

**Pointing game** (Böhle, Fritz, Schiele 2021): four digits of different classes in one image, two for the recurrent
net, whose readout is applied at every place, or row, on the mean; of the map's positive values, the share that lies
on the digit that was asked for. Chance is 0.25, or 0.5. Only grids count whose asked class is among the four, or two,
strongest logits. The dense nets read 784 pixels and cannot play. **Against its rival**: the map of the digit's own
class minus its strongest rival; ink goes in its order, what speaks for the digit first, and the digit's share of the
two is watched; ink alone is not enough here, because most of it speaks for both.

**Deletion, insertion**: the area under the answer's probability while ink goes, or comes, the most important first
(Petsiuk, Das, Saenko 2018), by absolute value, or *signed*, what speaks for the answer first. Only ink goes: to take
out paper changes nothing, and over all pixels anything that finds the ink would win. Equals go at random. For one
digit and not another it is its probability beside that of both, for a unit how much is left of the difference that
the image makes. Deletion's area should be small, insertion's large. What is gone is black. Of a photo superpixels go,
and what is gone is blurred.

**Infidelity**: which share of what happens when squares go the map does not predict, 0 nothing, 1 all of it; the map
may be scaled, but not turned round (after Yeh et al. 2019, who do not scale it). **Sensitivity**: how much the map
changes at most in 16 random corners of the box of 0.02 a pixel round the image, a lower bound (Yeh et al. 2019, over
up to 20 digits). **Weights random**: the rank correlation, over the ink, with the map of the same net whose layers,
from the last one on, have the weights of one of five untrained twins (Adebayo et al. 2018): what stays near 1 does
not explain the net. Methods that multiply by the pixel share that with any other map: pixel times noise keeps as much
as *floor* says with pixel times other noise; *divided* is the same with the pixel divided out. **Gap**: what a map's
sum misses, as a share of what the target changed, where the method promises that it is 0. **Error**: the standard
error as above. `python -m core.trust` computes all of it; Shapley sampling over 100 digits, kernel SHAP over 50, all
others over 200, and over 100 for the plain nets.
"""


def trusted(models: Sequence[str], theme: images.Theme) -> None:
    """Draw what follows from the shipped table for these nets, where they have been measured."""
    measured = set(table().model)
    models = [model for model in models if model in measured]
    terms = explained("deletion and insertion", "infidelity", "confidence interval", "at random")
    st.header("Does a method find more than the image itself?", anchor=False, help=terms)
    weights = "trained"
    if PHOTO not in models:
        weights = st.segmented_control("Training", list(DIGITS), default="trained", required=True, key="training",
                                       bind="query-params")  # fmt: skip
        if not models:
            return
        st.markdown(f"**What we advise**: {_advice(models, weights)}.", help=_rule())
    st.markdown(f"**How many methods beat the best control?** {_counts(models, weights)}.")
    st.caption(CAPTION + (OF_SIX if PHOTO in models else ""))
    methods = _in_order(models, weights)
    with st.container(horizontal=True, gap="small", key="gains"):
        for number, title in charts.GAINS.items():
            gains = _gains(models, number, weights)
            if len(gains):
                with st.container(width=PANEL, gap="xsmall"):
                    st.caption(title)
                    st.vega_lite_chart(charts.gains(gains, methods, theme), key=f"gains-{number}", width="content")
    with st.expander("All numbers, the controls among them"):
        for model in models:
            st.markdown(f"**{model}** · {_summary(model, weights)}.")
        numbers_table(_numbers(models, weights), key="worth")


# What is said and drawn is asked of the table a hundred times, which takes half a second: it is kept.
@st.cache_data(show_spinner=False)
def _advice(models: Sequence[str], weights: str) -> str:
    return advice(models, weights)


@st.cache_data(show_spinner=False)
def _counts(models: Sequence[str], weights: str) -> str:
    counts = [said for number in charts.GAINS if (said := count(models, number, weights))]
    return ". ".join(said[:1].upper() + said[1:] for said in counts)


@st.cache_data(show_spinner=False)
def _summary(model: str, weights: str) -> str:
    return "; ".join(summary(model, weights))


def _rule() -> str:
    return (
        f"A method is advised where it beats the best control in {', '.join(MUST_BEAT[:-1])} and {MUST_BEAT[-1]}, and "
        "keeps less than half of its order when all weights are random."
    )


@st.cache_data(show_spinner=False)
def _gains(models: Sequence[str], number: str, weights: str) -> pd.DataFrame:
    rows = [of_task(model, number, weights).assign(family=find(model).family) for model in models]
    return pd.concat(rows).rename(columns={"gain low": "lower", "gain high": "upper"})


@st.cache_data(show_spinner=False)
def _in_order(models: Sequence[str], weights: str) -> list[str]:
    """All methods of these nets, those first that gain most against the rival, or in pointing."""
    rows = pd.concat([of_task(model, number, weights) for model in models for number in ("rival", "pointing")])
    return list(dict.fromkeys(rows.method))


@st.cache_data(show_spinner=False)
def _numbers(models: Sequence[str], weights: str) -> pd.DataFrame:
    """A row a net and method, the controls first; a column a number."""
    own = table()[table().model.isin(models) & (table().weights == weights)]
    wide = own.pivot(index=["model", "method"], columns="number", values="value").reset_index()
    columns = ["model", "method", *(number for number in NUMBERS if number in wide)]
    return wide.assign(control=wide.method.isin(CONTROLS)).sort_values(["model", "control"], ascending=[True, False])[
        columns
    ]
