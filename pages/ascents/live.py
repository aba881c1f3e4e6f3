"""A live ascent on the page: start, pictures as they form, cancel, scrub, take along."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from core import atlas, charts, images
from core.models import find
from core.stimuli import RECIPES, Frame, Recipe, as_bytes, as_images, climb_layers, from_png, repeated
from core.store import Result, address
from core.units import Unit
from pages.ascents.which_units import Targets
from pages.frame import link
from pages.frame.clickable import clickable
from pages.frame.glossary import explained
from pages.inputs import nets
from pages.jobs.long_work import long_work, scheduler, start, store, watcher
from pages.jobs.scheduler import Records, View
from pages.layers.net_head import net_head

COLUMNS = 6
TILE = {"digits": 58, "photos": 102}  # pixels of a picture on the page with the gap beside it, by what the nets see
SCALE = {"digits": 2, "photos": 1}
STACKS = {"digits": 1, "photos": 2}  # layers side by side
BEST = {"digits": "a test image", "photos": "any of the photos"}
OPENED = "unit-opened"
KEPT, FRAMES = 2**25, 128  # bytes and frames of an ascent that are kept, at most


@dataclass(frozen=True)
class Choice:
    """Which units of which nets, and how they are climbed."""

    weights: str
    units: Targets
    variants: int  # pictures of each unit
    recipe: Recipe

    @property
    def models(self) -> tuple[str, ...]:
        """The nets, in the order of their units."""
        return tuple(dict.fromkeys(place.split("/")[0] for place, _ in self.units))

    @property
    def sees(self) -> str:
        """What the nets take in: all the same."""
        return find(self.models[0]).sees

    def targets(self) -> dict[str, list[int]]:
        """The unit of every picture by "model/layer"; the pictures of a unit stand side by side."""
        return {place: [index for index in indices for _ in range(self.variants)] for place, indices in self.units}

    def aims(self) -> dict[str, Tensor]:
        """Where the unit of every picture looks, by "model/layer"; of nets for photos it is not known."""
        if self.sees == "photos":
            return {}
        return {place: nets.aims(place.split("/")[0], self.weights, place.split("/")[1], indices)
                for place, indices in self.targets().items()}  # fmt: skip

    def shipped(self) -> Frame | None:
        """The finished pictures, where the atlas has them: one of each unit, by the usual recipe."""
        if (self.recipe, self.variants) != (RECIPES[self.sees], 1) or self.weights not in atlas.WEIGHTS:
            return None
        found = {place: [atlas.look_up(Unit.parse(f"{place}/{index}"), self.weights) for index in indices]
                 for place, indices in self.units}  # fmt: skip
        there = {place: [each for each in stimuli if each] for place, stimuli in found.items()}
        if there != found:
            return None
        pictures = {place: repeated(as_bytes(torch.stack([each.image for each in own])), self.recipe.side)
                    for place, own in there.items()}  # fmt: skip
        reached = {place: [each.reached for each in own] for place, own in there.items()}
        return Frame(self.recipe.steps, self.recipe.steps, pictures, reached)

    def address(self) -> str:
        """Of the result: it depends on the weights themselves, not on their names."""
        weights = {model: nets.fingerprint(model, self.weights) for model in self.models}
        return address(weights=weights, targets=self.targets(), recipe=asdict(self.recipe))

    def run(self) -> Records:
        """The job: what the store has, or the ascent, which is then kept."""
        kept = store().get(self.address())
        if kept:
            yield from_png(kept.content, self.recipe.steps, kept.about["reached"])
            return
        found: Iterator[Frame] = climb_layers(
            {model: nets.net(model, self.weights) for model in self.models}, self.targets(), self.recipe, self.aims()
        )
        size = sum(map(len, self.targets().values())) * self.recipe.channels * self.recipe.side**2
        every = max(1, self.recipe.steps // min(FRAMES, max(1, KEPT // size)))
        for frame in found:
            if frame.step % every == 0:
                yield frame
        store().put(self.address(), Result(frame.to_png(), {"reached": frame.reached, "recipe": asdict(self.recipe)}))


def show(choice: Choice) -> None:
    """Draw the buttons and, while the job runs, its pictures as they form."""
    job = scheduler().look(choice, watcher())
    if job is None and store().get(choice.address()):
        start(choice, scheduler(), last_only=False)
    if job and job.state == "done":
        st.caption("Finished and kept: who opens this link finds it.")
    long_work([choice], "Start", partial(_live, choice), last_only=False)


def _live(choice: Choice, views: list[View | None]) -> None:
    if st.session_state.pop(OPENED, False):
        st.rerun()
    (job,) = views
    if job is None:
        shipped = choice.shipped()
        if shipped is None:
            st.caption("Nothing has been computed for this choice yet: press Start.")
        else:
            st.caption("These ship with the app: press Start to watch them form.",
                       help=explained("preferred stimulus", "gradient ascent", "learning rate"))  # fmt: skip
            _columns(choice, shipped)
        return
    if not job.over:
        _progress(job)
    if job.records:
        frame = _scrubbed(job) if job.state == "done" else job.records[-1]
        _columns(choice, frame)
        if job.state == "done":
            _downloads(choice, job)


def _progress(job: View) -> None:
    frame: Frame | None = job.records[-1] if job.records else None
    share = frame.step / frame.steps if frame else 0.0
    st.progress(share, f"Step {frame.step} of {frame.steps}" if frame else "About to begin")


def _scrubbed(job: View) -> Frame:
    if len(job.records) == 1:
        return job.records[0]
    frames: dict[int, Frame] = {frame.step: frame for frame in job.records}
    return frames[st.select_slider("After so many steps", list(frames), job.records[-1].step, key="scrub", width=350)]


def _columns(choice: Choice, frame: Frame) -> None:
    with st.container(horizontal=True, gap="medium", key="ascents"):
        for model in choice.models:
            with st.container(width=STACKS[choice.sees] * (COLUMNS * TILE[choice.sees] + 16), gap="xsmall"):
                net_head(model, choice.weights)
                with st.container(horizontal=True, gap="small"):
                    for place, indices in choice.targets().items():
                        if place.startswith(f"{model}/"):
                            with st.container(width=COLUMNS * TILE[choice.sees], gap="xsmall"):
                                _row(choice, frame, place, indices)


def _row(choice: Choice, frame: Frame, place: str, indices: list[int]) -> None:
    st.caption(f"{place.split('/')[1]} · {_named(dict(choice.units)[place])}")
    sheet = _sheet(choice, frame, place)
    width = COLUMNS * TILE[choice.sees] - images.GAP
    if frame.step < frame.steps:
        st.image(sheet.picture, width=width, alt=f"Pictures of {place} as they form")
        return
    units = [f"{place}/{index}" for index in indices]
    spec = charts.clickable_sheet(
        sheet, charts.UNIT, units, about="What units look for", shrink=sheet.picture.width / width
    )
    clickable(spec, charts.UNIT, f"row-{place}".replace("/", "-").replace(".", "-"), _open)
    rectified = atlas.is_rectified(*place.split("/"))
    pairs = zip(frame.reached[place], _strongest(choice, place), strict=True)
    cells = "".join(f"<span>{_share(rectified, reached, strongest)}</span>" for reached, strongest in pairs)
    style, best = f"--tile: {TILE[choice.sees]}px", BEST[choice.sees]
    st.html(f'<div class="shares" style="{style}" title="times the strongest pre-activation for {best}">{cells}</div>')


def _open(unit: str) -> None:
    """Open a unit's panel, which does not belong to the part of the page that runs by itself."""
    link.put(charts.UNIT, unit)
    st.session_state[OPENED] = True


