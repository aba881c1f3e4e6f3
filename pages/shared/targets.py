"""Which units are climbed: in order, those that answer most to the drawing, those least alike, or named ones."""

from collections.abc import Sequence

import streamlit as st
import torch
from torch import Tensor

from core import atlas, examples
from core.layers import Layer, first_of_each_depth, pre_activation, record, require
from core.models import MODELS
from core.units import Unit
from pages.shared import nets

IN_ORDER, ACTIVE, DIFFERENT = "in order", "most active on my drawing", "most different"
ENOUGH = 1000  # test images tell which units are alike
MOST = 48

Targets = tuple[tuple[str, tuple[int, ...]], ...]  # the units by "model/layer"


def of_every_layer(
    models: Sequence[str], weights: str, which: str, count: int, first: int, drawing: Tensor | None
) -> Targets:
    """Up to `count` units of each layer with weights; `first` counts in order, `drawing` is what they may answer to."""
    found = []
    for model in models:
        for layer in first_of_each_depth(nets.layers(model), 0):
            if which == ACTIVE and drawing is not None:
                indices = _most_active(model, weights, layer, count, drawing)
            elif which == DIFFERENT:
                indices = _most_different(model, weights, layer.name, count)
            else:
                begin = min(first, max(0, layer.units - count))
                indices = list(range(begin, min(layer.units, begin + count)))
            found.append((f"{model}/{layer.name}", tuple(indices)))
    return tuple(found)


def _most_active(model: str, weights: str, layer: Layer, count: int, drawing: Tensor) -> list[int]:
    """By their share of the strongest sum for any test image; the strongest first."""
    here = examples.peak(record(nets.net(model, weights), drawing[None], [layer.name])[layer.name])[0]
    strongest = torch.tensor(atlas.strongest(model, weights, layer.name))
    share = torch.where(strongest > 0, here / strongest, -torch.inf)
    return torch.sort(share, descending=True, stable=True).indices[:count].tolist()


@st.cache_resource(max_entries=256, show_spinner="Comparing what the units answer to 1,000 test images ...")
def _most_different(model: str, weights: str, layer: str, count: int) -> list[int]:
    images = nets.test_images().images[:ENOUGH]
    return examples.most_different(torch.cat(list(examples.peaks(nets.net(model, weights), images, layer))), count)


def named(addresses: str) -> Targets:
    """The units of a text like "cnn/conv3/12, rnn/lstm2/5", layer by layer; the sums where they are behind a ReLU.

    Raises ValueError, with a sentence for the page, for what is no address and for units that do not exist.
    """
    found: dict[str, list[int]] = {}
    for address in addresses.replace(",", " ").split():
        unit = Unit.parse(address)
        if unit.model not in MODELS:
            raise ValueError(f"There is no net {unit.model!r}; there are {', '.join(MODELS)}.")
        layers = nets.layers(unit.model)
        require(unit, layers)
        sums = pre_activation(layers, unit.layer).name
        found.setdefault(f"{unit.model}/{sums}", []).append(unit.index)
    if sum(map(len, found.values())) > MOST:
        raise ValueError(f"At most {MOST} units by name.")
    return tuple((place, tuple(dict.fromkeys(indices))) for place, indices in found.items())
