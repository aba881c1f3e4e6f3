"""Which pixels did it: maps of several methods and nets, computed once and kept while the process lives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st
import torch
from torch import Tensor

from core import charts, images
from core.attribution import ATTRIBUTIONS, COMPARING, COMPLETE, Target, why_not
from core.layers import require
from core.models import MODELS
from core.trust import completeness_gap, table
from core.units import Unit
from pages.shared import link, nets
from pages.shared.clickable import clickable
from pages.shared.heads import net_head
from pages.shared.net_columns import best_answer

SCALE, ROOM, TRUST = 6, 148, 440  # enlarges a map; pixels for its method's name, and for what it is worth
WIDTH = 28 * SCALE
WORTH = {  # of the table, in words
    "deletion": "important pixels gone ↓",
    "deletion, random": "random pixels gone",
    "insertion": "important pixels alone ↑",
    "insertion, random": "random pixels alone",
    "last layer random": "alike, last layer random ↓",
    "all random": "alike, all layers random ↓",
}
ANSWER, CLASS, DIFFERENCE, UNIT = "its answer", "a digit", "one and not another", "a unit"
SIGNED, ABSOLUTE, POSITIVE = "for and against", "how much", "only for"


@dataclass(frozen=True)
class Question:
    """What is asked of each net, and how the maps are shown."""

    image: Tensor  # (1, 28, 28)
    weights: str
    about: Target | Unit | None  # None is each net's own answer
    baseline: str
    shown: str
    opacity: float
    theme: images.Theme

    def target(self, model: str) -> Target | None:
        """What is explained in this net; None where it has no such unit."""
        if isinstance(self.about, Unit):
            return Target(self.about.layer, self.about.index) if self.about.model == model else None
        if self.about is not None:
            return self.about
        with torch.no_grad():
            return Target("logits", int(nets.net(model, self.weights)(self.image[None]).argmax()))


def choose_about() -> Target | Unit | None:
    """The switches for what is explained. Raises ValueError, with a sentence for the page, for what is not there."""
    kind = st.segmented_control("What is explained", [ANSWER, CLASS, DIFFERENCE, UNIT], default=ANSWER, required=True,
                                key="about", bind="query-params")  # fmt: skip
    digits = list(range(10))
    if kind == CLASS:
        return Target("logits", st.selectbox("Why", digits, 4, key="why", bind="query-params", width=80))
    if kind == DIFFERENCE:
        one = st.selectbox("Why", digits, 4, key="why", bind="query-params", width=80)
        return Target("logits", one, st.selectbox("and not", digits, 9, key="not", bind="query-params", width=80))
    if kind == UNIT:
        address = st.text_input("Unit", "cnn/relu3/5", key="which", bind="query-params", width=160)
        unit = Unit.parse(address)
        if unit.model not in MODELS or MODELS[unit.model].sees != "digits":
            raise ValueError(f"{unit} is not of a net for digits.")
        require(unit, nets.layers(unit.model))
        return unit
    return None


def heads(models: Sequence[str], question: Question) -> None:
    """Draw above each column what its net answers, and what is explained of it."""
    with st.container(horizontal=True, gap="small", key="maps-of"):
        st.container(width=ROOM).caption("Below a map its own scale; beside it, ↓ low is good, ↑ high.")
        for model in models:
            with st.container(width=WIDTH + 24), torch.no_grad():
                shares = nets.net(model, question.weights)(question.image[None]).softmax(1)[0]
                label, share = best_answer(model, shares)
                net_head(model, f"{label} · {share}")


def row(name: str, models: Sequence[str], question: Question) -> None:
    """Draw a method's maps, a net each, and what it is worth."""
    with st.container(horizontal=True, gap="small", key=f"maps-of-{name}".replace(" ", "-")):
        st.container(width=ROOM).markdown(f"**{name}**")
        for model in models:
            with st.container(width=WIDTH + 24, gap="xsmall"):
                _cell(name, model, question)
        with st.container(width=TRUST):
            _worth(name, models)


def _worth(name: str, models: Sequence[str]) -> None:
    """Draw the method's trust numbers for the nets that have them, a row a number."""
    there = [_table()[model, name] for model in models if (model, name) in _table()]
    if there:
        names = " | ".join(row["model"] for row in there)
        lines = [f"| over {there[0]['images']} digits | {names} |", "|---" * (len(there) + 1) + "|"]
        for number, words in WORTH.items():
            lines.append(f"| {words} | {' | '.join(f'{row[number]:.2f}' for row in there)} |")
        st.markdown("\n".join(lines))


@st.cache_resource(show_spinner=False)
def _table() -> dict[tuple[str, str], dict[str, Any]]:
    """The shipped numbers by net and method, read once: every row of maps asks for them."""
    return {(row["model"], row["method"]): {str(name): value for name, value in row.items()}
            for row in table().to_dict("records")}  # fmt: skip


def _cell(name: str, model: str, question: Question) -> None:
    target = question.target(model)
    reason = why_not(name, nets.net(model, question.weights))
    if target is None:
        reason = "This net has no such unit."
    if reason is not None or target is None:
        st.caption(reason or "")
        return
    try:
        found = explained(name, model, question.weights, question.image, target, question.baseline)
    except ValueError as error:
        st.caption(str(error))
        return
    if found.abs().max() == 0:
        st.caption("Nothing: it finds no pixel that matters. The unit may be silent, or the image be the baseline.")
        return
    values = {SIGNED: found, ABSOLUTE: found.abs(), POSITIVE: found.clamp(min=0)}[question.shown]
    sheet = images.overlay(question.image, values[0, 0], question.opacity, SCALE, question.theme)
    spec = charts.clickable_sheet(sheet, charts.PIXEL, list(range(784)), selected=_pixel(), theme=question.theme)
    clickable(spec, charts.PIXEL, f"map-{name}-{model}".replace(" ", "-"), _take_pixel)
    st.caption(_said(name, model, target, found, question, sheet))


def _said(name: str, model: str, target: Target, found: Tensor, question: Question, sheet: images.Tiles) -> str:
    words = f"{'±' if sheet.signed else '0 to '}{sheet.limit:.2g}"
    if (pixel := _pixel()) is not None:
        words += f" · here {float(found.flatten()[pixel]):+.2g}"
    if name in COMPLETE:
        net = nets.net(model, question.weights)
        gap = float(completeness_gap(net, question.image[None], target, found, question.baseline))
        whole = float(found.sum()) - gap
        words += f" · adds up to {float(found.sum()):.2f} of {whole:.2f}"
    return words


def _pixel() -> int | None:
    chosen = link.get(charts.PIXEL)
    return int(chosen) if chosen and chosen.isdecimal() and int(chosen) < 784 else None


def _take_pixel(pixel: int) -> None:
    link.put(charts.PIXEL, str(pixel))


@st.cache_resource(max_entries=256, show_spinner=False, hash_funcs=nets.BY_VALUE)  # a photo's map has 0.6 MB
def explained(name: str, model: str, weights: str, image: Tensor, target: Target, baseline: str) -> Tensor:
    """A method's map (1, channels, height, width) for an image (channels, height, width)."""
    options = {"baseline": baseline} if name in COMPARING else {}
    return ATTRIBUTIONS[name](nets.net(model, weights), image[None], target, **options)
