"""How much of a unit its graph accounts for: influence kept, and what the unit still reaches with its parts only."""

from dataclasses import dataclass

import streamlit as st
import torch
from torch import Tensor

from core import charts
from core.circuits.contributions import Place
from core.circuits.cuts import alone
from core.circuits.graph import at_random, graph
from core.models import TWIN, find
from core.units import Unit
from pages.graphs.situation import Situation, mean_activations
from pages.inputs import nets

DRAWS = 5  # of as many units at random


@dataclass(frozen=True)
class Score:
    """A graph's numbers, and those of its controls."""

    kept: float
    at_random: list[float]
    twin: float
    value: float  # the root's pre-activation
    left: float  # and with the graph's units only
    left_at_random: list[float]
    count: int  # how many units stand below the root


def score(here: Situation) -> None:
    """Draw the graph's score beside that of as many units at random and that of the untrained twin's graph."""
    found = _score(here.unit, here.weights, here.image, here.place, here.k, here.rows)
    with st.container(horizontal=True, gap="medium", vertical_alignment="center", key="score"):
        colour = charts.FAMILY_COLOURS[find(here.unit.model).family]
        st.html(f'<div class="answer" style="--family: {colour}"><div><span class="label">{100 * found.kept:.0f} %'
                '</span><span class="share">kept</span></div></div>', width="content")  # fmt: skip
        st.container(width=900).markdown(_said(here, found))


def _said(here: Situation, found: Score) -> str:
    if not found.count:
        return f"`{here.unit}` reads the pixels themselves: no unit stands between, and nothing of it is left out."
    low, high = min(found.at_random), max(found.at_random)
    sees = "test images" if find(here.unit.model).sees == "digits" else "photos"
    twin = "" if here.weights == TWIN else f", the untrained twin's own graph **{100 * found.twin:.0f} %**"
    share = f" ({100 * found.left / found.value:.0f} %)" if found.value > 0 and found.left > 0 else ""
    drawn = found.left_at_random
    numbers = found.left, found.value, _mean(drawn), min(drawn), max(drawn)
    left, value, mean, *ends = (charts.number(each, abs(found.value)).lstrip("+") for each in numbers)
    return (
        f"of the influence on `{here.unit}` lies on ways through these {found.count} units; the other "
        f"{100 * (1 - found.kept):.0f} % goes to units that are not shown. As many at random keep "
        f"**{100 * _mean(found.at_random):.0f} %** ({100 * low:.0f} to {100 * high:.0f} %, {DRAWS} draws){twin}.  \n"
        f"With these units only, all others at their mean over {sees}, it reaches **{left}** of {value}{share}; with "
        f"as many at random {mean} ({' to '.join(ends)})."
    )


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


@st.cache_data(max_entries=256, show_spinner=False, hash_funcs={**nets.BY_VALUE, Unit: str})
def _score(unit: Unit, weights: str, image: Tensor, place: Place | None, k: int, rows: int) -> Score:
    here = Situation(unit, weights, image, place, k, rows, "light")
    drawn = [graph(here.run, unit.index, place, k=k, rows=rows, pick=at_random(torch.Generator().manual_seed(seed)))
             for seed in range(DRAWS)]  # fmt: skip
    means = mean_activations(unit.model, weights)
    return Score(
        kept=here.graph.kept,
        at_random=[each.kept for each in drawn],
        twin=Situation(unit, TWIN, image, place, k, rows, "light").graph.kept,
        value=here.graph.root.split.value,
        left=alone(here.net, image, here.graph, means),
        left_at_random=[alone(here.net, image, each, means) for each in drawn],
        count=len(here.graph.nodes),
    )
