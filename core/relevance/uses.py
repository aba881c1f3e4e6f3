"""What units fire for and what they are used for, measured over MNIST's test images, and as it ships."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from core.atlas import layers_of
from core.data.digits import test_set
from core.files import write_whole
from core.layers import first_of_each_depth, pre_activation
from core.measures.relevance import EVEN, ODD, ORDERS, Seen, cost_of_cutting, with_gradients
from core.models import TWIN, identity, load
from core.survey import BATCH, Extremes

FOLDER = Path(__file__).parent / "tables"
WEIGHTS = ("trained", "plain", TWIN)
NINE = 9
CUT_BATCH = 50  # images, each with every unit of a layer cut in turn
MEAN, ZERO = CUTS = ("mean", "zero")  # what takes a unit's place: at each place its mean over the even images, or 0
OTHERS, SAME = HALVES = ("odd", "even")  # images in which a cut is measured; it is predicted from the even ones
IDENTITY = "identity"  # the entry of a file that names its net's weights
_PARTS = {"values": np.float32, "inputs": np.uint16, "places": np.uint16}


@dataclass(frozen=True)
class Uses:
    """What the units of a layer fire for, and what they are used for, over MNIST's test images."""

    fires: Extremes  # the nine images of the largest peak
    summed: Extremes  # and of the largest sum over the map, or over time: as relevance is summed
    used: Extremes  # and of the largest relevance; where it is not above 0 an image does not count
    live: Bool[Tensor, " units"]  # which do not have the same peak in every image; of the others nothing counts
    predictors: Float[Tensor, "cuts predictors units"]  # by CUTS and PREDICTORS
    costs: Float[Tensor, "cuts halves units"]  # how far the winning logit falls on the mean, by CUTS and HALVES

    def used_for(self, unit: int) -> tuple[Int[Tensor, " k"], Int[Tensor, " k"]]:
        """The images in which a unit matters most, and where it does; fewer than nine where it matters in fewer."""
        there = (self.used.values[unit] > 0) & self.live[unit]
        return self.used.inputs[unit, there], self.used.places[unit, there]


def hidden(model: str) -> list[str]:
    """The activations of a net's hidden layers, from the first to the last."""
    return [layer.name for layer in first_of_each_depth(layers_of(model), 1)[:-1]]


def activation_of(model: str, layer: str) -> str | None:
    """The hidden activation whose units a layer has, which stands behind it or before; None for the logits."""
    layers = layers_of(model)
    own = pre_activation(layers, layer)
    return next((name for name in hidden(model) if pre_activation(layers, name) == own), None)


def measure(model: str, weights: str) -> Iterator[int]:
    """Measure a net and write what ships of it; yields how many images have passed. A finished one is left."""
    path, made_of = _path(model, weights), identity(model, weights)
    if path.exists() and str(np.load(path)[IDENTITY]) == made_of:
        return
    net, images = load(model, weights=weights), test_set().images
    seen = {layer: Seen() for layer in hidden(model)}
    last, done = layers_of(model)[-1].name, 0
    for batch in images.split(BATCH):
        for layer, both in with_gradients(net, batch, list(seen), last).items():
            seen[layer].add(*both)
        yield (done := done + len(batch))
    found = {}
    for layer, its in seen.items():
        mean, predictors, costs = its.means()[0], [], []
        for instead in (mean, torch.zeros_like(mean)):
            predictors.append(its.predictors(instead))
            parts = []
            for part in _costs(net, images, layer, last, instead):
                parts.append(part)
                yield (done := done + len(part))
            costs.append(torch.stack([torch.cat(parts)[half].mean(0) for half in (ODD, EVEN)]))
        fires, summed, used = (Extremes(*its.first(order, NINE)) for order in ORDERS)
        found[layer] = Uses(fires, summed, used, its.live(), torch.stack(predictors), torch.stack(costs))
    write_whole(path, _to_bytes(found, made_of))


def _costs(net: nn.Module, images: Tensor, layer: str, last: str, instead: Tensor) -> Iterator[Tensor]:
    shape = with_gradients(net, images[:1], [layer], last)[layer][0].shape[1:]
    for batch in images.split(CUT_BATCH):
        yield cost_of_cutting(net, batch, layer, last, instead.float().view(shape))


def rounds(model: str) -> int:
    """How many images pass in `measure`, one after the other."""
    return len(test_set().images) * (1 + len(CUTS) * len(hidden(model)))


def _to_bytes(found: Mapping[str, Uses], made_of: str) -> bytes:
    arrays = {IDENTITY: np.array(made_of)}
    for layer, uses in found.items():
        for order, (part, kind) in product(ORDERS, _PARTS.items()):
            arrays[f"{layer}/{order}/{part}"] = getattr(getattr(uses, order), part).numpy().astype(kind)
        for part in ("live", "predictors", "costs"):
            arrays[f"{layer}/{part}"] = getattr(uses, part).numpy()
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    return content.getvalue()


@cache
def shipped(model: str, weights: str) -> dict[str, Uses] | None:
    """What ships of a net with weights, by hidden layer; None where nothing ships for these weights."""
    if not _path(model, weights).exists():
        return None
    file = np.load(_path(model, weights))
    return {layer: _from_file(file, layer) for layer in hidden(model)}


def _from_file(file: Mapping[str, np.ndarray], layer: str) -> Uses:
    def part(name: str) -> Tensor:
        return torch.from_numpy(file[f"{layer}/{name}"])

    fires, summed, used = (
        Extremes(part(f"{order}/values"), part(f"{order}/inputs").long(), part(f"{order}/places").long())
        for order in ORDERS
    )
    return Uses(fires, summed, used, part("live"), part("predictors"), part("costs"))


def _path(model: str, weights: str) -> Path:
    return FOLDER / f"{model}-{weights}.npz"
