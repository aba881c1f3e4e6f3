"""Which of the characters that were read still move the state behind the chosen one."""

from functools import partial

import streamlit as st
import torch
from torch import Generator, Tensor

from core import charts
from core.charts.letters import SHOWN
from core.data.text import encode, one_hot
from core.memory.influence import FALLEN, influence, occlusion
from core.memory.of_text import PROBES
from core.models.text import TEXT, Reader
from core.process import in_lasting_thread
from pages.frame.glossary import explained
from pages.inputs import nets
from pages.texts.choose import Situation

WINDOW, BEFORE = 30, 60  # characters whose influence is shown, and how many are read before these
GRADIENT, BLANKED = "gradient", "one character blanked"


def moved(here: Situation, chosen: int) -> None:
    """Draw the influence of each of the last characters on the state behind each, up to the chosen one."""
    text = (here.reading.before + here.reading.text)[: len(here.reading.before) + chosen + 1][-BEFORE - WINDOW :]
    layer, shown = here.unit.layer, text[-WINDOW:]
    st.header("What still moves the state?", anchor=False, help=explained("hidden state"))
    how = st.segmented_control("Influence by", [GRADIENT, BLANKED], default=GRADIENT, required=True, key="moved-by",
                               bind="query-params")  # fmt: skip
    triangle = _triangle(here.weights, text, how)[layer]
    with st.container(horizontal=True, gap="medium", vertical_alignment="center", key="moved"):
        with st.container(width="content", gap="xsmall"):
            lines = triangle / triangle.max(1, keepdim=True).values.clamp(min=1e-12)
            read = torch.ones_like(lines).tril().bool()
            letters = [SHOWN.get(character, character) for character in shown]
            said = _said(triangle[-1], shown)
            spec = charts.by_step(
                lines.masked_fill(~read, torch.nan).numpy(), letters, len(shown),
                ("state behind", "character", "influence"), f"{TEXT.name}, {here.weights}, {layer}: {said}",
                here.theme, 1.0, letters,
            )  # fmt: skip
            st.vega_lite_chart(spec=spec, width="content", key="influence-of-text")
        with st.container(width=300):
            st.markdown(said)
            st.caption(f"Influence of each character on the state of {layer} behind each later one; colours run to "
                       "the largest of each line.")  # fmt: skip


def _said(influence_now: Tensor, shown: str) -> str:
    strongest = float(influence_now.max())
    if strongest <= 0:
        return "No character moves this state."
    moving = (influence_now >= FALLEN * strongest).nonzero().flatten()
    back = len(shown) - 1 - int(moving.min())
    most = len(shown) - 1 - int(influence_now.argmax())
    where = "the last one" if not most else f"the one {most} back"
    return (
        f"Of `{shown[-12:].replace(chr(10), '⏎')}` {where} moves the state most. The earliest that moves it by more "
        f"than 1 / e of that stands **{back} {'character' if back == 1 else 'characters'}** back."
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _triangle(weights: str, text: str, how: str) -> dict[str, Tensor]:
    model = nets.net(TEXT.name, weights)
    assert isinstance(model, Reader)
    read, last = one_hot(encode(text)[None]), min(WINDOW, len(text))
    asked = partial(influence, model, read, last, PROBES, Generator().manual_seed(0))
    found = in_lasting_thread(asked if how == GRADIENT else partial(occlusion, model, read))
    return {layer: triangle[0, -last:, -last:] for layer, triangle in found.items()}
