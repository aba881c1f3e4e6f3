"""Everything about one method's maps, piece by piece, beside its controls."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.attribution import GRADIENTS, watched
from core.attribution.outcome import Images, Target
from core.layers import copied, list_layers
from core.trust.numbers import (
    NEARBY,
    PARTS,
    Curve,
    PerImage,
    area,
    change,
    completeness_gap,
    curve,
    importance,
    infidelity,
    near,
    random_order,
    rank_correlation,
)

ORDERS = 5  # random orders, for the control
STAGES = 8  # nets with more layers are made random in so many steps
CURVES = {"deletion": False, "insertion": True}  # whether pixels come


def controls(model: nn.Module, x: Images, target: Target) -> Iterator[dict[str, Curve]]:
    """The curves of pixels that go, or come, in random order: their mean over one order, and over more and more."""
    total: dict[str, Curve] = dict.fromkeys(CURVES, torch.zeros(PARTS + 1, len(x)))
    for draw in range(ORDERS):
        order = random_order(x, draw)
        total = {name: total[name] + curve(model, x, target, order, insert) for name, insert in CURVES.items()}
        yield {name: shares / (draw + 1) for name, shares in total.items()}


def randomised(model: nn.Module, twin: nn.Module, x: Images) -> Iterator[tuple[str, nn.Module]]:
    """Nets whose layers, from the last down to one, have their untrained twin's weights, and that layer's name.

    Cascading randomisation (Adebayo et al. 2018, section 3.1), in at most STAGES even steps. It is one net, which
    changes from step to step.
    """
    net, weights = copied(model), twin.state_dict()
    layers = [layer for layer in list_layers(model, x.shape[1:]) if layer.module]
    places = np.linspace(len(layers) - 1, 0, min(STAGES, len(layers))).round().astype(int)
    names = list(weights)
    for layer in (layers[place] for place in places):
        first = next(place for place, name in enumerate(names) if name.startswith(f"{layer.module}."))
        net.load_state_dict({name: weights[name] for name in names[first:]}, strict=False)
        yield layer.name, net


@dataclass(frozen=True)
class Trust:
    """What has been found of a method's maps so far."""

    found: Images
    numbers: dict[str, PerImage] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict)
    stages: dict[str, PerImage] = field(default_factory=dict)  # by the layer that the twin's weights have come down to
    done: float = 0.0  # share of the work, between 0 and 1


def examine(
    name: str, model: nn.Module, twin: nn.Module, x: Images, target: Target, baseline: str = "black"
) -> Iterator[Trust]:
    """Everything about one method's maps of some images, piece by piece.

    The gap is a share of the difference that is explained. Stages hold the rank correlation with the map of the trained
    net: where maps stay alike, the method explains the image, not the net.
    """
    nets = 1 + NEARBY + min(STAGES, sum(layer.module is not None for layer in list_layers(model, x.shape[1:])))
    for forming in watched(name, model, x, target, baseline):
        yield (trust := Trust(forming.found, done=forming.done / nets))
    found = trust.found
    yield (trust := replace(trust, numbers=_of_one_map(name, model, x, target, found, baseline)))
    for which, insert in CURVES.items():
        shares = curve(model, x, target, importance(found), insert)
        trust = replace(trust, curves=trust.curves | {which: shares}, numbers=trust.numbers | {which: area(shares)})
        yield trust
    changes = []
    for maps, image in enumerate(near(x), 1):
        for forming in watched(name, model, image, target, baseline):
            yield replace(trust, done=(maps + forming.done) / nets)
        changes.append(change(found, forming.found))
    trust = replace(trust, numbers=trust.numbers | {"sensitivity": torch.stack(changes).amax(0)})
    for maps, (layer, net) in enumerate(randomised(model, twin, x), 1 + NEARBY):
        for forming in watched(name, net, x, target, baseline):
            yield replace(trust, done=(maps + forming.done) / nets)
        alike = rank_correlation(found, forming.found, x)
        trust = replace(trust, stages=trust.stages | {layer: alike}, done=(maps + 1) / nets)
    first, *_, last = trust.stages.values()
    yield replace(trust, numbers=trust.numbers | {"last layer random": first, "all random": last}, done=1.0)


def _of_one_map(
    name: str, model: nn.Module, x: Images, target: Target, found: Images, baseline: str
) -> dict[str, PerImage]:
    gap = completeness_gap(model, x, target, found, baseline)
    share = gap.abs() / (found.flatten(1).sum(1) - gap).abs()
    return {"gap": share, "infidelity": infidelity(model, x, target, found, gradients=name in GRADIENTS)}


@dataclass(frozen=True)
class Worth:
    """What was found of one method in one net, on the mean over images."""

    numbers: dict[str, float]
    curves: dict[str, list[float]]  # "deletion", "insertion", and where they are known those of random order
    stages: dict[str, float]


def worth(examined: Sequence[tuple[Trust, Mapping[str, Curve]]]) -> Worth:
    """The means over all images of what was found, and of the controls, in groups with a target each."""
    numbers: dict[str, list[Tensor]] = defaultdict(list)
    curves: dict[str, list[Tensor]] = defaultdict(list)
    stages: dict[str, list[Tensor]] = defaultdict(list)
    for trust, control in examined:
        by_lot = {f"{which}, random": shares for which, shares in control.items()}
        areas = {which: area(shares) for which, shares in by_lot.items()}
        for kept, found in ((numbers, trust.numbers | areas), (curves, trust.curves | by_lot), (stages, trust.stages)):
            for part, values in found.items():
                kept[part].append(values)
    return Worth(_means(numbers), _means(curves), _means(stages))


def _means(kept: Mapping[str, Sequence[Tensor]]) -> dict[str, Any]:
    return {part: torch.cat(list(values), -1).mean(-1).tolist() for part, values in kept.items()}
