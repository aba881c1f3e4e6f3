"""The steering wheel: a unit of the graph is turned up or down, and the root and the answer follow."""

from dataclasses import dataclass

import streamlit as st
import torch
from torch import Tensor

from core import charts
from core.answers import probabilities
from core.circuits import score, scores
from core.circuits.contributions import Place
from core.circuits.cuts import effects, foretold, turned
from core.models import find
from core.units import Unit
from pages.frame import link
from pages.frame.glossary import explained
from pages.graphs.situation import Situation
from pages.inputs import nets

TURN = "turned"
STEPS, MOST, CLASSES = 20, 2.0, 6  # from nothing to twice as much; of many classes so many are shown


@dataclass(frozen=True)
class Swing:
    """A unit from nothing to twice its activation: what the root does, what was predicted of it, and the answer."""

    curves: dict[str, list[float]]
    shares: Tensor  # (factors, classes)


@st.fragment
def steering(here: Situation) -> None:
    """Draw the wheel; it runs by itself."""
    st.header("Steering wheel", anchor=False, help=explained("activation"))
    nodes = {f"{node.stage.layer.name}/{node.unit}": node for node in here.graph.nodes}
    if not nodes:
        st.markdown("It reads the pixels: there is no unit below it to turn.")
        return
    named = link.get(TURN)
    lowest = here.graph.rows[-1][0]
    chosen = named if named in nodes else f"{lowest.stage.layer.name}/{lowest.unit}"
    key = f"{TURN}-{here.unit}-{here.k}-{here.rows}-{chosen}"
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.selectbox("Unit of the graph", list(nodes), list(nodes).index(chosen), key=key, width=160,
                     on_change=lambda: link.put(TURN, st.session_state[key]))  # fmt: skip
        times = st.slider("Times its activation", 0.0, MOST, 0.0, MOST / STEPS, key="times", bind="query-params",
                          width=280)  # fmt: skip
    node, step = nodes[chosen], round(times / MOST * STEPS)
    found = _swing(here.unit, here.weights, here.image, here.place, here.k, here.rows, node.stage.layer.name, node.unit)
    st.markdown(_said(here, chosen, found, step))
    with st.container(horizontal=True, gap="large", key="steered"):
        family = find(here.unit.model).family
        curves = charts.steered(found.curves, _factors().tolist(), times, value_of(here), family, here.theme)
        with st.container(width="content", gap="xsmall"):
            st.vega_lite_chart(spec=curves, width="content", key="steered-curves")
            st.caption("Solid: measured. Dashed: predicted by the graph. Dotted: by the gradient over all ways.")
        with st.container(width="content", gap="xsmall"):
            st.vega_lite_chart(spec=_answer(here, found, step), width="content", key="steered-answer")
            st.caption("A bar is the answer now, a line the answer before.")
    st.markdown(in_general(here.unit.model))


def in_general(model: str) -> str:
    """How well graphs predict what an intervention does in this net, by the shipped scores; of `photo` nothing."""
    if model not in scores.SEEDS:
        return ""
    edges, more, gradient = (scores.mean(score.FIT, by, model) for by in (score.EDGES, score.MORE, score.GRADIENT))
    return (
        f"In general, over {score.INTERVENTIONS:,} random interventions in `{model}`, trained: graphs with {score.K} "
        f"units a row predict the change with an R² of **{edges:.2f}**, with {score.WIDE} a row of {more:.2f}, the "
        f"gradient of {gradient:.2f}."
    )


def value_of(here: Situation) -> str:
    """What of the root the numbers are."""
    return "output" if len(here.graph.root.place) == 1 else "pre-activation"


def _factors() -> Tensor:
    return torch.linspace(0, MOST, STEPS + 1)


def _said(here: Situation, name: str, found: Swing, step: int) -> str:
    """What happens, and what was predicted, in a sentence."""
    before = here.graph.root.split.value
    measured, by_graph, by_gradient = (values[step] - before for values in found.curves.values())
    scale = max(abs(before), abs(measured))
    changes = [charts.number(each, scale) for each in (measured, by_graph, by_gradient)]
    one, other = (charts.number(each, scale).lstrip("+") for each in (before, before + measured))
    return (
        f"With `{name}` at **{MOST / STEPS * step:.1f} times** its activation, `{here.unit}` changes by "
        f"**{changes[0]}**, from {one} to {other}. The graph predicted {changes[1]}, the gradient over all ways "
        f"{changes[2]}."
    )


def _answer(here: Situation, found: Swing, step: int) -> charts.Spec:
    """All classes before and after; of many those that are likeliest in one of the two."""
    before, after = found.shares[STEPS // 2], found.shares[step]
    spec = find(here.unit.model)
    shown = list(range(len(spec.labels)))
    if len(shown) > 2 * CLASSES:
        shown = torch.maximum(before, after).topk(CLASSES).indices.tolist()
    one, other = ((100 * each[shown]).tolist() for each in (before, after))
    return charts.before_and_after([spec.labels[index] for index in shown], one, other, spec.family, here.theme)


@st.cache_data(max_entries=256, show_spinner=False, hash_funcs={**nets.BY_VALUE, Unit: str})
def _swing(
    unit: Unit, weights: str, image: Tensor, place: Place | None, k: int, rows: int, layer: str, part: int
) -> Swing:
    here, factors = Situation(unit, weights, image, place, k, rows, "light"), _factors()
    root, last = here.graph.root, here.layers[-1].name
    name, value = root.stage.sums.name, root.split.value
    found = turned(here.net, image, layer, part, factors, list(dict.fromkeys((name, last))))
    slope = float(effects(here.net, image, here.graph)[layer][part])
    curves = {
        charts.MEASURED: [float(each[(root.unit, *root.place)]) for each in found[name]],
        charts.BY_GRAPH: [value + foretold(here.net, here.graph, layer, part, factor) for factor in factors.tolist()],
        charts.BY_GRADIENT: [value + slope * (factor - 1) for factor in factors.tolist()],
    }
    return Swing(curves, probabilities(found[last]))
