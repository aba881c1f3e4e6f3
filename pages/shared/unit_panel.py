"""The panel of one unit: how strongly it answers here, how strongly to the test images, and which it likes most."""

import streamlit as st
from torch import Tensor

from core import charts, examples, images
from core.models import MODELS
from core.units import Unit
from pages.shared import nets

EXAMPLES, SCALE = 9, 3


def unit_panel(unit: Unit, weights: str, activations: dict[str, Tensor], theme: images.Theme) -> None:
    """Draw the panel; `activations` are the ones on the page, with a batch of one."""
    layer = next((layer for layer in nets.layers(unit.model) if layer.name == unit.layer), None)
    if layer is None or unit.index >= layer.units:
        st.warning(f"{unit.model} has no unit {unit}. Click one in the pictures.", icon=":material/search_off:")
        return
    family = MODELS[unit.model].family
    peaks = nets.test_peaks(unit.model, weights, unit.layer)[:, unit.index]
    here = float(examples.peak(activations[unit.layer])[0, unit.index])
    best = examples.strongest(peaks, EXAMPLES)
    st.markdown(f"`{unit}`")
    st.markdown(
        f"Here **{here:.3g}**, more than for **{100 * examples.share_below(peaks, here):.3g} %** of the test images; "
        f"the strongest seen is {float(peaks[best[0]]):.3g}."
    )
    st.altair_chart(charts.spread(peaks.numpy(), here, family, theme, width=250), width="content")
    st.caption(f"The {EXAMPLES} test images that excite it most")
    st.image(images.contact_sheet(nets.test_images().images[best], columns=3, scale=SCALE))
