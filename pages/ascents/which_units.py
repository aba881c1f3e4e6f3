"""Which units are climbed: in order, those that answer most to an image, those least alike, or named ones."""

from collections.abc import Mapping, Sequence

import streamlit as st
import torch
from torch import Tensor

from core import examples
from core import survey as surveys
from core.layers import Layer, pre_activation, record, require
from core.models import find
from core.units import Unit
from pages.inputs import nets

IN_ORDER, DIFFERENT = "in order", "most different"
ACTIVE = {"digits": "most active on my drawing", "photos": "most active on my photo"}
ENOUGH = 1000  # test images tell which units are alike
BATCH = {"digits": surveys.BATCH, "photos": nets.PHOTO_BATCH}
MOST = 48

Targets = tuple[tuple[str, tuple[int, ...]], ...]  # the units by "model/layer"


def of_every_layer(
    layers: Mapping[str, Sequence[Layer]], weights: str, which: str, count: int, first: int, image: Tensor | None
) -> Targets:
    """Up to `count` units of each of the nets' layers; `first` counts in order, `image` is what they may answer to."""
    found = []
    for model, its in layers.items():
        for layer in its:
            if which in ACTIVE.values() and image is not None:
                indices = _most_active(model, weights, layer, count, image)
            elif which == DIFFERENT:
                indices = _most_different(model, weights, layer.name, count)
            else:
                begin = min(first, max(0, layer.units - count))
                indices = list(range(begin, min(layer.units, begin + count)))
            found.append((f"{model}/{layer.name}", tuple(indices)))
    return tuple(found)


def _most_active(model: str, weights: str, layer: Layer, count: int, image: Tensor) -> list[int]:
    """By their share of the strongest pre-activation for any test image, or photo of the set; the strongest first."""
    here = examples.peak(record(nets.net(model, weights), image[None], [layer.name])[layer.name])[0]
    strongest = nets.strongest(model, weights, layer.name)
    share = torch.where(strongest > 0, here / strongest, -torch.inf)
    return torch.sort(share, descending=True, stable=True).indices[:count].tolist()


@st.cache_resource(max_entries=256, show_spinner="Comparing what the units answer ...")
def _most_different(model: str, weights: str, layer: str, count: int) -> list[int]:
    spec = find(model)
    images = nets.test_images().images if spec.sees == "digits" else nets.photo_set(spec.input_shape[-1])
    peaks = examples.peaks(nets.net(model, weights), images[:ENOUGH], layer, BATCH[spec.sees])
    return examples.most_different(torch.cat(list(peaks)), count)


def named(addresses: str, sees: str) -> Targets:
    """The units of a text like "cnn/conv3/12, rnn/lstm2/5", layer by layer; before a ReLU where they are behind it.

    Raises ValueError, with a sentence for the page, for what is no address and for units that do not exist.
    """
    found: dict[str, list[int]] = {}
    for address in addresses.replace(",", " ").split():
        unit = Unit.parse(address)
        if find(unit.model).sees != sees:
            raise ValueError(f"{unit} is not of a net for {sees}.")
        layers = nets.layers(unit.model)
        require(unit, layers)
        before = pre_activation(layers, unit.layer).name
        found.setdefault(f"{unit.model}/{before}", []).append(unit.index)
    if sum(map(len, found.values())) > MOST:
        raise ValueError(f"At most {MOST} units by name.")
    return tuple((place, tuple(dict.fromkeys(indices))) for place, indices in found.items())
