"""The first screen: a digit as far as it is read, the influence of its rows on the state, and the answer so far."""

from functools import partial

import streamlit as st
import torch
from torch import Tensor

from core import charts, images
from core.answers import answers_by_row
from core.memory.influence import FALLEN
from core.models import find
from core.process import in_lasting_thread
from pages.inputs import nets
from pages.layers.digit_columns import best_answer, shares_in_short
from pages.layers.net_head import net_head
from pages.memories.choose import BY_LINE, MODEL, ROWS, Reading, net

SCALE = 10  # of the page for a pixel of the digit


def half_read(here: Reading) -> None:
    """Draw three pictures whose lines are the digit's rows, and the answer beside them."""
    answers, triangle = _answers(here.weights, here.shown.image), here.triangle()
    label, share = best_answer(MODEL, answers[here.rows - 1])
    shares_in_short({MODEL: answers[here.rows - 1]})
    with st.container(horizontal=True, gap="medium", key="half-read"):
        with st.container(width="content", gap="xsmall"):
            st.caption(here.shown.about)
            spec = charts.steps_read(images.paper(here.shown.image, SCALE), ROWS, here.rows,
                                     f"{here.shown.about}, {here.rows} rows of which are read", here.theme)  # fmt: skip
            st.vega_lite_chart(spec=spec, width="content", key="read")
        with st.container(width="content", gap="xsmall"):
            st.caption(f"Influence of each row on {here.layer}")
            st.vega_lite_chart(spec=_triangle(here, triangle), width="content", key="influence-triangle")
        with st.container(width="content", gap="xsmall"):
            st.caption("What it would answer")
            st.vega_lite_chart(spec=_forming(here, answers), width="content", key="forming")
        with st.container(width=190, gap="xsmall"):
            net_head(MODEL, f"{here.weights}, after row {here.rows}",
                     f'<div><span class="label">{label}</span><span class="share">{share}</span></div>')  # fmt: skip
            st.markdown(_said(here, triangle[here.rows - 1, : here.rows]))


@st.cache_data(max_entries=128, show_spinner=False, hash_funcs=nets.BY_VALUE)
def _answers(weights: str, image: Tensor) -> Tensor:
    return in_lasting_thread(partial(answers_by_row, net(weights), image))


def _triangle(here: Reading, triangle: Tensor) -> charts.Spec:
    if here.scale == BY_LINE:
        triangle = triangle / triangle.max(1, keepdim=True).values.clamp(min=1e-12)
    read = torch.ones_like(triangle).tril().bool() & (torch.arange(ROWS) < here.rows)[:, None]
    shown = triangle.masked_fill(~read, torch.nan)
    limit = 1.0 if here.scale == BY_LINE else float(triangle.max()) or 1.0
    about = f"{MODEL}, {here.weights}, {here.layer}: influence by {here.how}. {_said(here, triangle[here.rows - 1])}"
    rows = [str(row) for row in range(1, ROWS + 1)]
    return charts.by_step(shown.numpy(), rows, here.rows, ("state after row", "row of the digit", "influence"), about,
                          here.theme, limit)  # fmt: skip


def _forming(here: Reading, answers: Tensor) -> charts.Spec:
    labels = find(MODEL).labels
    best = [labels[place] for place in answers[: here.rows].argmax(1).tolist()]
    about = f"{MODEL}, {here.weights}: what it would answer after each of the rows read: {' '.join(best)}"
    shown = answers.masked_fill((torch.arange(ROWS) >= here.rows)[:, None], torch.nan)
    return charts.by_step(shown.numpy(), labels, here.rows, ("after row", "answer", "probability"), about, here.theme,
                          1.0)  # fmt: skip


def _said(here: Reading, influence: Tensor) -> str:
    """Which rows moved the present state, in words."""
    strongest = float(influence.max())
    if strongest <= 0:
        return f"No row so far moves the state of `{here.layer}`."
    most, moving = int(influence.argmax()) + 1, (influence >= FALLEN * strongest).nonzero().flatten() + 1
    first = int(moving.min())
    back = here.rows - first
    return (
        f"Row **{most}** moves this state most. The earliest that moves it by more than 1 / e of that is row "
        f"**{first}**, {back} {'row' if back == 1 else 'rows'} back."
    )
