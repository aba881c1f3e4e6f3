"""How far the maps on the page can be trusted, measured on its one image: a job, map by map."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd
import streamlit as st
from torch import Tensor

from core import charts, images
from core.models import find
from core.trust.controls import CONTROLS
from core.trust.examine import Trust, Worth, controls, examine, worth
from core.trust.numbers import agreement
from pages.attributions.one_map import Explaining
from pages.frame.glossary import explained
from pages.inputs import nets
from pages.jobs.long_work import long_work, scheduler, watcher
from pages.jobs.scheduler import Records, View

CARD = 352  # pixels
UNTRAINED = ". Untrained nets have no weights to lose: that their maps stay alike when weights are random says nothing."


@dataclass(frozen=True)
class Measured:
    """What has been found of the maps so far, and of the controls, which know no net, by what is explained."""

    found: Mapping[Explaining, Trust]
    controls: Mapping[tuple[str, object], Mapping[str, Trust]]
    done: float  # share of the work, between 0 and 1

    def beside(self, map_: Explaining) -> dict[str, Worth]:
        """The controls of a map's net and target."""
        return {name: worth([trust]) for name, trust in self.controls.get((map_.model, map_.target), {}).items()}


@dataclass(frozen=True)
class Measuring:
    """Which maps are measured."""

    maps: tuple[Explaining, ...]

    def run(self) -> Records:
        """Everything about each map; the controls once for each net and target."""
        found: dict[Explaining, Trust] = {}
        beside: dict[tuple[str, object], dict[str, Trust]] = {}
        for place, map_ in enumerate(self.maps):
            net, twin, image = map_.net(), nets.net(map_.model, "untrained"), map_.pixels()
            asked = map_.model, map_.target
            if asked not in beside:
                beside[asked] = {}
                for name, control in controls(net, image, map_.target):
                    beside[asked][name] = control
                    yield Measured(dict(found), dict(beside), place / len(self.maps))
            for trust in examine(map_.method, net, twin, image, map_.target, map_.baseline):
                found[map_] = trust
                yield Measured(dict(found), dict(beside), (place + trust.done) / len(self.maps))


def measure(maps: Sequence[Explaining], what: str, theme: images.Theme) -> None:
    """Draw the button and, while the job runs, what it finds as it comes; then how far the methods agree.

    Maps that there are not, or that know no net, are left out: the controls are measured beside all others.
    """
    able = tuple(map_ for map_ in maps if map_.method not in CONTROLS and not map_.why_not())
    if not able:
        return
    work = Measuring(able)
    long_work([work], f"Measure these maps on this {what}", partial(_live, len(able), theme), key="measuring")
    job = scheduler().look(work, watcher())
    if job and job.state == "done":
        _agreement({map_: trust.found for map_, trust in job.records[-1].found.items()}, theme)


def _live(maps: int, theme: images.Theme, views: list[View | None]) -> None:
    (job,) = views
    if job is None or not job.records:
        return
    last: Measured = job.records[-1]
    if not job.over:
        st.progress(last.done, f"Map {len(last.found)} of {maps}")
    st.caption("On this image" + (UNTRAINED if any(map_.weights == "untrained" for map_ in last.found) else ""))
    found = {map_: worth([trust]) for map_, trust in last.found.items()}
    with st.container(horizontal=True, gap="medium", key="measured"):
        for method in dict.fromkeys(map_.method for map_ in found):
            with st.container(width=CARD, gap="xsmall"):
                st.markdown(f"**{method}**")
                of_nets = {map_.model: (own, last.beside(map_)) for map_, own in found.items() if map_.method == method}
                trust_chart(of_nets, theme, key=f"measured-{method}")
    rows = [{"model": map_.model, "method": map_.method} | own.numbers for map_, own in found.items()]
    beside = {map_.model: last.beside(map_) for map_ in found}
    rows += [
        {"model": model, "method": name} | own.numbers for model, its in beside.items() for name, own in its.items()
    ]
    numbers_table(pd.DataFrame(rows), key="numbers")


def trust_chart(found: Mapping[str, tuple[Worth, Mapping[str, Worth]]], theme: images.Theme, key: str) -> None:
    """Draw what was found of a method in each of the nets, by their names, beside the controls."""
    spec = charts.trust_curves(
        [(model, find(model).family, own, beside) for model, (own, beside) in found.items()], theme
    )
    st.vega_lite_chart(spec, key=key.replace(" ", "-"), width="content")


def numbers_table(table: pd.DataFrame, key: str) -> None:
    """Draw numbers of trust, a row a net and method."""
    names = [name for name in table.columns if name not in ("model", "method")]
    columns = {name: st.column_config.NumberColumn(name, format="%.2f") for name in names}
    st.dataframe(table, hide_index=True, column_config=columns, key=key)


def _agreement(found: Mapping[Explaining, Tensor], theme: images.Theme) -> None:
    """Draw the rank correlations between the methods, a chart a net."""
    counts = Counter(map_.model for map_ in found)
    models = [model for model, maps in counts.items() if maps > 1]
    if not models:
        return
    st.caption(
        "Do they agree? Rank correlations of what two methods make of the pixels with ink: orange is the same order, "
        "white none, purple the opposite one.",
        help=explained("saliency-map agreement"),
    )
    with st.container(horizontal=True, gap="medium", key="agreement"):
        for model in models:
            own = {map_.method: values for map_, values in found.items() if map_.model == model}
            image = next(map_ for map_ in found if map_.model == model).pixels()
            with st.container(width="content", gap="xsmall"):
                st.caption(model)
                spec = charts.agreement(agreement(own, image), theme)
                st.vega_lite_chart(spec, key=f"agree-{model}", width="content")