def _named(indices: Sequence[int]) -> str:
    if len(indices) > 1 and list(indices) == list(range(indices[0], indices[-1] + 1)):
        return f"units {indices[0]} to {indices[-1]}"
    return f"unit{'s' if len(indices) > 1 else ''} {', '.join(map(str, indices))}"


def _strongest(choice: Choice, place: str) -> list[float]:
    """The strongest pre-activations of the chosen units for any test image, or for any photo of the set."""
    return nets.strongest(place.split("/")[0], choice.weights, place.split("/")[1])[choice.targets()[place]].tolist()


def _share(rectified: bool, reached: float, strongest: float) -> str:
    """What a picture reaches, as a multiple of what the best test image does, where that is above zero."""
    if atlas.silent(rectified, reached, strongest):
        return "silent"
    if strongest > 0:
        return f"{reached / strongest:.1f} x"
    return "new" if reached > 0 else "–"


def _sheet(choice: Choice, frame: Frame, place: str) -> images.Tiles:
    """A layer's pictures in rows of six; a silent unit's is empty, because nothing was found."""
    pictures = as_images(frame.images[place])
    rectified = atlas.is_rectified(*place.split("/"))
    for picture, reached, strongest in zip(pictures, frame.reached[place], _strongest(choice, place), strict=True):
        if atlas.silent(rectified, reached, strongest):
            picture.fill_(0 if choice.sees == "digits" else 1)
    return images.contact_sheet(pictures, COLUMNS, SCALE[choice.sees])


def _whole(choice: Choice, frame: Frame) -> Image.Image:
    return images.stacked([_sheet(choice, frame, place).picture for place in frame.images], gap=8)


def _downloads(choice: Choice, job: View) -> None:
    recipe = {"weights": choice.weights, "targets": choice.targets(), "recipe": asdict(choice.recipe),
              "reached": job.records[-1].reached}  # fmt: skip
    last, some = job.records[-1], [*job.records[::4], job.records[-1]]

    def offer(label: str, content: Callable[[], bytes] | str, ending: str, kind: str, disabled: bool = False) -> None:
        st.download_button(label, content, f"features.{ending}", kind, on_click="ignore", disabled=disabled)

    with st.container(horizontal=True, gap="small"):
        offer("Pictures (PNG)", lambda: images.png(_whole(choice, last)), "png", "image/png")
        offer("Animation (GIF)", lambda: images.gif([_whole(choice, frame) for frame in some], seconds=4),
              "gif", "image/gif", disabled=len(job.records) == 1)  # fmt: skip
        offer("Recipe (JSON)", json.dumps(recipe, indent=1), "json", "application/json")
