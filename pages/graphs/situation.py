"""What the page Circuits shows: a unit of a net, the input on which it is taken apart, and how far."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import streamlit as st
from torch import Tensor, nn

from core.circuits.contributions import Place, Run, Stage, stages
from core.circuits.graph import Graph, graph
from core.images import Theme
from core.layers import Layer, record
from core.models import find
from core.units import Unit
from pages.inputs import nets

MEANT = 1000  # test images over which a unit's activation is averaged; of photos, all


@dataclass(frozen=True)
class Situation:
    """A unit, `k` units in each of the rows below it, and the image (1, channels, height, width) that the net sees."""

    unit: Unit
    weights: str
    image: Tensor
    place: Place | None  # None is where it answers most
    k: int
    rows: int
    theme: Theme

    @property
    def net(self) -> nn.Module:
        """The model with its weights."""
        return nets.net(self.unit.model, self.weights)

    @property
    def layers(self) -> list[Layer]:
        """All of the net's."""
        return nets.layers(self.unit.model)

    @cached_property
    def stages(self) -> list[Stage]:
        """From the input to the unit's own."""
        return stages(self.layers, self.unit.layer, find(self.unit.model).landmarks)

    @cached_property
    def run(self) -> Run:
        """The input's way through the net."""
        return Run(self.net, self.image, self.stages)

    @cached_property
    def graph(self) -> Graph:
        """The unit taken apart."""
        return graph(self.run, self.unit.index, self.place, k=self.k, rows=self.rows)

    @property
    def means(self) -> Mapping[str, Tensor]:
        """The mean activation of every stage's units over the test images, or the sample photos, at each place."""
        return mean_activations(self.unit.model, self.weights)


@st.cache_resource(max_entries=16, show_spinner="Showing test images to this net ...")
def mean_activations(model: str, weights: str) -> dict[str, Tensor]:
    """By the name of the layer: (units, *place)."""
    spec = find(model)
    seen = nets.test_images().images[:MEANT] if spec.sees == "digits" else nets.photo_set(spec.input_shape[-1])
    own = stages(nets.layers(model), nets.layers(model)[-1].name, spec.landmarks)
    net, names = nets.net(model, weights), [stage.layer.name for stage in own]
    sums: dict[str, Tensor] = {}
    for batch in seen.split(250 if spec.sees == "digits" else nets.PHOTO_BATCH):
        for name, activation in record(net, batch, names).items():
            sums[name] = sums.get(name, 0) + activation.sum(0)
    return {name: total / len(seen) for name, total in sums.items()}
