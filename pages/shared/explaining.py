"""One map: a method's answer to which part of an image did it, at once and kept, or as a job that can be watched."""

from dataclasses import dataclass

import streamlit as st
import torch
from torch import Tensor, nn

from core import images
from core.attribution import ATTRIBUTIONS, COMPARING, COMPLETE, WEIGHING, watched, why_not
from core.attribution.backwards import last_maps
from core.attribution.outcome import Target
from core.models import find
from core.trust.numbers import completeness_gap
from pages.shared import nets
from pages.shared.jobs import Records

SIGNED, ABSOLUTE, POSITIVE = "for and against", "how much", "only for"


@dataclass(frozen=True)
class Explaining:
    """What is explained, in which image, and how."""

    method: str
    model: str
    weights: str
    image: bytes  # its pixels, floats, as the net takes them
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
        return why_not(self.method, self.net())

    def run(self) -> Records:
        """The map as it forms."""
        yield from watched(self.method, self.net(), self.pixels(), self.target, self.baseline)

    def found(self) -> Tensor:
        """The finished map: (1, channels, height, width)."""
        return _found(self)

    def words(self, found: Tensor, sheet: images.Tiles) -> str:
        """The scale of the map as it is shown, and what it adds up to."""
        gap = float(completeness_gap(self.net(), self.pixels(), self.target, found, self.baseline))
        added = "adds up to" if self.method in COMPLETE else "sum"
        scale = f"{'±' if sheet.signed else '0 to '}{sheet.limit:.2g}"
        return f"{scale} · {added} {float(found.sum()):.2f} of {float(found.sum()) - gap:.2f}"


def nothing_in(found: Tensor) -> str | None:
    """Why there is nothing to see in a map, in a sentence; None where there is."""
    if not found.isfinite().all():
        return "This map is broken: some of its values are no numbers. Are the net's weights?"
    if found.abs().max() == 0:
        return "Nothing: it finds no pixel that matters. The unit may be silent, or the image be the baseline."
    return None


@st.cache_resource(max_entries=256, show_spinner=False)  # a photo's map has 0.6 MB
def _found(map_: Explaining) -> Tensor:
    options: dict[str, str] = {"baseline": map_.baseline} if map_.method in COMPARING else {}
    if map_.method in WEIGHING:
        options["layer"] = last_maps(nets.layers(map_.model), map_.target)
    return ATTRIBUTIONS[map_.method](map_.net(), map_.pixels(), map_.target, **options)


@dataclass(frozen=True)
class Looks:
    """How maps are shown."""

    shown: str
    opacity: float
    theme: images.Theme

    def of(self, values: Tensor) -> Tensor:
        """A map with its signs, without, or without what speaks against."""
        return {SIGNED: values, ABSOLUTE: values.abs(), POSITIVE: values.clamp(min=0)}[self.shown]
