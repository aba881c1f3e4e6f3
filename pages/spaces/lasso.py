"""Layers' spaces drawn flat, side by side: the test images as points, and the image on the page as a star."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from core import charts, images
from core.maps import Flat
from core.measures import neighbours
from core.measures.neighbours import ENOUGH
from core.models import MODELS
from pages.inputs import nets

COLUMNS = 50  # of the sheet of all images
HERE = Path(__file__).parent
KEY = "lasso-maps"

Figure = dict[str, object]  # a map as the browser draws it

_component = st.components.v2.component(
    "lasso",
    html='<div class="maps"></div>',
    css=(HERE / "lasso.css").read_text(),
    js=(HERE / "lasso.js").read_text(),
)


def figure(layer: str, flat: Flat, star: Flat | None, about: str, below: str) -> Figure:
    """A map as the browser draws it: positions in thousandths of its side."""
    low, high = flat.min(0), flat.max(0)
    middle, half = (low + high) / 2, max(float((high - low).max()) / 2, 1e-12)

    def scaled(positions: Flat) -> list[list[int]]:
        return np.rint(500 + 500 * (positions - middle) / half).clip(0, 1000).astype(int).T.tolist()

    x, y = scaled(flat)
    return {"title": layer, "about": about, "below": below, "x": x, "y": y,
            "star": None if star is None else scaled(star)}  # fmt: skip


@st.cache_data(show_spinner=False)  # every map asks for it, on every run
def separation(model: str, weights: str, layer: str) -> str:
    """How well the classes lie apart in a layer's space, in words."""
    found = neighbours.shown(model, weights, layer, "euclidean")
    return f"{100 * found.share:.0f} % alike · silhouette {found.silhouette:.2f}"


def draw(rows: Mapping[str, Sequence[Figure]], weights: str, take: Callable[[int], None]) -> list[int]:
    """Draw each net's maps; return the images inside the lasso. The number of a clicked image goes to `take`."""
    st.html(f"<style>:root{{--test-images:url({_sheet()})}}</style>")
    data = {
        "rows": [
            {"name": model, "about": weights, "colour": charts.FAMILY_COLOURS[MODELS[model].family], "maps": maps}
            for model, maps in rows.items()
        ],
        "labels": nets.test_images().labels[:ENOUGH].tolist(),
        "names": list("0123456789"),
        "colours": charts.CLASS_COLOURS,
    }
    result = _component(
        key=KEY,
        data=data,
        on_chosen_change=lambda: None,
        on_taken_change=lambda: take(int(st.session_state[KEY]["taken"])),
    )
    return [number for number in result.chosen or [] if 0 <= number < ENOUGH]


@st.cache_resource(show_spinner=False)
def _sheet() -> str:
    """All images once, as a sheet of which the browser shows parts."""
    return images.data_url(images.contact_sheet(nets.test_images().images[:ENOUGH], COLUMNS).picture, exact=False)
