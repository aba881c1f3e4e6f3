"""One map: a method's answer to which part of an image did it, at once and kept, or as a job that can be watched."""

from dataclasses import dataclass, field

import streamlit as st
import torch
from torch import Tensor, nn

from core import images
from core.attribution import COMPLETE, WEIGHING, watched, why_not
from core.attribution.backwards import last_maps
from core.attribution.outcome import Forming, Target
from core.models import find
from core.trust.controls import CONTROLS
from core.trust.numbers import difference
from pages.inputs import nets
from pages.jobs.scheduler import Records

NO_UNIT = "This net has no such unit."
SIGNED, ABSOLUTE, POSITIVE = "for and against", "how much", "only for"


@dataclass(frozen=True)
class Explaining:
    """What is explained, in which image, and how."""

    method: str
    model: str
    weights: str
    image: bytes = field(repr=False)  # its pixels, floats, as the net takes them; in no log
    target: Target
    baseline: str

    def net(self) -> nn.Module:
        """The net that is explained."""
        return nets.net(self.model, self.weights)

    def pixels(self) -> Tensor:
        """The image: (1, channels, height, width)."""
        flat = torch.frombuffer(bytearray(self.image), dtype=torch.float32)
        return flat.view(1, *find(self.model).input_shape)

    def why_not(self) -> str | None:
        """Why there is no such map, in a sentence."""
        reason = why_not(self.method, self.net())
        if reason is None and self.method in WEIGHING:
            try:
                last_maps(self.net(), nets.layers(self.model), self.target)
            except ValueError as error:
                return str(error)
        return reason

    def run(self) -> Records:
        """The map as it forms."""
        yield from watched(self.method, self.net(), self.pixels(), self.target, self.baseline)

    def found(self) -> Tensor:
        """The finished map: (1, channels, height, width)."""
        return _found(self).found

    def words(self, forming: Forming, sheet: images.Tiles) -> str:
        """The scale of the map as it is shown, what it adds up to, and how sure it is if it was drawn at random.

        Only finished maps keep a promise to add up.
        """
        scale = f"{'±' if sheet.signed else '0 to '}{sheet.limit:.2g}"
        if self.method in CONTROLS:
            return f"{scale} · the same for every net"
        verb = "adds up to" if forming.done == 1 and self.method in COMPLETE else "sum"
        error = (
            "" if forming.error is None or forming.error.isnan() else f" · standard error {float(forming.error):.0%}"
        )
        return f"{scale} · {verb} {short(float(forming.found.sum()))} of {short(_difference(self))}{error}"

    def finished(self) -> Forming:
        """The finished map, and its standard error where it was drawn."""
        return _found(self)


def short(number: float) -> str:
    """A number as it is read: to two places, where they say anything."""
    return f"{number:,.2f}" if abs(number) >= 0.1 else f"{number:.2g}"


def why_nothing(map_: Explaining | None) -> str | None:
    """Why there is no finished map to be seen, or none at all, in a sentence; None where there is."""
    if map_ is None:
        return NO_UNIT
    if reason := map_.why_not():
        return reason
    try:
        return nothing_in(map_.found())
    except ValueError as error:
        return str(error)


def nothing_in(found: Tensor) -> str | None:
    """Why there is nothing to see in a map, in a sentence; None where there is."""
    if not found.isfinite().all():
        return "This map is broken: some of its values are no numbers. Are the net's weights?"
    if found.abs().max() == 0:
        return "Nothing: it finds no pixel that matters. The unit may be silent, or the image be the baseline."
    return None


@st.cache_data(max_entries=1024, show_spinner=False)  # every rerun asks, and a map that forms twice a second
def _difference(map_: Explaining) -> float:
    return float(difference(map_.net(), map_.pixels(), map_.target, map_.baseline))


@st.cache_resource(max_entries=256, show_spinner=False)  # a photo's map has 0.6 MB
def _found(map_: Explaining) -> Forming:
    if map_.method in CONTROLS:
        return Forming(CONTROLS[map_.method](map_.pixels()), 1.0)
    *_, last = map_.run()
    return last


@dataclass(frozen=True)
class Looks:
    """How maps are shown."""

    shown: str
    opacity: float
    theme: images.Theme

    def of(self, values: Tensor) -> Tensor:
        """A map with its signs, without, or without what speaks against."""
        return {SIGNED: values, ABSOLUTE: values.abs(), POSITIVE: values.clamp(min=0)}[self.shown]
