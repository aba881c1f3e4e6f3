"""The chosen cell at work: its gates and its memory, character by character, and all cells of its layer."""

from functools import partial

import numpy as np
import streamlit as st
import torch

from core import charts, images
from core.data.text import encode, held_out_text, one_hot
from core.memory.contexts import places
from core.memory.unrolled import Unrolled, all_unrolled, time_constants
from core.models import TWIN
from core.models.text import TEXT, Reader
from core.process import in_lasting_thread
from core.units import Unit
from pages.frame.clickable import clickable
from pages.frame.glossary import explained
from pages.inputs import nets
from pages.texts.choose import Situation, take_cell

WINDOW, WIDTH = 28, 1030  # characters that are shown around the chosen one; pixels, four a cell
# What is drawn of a cell, and the value of the strongest colour, or none for a scale of its own.
PARTS = {"output": ("state", 0.0), "cell state": ("cell", 0.0), "candidate": ("candidate", 1.0),
         "input gate": ("input", 1.0), "forget gate": ("forget", 1.0), "output gate": ("output", 1.0)}  # fmt: skip
BY_NUMBER, BY_ACTIVITY = "number", "activity"
FOR_CONSTANTS, CONSTANTS = 20, 344  # passages of the held-out text; pixels of a chart


def at_work(here: Situation, chosen: int) -> None:
    """Draw the cell's six values behind each character around the chosen one, and one of them of all cells."""
    text = here.reading.text
    now = _unrolled(here.weights, here.reading.before, text)[here.unit.layer]
    begin = max(0, min(chosen - WINDOW // 2, len(text) - WINDOW))
    shown = slice(begin, begin + WINDOW)
    st.header("How does the cell work?", anchor=False, help=explained("hidden state", "gate"))
    values = {name: getattr(now, part)[0, shown, here.unit.index].tolist() for name, (part, _) in PARTS.items()}
    limits = {name: limit or max(map(abs, values[name]), default=0.0) for name, (_, limit) in PARTS.items()}
    st.html(charts.gates_along(text[shown], values, limits, chosen - begin))
    st.caption(f"{here.unit} behind each character: what its gates let through, what it keeps, what it puts out.")
    with st.container(horizontal=True, gap="medium", key="all-cells"):
        part = st.segmented_control("All cells", list(PARTS), default="output", required=True, key="cells-part",
                                    bind="query-params")  # fmt: skip
        order = st.segmented_control("Cells by", [BY_NUMBER, BY_ACTIVITY], default=BY_NUMBER, required=True,
                                     key="cells-by", bind="query-params")  # fmt: skip
    _all_cells(here, now, shown, part, order)
    _keeping(here)


def _all_cells(here: Situation, now: Unrolled, shown: slice, part: str, order: str) -> None:
    states = now.state[0, shown]
    units = states.abs().mean(0).argsort(descending=True) if order == BY_ACTIVITY else torch.arange(states.shape[1])
    attribute, limit = PARTS[part]
    sheet = images.tiles(getattr(now, attribute)[0, shown][:, units].T, WIDTH, here.theme, limit=limit)
    names = [str(Unit(TEXT.name, here.unit.layer, unit)) for unit in units.tolist()]
    about = f"{TEXT.name}, {here.weights}, {here.unit.layer}: the {part} of its cells behind each character, by {order}"
    spec = charts.clickable_sheet(sheet, charts.UNIT, names, about=about, theme=here.theme, selected=str(here.unit),
                                  family="rnn")  # fmt: skip
    clickable(spec, charts.UNIT, "all-cells-picture", take_cell)
    st.caption(
        f"A column is one of the {len(names)} cells of {here.unit.layer}, a line one of these {len(states)} "
        f"characters, downwards; a click takes a cell. {'±' if sheet.signed else '0 to '}{sheet.limit:.3g}"
    )


def _keeping(here: Situation) -> None:
    """How many cells of the layer keep for how long, beside the untrained twin."""
    own, twin = (_constants(weights)[here.unit.layer] for weights in (here.weights, TWIN))
    with st.container(horizontal=True, gap="medium", vertical_alignment="center", key="text-constants"):
        with st.container(width=CONSTANTS):
            about = f"Time constants of {TEXT.name}, {here.weights}, {here.unit.layer}, beside its untrained twin"
            spec = charts.time_constants(own, twin, "characters", about, here.theme, CONSTANTS)
            st.vega_lite_chart(spec=spec, width="content", key="text-time-constants")
        with st.container(width=CONSTANTS):
            st.markdown(
                f"**How long does a cell keep?** By its forget gate, on the mean, half of the cells of "
                f"`{here.unit.layer}` fade to 1 / e within **{np.median(own):.1f} characters**, the slowest tenth in "
                f"{np.quantile(own, 0.9):.1f} and more; in the untrained twin (dashed) it is {np.median(twin):.1f} and "
                f"{np.quantile(twin, 0.9):.1f}. `{here.unit}` keeps for {own[here.unit.index]:.1f}."
            )


@st.cache_resource(max_entries=8, show_spinner=False)
def _constants(weights: str) -> dict[str, np.ndarray]:
    """Each layer's time constants over passages of the held-out text."""
    model = nets.net(TEXT.name, weights)
    assert isinstance(model, Reader)
    read = one_hot(places(held_out_text(), FOR_CONSTANTS)[:, :-1])
    found = in_lasting_thread(partial(all_unrolled, model, read))
    return {layer: time_constants(now.forget).numpy() for layer, now in found.items()}


@st.cache_resource(max_entries=32, show_spinner=False)
def _unrolled(weights: str, before: str, text: str) -> dict[str, Unrolled]:
    """The layers over the text alone, behind what stands before it."""
    model = nets.net(TEXT.name, weights)
    assert isinstance(model, Reader)
    found = in_lasting_thread(partial(all_unrolled, model, one_hot(encode(before + text)[None])))
    parts = ("input", "forget", "candidate", "output", "cell", "state")
    return {layer: Unrolled(*(getattr(now, part)[:, len(before) :] for part in parts)) for layer, now in found.items()}
