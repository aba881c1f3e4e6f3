"""Put together: a unit's picture once more, found by the units that its graph names alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import streamlit as st
import torch
from torch import Generator, Tensor

from core import images
from core.ascent import Step
from core.charts import percent
from core.circuits.contributions import Place
from core.circuits.losses import orders
from core.circuits.together import beside_own
from core.layers import INPUT
from core.models import TWIN, find
from core.process import in_step
from core.stimuli import PHOTO_RECIPE, RECIPE, WITH_PRIOR, Recipe
from core.units import Unit
from pages.frame.glossary import explained
from pages.graphs.situation import Situation
from pages.jobs.long_work import long_work, scheduler, start, watcher
from pages.jobs.scheduler import Records, View
from pages.layers.net_head import net_head

DRAWS = 3  # pictures put together of units at random
GAP = 14  # pixels beside a picture
SIDE = {"digits": 84, "photos": 148}  # pixels of a picture on the page
WITH, WITHOUT = "within a prior", "without a prior"


@dataclass(frozen=True)
class Assembling:
    """A job: the pictures of a unit and of its untrained twin, which are made of units that an image names."""

    unit: Unit
    weights: str
    pixels: bytes = field(repr=False)  # of the image, in float32; in no log
    place: Place | None
    k: int
    recipe: Recipe

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of the weights; the twin's come last."""
        return tuple(dict.fromkeys((self.weights, TWIN)))

    def run(self) -> Records:
        """How they form: of each kind of weights a step, the own stimulus first, then the named, then at random."""
        for steps in in_step([self._climb(kind) for kind in self.kinds], 1):
            yield dict(zip(self.kinds, steps, strict=True))

    def _climb(self, weights: str) -> Iterator[Step]:
        shape = find(self.unit.model).input_shape
        image = torch.frombuffer(bytearray(self.pixels), dtype=torch.float32).view(1, *shape)
        situation = Situation(self.unit, weights, image, self.place, self.k, 1, "light")
        root = situation.graph.root
        found = orders(root.split.by_unit, DRAWS, Generator().manual_seed(0))
        sets = found.sets(self.k)
        yield from beside_own(situation.net, situation.run, root.unit, root.place, sets, self.recipe)


def assembled(situation: Situation) -> None:
    """Draw the unit's picture put together, beside its own stimulus, ones of units at random, and the twin's."""
    st.header("Put together", anchor=False, help=explained("preferred stimulus", "gradient ascent", "prior"))
    root = situation.graph.root
    name = f"**`{root.stage.layer.name}/{root.unit}`**"
    if root.stage.reads == INPUT:
        st.markdown(f"{name} reads the image: what it is built of is pixels, so there is nothing to climb.")
        return
    if not root.edges:
        st.markdown(f"On this input no unit contributes to {name}: there is nothing to climb.")
        return
    photos = find(situation.unit.model).sees == "photos"
    st.markdown(_about(situation, name))
    how = WITH if photos else _choose_recipe()
    work = _work(situation, how)
    if not photos and scheduler().look(work, watcher()) is None:
        start(work, scheduler(), last_only=True)
    long_work([work], "Put it together", partial(_live, work), key="together",
              help="Two minutes for photos" if photos else None)  # fmt: skip


def _choose_recipe() -> str:
    return st.segmented_control("Climbed", [WITH, WITHOUT], default=WITH, required=True, key="together",
                                bind="query-params", help=explained("prior"))  # fmt: skip


def _about(situation: Situation, name: str) -> str:
    root = situation.graph.root
    said = (
        f"Only the {len(root.edges)} units that the graph names climb here, at their places, with the weights by which "
        f"{name} reads them; {name} itself is never asked."
    )
    if not root.stage.affine:
        said += " As several layers lie between, the weights are the gradient on this input."
    if root.activation <= 0:
        said += " On this input it is not above zero: named are the units that matter most to its pre-activation here."
    return said


def _work(situation: Situation, how: str) -> Assembling:
    spec = find(situation.unit.model)
    recipe = WITH_PRIOR if how == WITH else RECIPE
    if spec.sees == "photos":  # weights lie on the map of a photo of this size
        recipe = replace(PHOTO_RECIPE, side=spec.input_shape[-1])
    pixels = situation.image.numpy().astype("float32").tobytes()
    return Assembling(
        situation.unit, situation.weights, pixels, situation.place, len(situation.graph.root.edges), recipe
    )


def _live(work: Assembling, views: list[View | None]) -> None:
    (job,) = views
    if job is None or not job.records:
        st.caption("Nothing has been computed for this choice yet." if job is None else "About to begin")
        return
    steps: dict[str, Step] = job.records[-1]
    first = steps[work.weights]
    if first.step < first.steps:
        st.progress(first.step / first.steps, f"Step {first.step} of {first.steps}")
    else:
        st.markdown("\n\n".join(_found(kind, work, step.scores.tolist()) for kind, step in steps.items()))
    with st.container(horizontal=True, gap="medium", key="together-kinds"):
        for kind, step in steps.items():
            with st.container(width=len(step.images) * (SIDE[find(work.unit.model).sees] + 2 * GAP), gap="xsmall"):
                net_head(work.unit.model, kind)
                _row(work, kind, step)


def _row(work: Assembling, kind: str, step: Step) -> None:
    scores = step.scores.tolist()
    with st.container(horizontal=True, gap="small", key=f"together-{kind}"):
        for place, image in enumerate(step.images):
            with st.container(width=SIDE[find(work.unit.model).sees] + GAP, gap="xsmall"):
                _picture(work, image, _name(place, work.k), f"{work.unit}, {kind}")
                if step.step == step.steps:
                    st.caption(_reached(place, scores))


def _picture(work: Assembling, image: Tensor, name: str, of: str) -> None:
    sees = find(work.unit.model).sees
    side = SIDE[sees]
    picture = images.paper(image, side // image.shape[-1]) if sees == "digits" else images.picture(image)
    st.image(images.framed(picture), width=side + 2, alt=f"{of}: {name}")
    st.caption(f"**{name}**")


def _name(place: int, k: int) -> str:
    return ("its own stimulus", f"{k} named units")[place] if place < 2 else f"{k} at random"


def _reached(place: int, scores: list[float]) -> str:
    """What a picture's unit reaches, and its share of what the own stimulus reaches."""
    value = f"{scores[place]:.3g}".replace("-", "−")
    return value if place == 0 or scores[0] <= 0 else f"{value}, {percent(scores[place] / scores[0])}"


def _found(kind: str, work: Assembling, scores: list[float]) -> str:
    own, named, *drawn = scores
    whose = "**The untrained twin**" if kind == TWIN else f"**{kind.capitalize()}**"
    if own <= 0:
        return f"{whose}: no ascent excites it, its own stimulus reaches {own:.3g}.".replace("-", "−")
    mean, low, high = (percent(value / own) for value in (sum(drawn) / len(drawn), min(drawn), max(drawn)))
    ahead = round(100 * named / own) > round(100 * max(drawn) / own)
    more = "more than any of them" if ahead else "no more than the best of them"
    return (
        f"{whose}: put together from {work.k} named units, the picture excites it to "
        f"**{percent(named / own)}** of what its own stimulus reaches; from {work.k} at random to **{mean}**, between "
        f"{low} and {high}: {more}."
    )
