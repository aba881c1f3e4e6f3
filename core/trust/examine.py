"""Everything about one method's maps, piece by piece, and about the controls."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.attribution import COMPLETE, GRADIENTS, MULTIPLYING, watched
from core.attribution.outcome import Images, Target
from core.layers import copied, list_layers
from core.trust.controls import CONTROLS, RANDOM, at_random
from core.trust.numbers import (
    NEARBY,
    Curve,
    PerImage,
    area,
    change,
    completeness_gap,
    curve,
    importance,
    infidelity,
    near,
    product_floor,
    rank_correlation,
    support,
)

DRAWS = 5  # random orders, for the control
STAGES = 8  # nets with more layers are made random in so many steps
SENSITIVE = 2  # of the images, from the first on, whose neighbourhood is searched: each costs NEARBY maps
# Which pixels go first, and whether they come instead; by what the map says of them, or by its size for or against.
CURVES = {
    "deletion": (importance, False),
    "insertion": (importance, True),
    "deletion, signed": (support, False),
    "insertion, signed": (support, True),
}


@dataclass(frozen=True)
class Trust:
    """What has been found of a method's maps, or of a control's, so far."""

    found: Images
    numbers: dict[str, PerImage] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict)
    stages: dict[str, PerImage] = field(default_factory=dict)  # by the layer that the twin's weights have come down to
    done: float = 0.0  # share of the work, between 0 and 1


def controls(model: nn.Module, x: Images, target: Target) -> Iterator[tuple[str, Trust]]:
    """What a map scores that knows nothing of the net: each control's name, and what has been measured of it so far."""
    for name, draw_map in CONTROLS.items():
        finished: list[Trust] = []
        for found in [at_random(x, draw) for draw in range(DRAWS)] if name == RANDOM else [draw_map(x)]:
            for trust in _faithfulness(model, x, target, found, gradients=False):
                yield name, _mean([*finished, trust])
            finished.append(trust)
        yield name, _mean(finished)


def _mean(found: Sequence[Trust]) -> Trust:
    """The first one's map, with the mean of all that each of them has."""
    first = found[0]
    numbers = {part: torch.stack([own.numbers[part] for own in found if part in own.numbers]).mean(0)
               for part in first.numbers}  # fmt: skip
    curves = {part: torch.stack([own.curves[part] for own in found if part in own.curves]).mean(0)
              for part in first.curves}  # fmt: skip
    return replace(first, numbers=numbers, curves=curves)


def _faithfulness(model: nn.Module, x: Images, target: Target, found: Images, *, gradients: bool) -> Iterator[Trust]:
    """What happens to the target when what a map finds goes, or comes, curve by curve."""
    trust = Trust(found)
    signed = not torch.equal(importance(found), support(found))
    for name, (order, insert) in CURVES.items():
        plain = name.removesuffix(", signed")
        known = None if signed else trust.curves.get(plain)
        shares = curve(model, x, target, order(found), insert) if known is None else known
        trust = replace(trust, curves=trust.curves | {name: shares}, numbers=trust.numbers | {name: area(shares)})
        yield trust
    numbers = {"infidelity": infidelity(model, x, target, found, gradients=gradients)}
    yield replace(trust, numbers=trust.numbers | numbers)


def randomised(model: nn.Module, twin: nn.Module, x: Images) -> Iterator[tuple[str, nn.Module]]:
    """Nets whose layers, from the last down to one, have their untrained twin's weights, and that layer's name.

    Cascading randomisation (Adebayo et al. 2018, section 3.1), in at most STAGES even steps. It is one net, which
    changes from step to step. Until the last stage the layers in front are still the trained ones, so what a map keeps
    may be theirs (Hedström et al. 2023); with all weights random it is not.
    """
    net, weights = copied(model), twin.state_dict()
    layers = [layer for layer in list_layers(model, x.shape[1:]) if layer.module]
    places = np.linspace(len(layers) - 1, 0, min(STAGES, len(layers))).round().astype(int)
    names = list(weights)
    for layer in (layers[place] for place in places):
        first = next(place for place, name in enumerate(names) if name.startswith(f"{layer.module}."))
        net.load_state_dict({name: weights[name] for name in names[first:]}, strict=False)
        yield layer.name, net


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
    found, own = forming.found, {}
    if name in COMPLETE:
        gap = completeness_gap(model, x, target, found, baseline)
        own["gap"] = gap.abs() / (found.flatten(1).sum(1) - gap).abs()
    if forming.error is not None:
        own["error"] = forming.error
    for faithful in _faithfulness(model, x, target, found, gradients=name in GRADIENTS):
        yield (trust := replace(trust, numbers=own | faithful.numbers, curves=faithful.curves))
    changes = []
    for maps, image in enumerate(near(x[:SENSITIVE]), 1):
        for forming in watched(name, model, image, target, baseline):
            yield replace(trust, done=(maps + forming.done) / nets)
        changes.append(change(found[:SENSITIVE], forming.found))
    trust = replace(trust, numbers=trust.numbers | {"sensitivity": torch.stack(changes).amax(0)})
    for maps, (layer, net) in enumerate(randomised(model, twin, x), 1 + NEARBY):
        for forming in watched(name, net, x, target, baseline):
            yield replace(trust, done=(maps + forming.done) / nets)
        alike = rank_correlation(found, forming.found, x)
        trust = replace(trust, stages=trust.stages | {layer: alike}, done=(maps + 1) / nets)
    stages = list(trust.stages.values())  # one, where the net is one layer
    numbers = {"last layer random": stages[0], "all random": stages[-1]} if stages else {}
    if stages and name in MULTIPLYING and baseline == "black":
        divisor = torch.where(x == 0, 1.0, x)
        numbers |= {"all random, divided": rank_correlation(found / divisor, forming.found / divisor, x),
                    "floor": product_floor(x)}  # fmt: skip
    yield replace(trust, numbers=trust.numbers | numbers, done=1.0)


@dataclass(frozen=True)
class Worth:
    """What was found of one method in one net, on the mean over images."""

    numbers: dict[str, float]
    curves: dict[str, list[float]]
    stages: dict[str, float] = field(default_factory=dict)


def worth(examined: Sequence[Trust]) -> Worth:
    """The means over all images of what was found, in groups with a target each."""
    return Worth(*(_means([getattr(trust, part) for trust in examined]) for part in ("numbers", "curves", "stages")))


def _means(found: Sequence[Mapping[str, Tensor]]) -> dict[str, Any]:
    return {part: values.nanmean(-1).tolist() for part, values in joined(found).items()}


def joined(found: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """What was found of groups of images, image after image."""
    kept: dict[str, list[Tensor]] = defaultdict(list)
    for own in found:
        for part, values in own.items():
            kept[part].append(values)
    return {part: torch.cat(values, -1) for part, values in kept.items()}
