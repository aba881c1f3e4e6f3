"""Which pixels did it: maps of several methods and nets, computed once and kept while the process lives."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
import torch
from torch import Tensor

from core import charts, images
from core.attribution.outcome import Target
from core.layers import require
from core.models import MODELS, find
from core.trust.controls import CONTROLS
from core.trust.examine import Worth
from core.trust.table import shipped
from core.units import Unit
from pages.attributions.one_map import Explaining, Looks, why_nothing
from pages.attributions.trust_here import trust_chart
from pages.frame import link
from pages.frame.clickable import clickable
from pages.inputs import nets
from pages.layers.digit_columns import best_answer
from pages.layers.net_head import net_head

SCALE, ROOM, TRUST = 6, 148, 352  # enlarges a map; pixels for its method's name, and for its curves
WIDTH = 28 * SCALE
LEGEND = (
    "The trained nets, over up to 200 test digits: the answer's share while ink is deleted, or inserted, the most "
    "important first (dashed: the darkest first, dotted: at random); how alike the map stays while weights are made "
    "random."
)
ROWS = " Beside a recurrent net's map stands what each row did as it was read."
ANSWER, CLASS, DIFFERENCE, UNIT = "its answer", "a digit", "one and not another", "a unit"


@dataclass(frozen=True)
class Question:
    """What is asked of each net."""

    image: Tensor  # (1, 28, 28)
    weights: str
    about: Target | Unit | None = None  # None is each net's own answer
    baseline: str = "black"

    def target(self, model: str) -> Target | None:
        """What is explained in this net; None where it has no such unit."""
        if isinstance(self.about, Unit):
            return Target(self.about.layer, self.about.index) if self.about.model == model else None
        if self.about is not None:
            return self.about
        with torch.no_grad():
            return Target("logits", int(nets.net(model, self.weights)(self.image[None]).argmax()))

    def map_of(self, method: str, model: str) -> Explaining | None:
        """The map of this method in this net; None where the net has no such unit."""
        target, pixels = self.target(model), self.image.numpy().tobytes()
        return None if target is None else Explaining(method, model, self.weights, pixels, target, self.baseline)


def choose_about() -> Target | Unit | None:
    """The switches for what is explained. Raises ValueError, with a sentence for the page, for what is not there."""
    kind = st.segmented_control("What is explained", [ANSWER, CLASS, DIFFERENCE, UNIT], default=ANSWER, required=True,
                                key="about", bind="query-params")  # fmt: skip
    digits = list(range(10))
    if kind == CLASS:
        return Target("logits", st.selectbox("Why", digits, 4, key="why", bind="query-params", width=80))
    if kind == DIFFERENCE:
        one = st.selectbox("Why", digits, 4, key="why", bind="query-params", width=80)
        other = st.selectbox("and not", digits, 9, key="not", bind="query-params", width=80)
        if one == other:
            raise ValueError("Choose two different digits: there is no reason for a digit and against itself.")
        return Target("logits", one, other)
    if kind == UNIT:
        address = st.text_input("Unit", "cnn/relu3/5", key="which", bind="query-params", width=160)
        unit = Unit.parse(address)
        if unit.model not in MODELS or MODELS[unit.model].sees != "digits":
            raise ValueError(f"{unit} is not of a net for digits.")
        require(unit, nets.layers(unit.model))
        return unit
    return None


def heads(models: Sequence[str], question: Question, about: str) -> None:
    """Draw above each column what its net answers, and beside them what image is explained."""
    with st.container(horizontal=True, gap="small", key="maps-of"):
        with st.container(width=ROOM, gap="xsmall"):
            st.image(images.framed(images.paper(question.image, 2)))
            st.caption(about)
        for model in models:
            with st.container(width=WIDTH + 24), torch.no_grad():
                shares = nets.net(model, question.weights)(question.image[None]).softmax(1)[0]
                label, share = best_answer(model, shares)
                net_head(model, f"{label} · {share}")
        st.container(width=TRUST).caption(LEGEND + (ROWS if any(find(model).reads_rows for model in models) else ""))


def row(name: str, models: Sequence[str], question: Question, looks: Looks) -> None:
    """Draw a method's maps, a net each, and how far it can be trusted."""
    with st.container(horizontal=True, gap="small", key=f"maps-of-{name}".replace(" ", "-")):
        st.container(width=ROOM).markdown(f"**{name}**")
        for model in models:
            with st.container(width=WIDTH + 24, gap="xsmall"):
                _cell(name, model, question, looks)
        with st.container(width=TRUST):
            there = {model: (_shipped()[model, name], _controls(model)) for model in models
                     if (model, name) in _shipped()}  # fmt: skip
            trust_chart(there, looks.theme, key=f"worth-{name}")


@st.cache_resource(show_spinner=False)
def _shipped() -> dict[tuple[str, str], Worth]:
    """Read once: every row of maps asks for it."""
    return shipped()


def _controls(model: str) -> dict[str, Worth]:
    return {name: _shipped()[model, name] for name in CONTROLS}


def _cell(name: str, model: str, question: Question, looks: Looks) -> None:
    map_ = question.map_of(name, model)
    reason = why_nothing(map_)
    if map_ is None or reason:
        st.caption(reason or "")
        return
    found = map_.found()
    seen, reads = looks.of(found)[0, 0], find(model).reads_rows
    sheet = images.overlay(question.image, seen, looks.opacity, SCALE, row_by_row=reads)
    spec = charts.clickable_sheet(sheet, charts.PIXEL, list(range(784)), selected=_pixel(), theme=looks.theme)
    clickable(spec, charts.PIXEL, f"map-{name}-{model}".replace(" ", "-"), _take_pixel)
    pixel = _pixel()
    here = "" if pixel is None else f" · here {float(found.flatten()[pixel]):+.2g}"
    most = f" · most in row {int(seen.sum(1).abs().argmax()) + 1}" if reads else ""
    st.caption(map_.words(map_.finished(), sheet) + most + here)


def _pixel() -> int | None:
    chosen = link.get(charts.PIXEL)
    return next((pixel for pixel in range(784) if chosen == str(pixel)), None)


def _take_pixel(pixel: int) -> None:
    link.put(charts.PIXEL, str(pixel))
