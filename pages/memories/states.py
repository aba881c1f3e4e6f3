"""Every cell of a layer, row by row: its output, its cell state and its gates; and how long it keeps."""

from functools import partial

import numpy as np
import streamlit as st
import torch
from torch import Tensor

from core import charts, images
from core.memory.tables import some
from core.memory.unrolled import all_unrolled, time_constants
from core.models import TWIN
from core.process import in_lasting_thread
from core.units import Unit
from pages.frame import link
from pages.frame.clickable import clickable
from pages.frame.glossary import explained
from pages.memories.choose import BY_ACTIVITY, BY_CONSTANT, MODEL, Reading, net

WIDTH, CONSTANTS = 320, 344  # pixels of a picture, 5 a unit, and of a chart
FOR_CONSTANTS = 200  # test images
# What is drawn of a cell: its name, and the value of the strongest colour, or none for a scale of its own.
PARTS = {"state": ("output", 0.0), "cell": ("cell state", 0.0), "candidate": ("candidate", 1.0),
         "input": ("input gate", 1.0), "forget": ("forget gate", 1.0), "output": ("output gate", 1.0)}  # fmt: skip


def cells(here: Reading) -> None:
    """Draw six pictures, a column a unit and a line a row of the digit; a click on a unit opens it."""
    now = here.cells()
    order = _order(here, now.state[0])
    units = [str(Unit(MODEL, here.layer, unit)) for unit in order.tolist()]
    st.markdown(
        f"A column is one of the {len(units)} units of `{here.layer}`, a line a row of the digit, downwards; the rows "
        f"that are read are framed. Units stand by {here.order}; a click opens one.",
        help=explained("hidden state", "gate"),
    )
    with st.container(horizontal=True, gap="medium", key="cells"):
        for part, (name, limit) in PARTS.items():
            with st.container(width=WIDTH, gap="xsmall"):
                values = getattr(now, part)[0, :, order].T
                sheet = images.tiles(values, WIDTH, here.theme, limit=limit)
                st.caption(f"{name} · {'±' if sheet.signed else '0 to '}{sheet.limit:.3g}")
                read = [1.5, 1.5, sheet.picture.width - 1.5, images.STEP * here.rows - 1.5]  # inside
                about = f"{MODEL}, {here.weights}, {here.layer}: the {name} of its units after each row, {here.order}"
                spec = charts.clickable_sheet(sheet, charts.UNIT, units, about=about, marks=[read], theme=here.theme,
                                              selected=link.get(charts.UNIT), family="rnn")  # fmt: skip
                clickable(spec, charts.UNIT, f"cells-{part}", partial(link.put, charts.UNIT))


def _order(here: Reading, states: Tensor) -> Tensor:
    """The units' numbers, in the order that was chosen."""
    if here.order == BY_ACTIVITY:
        return states.abs().mean(0).argsort(descending=True)
    if here.order == BY_CONSTANT:
        return _constants(here.weights)[here.layer].argsort(descending=True)
    return torch.arange(states.shape[1])


def keeping(here: Reading) -> None:
    """Draw how many units keep for how long, beside the untrained twin."""
    own, twin = (_constants(weights)[here.layer].numpy() for weights in (here.weights, TWIN))
    said = (
        f"**How long does a cell keep?** By its forget gate, on the mean, half of the units of `{here.layer}` fade to "
        f"1 / e within **{np.median(own):.1f} rows**, the slowest tenth in {np.quantile(own, 0.9):.1f} and more; in "
        f"the untrained twin it is {np.median(twin):.1f} and {np.quantile(twin, 0.9):.1f}."
    )
    st.space("small")
    with st.container(horizontal=True, gap="medium", vertical_alignment="center", key="constants"):
        with st.container(width=CONSTANTS):
            about = f"Time constants of {MODEL}, {here.weights}, {here.layer}, beside its untrained twin"
            spec = charts.time_constants(own, twin, "rows", about, here.theme, CONSTANTS)
            st.vega_lite_chart(spec=spec, width="content", key="time-constants")
        with st.container(width=CONSTANTS):
            st.markdown(said)
            st.html(
                '<div class="legend start" style="--family: #009E73"><span class="line wide">these weights</span>'
                '<span class="line dashed" style="--family: currentcolor">untrained twin</span></div>'
            )


@st.cache_resource(max_entries=16, show_spinner=False)
def _constants(weights: str) -> dict[str, Tensor]:
    """Each layer's time constants over test images."""
    found = in_lasting_thread(partial(all_unrolled, net(weights), some(FOR_CONSTANTS).images))
    return {layer: time_constants(now.forget) for layer, now in found.items()}
