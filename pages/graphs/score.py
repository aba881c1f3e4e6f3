"""How much of a unit its graph accounts for: influence kept, and what the unit still reaches from its parts alone."""

from dataclasses import dataclass

import streamlit as st
import torch
from torch import Tensor

from core.circuits.contributions import Place
from core.circuits.cuts import alone
from core.circuits.graph import at_random, graph
from core.models import TWIN
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
    left: float  # and with the graph's units alone
    left_at_random: list[float]
    count: int  # how many units stand below the root


def score(here: Situation) -> None:
    """Draw the graph's score beside that of as many units at random and that of the untrained twin's graph."""
    found = _score(here.unit, here.weights, here.image, here.place, here.k, here.rows)
    columns = st.columns(3, gap="medium")
    with columns[0]:
        st.metric("Influence kept", f"{100 * found.kept:.0f} %", help=KEPT)
        st.caption(f"of `{here.unit}` by the {found.count} units below it" if found.count else "it reads the pixels")
    with columns[1]:
        st.metric("Controls", f"{100 * _mean(found.at_random):.0f} % · {100 * found.twin:.0f} %")
        low, high = min(found.at_random), max(found.at_random)
        st.caption(f"as many at random, {DRAWS} draws ({100 * low:.0f} to {100 * high:.0f} %) · the untrained twin's "
                   "own graph")  # fmt: skip
    with columns[2]:
        st.metric("Left alone, it reaches", f"{found.left:.2f} of {found.value:.2f}", help=ALONE)
        st.caption(f"its pre-activation, all other units at their mean over test images; as many at random "
                   f"{_mean(found.left_at_random):.2f}")  # fmt: skip


KEPT = (
    "The unit's influence is handed down, in proportion to what each term of its sum contributes. What ends at the "
    "pixels or at a bias on ways through the units of the graph is kept; what goes to other units is not."
)
ALONE = (
    "In a real forward pass. Of every layer in the graph only the graph's units keep their activations for this input."
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
