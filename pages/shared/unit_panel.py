"""The panel of one unit: how strongly it answers here, how strongly to the test images, and which it likes most."""

import streamlit as st
from torch import Tensor

from core import charts, examples, images
from core.models import MODELS
from core.units import Unit
from pages.shared import link, nets
from pages.shared.gallery import gallery

EXAMPLES, SCALE, WIDTH = 9, 3, 280


def unit_panel(unit: Unit, weights: str, activations: dict[str, Tensor], theme: images.Theme) -> None:
    """Draw the panel; `activations` are the ones on the page, by layer, with a batch of one."""
    layer = next((layer for layer in nets.layers(unit.model) if layer.name == unit.layer), None)
    if layer is None or unit.index >= layer.units:
        st.warning(f"There is no unit {unit}. Click one in the pictures.", icon=":material/search_off:")
        return
    peaks = nets.test_peaks(unit.model, weights, unit.layer)[:, unit.index]
    here = float(examples.peak(activations[unit.layer])[0, unit.index])
    best = examples.strongest(peaks, EXAMPLES)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**`{unit}`**", width="content")
        st.button("Close", icon=":material/close:", type="tertiary", on_click=link.put, args=("unit", None))
    st.markdown(
        f"Its strongest activation for this input is **{here:.3g}**: more than for "
        f"**{100 * examples.share_below(peaks, here):.3g} %** of the test images, of which the best reaches "
        f"{float(peaks[best[0]]):.3g}."
    )
    family = MODELS[unit.model].family
    st.vega_lite_chart(spec=charts.spread(peaks.numpy(), here, family, theme, WIDTH), width="content", key="spread")
    st.caption(f"The {EXAMPLES} test images that excite it most; a click puts one on the paper")
    gallery(best, columns=3, scale=SCALE, key="excites")
