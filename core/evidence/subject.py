"""What is measured: a net with its weights, and what it makes of a set of images, each computed once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from core.circuits.contributions import stages
from core.circuits.eighth import Eighths, of_stage, put_together_shares
from core.layers import Layer, first_of_each_depth, list_layers, record
from core.measures.bends import path
from core.measures.directions import directions, features
from core.measures.effective_field import effective_field
from core.measures.field import ALL, Field
from core.measures.receptive_field import receptive_fields
from core.models.rnn import RNN
from core.stimuli import Recipe, climb

PIXELS = "pixels"  # the images themselves, as a layer of depth 0
BATCH = 500  # images that are recorded at once
FIELD_IMAGES = 100  # of which gradients are taken
PHOTOS, PHOTO_UNITS = 6, 8  # photos of which they are taken, and units a layer, the first ones
PATHS = 20  # between images of unlike classes
CLIMBED = 16  # units a layer, the first ones: they are in no order
PROBED = 64  # numbers at which probes are compared, or as many as the smallest hidden layer has


@dataclass(frozen=True)
class Images:
    """Images, and the class of each where it has one."""

    images: Float[Tensor, "n channels height width"]
    labels: Int[Tensor, " n"] | None = None


class Subject:
    """A net and the images that it is asked about; `name` and `weights` keep it from judging itself."""

    def __init__(
        self, net: nn.Module, data: Images, name: str = "", weights: str = "", among: Sequence[str] = ()
    ) -> None:
        """Of its layers all count, or those that are named."""
        self.net, self.data, self.name, self.weights = net, data, name, weights
        self.layers = list_layers(net, data.images.shape[1:])
        shown = [layer for layer in self.layers if layer.name in among or not among]
        self.pre, self.act = (first_of_each_depth(shown, place) for place in (0, 1))
        self._names = list(dict.fromkeys(layer.name for layer in (*self.pre, *self.act)))
        self._fields: dict[str, Tensor] = {}
        self._stimuli: dict[tuple[str, Recipe], Tensor] = {}
        self._directions: dict[str, pd.DataFrame] = {}
        self._cut: dict[str, pd.DataFrame] = {}
        self._built: dict[tuple[str, Recipe], dict[str, Tensor]] = {}

    @cached_property
    def activations(self) -> dict[str, Tensor]:
        """What every pre-activation and activation layer puts out, by the layer's name; the images beside them."""
        parts = [record(self.net, batch, self._names) for batch in self.data.images.split(BATCH)]
        return {PIXELS: self.data.images} | {name: torch.cat([part[name] for part in parts]) for name in parts[0]}

    @property
    def labels(self) -> Int[Tensor, " n"]:
        """The class of each image; ValueError where there is none."""
        if self.data.labels is None:
            raise ValueError("This measure needs images whose class is known.")
        return self.data.labels

    @cached_property
    def theoretical(self) -> dict[str, tuple[Field, Field]]:
        """How much a unit of each layer can see at all; of a recurrent net's the rows up to the last, which is all."""
        if isinstance(self.net, RNN):
            return {layer.name: (ALL, ALL) for layer in self.layers}
        return receptive_fields(self.net, tuple(self.data.images.shape[1:]))

    def field(self, layer: Layer) -> Float[Tensor, "units height width"]:
        """The effective receptive fields of a layer's units."""
        if layer.name not in self._fields:
            photos = self.data.labels is None
            count, units = (PHOTOS, min(PHOTO_UNITS, layer.units)) if photos else (FIELD_IMAGES, layer.units)
            images = self.data.images[:: max(1, len(self.data.images) // count)][:count]
            self._fields[layer.name] = effective_field(self.net, images, layer.name, range(units))
        return self._fields[layer.name]

    def stimuli(self, layer: Layer, recipe: Recipe) -> Float[Tensor, "units channels height width"]:
        """What gradient ascent finds for the first units, at a map's centre or behind the last row."""
        if (layer.name, recipe) not in self._stimuli:
            *_, last = climb(self.net, layer.name, range(min(CLIMBED, layer.units)), recipe)
            self._stimuli[layer.name, recipe] = last.images
        return self._stimuli[layer.name, recipe]

    def directions(self, layer: Layer) -> pd.DataFrame:
        """Units, random directions and independent components of a layer, as other nets see what excites them."""
        if layer.name not in self._directions:
            self._directions[layer.name] = directions(self.activations[layer.name], self.labels, self._seen)
        return self._directions[layer.name]

    def cut(self, layer: Layer) -> pd.DataFrame:
        """What units of a layer behind the first one lose and keep by one eighth of those that they read."""
        if layer.name not in self._cut:
            self._cut[layer.name] = of_stage(self._eighths(layer))
        return self._cut[layer.name]

    def built(self, layer: Layer, recipe: Recipe) -> dict[str, Float[Tensor, " units"]]:
        """What the first units reach by pictures that one eighth climbs for, of what they reach by their own climb."""
        if (layer.name, recipe) not in self._built:
            count = min(CLIMBED, layer.units)
            self._built[layer.name, recipe] = put_together_shares(self._eighths(layer), count, recipe)
        return self._built[layer.name, recipe]

    def _eighths(self, layer: Layer) -> Eighths:
        return Eighths(self.net, self.data.images, stages(self.layers, layer.name), self.activations)

    @cached_property
    def _seen(self) -> list[Tensor]:
        return features(self.data.images, but=(self.name, self.weights))

    @cached_property
    def paths(self) -> list[dict[str, Tensor]]:
        """What every layer puts out along straight lines from an image to the next one of another class."""
        return [record(self.net, path(first, second), self._names) for first, second in self._pairs()]

    def _pairs(self) -> Iterator[tuple[Tensor, Tensor]]:
        images, labels, found = self.data.images, self.data.labels, 0
        for place in range(len(images) - 1):
            if found < PATHS and (labels is None or labels[place] != labels[place + 1]):
                found += 1
                yield images[place], images[place + 1]

    def window(self, layer: Layer) -> tuple[slice, slice]:
        """The rows and columns that the unit at a map's centre can see."""
        spans = []
        for field, side, along in zip(self.theoretical[layer.name], self.data.images.shape[2:], (1, 2), strict=True):
            centre = layer.shape[along] // 2 if len(layer.shape) == 3 else 0
            spans.append(slice(*field.rows(centre, side)))
        return spans[0], spans[1]

    @cached_property
    def probed(self) -> int:
        """At how many numbers this net's layers are compared."""
        return min([PROBED, *(self.activations[layer.name][0].numel() for layer in self.act[:-1])])
