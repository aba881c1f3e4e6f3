"""What each net answers while the image moves: now, and as a curve over the whole range."""

from functools import partial

import pandas as pd
import streamlit as st
from torch import Tensor

from core import charts, movements
from core.models import find
from core.movements import MOVEMENTS
from core.process import in_lasting_thread
from pages.inputs import nets
from pages.layers.digit_columns import best_answer, shares_in_short
from pages.layers.net_head import net_head
from pages.shifts.choose import Moving

WIDTH = 300  # pixels of a net's column


def answers(here: Moving) -> None:
    """Draw a column a net."""
    with st.container(horizontal=True, gap="medium", key="answers-moved"):
        for model in here.models:
            with st.container(width=WIDTH, gap="small"):
                _column(here, model, _shares(model, here.weights, here.name, here.image))


def answers_now(here: Moving) -> None:
    """Draw what they answer now in one line, for phones, where the columns lie below the first screen."""
    now = here.movement.values.index(here.by)
    shares_in_short({model: _shares(model, here.weights, here.name, here.image)[now] for model in here.models})


@st.cache_data(max_entries=256, show_spinner=False, hash_funcs=nets.BY_VALUE)
def _shares(model: str, weights: str, name: str, image: Tensor) -> Tensor:
    """A net's probabilities at each value of a movement: (values, classes)."""
    return in_lasting_thread(partial(movements.answers, nets.net(model, weights), image, MOVEMENTS[name]))


def _column(here: Moving, model: str, shares: Tensor) -> None:
    movement, labels = here.movement, find(model).labels
    still, now = movement.values.index(movement.still), movement.values.index(here.by)
    label, share = best_answer(model, shares[now])
    net_head(model, f"{here.weights}, {movement.in_words(here.by)}",
             f'<div><span class="label">{label}</span><span class="share">{share}</span></div>')  # fmt: skip
    first = int(shares[still].argmax())
    table = pd.DataFrame({
        "value": movement.values, "probability": shares[:, first].tolist(),
        "answer": [labels[best] for best in shares.argmax(1).tolist()], "kept": (shares.argmax(1) == first).tolist(),
    })  # fmt: skip
    about = f"{model}, {here.weights}"
    st.vega_lite_chart(spec=charts.answer_curve(table, labels[first], here.by, movement.title, about,
                                                find(model).family, here.theme, WIDTH),
                       width="content", key=f"answer-{model}")  # fmt: skip
    low, high = movements.kept(shares, movement)
    everywhere = (low, high) == (movement.values[0], movement.values[-1])
    some = f"from {movement.in_words(low)} to {movement.in_words(high)}" if low < high else "nowhere else"
    said = "everywhere" if everywhere else some
    st.caption(f"Unmoved it answers {labels[first]}, and keeps to that **{said}**.")
