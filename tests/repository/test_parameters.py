"""Every parameter matters: each changed alone changes the result, in the direction that its docstring says.

`TABLE` holds a case for each function, method and recipe; `CONSTANTS` the numbers that are parameters in all but name.
What is in neither stands in `EXEMPT` with a reason.
"""

import ast
import copy
import dataclasses
import importlib
import inspect
import math
import random
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial, wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file
from torch import Generator, Tensor, nn

from core import (
    atlas,
    attribution,
    examples,
    freezing,
    guess,
    learning_curves,
    maps,
    movements,
    photo_examples,
    readability,
    segmentation,
    stimuli,
    survey,
    symmetry,
    training,
    weights,
)
from core.ascent import ascend, best_of, grow, objectives, parametrise, prepare, priors, within
from core.ascent.ascend import carried
from core.ascent.parametrise import Characters, Fourier, Ink, Maco, Pixels
from core.ascent.transforms import Blur, Gumbel, Jitter, Warp
from core.attribution import ATTRIBUTIONS, FORMING, backwards, outcome, removal
from core.attribution.outcome import Target
from core.cells import agreement, contexts
from core.circuits import contributions, cuts, eighth, factors, frozen_gates, gates, losses, score, together
from core.circuits import graph as graphs
from core.data import augment, photos, points, text
from core.data.digits import Digits, test_set
from core.layers import list_layers, record
from core.measures import (
    bends,
    colourfulness,
    constant,
    dimension,
    directions,
    edge_likeness,
    effective_field,
    equivariance,
    field,
    fitted_field,
    forced_choice,
    held_out,
    interval,
    locality,
    neighbours,
    nonlinearity,
    path_similarity,
    performance_correlation,
    probes,
    receptive_field,
    relevance,
    selectivity,
    signal,
    similarity,
    spaces,
    sparsity,
)
from core.measures.field import Field
from core.measures.forced_choice import PIXELS, Observer
from core.measures.spatial_frequency import mean_frequency
from core.memory import capacity, delay, influence, order, unrolled
from core.models import load
from core.plane import exact, surfaces, xor
from core.plane import nets as plane_nets
from core.relevance import orders, uses
from core.studio import beside, caricature, dream, fooling, inversion, perturbed, smallest, style, texture, waves
from core.studio.fooling import Fooling
from core.studio.inversion import Inversion
from core.studio.style import Style
from core.studio.texture import Texture
from core.trust import advice, controls, examine, numbers, pointing, table
from core.units import Unit
from tests.nets import Ramp

MODULES = (
    "ascent.ascend", "ascent.objectives", "ascent.parametrise", "ascent.prepare", "ascent.priors", "ascent.within",
    "ascent.transforms", "stimuli",
    "attribution", "attribution.backwards", "attribution.outcome", "attribution.removal", "trust.advice",
    "trust.controls", "trust.examine", "trust.numbers", "trust.pointing", "trust.table", "measures.bends",
    "measures.colourfulness", "measures.constant", "measures.dimension",
    "measures.directions", "measures.edge_likeness",
    "measures.effective_field", "measures.field", "measures.fitted_field", "measures.forced_choice",
    "measures.held_out", "measures.interval", "measures.known_fields", "measures.locality",
    "measures.measured_fields", "measures.neighbours", "measures.nonlinearity", "measures.path_similarity",
    "measures.performance_correlation", "measures.probes", "measures.reach",
    "measures.receptive_field", "measures.relevance", "measures.selectivity", "measures.signal", "measures.similarity",
    "measures.spaces",
    "measures.sparsity", "measures.spatial_frequency", "maps", "segmentation", "survey", "weights", "examples",
    "training", "data.augment", "by_depth", "freezing", "guess", "photo_examples",
    "readability", "circuits.contributions", "circuits.cuts", "circuits.frozen_gates", "circuits.gates",
    "circuits.graph", "circuits.together", "circuits.eighth", "circuits.factors", "circuits.losses",
    "memory.unrolled", "memory.influence", "memory.capacity", "memory.delay", "memory.order", "cells.agreement",
    "cells.contexts", "circuits.score", "measures.equivariance", "movements", "symmetry", "learning_curves",
    "data.points", "plane.exact",
    "plane.nets", "plane.surfaces", "plane.xor", "relevance.orders", "relevance.uses",
    "studio.perturbed", "studio.smallest", "studio.fooling", "studio.beside", "studio.caricature",
    "studio.dream",
    "studio.style", "studio.texture", "studio.waves", "studio.inversion",
)  # fmt: skip


# What is given: nets, images and what is asked of them.


def colour_net(seed: int) -> nn.Sequential:
    """Two convolutions for images of 32 x 32 pixels in colour, and logits; weights from a seed."""
    parts = OrderedDict(
        conv1=nn.Conv2d(3, 6, 3, padding=1), relu1=nn.ReLU(), pool1=nn.AvgPool2d(2),
        conv2=nn.Conv2d(6, 8, 3, padding=1), relu2=nn.ReLU(), pool2=nn.AvgPool2d(2),
        flatten=nn.Flatten(), logits=nn.Linear(8 * 64, 10),
    )  # fmt: skip
    generator = Generator().manual_seed(seed)
    net = nn.Sequential(parts).eval().requires_grad_(False)
    for weight in net.parameters():
        weight.copy_(torch.randn(weight.shape, generator=generator) / math.sqrt(weight[0].numel()))
    return net


def normed_net() -> nn.Sequential:
    """A convolution with a batch norm, and one by channel that takes every second place."""
    parts = OrderedDict(conv=nn.Conv2d(3, 4, 3), norm=nn.BatchNorm2d(4), thin=nn.Conv2d(4, 4, 3, stride=2, groups=4))
    return nn.Sequential(parts).eval().requires_grad_(False)


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=seeded(seed))


with torch.random.fork_rng():  # layers draw weights when they are made
    COLOUR, OTHER_COLOUR = colour_net(0), colour_net(1)
    NORMED, OTHER_NORMED = normed_net(), normed_net()
    REPEATING = nn.Sequential(nn.Conv2d(1, 1, 7, padding=3, padding_mode="replicate"))
    LARGE_COLOUR = nn.Sequential(OrderedDict(conv1=nn.Conv2d(3, 6, 9)))
    OTHER_REPEATING = nn.Sequential(nn.Conv2d(1, 1, 5, padding=2, padding_mode="replicate"))
    RAMP, OTHER_RAMP = Ramp().requires_grad_(False), nn.Sequential(OrderedDict(fc=nn.Linear(2, 3), relu=nn.ReLU()))
    THIN, THICK = nn.Conv2d(4, 4, 3, stride=2, groups=4), nn.Conv2d(4, 4, 5, stride=2, groups=4)
CNN, DENSE, RNN = load("cnn"), load("dense"), load("rnn")
CNN_TWIN, DENSE_TWIN = load("cnn", weights="untrained"), load("dense", weights="untrained")
CNN_LAYERS, DENSE_LAYERS, RNN_LAYERS = (list_layers(net, (1, 28, 28)) for net in (CNN, DENSE, RNN))
GROUPED = [replace(layer, shape=(2 * layer.units, *layer.shape[1:])) for layer in CNN_LAYERS]  # whose units read a half
MNIST = test_set()
SOME, MORE = Digits(*(part[:60] for part in MNIST)), Digits(*(part[60:120] for part in MNIST))
DIGIT, OTHER_DIGIT = MNIST.images[:2], MNIST.images[2:4]
PHOTO, OTHER_PHOTO = F.interpolate(photos.sample_views()[[0, 3, 5, 9]], (32, 32), mode="area").split(2)
SEEN, STATES = record(CNN, DIGIT), record(RNN, DIGIT)
LINEAR = priors.shipped("linear")
HALVES = torch.tensor([[1.0, 0.0], [0.5, 0.5]]).repeat_interleave(98, 1) / 98  # of a map of 14 x 14
SHARES = noise(2, 65, 6).softmax(1)
MAP, OTHER_MAP = noise(2, 1, 28, 28) - 0.5, noise(2, 1, 28, 28, seed=1) - 0.5
SQUARE = F.pad(torch.ones(1, 1, 8, 8), (10,) * 4)
POINTS, MORE_POINTS = noise(120, 6), noise(120, 6, seed=1)
LABELS = torch.arange(120) % 3
FRAME, OTHER_FRAME = (
    stimuli.Frame(2, 2, {"a/b": stimuli.as_bytes(digit[:1])}, {"a/b": [0.0]}) for digit in (DIGIT, OTHER_DIGIT)
)


# What becomes of a result, before and after.

Check = Callable[[Any, Any], bool]


def differs(before: Any, after: Any) -> bool:
    return plain(before) != plain(after)


def stays(before: Any, after: Any) -> bool:
    """For what only saves time or memory, or says which of equal ways is taken."""
    return not differs(before, after)


def near(before: Tensor, after: Tensor) -> bool:
    """For what only says how much is taken at once."""
    return torch.allclose(before, after, rtol=1e-4, atol=1e-5)


def more(measure: Callable[[Any], Any] = float) -> Check:
    return lambda before, after: bool(measure(after) > measure(before))


def less(measure: Callable[[Any], Any] = float) -> Check:
    return lambda before, after: bool(measure(after) < measure(before))


def both(*checks: Check) -> Check:
    return lambda before, after: all(check(before, after) for check in checks)


def times(factor: float) -> Check:
    return lambda before, after: torch.allclose(after, factor * before, rtol=1e-4, atol=1e-6)


def level(images: Tensor) -> float:
    """How bright, or how inky."""
    return float(images.mean())


def spread(values: Tensor) -> float:
    return float(values.std())


def size(values: Tensor) -> float:
    return float(values.norm())


def fineness(images: Tensor) -> float:
    return float(mean_frequency(images).mean())


def away(start: Tensor | float) -> Callable[[Tensor], float]:
    """How far from the start."""
    return lambda images: float((images - start).norm())


def roughness(images: Tensor) -> float:
    """Total variation."""
    return float(images.diff(dim=2).abs().sum() + images.diff(dim=3).abs().sum())


def column(images: Tensor) -> float:
    """Where the middle of the ink lies, from left to right."""
    return float((images.sum((0, 1, 2)) * torch.arange(images.shape[3])).sum() / images.sum())


def row(images: Tensor) -> float:
    return column(images.transpose(2, 3))


def unlike(images: Tensor) -> float:
    """How little pictures are alike."""
    return -float(torch.corrcoef(images.flatten(1)).mean())


def paper(found: Tensor) -> float:
    """What a map of DIGIT makes of pixels without ink."""
    return float(found[DIGIT == 0].abs().sum())


def error(forming: outcome.Forming) -> float:
    assert forming.error is not None
    return float(forming.error.mean())


# How a case is written.


def plain(value: Any) -> Any:
    """A value as what can be compared exactly; of a module also its weights, modes, gradients and hooks."""
    if isinstance(value, Tensor):
        return (str(value.dtype), value.requires_grad, plain(value.detach().float().numpy()))
    if isinstance(value, np.ndarray):
        return (value.shape, value.tobytes())
    if isinstance(value, nn.Module):
        flags = [(name, part.training, len(part._forward_hooks), len(part._forward_pre_hooks),
                  len(part._backward_hooks)) for name, part in value.named_modules()]  # fmt: skip
        grads = [(weight.requires_grad, weight.grad is None) for weight in value.parameters()]
        return (str(value), flags, grads, plain(value.state_dict()))
    if isinstance(value, pd.DataFrame | pd.Series):
        return value.to_csv()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return (type(value).__name__, [plain(getattr(value, part.name)) for part in dataclasses.fields(value)])
    if isinstance(value, Mapping):
        return [(str(key), plain(part)) for key, part in value.items()]
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value if callable(value) or isinstance(value, Generator) else repr(value)


def finished(result: Any) -> Any:
    """Of what is yielded step by step, the last; a class's object as it is."""
    return list(result)[-1] if isinstance(result, Iterator) else result


def all_of(result: Any) -> Any:
    return list(result)


def images_of(result: Any) -> Tensor:
    return finished(result).images


def map_of(result: Any) -> Tensor:
    """The map itself, of one that forms the finished one."""
    last = finished(result)
    return last.found if isinstance(last, outcome.Forming) else last


@dataclass(frozen=True)
class Change:
    """A parameter's value, another value, and what that makes of the result; without a check it stays as it is."""

    value: Any
    other: Any = None
    check: Check | None = differs


@dataclass(frozen=True)
class Case:
    """Something that can be called, what is made of what it gives, and its parameters."""

    of: Callable[..., Any]
    then: Callable[[Any], Any]
    changes: dict[str, Change]
    label: str = ""

    def arguments(self, changed: str | None = None) -> dict[str, Any]:
        """The base values, one of them changed; made anew where a value is a partial, a generator's is its seed."""
        found = {name: change.other if name == changed else change.value for name, change in self.changes.items()}
        found = {name: value() if isinstance(value, partial) else value for name, value in found.items()}
        return {name: seeded(value) if name == "generator" and isinstance(value, int) else value
                for name, value in found.items()}  # fmt: skip

    @property
    def tested(self) -> list[str]:
        """The parameters that are changed."""
        return [name for name, change in self.changes.items() if change.check]

    def call(self, arguments: Mapping[str, Any]) -> Any:
        options = arguments.get("how", {})
        return self.of(**{name: value for name, value in arguments.items() if name != "how"}, **options)

    def drawn(self) -> dict[str, Any]:
        """What a call uses up: generators, and what is made anew."""
        return {name: value for name, value in self.arguments().items()
                if isinstance(value, Generator) or isinstance(self.changes[name].value, partial)}  # fmt: skip

    def result(self, changed: str | None = None) -> Any:
        return self.then(self.call(self.arguments(changed)))

    def __str__(self) -> str:
        return f"{place(self.of)}{f' {self.label}' if self.label else ''}"


def place(of: Callable[..., Any]) -> str:
    return f"{of.__module__.removeprefix('core.')}.{of.__qualname__}"


# Of parameters that mean the same everywhere: a value and another.
USUAL = {
    "model": (CNN, CNN_TWIN), "x": (DIGIT, OTHER_DIGIT), "images": (DIGIT, OTHER_DIGIT), "generator": (0, 1),
    "target": (Target("logits", 7), Target("logits", 2)), "found": (MAP, OTHER_MAP), "net": (CNN, CNN_TWIN),
    "seed": (0, 1), "baseline": ("black", "blurred"), "k": (3, 5), "layers": (CNN_LAYERS, CNN_LAYERS[:-4]),
    "labels": (LABELS, torch.arange(120) // 40), "points": (POINTS, MORE_POINTS), "distances": (
        spaces.distances(POINTS)["euclidean"], spaces.distances(MORE_POINTS)["euclidean"]),
}  # fmt: skip


def case(
    of: Callable[..., Any], then: Callable[[Any], Any] = finished, label: str = "", **own: tuple[Any, ...]
) -> Case:
    """What is not given is taken from USUAL, or left to its default; a value alone is fixed."""
    known = {name: USUAL[name] for name in inspect.signature(of).parameters if name in USUAL}
    changes = {name: Change(*change) if len(change) > 1 else Change(*change, check=None)
               for name, change in (known | own).items()}  # fmt: skip
    return Case(of, then, changes, label)


def total(scores: Tensor) -> float:
    return float(scores.sum())


def drawn(parametrisation: Any) -> Tensor:
    """The images that it starts with."""
    return parametrisation(parametrisation.start(seeded()))


def shaken(transform: Any) -> Tensor:
    """Forty images of one square, each shaken by itself."""
    generator = seeded()
    return torch.cat([transform(SQUARE, generator) for _ in range(40)])


def moved(images: Tensor) -> float:
    """How far the squares lie from the middle, on the mean."""
    places = [(column(image[None]) - 13.5, row(image[None]) - 13.5) for image in images]
    return sum(map(math.hypot, *zip(*places, strict=True)))


def border(images: Tensor) -> float:
    return float(images[..., 0, :].mean())


def how(**options: Any) -> Any:
    """What `grow` passes on to `ascend`."""
    return partial(lambda: {"generator": seeded()} | options)


ASCENT = [
    case(ascend, images_of, objective=(objectives.units("conv2", [4, 9]), objectives.units("conv2", [5, 9])),
         parametrise=(Pixels((2, 1, 28, 28)), Fourier((2, 1, 28, 28)), less(fineness)),
         transforms=([], [Blur(2.0)], less(fineness)), steps=(6, 12, more(away(0.5))),
         lr=(0.1, 0.3, more(away(0.5))), dtype=(torch.float32, torch.bfloat16)),
    case(ascend, lambda steps: total(finished(steps).scores), "its scores", steps=(6, 24, more()),
         lr=(0.03, 0.1, more()),
         objective=(objectives.units("conv2", [4, 9]), 3 * objectives.units("conv2", [4, 9]), more()),
         parametrise=(Pixels((2, 1, 28, 28)), Ink((2, 1, 28, 28), budget=0.01), less()),
         transforms=([], [Blur(2.0)], less())),
    case(ascend, images_of, "with total variation", model=(CNN,), generator=(0,), steps=(20,),
         parametrise=(Pixels((2, 1, 28, 28)),),
         objective=(objectives.units("conv2", [4, 9]),
                    objectives.units("conv2", [4, 9]) - 0.1 * objectives.total_variation(), less(roughness))),
    case(ascend, images_of, "with bright pixels punished", model=(CNN,), generator=(0,), steps=(20,),
         parametrise=(Pixels((2, 1, 28, 28)),),
         objective=(objectives.units("conv2", [4, 9]),
                    objectives.units("conv2", [4, 9]) - 0.1 * objectives.l2(), less(level))),
    case(grow, images_of, objective=(objectives.units("conv2", [4]), objectives.units("conv2", [5])),
         parametrise=(Pixels, Ink, less(level)), shape=((1, 1, 28, 28), (1, 1, 56, 28)),
         stages=([(4, 1), (2, 0)], [(8, 1), (4, 0)], more(away(0.5))), first=(0.5, 0.2, less(level)),
         how=(how(lr=0.1), how(lr=0.3), more(away(0.5)))),
    case(carried, images=(PHOTO[..., ::2, ::2], OTHER_PHOTO[..., ::2, ::2]), whole=(PHOTO, OTHER_PHOTO),
         size=((32, 32), (48, 48), more(torch.numel))),
    case(objectives.energy, lambda score: score(SEEN, DIGIT), layer=("conv2", "relu2", less(total))),
    case(objectives.units, lambda score: score(SEEN, DIGIT), layer=("conv2", "conv3"), indices=([4, 9], [5, 9]),
         place=("centre", "mean")),
    case(objectives.units, lambda score: score(STATES, DIGIT), "over time", layer=("lstm1", "lstm2"),
         indices=([4, 9], [5, 9]), time=(-1, 9)),
    case(objectives.aimed, lambda score: score(SEEN, DIGIT), layer=("conv2", "relu2"), indices=([4, 9], [5, 9]),
         aims=(HALVES, HALVES.flip(0))),
    case(objectives.aimed, lambda score: score(STATES, DIGIT), "over time", layer=("lstm1", "lstm2"),
         indices=([4, 9], [5, 9]), aims=(torch.ones(2, 28) / 28, 2 * torch.ones(2, 28) / 28, more(total))),
    case(best_of, objective=(objectives.units("conv2", [4, 9]), objectives.units("conv2", [5, 9])),
         parametrise=(LINEAR, lambda points: 1 - LINEAR(points)),
         drawn=(noise(8, 50), noise(8, 50, seed=1)),
         ranks=([0, 1], [0, 7])),
    case(objectives.direction, lambda score: score(SEEN, DIGIT), layer=("conv1", "relu1"),
         vectors=(torch.ones(2, 12), 2 * torch.ones(2, 12), times(2.0))),
    case(objectives.weighted, lambda score: score(SEEN, DIGIT), layer=("conv1", "relu1"),
         weights=(torch.ones(2, 12, 28, 28), 2 * torch.ones(2, 12, 28, 28), times(2.0))),
    case(objectives.near, lambda score: score(SEEN, DIGIT), layer=("conv1", "relu1"),
         activation=(torch.ones(2, 12, 28, 28), 2 * torch.ones(2, 12, 28, 28), more(total))),
    case(objectives.gram, activation=(SEEN["conv1"], 2 * SEEN["conv1"], times(4.0))),
    case(objectives.alike, lambda score: score(SEEN, DIGIT), layer=("conv1", "relu1"),
         activation=(noise(1, 12, 9, 9), 2 * noise(1, 12, 9, 9)), centred=(True, False)),
    case(objectives.diversity, lambda score: score(SEEN, DIGIT), layer=("conv2", "conv3"),
         kinds=([0, 0], [0, 1], more(total)), place=("mean", "centre")),
    case(objectives.diversity, lambda score: score(STATES, DIGIT), "over time", layer=("lstm1", "lstm2"),
         kinds=([0, 0], [0, 1], more(total)), time=(-1, 9)),
    case(prepare.prepared, lambda net: (str(net), record(net.float(), PHOTO, ["conv", "norm", "thin"])),
         model=(NORMED, OTHER_NORMED), images=(PHOTO, OTHER_PHOTO, stays), layers=(["norm", "thin"], ["conv", "thin"]),
         dtype=(torch.float32, torch.bfloat16)),
    case(prepare.Thinned, lambda thin: thin(noise(1, 4, 9, 9)), conv=(THIN, THICK),
         padding=((0, 0, 0, 0), (1, 0, 1, 0))),
    case(prepare.Thinned.forward, self=(prepare.Thinned(THIN, (0, 0, 0, 0)), prepare.Thinned(THICK, (0, 0, 0, 0))),
         x=(noise(1, 4, 9, 9), noise(1, 4, 9, 9, seed=1))),
]  # fmt: skip

PARAMETRISATIONS = [
    case(Pixels, drawn, shape=((2, 1, 28, 28), (3, 1, 28, 28)), first=(0.5, 0.8, more(level)),
         noise=(0.1, 1.0, more(spread))),
    case(Ink, drawn, shape=((2, 1, 28, 28), (3, 1, 28, 28)), first=(0.05, 0.1, more(level)),
         noise=(0.1, 1.0, more(spread)),
         budget=(0.13, 0.03, less(level))),
    case(Ink, drawn, "beyond its budget", shape=((2, 1, 28, 28), (3, 1, 28, 28)), first=(0.5, DIGIT, less(fineness)),
         noise=(0.1, 1.0, more(spread)),
         budget=(0.13, 0.26, lambda before, after: math.isclose(level(after), 2 * level(before), rel_tol=1e-3))),
    case(Fourier, drawn, shape=((2, 1, 28, 28), (2, 3, 28, 28)), first=(0.5, 0.8, more(level)),
         decay=(1.0, 2.0, less(fineness)),
         noise=(0.01, 0.1, more(spread))),
    case(Maco, drawn, shape=((2, 3, 32, 32), (3, 3, 32, 32)),
         magnitudes=(parametrise.magnitudes(PHOTO), parametrise.magnitudes(noise(2, 3, 32, 32)), more(fineness))),
    case(Characters, drawn, shape=((2, 65, 4), (2, 65, 5)), first=(1.0, SHARES[:, :, :4]),
         noise=(0.5, 2.0, more(spread))),
    *[case(type(one).start, self=(one, other), label=type(one).__name__) for one, other in (
        (Characters((1, 65, 4)), Characters((1, 65, 4), noise=3.0)),
        (Pixels((1, 1, 8, 8)), Pixels((1, 1, 8, 8), 0.8)), (Fourier((1, 1, 8, 8)), Fourier((1, 1, 8, 8), 0.8)),
        (Maco((1, 3, 4, 4), noise(3, 4, 3)), Maco((2, 3, 4, 4), noise(3, 4, 3))))],
    case(Pixels.__call__, self=(Pixels((2, 1, 28, 28)), Pixels((2, 1, 28, 28), 0.1), stays),
         parameters=(MAP, MAP + 1, more(level))),
    case(Ink.__call__, self=(Ink((2, 1, 28, 28)), Ink((2, 1, 28, 28), budget=0.2), more(level)),
         parameters=(MAP, 3 * MAP, more(spread))),
    case(Fourier.__call__, self=(Fourier((1, 1, 28, 28)), Fourier((1, 1, 28, 28), decay=2.0), less(fineness)),
         parameters=(noise(1, 1, 28, 15, 2) - 0.5, 0.1 * (noise(1, 1, 28, 15, 2) - 0.5), less(spread))),
    case(Maco.__call__, self=(Maco((2, 3, 32, 32), noise(3, 32, 17)), Maco((2, 3, 32, 32), noise(3, 32, 17, seed=1))),
         parameters=(noise(2, 3, 32, 17), 2 * noise(2, 3, 32, 17))),
    case(Characters.__call__, self=(Characters((2, 65, 6)), Characters((2, 65, 6), noise=0.0), stays),
         parameters=(SHARES, 30 * SHARES, more(spread))),
    case(parametrise.unsquashed, images=(DIGIT, DIGIT / 2, less(level))),
    case(parametrise.magnitudes, images=(PHOTO, OTHER_PHOTO)),
    case(parametrise.decorrelated, images=(PHOTO, OTHER_PHOTO)),
]  # fmt: skip

TRANSFORMS = [
    case(Jitter, shaken, pixels=(2, 6, more(moved)), fill=(0.0, 1.0, more(border))),
    case(Jitter, lambda jitter: torch.cat([jitter(torch.ones(1, 1, 8, 8), seeded(seed)) for seed in range(20)]),
         "at the border",
         pixels=(4, 2, more(level)), fill=(0.0, None, lambda before, after: level(before) < level(after) == 1)),
    case(Jitter.__call__, self=(Jitter(3), Jitter(4))),
    case(Blur, shaken, sigma=(0.5, 1.5, both(less(fineness), less(spread)))),
    case(Blur.__call__, self=(Blur(0.5), Blur(1.5), less(fineness)), generator=(0, 1, stays)),
    case(Warp, shaken, degrees=(5.0, 40.0, more(away(SQUARE))), low=(0.9, 0.5, less(level)),
         high=(1.0, 1.6, more(level))),
    case(Warp, shaken, "at the border", low=(0.5,), high=(0.5,), fill=(0.3, 0.6, more(border))),
    case(Warp.__call__, self=(Warp(5.0, 0.9, 1.1), Warp(45.0, 0.9, 1.1), more(away(DIGIT)))),
    case(Gumbel, lambda gumbel: gumbel(SHARES, seeded()), temperature=(1.0, 0.2, more(spread)),
         noise=(1.0, 0.0, less(spread))),
    case(Gumbel.__call__, self=(Gumbel(1.0), Gumbel(0.5), more(spread)), shares=(SHARES, SHARES.flip(1))),
    case(augment.augment, strength=(0.3, 1.0, more(away(DIGIT)))),
    case(augment.warp, angle=(torch.zeros(2), torch.full((2,), 0.5)),
         scale=(torch.ones(2), torch.full((2,), 1.3), more(level)),
         right=(torch.zeros(2), torch.full((2,), 2.0), less(column)),
         down=(torch.zeros(2), torch.full((2,), 2.0), less(row))),
]  # fmt: skip


PRIORS = [
    case(within.Within, drawn, prior=(LINEAR, LINEAR.forward, stays), first=(noise(2, 50), noise(2, 50, seed=1)),
         radius=(1.0, 0.2, less(lambda made: away(LINEAR(torch.zeros(1, 50)))(made)))),
    case(within.Within.start, self=(within.Within(LINEAR, noise(2, 50)), within.Within(LINEAR, noise(2, 50, seed=1))),
         generator=(0, 1, stays)),
    case(within.Within.__call__, self=(within.Within(LINEAR, noise(2, 50)), within.Within(LINEAR, noise(2, 50), 0.1)),
         parameters=(noise(2, 50), noise(2, 50, seed=1))),
    case(within.held, points=(noise(2, 50), noise(2, 50, seed=1)), radius=(0.1, 0.3, more(total))),
    case(within.begun, lambda made: made.first, model=(CNN, CNN_TWIN),
         objective=(objectives.units("conv2", [4]), objectives.units("conv2", [5])), name=("linear", "generator"),
         ranks=([0], [3]), radius=(1.2, 0.2), generator=(0, 1)),
    case(priors.Linear, lambda prior: tuple(prior.components.shape), numbers=(50, 20, less(lambda shape: shape[0]))),
    case(priors.Linear.forward, self=(LINEAR, priors.Linear()), points=(noise(2, 50), noise(2, 50, seed=1))),
    case(priors.Linear.points, self=(LINEAR, priors.fit_linear(DIGIT, 2))),
    case(priors.fit_linear, lambda prior: prior.components, images=(DIGIT, OTHER_DIGIT),
         numbers=(1, 2, more(len))),
    case(priors.shipped, lambda prior: prior.numbers, name=("linear", "generator", less())),
    case(priors.drawings, name=("linear", "generator"), count=(2, 3, more(len))),
    case(priors.about, name=("linear", "generator")),
    case(priors.error, images=(DIGIT, OTHER_DIGIT), made=(DIGIT, OTHER_DIGIT, more())),
]  # fmt: skip


def run_of(net: nn.Module, digit: Tensor, layers: list[Any], last: str) -> contributions.Run:
    return contributions.Run(net, digit[:1], contributions.stages(layers, last))


CNN_RUN, OTHER_RUN, DENSE_RUN = (
    run_of(CNN, DIGIT, CNN_LAYERS, "conv3"), run_of(CNN, OTHER_DIGIT, CNN_LAYERS, "conv3"),
    run_of(DENSE, DIGIT, DENSE_LAYERS, "logits"),
)  # fmt: skip
CONV3, CONV2 = CNN_RUN.stages[2], CNN_RUN.stages[1]
GRAPH = graphs.graph(DENSE_RUN, 7, k=40)
TOP, NEXT, *_ = sorted(set.intersection(*({node.unit for node in row} for row in GRAPH.rows[1:])))
OTHER_DENSE = run_of(DENSE, OTHER_DIGIT, DENSE_LAYERS, "logits")
SURE, SECOND = (int(place) for place in DENSE_RUN.activation("logits").argsort(descending=True)[:2])
LSTM, OTHER_LSTM = RNN.get_submodule("recurrent1"), load("rnn", weights="untrained").get_submodule("recurrent1")
FILL = {"relu1": torch.zeros(64), "relu2": torch.zeros(64)}


def logit(found: dict[str, Tensor]) -> Tensor:
    return found["logits"]


CIRCUITS = [
    case(contributions.stages, layers=(CNN_LAYERS, RNN_LAYERS), last=("logits", "conv2")),
    case(contributions.stages, len, "some of them", layers=(CNN_LAYERS,), last=("logits",),
         among=((), ("conv1", "logits"), less())),
    case(contributions.place_of, values=(noise(4, 5), noise(4, 5, seed=1))),
    case(contributions.Run, lambda run: run.activation("conv2"), model=(CNN, CNN_TWIN),
         x=(DIGIT[:1], OTHER_DIGIT[:1]), stages=(CNN_RUN.stages, CNN_RUN.stages[:2], stays)),
    case(contributions.Run.activation, self=(CNN_RUN, OTHER_RUN), name=("conv2", "relu2")),
    case(contributions.Run.strongest, self=(CNN_RUN, OTHER_RUN), stage=(CONV3, CONV2), unit=(3, 4)),
    case(contributions.Run.weights, self=(CNN_RUN, OTHER_RUN, stays), stage=(CONV3, CONV2), unit=(3, 4),
         place=((2, 3), (4, 3))),
    case(contributions.Run.split, self=(CNN_RUN, OTHER_RUN), stage=(CONV3, CONV2), unit=(3, 4),
         place=((2, 3), (4, 3))),
    case(graphs.graph, lambda found: found.kept, run=(CNN_RUN, OTHER_RUN), unit=(3, 4), place=((2, 3), (4, 3)),
         k=(3, 9, more()), rows=(2, 1, more()), pick=(graphs.largest, graphs.at_random(seeded()), less())),
    case(graphs.largest, influences=(noise(9), noise(9, seed=1)), k=(3, 5, more(len))),
    case(graphs.at_random, lambda pick: pick(torch.ones(90), 5), generator=(0, 1)),
    case(cuts.cut, logit, model=(CNN, CNN_TWIN), x=(DIGIT[:1], OTHER_DIGIT[:1]), layer=("relu4", "conv4"),
         sets=([[1], [2]], [[1], [3]]), fill=(-torch.ones(64, 3, 3), torch.ones(64, 3, 3)), names=(["logits"],)),
    case(cuts.cut, len, "what is read", model=(CNN,), x=(DIGIT[:1],), layer=("relu4",), sets=([[1]],),
         fill=(torch.zeros(64, 3, 3),), names=(["logits"], ["relu4", "logits"], more())),
    case(cuts.alone, model=(DENSE, DENSE_TWIN), x=(DIGIT[:1], OTHER_DIGIT[:1]),
         graph=(GRAPH, graphs.graph(DENSE_RUN, 7, k=2)), fills=(FILL, FILL | {"relu2": torch.ones(64)})),
    case(cuts.turned, logit, model=(DENSE, DENSE_TWIN), x=(DIGIT[:1], OTHER_DIGIT[:1]), layer=("relu2", "fc2"),
         unit=(TOP, NEXT), factors=(torch.tensor([-1.0]), torch.tensor([2.0])), names=(["logits"],)),
    case(cuts.turned, len, "what is read", model=(DENSE,), x=(DIGIT[:1],), layer=("relu2",), unit=(TOP,),
         factors=(torch.tensor([0.0]),), names=(["logits"], ["relu2", "logits"], more())),
    case(cuts.foretold, model=(DENSE, DENSE_TWIN, stays), graph=(GRAPH, graphs.graph(DENSE_RUN, 2, k=64)),
         layer=("relu2", "relu1"), unit=(TOP, NEXT), factor=(0.5, 0.2, more(abs))),
    case(cuts.effects, model=(DENSE, DENSE_TWIN), x=(DIGIT[:1], OTHER_DIGIT[:1]),
         graph=(GRAPH, graphs.graph(DENSE_RUN, 2, k=9))),
    case(frozen_gates.frozen, lambda net: str(net), model=(RNN, CNN)),
    case(frozen_gates.FrozenGates, lambda net: net(DIGIT[:, 0]), lstm=(LSTM, OTHER_LSTM)),
    case(frozen_gates.FrozenGates.forward, self=(frozen_gates.FrozenGates(LSTM), frozen_gates.FrozenGates(OTHER_LSTM)),
         x=(DIGIT[:, 0], OTHER_DIGIT[:, 0])),
    case(gates.gates, lstm=(LSTM, OTHER_LSTM), x=(DIGIT[0, 0], OTHER_DIGIT[0, 0]), unit=(3, 4), step=(9, 12)),
    case(gates.surviving, lstm=(LSTM, OTHER_LSTM), x=(DIGIT[0, 0], OTHER_DIGIT[0, 0]), unit=(3, 4),
         step=(9, 12, more(len))),
    case(together.only, weights=(noise(9), 2 * noise(9), times(2.0)), units=([1], [1, 4], more(size))),
    case(together.put_together, images_of, model=(DENSE, DENSE_TWIN), reads=("relu1", "fc1"),
         weights=(noise(64), -noise(64)), sets=([range(40)], [range(20)]), layer=("fc2", "fc1", stays),
         unit=(3, 4, stays),
         recipe=(replace(stimuli.OPTIMUM, steps=3), replace(stimuli.OPTIMUM, steps=9), more(away(0.5)))),
    case(together.put_together, lambda steps: finished(steps).scores, "its scores", model=(DENSE,), reads=("relu1",),
         weights=(noise(64),), sets=([[1, 2]],), layer=("fc2", "fc1"), unit=(3, 4),
         recipe=(replace(stimuli.OPTIMUM, steps=3),)),
]  # fmt: skip


ORDERS, OTHER_ORDERS = (losses.orders(noise(24, seed=seed).abs(), 2, seeded()) for seed in (0, 1))
BOTH = (CNN_RUN.activation("relu3") > 0) & (OTHER_RUN.activation("relu3") > 0)
ANSWERS = int(BOTH.flatten(1).sum(1).argmax())  # a unit that answers at several places, of both images
HERE, THERE = (tuple(place) for place in BOTH[ANSWERS].nonzero()[:2].tolist())
ALSO = next(unit for unit in range(48) if unit != ANSWERS and BOTH[(unit, *HERE)])
CUTS = [
    case(factors.factors, lambda found: found.products, model=(CNN, CNN_TWIN), run=(CNN_RUN, OTHER_RUN),
         stage=(CONV3, CONV2), unit=(3, 4), place=((2, 3), (4, 3))),
    case(losses.orders, lambda found: found.named + found.random[-1], by_unit=(noise(9), noise(9, seed=1)),
         draws=(2, 3), generator=(0, 1)),
    case(losses.orders, lambda found: found.random, "how many", by_unit=(noise(9),), draws=(2, 3, more(len)),
         generator=(0,)),
    case(losses.Orders.sets, self=(ORDERS, OTHER_ORDERS), count=(3, 5)),
    case(losses.some_counts, most=(40, 60, more(max)), k=(7, 8), points=(5, 9, more(len))),
    case(losses.without, logit, model=(DENSE, DENSE_TWIN), run=(DENSE_RUN, OTHER_DENSE),
         sets=([[1], [TOP]], [[TOP], [1]]), fill=(torch.zeros(64), torch.ones(64)), names=(["logits"],)),
    case(losses.without, len, "what is read", model=(DENSE,), run=(DENSE_RUN,), sets=([[1]],), fill=(torch.zeros(64),),
         names=(["logits"], ["relu2", "logits"], more())),
    case(losses.at, activation=(noise(2, 3, 4), noise(2, 3, 4, seed=1)), unit=(1, 2), place=((1,), (3,))),
    case(losses.lost, model=(CNN, CNN_TWIN), run=(CNN_RUN, OTHER_RUN), unit=(ANSWERS, ALSO), place=(HERE, THERE),
         found=(ORDERS, OTHER_ORDERS), fill=(torch.zeros(24, 14, 14), torch.ones(24, 14, 14)),
         counts=([1, 9], [2, 9])),
    case(losses.over_images, model=(DENSE, DENSE_TWIN), images=(DIGIT[:1], OTHER_DIGIT[:1]),
         stages=(DENSE_RUN.stages, DENSE_RUN.stages[:2]),
         unit=(SURE, SECOND), fill=(torch.zeros(64), torch.ones(64)), counts=([1, 9], [2, 9]), draws=(1, 2)),
    case(losses.against_random, values=(noise(3, 4), noise(3, 4, seed=1))),
    case(losses.halved, counts=([1, 2, 3], [4, 5, 6]),
         shares=(torch.tensor([0.1, 0.6, 0.9]), torch.tensor([0.6] * 3))),
    case(together.beside_own, images_of, "beside its own", model=(CNN, CNN_TWIN), run=(CNN_RUN, OTHER_RUN, stays),
         unit=(3, 4), place=((2, 3), (4, 3)), sets=([range(9)], [range(5)]),
         recipe=(replace(stimuli.OPTIMUM, steps=3), replace(stimuli.OPTIMUM, steps=9), more(away(0.5)))),
]  # fmt: skip


RNN_TWIN = load("rnn", weights="untrained")
READER, OTHER_READER = load("text", weights="untrained"), load("text", weights="untrained-1")
WORDS, OTHER_WORDS = (text.one_hot(text.encode(said)[None]) for said in ("Speak, speak", "Resolved. re"))
STEPS, OTHER_STEPS = noise(60, 9, 3), noise(60, 9, 3, seed=1)
MEMORY = [
    case(unrolled.unrolled, lstm=(LSTM, OTHER_LSTM), x=(DIGIT[:, 0], OTHER_DIGIT[:, 0])),
    case(unrolled.layers, net=(RNN, RNN_TWIN)),
    case(unrolled.steps_of, net=(READER, OTHER_READER), x=(WORDS, OTHER_WORDS)),
    case(unrolled.all_unrolled, net=(RNN, RNN_TWIN), x=(DIGIT, OTHER_DIGIT)),
    case(unrolled.time_constants, forget=(noise(2, 3, 4) / 2, noise(2, 3, 4) / 2 + 0.5, more(level))),
    case(influence.influence, lambda found: found["lstm2"], net=(READER, OTHER_READER), x=(WORDS, OTHER_WORDS),
         window=(6, 4, less(torch.numel)), probes=(2, 3), generator=(0, 1)),
    case(influence.occlusion, net=(RNN, RNN_TWIN), x=(DIGIT[:1], OTHER_DIGIT[:1])),
    case(influence.by_lag, triangle=(noise(1, 8, 8), noise(1, 8, 8, seed=1)), most=(3, 5, more(torch.numel))),
    case(influence.horizon, profile=(torch.exp(-torch.arange(9.0) / 2)[None], torch.exp(-torch.arange(9.0) / 3)[None],
                                     more())),
    case(capacity.readout, states=(STEPS, STEPS.square()), inputs=(STEPS + OTHER_STEPS, OTHER_STEPS),
         most=(3, 5, more(len))),
    case(capacity.capacity, explained=(noise(5), 2 * noise(5), more())),
    case(capacity.mixed, sequences=(STEPS, OTHER_STEPS), generator=(0, 1)),
    case(capacity.without_memory, inputs=(STEPS, OTHER_STEPS), generator=(0, 1)),
    case(delay.delayed, images=(DIGIT, OTHER_DIGIT), read=(12, 20, more(total)), blank=(3, 5, more(torch.numel))),
    case(delay.held, net=(RNN, RNN_TWIN), images=(DIGIT, OTHER_DIGIT), read=(12, 20), blank=(3, 5)),
    *(case(of, images=(DIGIT, OTHER_DIGIT), seed=(0, 1)) for of in (order.shuffled_rows, order.shuffled_columns,
                                                                    order.one_row_blanked)),
    *(case(of, images=(DIGIT, OTHER_DIGIT), seed=(0, 1, stays)) for of in (
        order.reversed_rows, order.first_half_blanked, order.second_half_blanked)),
]  # fmt: skip


def eighths_of(net: nn.Module, digits: Tensor, last: str = "fc2") -> eighth.Eighths:
    layers = list_layers(net, (1, 28, 28))
    return eighth.Eighths(net, digits, contributions.stages(layers, last), record(net, digits))


FORTY, OTHERS = MNIST.images[:40], MNIST.images[40:80]
EIGHTHS, OTHER_EIGHTHS = eighths_of(DENSE, FORTY), eighths_of(DENSE_TWIN, FORTY)
SCORED, OTHER_SCORED = score.Scored(DENSE, FORTY), score.Scored(DENSE_TWIN, FORTY)
FC2 = DENSE_RUN.stages[1]
ONE, TWO = (eighth.Answers(4.0, 1.0, {("mean", "named"): cut}, {"named": 3.0}) for cut in (1.0, 2.0))
FOUND = [score.Intervention(row, change, dict.fromkeys((score.EDGES, score.MORE, score.GRADIENT), 1.0))
         for row in (1, 2) for change in (1.0, 2.0)]  # fmt: skip
WAY = SCORED.ways[-1]


def first_unit(of: eighth.Eighths) -> Any:
    return next(of.units())


def first_root(found: Iterator[tuple[contributions.Run, int]]) -> Any:
    run, unit = next(found)
    return run.stages[-1].sums.name, unit, run.activation("input")


EIGHTHS_AND_SCORES = [
    case(eighth.chosen, run=(DENSE_RUN, run_of(DENSE, OTHER_DIGIT, DENSE_LAYERS, "logits")), stage=(FC2, WAY[-1]),
         split=(DENSE_RUN.split(FC2, 3, ()), DENSE_RUN.split(FC2, 4, ()))),
    case(eighth.Eighths, first_unit, images=(FORTY, OTHERS), stages=(EIGHTHS.stages, WAY[:2], stays),
         activations=(record(DENSE, FORTY), record(DENSE, OTHERS)), net=(DENSE, DENSE_TWIN)),
    case(eighth.Eighths.units, next, self=(EIGHTHS, OTHER_EIGHTHS)),
    case(eighth.shares, answers=([ONE, ONE], [ONE, TWO])),
    case(score.Scored, lambda scored: scored.means, net=(DENSE, DENSE_TWIN), images=(FORTY, OTHERS)),
    case(score.Scored.drawn, first_root, self=(SCORED, score.Scored(DENSE, OTHERS)), count=(1,)),
    case(score.Scored.drawn, lambda found: len(list(found)), "so many", self=(SCORED,), count=(1, 2, more()),
         generator=(0,)),
    case(score.Scored.strongest, self=(SCORED, OTHER_SCORED), stage=(WAY[1], WAY[2])),
    case(score.intervened, run=(DENSE_RUN, run_of(DENSE, OTHER_DIGIT, DENSE_LAYERS, "logits")), unit=(3, 4),
         net=(DENSE, DENSE_TWIN)),
    case(score.fit, measured=(noise(9), noise(9, seed=1)), said=(noise(9, seed=2), noise(9), more())),
    case(score.fits, all_of, found=(FOUND, FOUND[:2], less(len))),
    case(score.kept_by_depth, all_of, kept=([(1, {"x": 1.0})], [(1, {"x": 1.0}), (2, {"x": 0.0})], more(len))),
    case(score.influences, run=(DENSE_RUN, run_of(DENSE, OTHER_DIGIT, DENSE_LAYERS, "logits")), unit=(3, 4)),
    case(score.carried, scored=(SCORED, OTHER_SCORED), way=(WAY, WAY[:2]), unit=(3, 4), images=([0], [1])),
]  # fmt: skip


def asked(observer: forced_choice.Observer) -> Tensor:
    return observer(DIGIT)


EXCITEMENT = noise(40, 2)
QUESTIONS, OTHERS = (forced_choice.Questions(MNIST.images[begin : begin + 40], EXCITEMENT) for begin in (0, 40))
CHOICES = [
    case(forced_choice.Observer, asked, model=("cnn", "dense"), weights=("seed-3", "seed-2"), layer=("logits",),
         mean=(torch.zeros(10), torch.ones(10))),
    case(forced_choice.Observer, asked, "elsewhere", model=("dense",), weights=("seed-3",), layer=("fc1", "fc2"),
         mean=(torch.zeros(64),)),
    case(forced_choice.Observer.__call__, self=(QUESTIONS.observers["cnn"], QUESTIONS.observers["dense"])),
    case(forced_choice.observers, lambda found: found["cnn"].mean, queries=(DIGIT, OTHER_DIGIT)),
    case(forced_choice.pairs, lambda found: found[1], excitement=(EXCITEMENT[:, 0], EXCITEMENT[:, 1]),
         distractor=("middle", "weakest")),
    case(forced_choice.right, near=(torch.tensor([1.0, 2.0, 1.5]), torch.tensor([3.0, 2.0, 1.5]), more()),
         positives=(torch.tensor([0]), torch.tensor([1]), more()),
         distractors=(torch.tensor([2]), torch.tensor([0]), more())),
    case(forced_choice.Questions, lambda made: made.scores(MNIST.images[80:82, None])["dense", "middle"],
         queries=(MNIST.images[:40], MNIST.images[40:80]), excitement=(EXCITEMENT, EXCITEMENT.flip(0))),
    case(forced_choice.Questions.scores, lambda found: found["dense", "middle"], self=(QUESTIONS, OTHERS),
         references=(MNIST.images[80:82, None], MNIST.images[82:84, None])),
    case(forced_choice.by_nets, scores=(QUESTIONS.scores(MNIST.images[80:82, None]),
                                        QUESTIONS.scores(MNIST.images[82:84, None])),
         kind=("middle", "weakest")),
    case(path_similarity.ranks, layer=("conv2", "conv3")),
    case(path_similarity.likeness, picture=(POINTS[:1], POINTS[1:2]), strongest=(POINTS[2:5], POINTS[3:6]),
         others=(POINTS[6:9], POINTS[7:9])),
    case(path_similarity.path_similarity, found=(torch.tensor([[0.5, 0.9, 0.1]]), torch.tensor([[0.7, 0.9, 0.1]]),
         more())),
    case(path_similarity.ranked, activation=(POINTS[:2], POINTS[1:3])),
    case(path_similarity.resampled, found=(torch.tensor([[0.5, 0.9, 0.1], [0.2, 0.8, 0.2], [0.3, 0.7, 0.1]]),
                                           torch.tensor([[0.5, 0.9, 0.1], [0.3, 0.9, 0.2], [0.6, 0.7, 0.0]])),
         times=(2000, 5)),
    case(survey.Answers.aims, self=(finished(survey.survey(CNN, [MNIST.images[:9]], ["conv2"])).answers["conv2"],
                                    finished(survey.survey(CNN, [MNIST.images[9:20]], ["conv2"])).answers["conv2"]),
         shape=((24, 14, 14), (24, 28, 14), more(torch.numel)), parts=(1, 2, more(len))),
    case(survey.Answers.aims_of, self=(finished(survey.survey(CNN, [MNIST.images[:9]], ["conv2"])).answers["conv2"],
                                       finished(survey.survey(CNN, [MNIST.images[9:20]], ["conv2"])).answers["conv2"]),
         shape=((24, 14, 14), (24, 28, 14), more(torch.numel)), indices=([4, 9], [4, 4])),
]  # fmt: skip


def climbed(model: nn.Module, layer: str, indices: list[int]) -> Callable[[stimuli.Recipe], stimuli.Step]:
    """The recipe's last step for these units."""
    return lambda recipe: finished(stimuli.climb(model, layer, indices, recipe))


def images(check: Check) -> Check:
    return lambda before, after: check(before.images, after.images)


def scores(check: Check) -> Check:
    return lambda before, after: check(total(before.scores), total(after.scores))


def below(rows: int) -> Callable[[stimuli.Step], float]:
    """The ink below so many rows."""
    return lambda step: float(step.images[:, :, rows:].sum())


def answer(unit: int) -> Callable[[stimuli.Step], float]:
    """How strongly a unit of the CNN's conv3 answers in the middle."""
    return lambda step: float(record(CNN, step.images, ["conv3"])["conv3"][:, unit, 3, 3].sum())


Recipe = stimuli.Recipe
SHORT, DRAWN = Recipe(steps=6), replace(stimuli.WITH_PRIOR, steps=6)
COLOURFUL = replace(stimuli.PHOTO_RECIPE, steps=6, side=32)
RECIPES = [
    case(Recipe, climbed(CNN, "conv3", [5, 5]), "for digits", steps=(8, 24, scores(more())),
         lr=(0.1, 0.3, images(more(away(0.27)))),
         budget=(0.13, 0.05, images(less(level))),
         jitter=(0, 2, images(less(fineness))), blur=(0.0, 2.0, images(less(fineness))),
         turn=(0.0, 30.0, images(less(fineness))),
         zoom=(0.0, 0.4, images(less(fineness))),
         start=("grey", "black", images(less(level))),
         place=("own", "mean", images(more(lambda drawn: int((drawn > 0).sum())))),
         minus=(None, 7, less(answer(7))), diversity=(0.0, 2.0, images(more(unlike)))),
    case(Recipe, climbed(CNN, "conv3", [5, 5]), "of waves", steps=(6, 7), budget=(None,),
         decay=(0.5, 2.0, images(less(fineness)))),
    case(Recipe, climbed(RNN, "lstm1", [5, 9]), "for a recurrent net", steps=(6, 7), row=(None, 10, less(below(10)))),
    case(Recipe, climbed(DENSE, "fc2", [5, 5]), "with a prior", prior=("linear", "generator"), steps=(6, 7),
         lr=(0.05, 0.1),
         radius=(1.2, 0.4, images(less(fineness))), seed=(0, 1), jitter=(0, 2)),
    case(Recipe, climbed(COLOUR, "conv2", [2, 2]), "for photographs", channels=(3,), steps=(6, 24, scores(more())),
         lr=(0.03, 0.1, images(more(away(0.5)))),
         budget=(None,), decay=(1.0, 2.0, images(less(fineness))), jitter=(0, 8, images(less(roughness))),
         blur=(0.0, 2.0, images(less(fineness))),
         turn=(0.0, 30.0), zoom=(0.0, 0.3), start=("grey", "black", images(less(level))), place=("mean", "centre"),
         minus=(None, 7), diversity=(0.0, 50.0, images(more(unlike))), side=(32, 64, images(more(torch.numel)))),
    case(Recipe, lambda recipe: climbed({1: CNN, 3: COLOUR}[recipe.channels], "conv2", [2])(recipe), "in colour",
         steps=(2, 3),
         channels=(1, 3, images(more(lambda drawn: drawn.shape[1])))),
    case(stimuli.within_limits, recipe=(SHORT, replace(SHORT, steps=0))),
    case(stimuli.climb, images_of, layer=("conv2", "conv3"), indices=([4], [5]),
         recipe=(SHORT, replace(SHORT, seed=1))),
    case(stimuli.climb_objective, images_of, layer=("conv2", "conv3", stays), indices=([4], [5], stays),
         ranks=([0], [7]),
         objective=(objectives.units("conv2", [4]), objectives.units("conv2", [5])),
         recipe=(replace(stimuli.WITH_PRIOR, steps=2), replace(stimuli.WITH_PRIOR, steps=6))),
    case(stimuli.climb_objective, lambda steps: finished(steps).scores, "its scores", model=(CNN,),
         layer=("conv2", "conv3"),
         indices=([4], [5]), ranks=([0],), objective=(objectives.units("conv2", [4]),),
         recipe=(replace(stimuli.OPTIMUM, steps=2),)),
    case(stimuli.climb_objective, images_of, "photographs", model=(COLOUR,), layer=("conv2",), indices=([4],),
         ranks=([0],), objective=(objectives.units("conv2", [4]),),
         recipe=(replace(stimuli.PHOTO_RECIPE, steps=2, side=32),), exactly=(False, True)),
    case(stimuli.climb, images_of, "at its own places", layer=("conv2", "relu2"), indices=([4, 9], [5, 9]),
         recipe=(SHORT, DRAWN), aims=(HALVES, HALVES.flip(0))),
    case(stimuli.climb, images_of, "photographs", model=(COLOUR, OTHER_COLOUR), layer=("conv1", "conv2"),
         indices=([4], [5]), exactly=(False, True, more(torch.numel)),
         recipe=(COLOURFUL, replace(COLOURFUL, seed=1))),
    case(stimuli.climb_layers, nets=({"net": CNN}, {"net": CNN_TWIN}),
         targets=({"net/conv2": [4]}, {"net/conv3": [4]}), threads=(1, 2, stays),
         aims=({}, {"net/conv2": HALVES[:1]}), recipe=(SHORT, replace(SHORT, seed=1))),
    case(stimuli.faster_here, lambda _: None, model=(COLOUR, OTHER_COLOUR, stays), layer=("conv1", "conv2", stays),
         side=(32, 64, stays)),
    case(stimuli.known_optimum, model=(DENSE, DENSE_TWIN), layer=("fc1", "fc2")),
    case(stimuli.for_layer, model=(COLOUR, LARGE_COLOUR), layer=("conv1", "conv2"),
         recipe=(COLOURFUL, replace(COLOURFUL, lr=0.1))),
    case(stimuli.suited, recipe=(COLOURFUL, replace(COLOURFUL, lr=0.1)),
         field=(10, 100, more(lambda recipe: (recipe.side, recipe.jitter, recipe.turn, recipe.zoom))),
         mapped=(True, False, more(lambda recipe: recipe.decay))),
    case(stimuli.from_png, png=(FRAME.to_png(), OTHER_FRAME.to_png()), steps=(2, 3),
         reached=({"a/b": [0.1]}, {"a/b": [0.2]})),
    case(stimuli.repeated, pictures=(stimuli.as_bytes(DIGIT), stimuli.as_bytes(OTHER_DIGIT)), side=(56, 42)),
    case(stimuli.as_bytes, images=(DIGIT, OTHER_DIGIT)),
    case(stimuli.as_images, pictures=(stimuli.as_bytes(PHOTO), stimuli.as_bytes(OTHER_PHOTO))),
]  # fmt: skip


def dreamt(recipe: dream.Dream) -> Tensor:
    """What becomes of digits, or of a photo."""
    return images_of(dream.climb(COLOUR, PHOTO[:1], recipe))


def framed(recipe: dream.Dream) -> Tensor:
    """The last frame of the zoom into a digit."""
    return images_of(dream.dream(CNN, DIGIT[:1], recipe))


def drawn_like(recipe: caricature.Caricature) -> tuple[float, float, Tensor]:
    """Length, cosine, and the picture."""
    last = finished(caricature.caricature(CNN, DIGIT[:1], recipe))
    return last.numbers["length"], last.numbers["cosine"], last.images


def drawn_image(recipe: caricature.Caricature) -> Tensor:
    return drawn_like(recipe)[2]


BESIDE, OTHER_BESIDE = (
    beside.Beside(Pixels((2, 1, 28, 28), first), digit) for first, digit in ((0.5, DIGIT), (0.8, OTHER_DIGIT))
)
Dream, Caricature = dream.Dream, caricature.Caricature
LITTLE = Dream("conv2", octaves=1, steps=4, jitter=2)
LIKE = Caricature("relu3", steps=24, jitter=1)
STUDIO = [
    case(Dream, dreamt, layer=("conv2", "conv1"), unit=(None, 3), strength=(0.2, 0.6, more(away(PHOTO[:1]))),
         octaves=(2, 1), scale=(1.4, 1.8), steps=(4, 8), jitter=(0, 4), seed=(0,)),
    case(Dream, dreamt, "shaken", layer=("conv2",), octaves=(1,), steps=(4,), jitter=(4,), seed=(0, 1)),
    case(Dream, framed, "zoomed into", layer=("conv2",), octaves=(1,), steps=(2,), jitter=(1,), frames=(1, 2),
         factor=(1.1, 1.4)),
    case(dream.dream, images_of, recipe=(LITTLE, replace(LITTLE, steps=8))),
    case(dream.climb, images_of, recipe=(LITTLE, replace(LITTLE, steps=8))),
    case(dream.climbed, lambda score: score(SEEN, DIGIT)[:1], recipe=(LITTLE, replace(LITTLE, layer="conv3"))),
    case(dream.reached, recipe=(LITTLE, replace(LITTLE, layer="conv3"))),
    case(dream.noise_like, changed=(PHOTO.flip(3), PHOTO.flip(2)), images=(PHOTO, OTHER_PHOTO)),
    case(dream.zoomed, images=(PHOTO, OTHER_PHOTO), factor=(1.2, 1.6)),
    case(Caricature, drawn_image, layer=("relu3", "relu2"), exponent=(1.0, 8.0), strength=(3.0, 1.0, less(away(0.5))),
         steps=(24, 48), jitter=(1, 3), start=("noise", "image"), seed=(0, 1)),
    case(Caricature, drawn_like, "how alike", layer=("relu3",), steps=(24,), jitter=(0,),
         exponent=(0.0, 8.0, more(lambda found: found[1]))),
    case(caricature.caricature, images_of, recipe=(LIKE, replace(LIKE, steps=12))),
    case(caricature.climb, images_of, recipe=(LIKE, replace(LIKE, steps=12))),
    case(caricature.exaggerated, lambda score: score(SEEN, DIGIT), layer=("relu2", "relu3"),
         exponent=(1.0, 2.0, less(total))),
    case(caricature.compared, others=(OTHER_DIGIT, DIGIT.flip(3)), layer=("relu2", "relu3")),
    case(beside.Beside, drawn, own=(Pixels((2, 1, 28, 28)), Pixels((2, 1, 28, 28), 0.8), more(level)),
         fixed=(DIGIT, OTHER_DIGIT)),
    case(beside.of_own, lambda score: score(SEEN, DIGIT)[:1], objective=(objectives.energy("relu2"),
                                                                         objectives.energy("relu3"))),
    case(beside.paired, lambda score: score(SEEN, DIGIT), layer=("relu2", "relu3"),
         score=(lambda ours, theirs: (ours - theirs).sum((1, 2, 3)), lambda ours, theirs: ours.sum((1, 2, 3)))),
    case(beside.Beside.start, self=(BESIDE, OTHER_BESIDE)),
    case(beside.Beside.__call__, self=(BESIDE, OTHER_BESIDE), parameters=(noise(2, 1, 28, 28), MAP)),
]  # fmt: skip


def found(check: Check) -> Check:
    return lambda before, after: check(before.found, after.found)


FAST = {"model": (DENSE, DENSE_TWIN)}
LOGITS = (Target("logits", 7), Target("logits", 2))
BASELINE = ("black", "noise", more(paper))  # where a pixel is as in the baseline, a map has nothing


def methods() -> Iterator[Case]:
    """Every attribution, of digits and of photographs; some are made piece by piece.

    A deconvolution holds nothing of the image where no maximum is pooled: Zeiler and Fergus keep its switches.
    """
    for name, method in ATTRIBUTIONS.items():
        seen: Check = stays if name == "deconvolution" else differs
        digits = {"x": (DIGIT, OTHER_DIGIT, seen), "layer": ("relu2", "relu4"), "baseline": BASELINE}
        photos = {"x": (PHOTO, OTHER_PHOTO, seen), "model": (COLOUR, OTHER_COLOUR), "layer": ("relu1", "relu2"),
                  "baseline": ("black", "noise")}  # fmt: skip
        for of, label, own in ((FORMING.get(name, method), "of digits", digits), (method, "of photographs", photos)):
            parameters = inspect.signature(of).parameters
            yield case(of, map_of, label, **{part: values for part, values in own.items() if part in parameters})
    yield case(backwards.deep_lift, all_of, baseline=("black", "noise", more(len)))


ATTRIBUTION = [
    *methods(),
    case(Target, lambda target: backwards.saliency(CNN, DIGIT, target), layer=("logits", "relu4"), index=(3, 5),
         minus=(None, 7)),
    case(outcome.Outcome, lambda outcome: outcome(DIGIT)),
    case(outcome.Outcome.forward, self=(outcome.Outcome(CNN, LOGITS[0]), outcome.Outcome(CNN, LOGITS[1]))),
    case(outcome.baselines, all_of, name=("blurred", "mean digit")),
    case(outcome.mean, pieces=([lambda: MAP, lambda: OTHER_MAP], [lambda: MAP, lambda: MAP]),
         drawn=(False, True, lambda before, after: before.error is None and after.error is not None)),
    case(outcome.whole, lambda method: method(CNN, DIGIT, LOGITS[0]),
         method=(backwards.smooth_grad, backwards.gradient_shap)),
    case(removal.superpixels, x=(PHOTO, OTHER_PHOTO)),
    case(attribution.why_not, name=("LRP", "Grad-CAM"), model=(RNN, CNN)),
    case(attribution.watched, name=("integrated gradients", "occlusion"),
         baseline=("black", "noise", found(more(paper)))),
    case(backwards.last_maps, model=(CNN, CNN_TWIN, stays), target=(Target("logits", 7), Target("relu2", 7))),
    case(backwards.conductance, layer=("relu2", "relu3")),
]  # fmt: skip

SALIENCY = backwards.saliency(CNN, DIGIT, LOGITS[0])
ORDER, OTHER_ORDER = (numbers.importance(found) for found in (MAP, OTHER_MAP))
GRIDS = pointing.Grids(
    CNN, noise(2, 1, 56, 56), (2, 2), torch.tensor([[1, 2, 3, 4], [5, 6, 7, 8]]), torch.tensor([0, 1])
)
ELSEWHERE = replace(GRIDS, asked=torch.tensor([2, 2]))
WEIGHTS, NUMBER = ("trained", "plain"), ("rival", "deletion")
BY_IMAGE, OTHER_BY_IMAGE = ({number: noise(20, seed=seed) for number in table.TASKS} for seed in (0, 1))
TRUST = [
    case(advice.of_task, model=("cnn", "rnn"), number=NUMBER, weights=WEIGHTS),
    case(advice.value, model=("cnn", "rnn"), method=("saliency", "LRP"), number=NUMBER, weights=WEIGHTS),
    case(advice.advised, model=("cnn", "rnn"), weights=WEIGHTS),
    case(advice.sentence, model=("cnn", "rnn"), number=NUMBER, weights=WEIGHTS),
    case(advice.most_advised, among=(["occlusion", "LRP", "saliency"], ["occlusion", "LRP"]), count=(2, 1, less(len))),
    case(advice.count, models=(["cnn", "rnn"], ["cnn"]), number=NUMBER, weights=WEIGHTS),
    case(advice.advice, models=(["cnn", "rnn"], ["cnn"]), weights=WEIGHTS),
    case(advice.summary, model=("cnn", "rnn"), weights=WEIGHTS),
    case(controls.at_random, x=(DIGIT, PHOTO), draw=(0, 1)),
    case(controls.centre_first, x=(DIGIT, PHOTO)),
    case(controls.image_itself),
    case(controls.edges),
    case(examine.controls, all_of, **FAST),
    case(examine.randomised, lambda nets: [(name, plain(net)) for name, net in nets], **FAST, twin=(DENSE_TWIN, DENSE),
         x=(DIGIT, OTHER_DIGIT, stays)),
    case(examine.examine, **FAST, name=("saliency", "integrated gradients"), twin=(DENSE_TWIN, DENSE),
         baseline=("black", "noise", stays)),
    case(examine.examine, **FAST, label="of a method that compares", name=("integrated gradients", "occlusion"),
         twin=(DENSE_TWIN, DENSE),
         baseline=("black", "noise", found(more(paper)))),
    case(examine.worth,
         examined=tuple([examine.Trust(found, {"gap": found[:, 0, 0, 0]})] for found in (MAP, OTHER_MAP))),
    case(examine.joined, found=([{"gap": torch.zeros(1)}], [{"gap": torch.zeros(1)}] * 2)),
    case(numbers.difference),
    case(numbers.completeness_gap, found=(MAP, MAP + 1, more(total))),
    case(numbers.infidelity, found=(SALIENCY, OTHER_MAP), gradients=(False, True)),
    case(numbers.near, all_of),
    case(numbers.change, found=(MAP, MAP / 2, more(total)), other=(OTHER_MAP, 2 * OTHER_MAP, more(total))),
    case(numbers.curve, order=(ORDER, OTHER_ORDER), insert=(False, True, more(lambda shares: float(shares[-1].sum())))),
    case(numbers.area, shares=(noise(15, 2), 1 + noise(15, 2), more(total))),
    case(numbers.importance),
    case(numbers.support, found=(MAP, -MAP, times(-1))),
    case(numbers.erased, order=(ORDER, OTHER_ORDER), share=(0.2, 0.7, less(level))),
    case(numbers.fall, x=(DIGIT[:1], OTHER_DIGIT[:1]), order=(ORDER[:1], OTHER_ORDER[:1]),
         gone=([0.0, 0.3], [0.0, 0.9], lambda before, after: bool(after[0] == before[0] and after[1] < before[1]))),
    case(numbers.rank_correlation, a=(MAP, OTHER_MAP, more(total)), b=(OTHER_MAP, MAP, more(total))),
    case(numbers.product_floor),
    case(numbers.agreement,
         maps=({"a": MAP, "b": OTHER_MAP}, {"a": MAP, "b": MAP}, more(lambda found: found.iloc[0, 1]))),
    case(pointing.shape_of, net=(CNN, DENSE)),
    case(pointing.everywhere, net=(CNN, CNN_TWIN)),
    case(pointing.everywhere, label="of rows", net=(RNN, load("rnn", weights="plain"))),
    case(pointing.grids, net=(CNN, load("cnn", weights="plain")), count=(5, 9, more(lambda grids: len(grids.images)))),
    case(pointing.pointed, found=(noise(2, 1, 56, 56), noise(2, 1, 56, 56, seed=1)), grids=(GRIDS, ELSEWHERE)),
    case(pointing.play, grids=(GRIDS, ELSEWHERE),
         explain=(lambda net, x, target: x, lambda net, x, target: x.flip(3))),
    case(table.measure, lambda measured: measured[1], name=("saliency", "the image itself"),
         model=("dense", "dense-video"), weights=WEIGHTS, count=(4, 6)),
    case(table.rows, all_of, model=("cnn", "rnn"), weights=WEIGHTS, method=("LRP", "saliency"),
         by_image=(BY_IMAGE, OTHER_BY_IMAGE),
         beside=({"edge detector": OTHER_BY_IMAGE}, {"edge detector": BY_IMAGE})),
    case(table.verdict, row=({"gain low": 0.1, "gain high": 0.2}, {"gain low": -0.1, "gain high": 0.2})),
    case(table.shipped, weights=WEIGHTS),
]  # fmt: skip
EVERY_SECOND = 2 * torch.arange(4.0)
FIELD, WIDE = Field(5, 2, -2), Field(9, 2, -4)
MEASURES = [
    case(colourfulness.colourfulness, images=(PHOTO, (PHOTO + PHOTO.mean(1, keepdim=True)) / 2, less(total))),
    case(mean_frequency, images=(PHOTO, F.avg_pool2d(PHOTO, 5, 1, 2), less(total))),
    case(Field.behind, self=(FIELD, WIDE), kernel=(3, 5, more(lambda field: field.size)),
         stride=(1, 2, more(lambda field: field.stride)),
         dilation=(1, 2, more(lambda field: field.size)), padding=(0, 1, less(lambda field: field.first))),
    case(Field.span, self=(FIELD, WIDE), index=(3, 4, more(lambda span: span[0]))),
    case(Field.nearest, self=(FIELD, replace(FIELD, stride=3), less()), row=(4, 9, more()), count=(5, 1, less()),
         height=(28,)),
    case(Field.nearest, label="of all", self=(field.ALL,), row=(3,), count=(4,), height=(8, 28, less())),
    case(Field.rows, self=(FIELD, WIDE), index=(3, 4, more(lambda rows: rows[0])),
         height=(28, 8, less(lambda rows: rows[1]))),
    case(Field, lambda field: field.span(5), size=(5.0, 9.0, more(lambda span: span[1])),
         stride=(2.0, 3.0, more(lambda span: span[1])), first=(-2.0, 0.0, more(lambda span: span[1]))),
    case(Field, lambda field: field.span(5), "shared", shared=(1, 2, less(lambda span: span[1])),
         phase=(0, 1, more(lambda span: span[1])), exact=(True, False, stays)),
    case(Field, lambda field: field.regular, "for arithmetic", shared=(1, 2, less()), exact=(True, False, less())),
    case(field.Map, lambda of: (of.whole, of.is_image, of.down, of.across, of.after), down=(FIELD, WIDE),
         across=(FIELD, WIDE), axes=((2, 3), (1, 2)), ndim=(4, 3), after=((0.0, 0.0), (0.0, 1.0))),
    case(field.stretched, maps=([field.IMAGE], [field.IMAGE, replace(field.IMAGE, after=(1.0, 0.0))])),
    case(field.met, fields=([FIELD, FIELD], [FIELD, WIDE], more(lambda field: field.size))),
    case(fitted_field.fitted, begins=(EVERY_SECOND, EVERY_SECOND - 1, less(lambda field: field.first)),
         ends=(EVERY_SECOND + 3, EVERY_SECOND + 4, more(lambda field: field.size)), side=(9,)),
    case(fitted_field.fitted, label="where all is seen", begins=(torch.zeros(4),), ends=(torch.full((4,), 6.0),),
         side=(9, 6, more(lambda field: field.size))),
    case(interval.interval, values=(noise(50), noise(50) + 1, more(lambda found: found[0]))),
    case(interval.two_way, values=(noise(3, 50), noise(3, 50) + 1, more(lambda found: found[0])),
         less=(None, noise(2, 50) + 1, less(lambda found: found[1]))),
    case(interval.binomial, right=(8, 4, less(lambda found: found[0])), asked=(10, 20, less(lambda found: found[0]))),
    case(neighbours.projected, numbers=(4, 5, more(torch.numel))),
    case(neighbours.spaces, all_of, model=("dense-video", "dense"), kind=("trained", "shuffled"),
         images=(SOME.images, MORE.images)),
    case(neighbours.measured, all_of,
         found=tuple([neighbours.Compared("plain", 0, "fc1", 1, points)] for points in (POINTS, MORE_POINTS))),
    case(neighbours.shown, model=("cnn", "dense"), weights=WEIGHTS, layer=("logits", "pixels"),
         metric=("cosine", "euclidean")),
    case(neighbours.verdicts, value=("share", "silhouette")),
    case(neighbours.headline, value=("share", "silhouette"), models=(("cnn", "rnn"), ("rnn",))),
    case(neighbours.listed, words=(["a", "b"], ["a", "b", "c"])),
    case(neighbours.dimensions, models=(("cnn", "rnn"), ("rnn",))),
    case(neighbours.rise, models=(("cnn", "dense-video"), ("rnn",))),
    case(receptive_field.receptive_fields, lambda fields: fields["0"][0].size, model=(REPEATING, OTHER_REPEATING),
         input_shape=((1, 16, 16), (1, 4, 4), more())),
    case(signal.signal, layers=(["relu1"], ["relu2"])),
    case(signal.signal_of, activation=(noise(5, 3), noise(5, 3) + 10, less())),
    case(spaces.vectors, layer=("conv1", "pixels"), size=(2, 1, near)),
    case(spaces.Space, lambda space: space.nearest(MORE_POINTS, 3), metric=("cosine", "euclidean")),
    case(spaces.Space.nearest, self=(spaces.Space(POINTS, "cosine"), spaces.Space(POINTS, "euclidean")),
         queries=(POINTS[:5], POINTS[5:10]),
         k=(3, 5, lambda before, after: before[1].shape == (5, 3) and after[1].shape == (5, 5))),
    case(spaces.distances),
    case(spaces.others),
    case(spaces.same_label, k=(3, 119)),
    case(spaces.silhouette),
]  # fmt: skip

FEW_PIXELS, BENT = noise(120, 6), noise(120, 6).square().view(120, 2, 3)
SPOT = F.pad(torch.ones(1, 2, 2), (3,) * 4)
DULL = torch.cat([noise(120, 1), torch.full((120, 1), 0.3)], 1)
HEAVY = (noise(120, 6) - 0.5).pow(7) * torch.arange(1, 7)  # whose tails are
NEARLY, LEFT = (torch.where(noise(120, seed=seed) < share, 0, LABELS) for seed, share in ((3, 0.2), (4, 0.5)))
SIGHT = [F.normalize(noise(120, 5, seed=seed) - 0.5, dim=1) for seed in range(2)]
EVIDENCE = [
    case(constant.constant, activation=(noise(120, 2), DULL, more(torch.count_nonzero))),
    case(held_out.split, count=(40, 80, more(lambda parts: len(parts[1])))),
    case(nonlinearity.nonlinearity, images=(FEW_PIXELS, FEW_PIXELS.flip(0), more(total)),
         activation=(BENT, BENT + FEW_PIXELS.view(120, 2, 3), less(total))),
    case(similarity.similarity, first=(POINTS, POINTS + MORE_POINTS, more()), second=(MORE_POINTS, POINTS)),
    case(similarity.similarities, activations=({"a": POINTS}, {"a": POINTS, "b": MORE_POINTS}, more(len))),
    case(similarity.direction, activation=(POINTS, MORE_POINTS)),
    case(selectivity.class_selectivity, activation=(POINTS, POINTS + 1, less(total))),
    case(selectivity.eta_squared, activation=(POINTS, POINTS + LABELS[:, None], more(total))),
    case(sparsity.sparsity, values=(POINTS, POINTS + 1, less(total))),
    case(performance_correlation.performance_correlation, answers=(NEARLY, LABELS), simple=(LEFT, LABELS, more()),
         labels=(LABELS, NEARLY)),
    case(performance_correlation.shared, answers=(NEARLY, LABELS), simple=(LEFT, LABELS, more()),
         labels=(LABELS, LEFT)),
    case(performance_correlation.information, first=(NEARLY, LABELS, more()), second=(LABELS, NEARLY),
         given=(LEFT, LABELS, less())),
    case(relevance.with_gradients, lambda found: found["relu3"][1], layers=(["relu2", "relu3"], ["relu3"], stays),
         last=("logits", "flatten")),
    case(relevance.relevance, activation=(POINTS, MORE_POINTS), gradient=(POINTS, 2 * POINTS, times(2))),
    case(relevance.cost_of_cutting, layer=("relu4", "conv4"), last=("logits", "flatten"),
         instead=(-torch.ones(64, 3, 3), torch.ones(64, 3, 3))),
    case(relevance.rank_correlations, values=(POINTS.T, MORE_POINTS.T), cost=(POINTS[:, 0], MORE_POINTS[:, 1])),
    case(relevance.resampled, values=(POINTS.T, MORE_POINTS.T), cost=(POINTS[:, 0], MORE_POINTS[:, 1]),
         times=(50, 5, less(len))),
    case(probes.read, activation=(POINTS + 9 * LABELS[:, None], POINTS)),
    case(probes.probe, activation=(POINTS + 9 * LABELS[:, None], POINTS, less()),
         labels=(LABELS, torch.arange(120) // 40, less())),
    case(probes.projected, activation=(POINTS, MORE_POINTS), numbers=(2, 4, more(torch.numel))),
    case(effective_field.effective_field, images=(MNIST.images[:9], MNIST.images[9:18]), layer=("conv3", "conv2",
         less(torch.count_nonzero)), units=([3], [5]), place=((4, 4), (5, 4), more(lambda found: row(found[None])))),
    case(effective_field.fewest, fields=(SPOT, 1 - SPOT, more(total)), share=(0.5, 0.9, more(total))),
    case(effective_field.radius, fields=(SPOT, 1 - SPOT, more(total))),
    case(effective_field.area, fields=(SPOT, 1 - SPOT, more(total))),
    case(locality.locality, pictures=(SPOT[None], 1 - SPOT[None], more(total))),
    case(locality.windows, pictures=(SPOT[None], SPOT[None].roll(2, 3), more(total))),
    case(edge_likeness.edge_likeness, pictures=(noise(4, 1, 8, 8), torch.ones(4, 1, 8, 8).tril(), more(total))),
    case(edge_likeness.shuffled, pictures=(SPOT[None], 2 * SPOT[None], times(2))),
    case(bends.path, first=(DIGIT[0], DIGIT[1]), second=(OTHER_DIGIT[0], OTHER_DIGIT[1]), steps=(3, 4, more(len))),
    case(bends.flips, pre_activations=(POINTS, POINTS - 0.5, more())),
    case(bends.detour, activation=(POINTS, POINTS.sort(0).values, less())),
    case(directions.directions, activation=(POINTS, MORE_POINTS), seen=(SIGHT, [each.flip(0) for each in SIGHT])),
    case(directions.features, all_of, images=(MNIST.images[:9], MNIST.images[9:18]),
         but=(("", ""), ("cnn", "seed-3"), less(len))),
    case(directions.purity, labels=(torch.tensor([1, 2, 2]), torch.tensor([2, 2, 2]), more())),
    case(directions.coherence, seen=(SIGHT, [each.abs() for each in SIGHT], more())),
    case(directions.random_directions, count=(3, 4, more(len))),
    case(directions.independent_components, values=(HEAVY, HEAVY.flip(0)),
         learned=(torch.arange(90), torch.arange(30, 120))),
    case(selectivity.by_mean, activation=(noise(9, 2, 3), 2 * noise(9, 2, 3), times(2))),
    case(dimension.dimension, activation=(POINTS, POINTS * torch.arange(6.0), less())),
]  # fmt: skip

SHOWN = [(str(seed), Image.fromarray(np.random.default_rng(seed).integers(0, 256 - seed, (448, 448, 3), np.uint8)))
         for seed in range(3)]  # fmt: skip
ANSWERS = finished(survey.survey(CNN, [SOME.images], ["conv3", "relu1"], k=8)).answers
OTHER_ANSWERS = finished(survey.survey(CNN, [MORE.images], ["conv3", "relu1"], k=8)).answers
BATCHES = [noise(10_100, 2)]  # more than a survey's sample
BLOBS = noise(100, 4) + 3 * (torch.arange(100) % 4 == torch.arange(4)[:, None]).T
BASIS, OTHER_BASIS = maps.Basis(BLOBS), maps.Basis(noise(100, 4))
FLAT, OTHER_FLAT = (basis.coordinates[:, :2] for basis in (BASIS, OTHER_BASIS))
IMPORTANCE = torch.exp(-((torch.arange(32.0) - 12) ** 2 + (torch.arange(32.0)[:, None] - 14) ** 2) / 40)
COORDINATES = {"coordinates": (BASIS.coordinates, OTHER_BASIS.coordinates)}
PLACES = [
    case(maps.Basis, lambda basis: (basis.coordinates, basis.explained), points=(BLOBS, noise(100, 4))),
    case(maps.Basis.__call__, self=(BASIS, OTHER_BASIS), points=(BLOBS[:5], BLOBS[5:10])),
    case(maps.turned, flats=([FLAT, OTHER_FLAT], [FLAT, FLAT])),
    case(maps.tsne, **COORDINATES, start=(FLAT, OTHER_FLAT)),
    case(maps.place_by_tsne, **COORDINATES, flat=(FLAT, OTHER_FLAT),
         queries=(BASIS.coordinates[:3], BASIS.coordinates[3:6])),
    case(segmentation.segment, photo=(PHOTO[0], PHOTO[1]),
         importance=(IMPORTANCE, IMPORTANCE.flip(0), more(lambda thing: float(thing.nonzero()[:, 0].float().mean())))),
    case(survey.survey, lambda progress: finished(progress).answers, model=(CNN, CNN_TWIN),
         batches=([SOME.images], [MORE.images]),
         layers=(["conv3"], ["relu1"]), k=(3, 5, more(lambda answers: answers["conv3"].most.values.shape[1])),
         seed=(0, 1, stays)),
    case(survey.survey, lambda progress: finished(progress).answers, "of more than its sample",
         model=(RAMP, OTHER_RAMP), batches=(BATCHES, [BATCHES[0] + 1]),
         layers=(["fc"], ["relu"])),
    case(photo_examples.survey, lambda progress: finished(progress).strongest,
         model=(nn.Sequential(nn.ReLU()), nn.Sequential(nn.Tanh())), shown=(SHOWN, SHOWN[1:]),
         units=({"0": [0]}, {"0": [1]}), k=(2, 3, more(lambda found: found["0"].values.shape[1])),
         most=(1, 2, more(lambda found: float(found["0"].values.sum())))),
    case(survey.Answers.strongest, self=(ANSWERS["conv3"], OTHER_ANSWERS["conv3"]), unit=(3, 5), k=(3, 5, more(len))),
    case(survey.Answers.share_below, self=(ANSWERS["conv3"], OTHER_ANSWERS["conv3"]), unit=(3, 5),
         value=(1.5, 2.0, more())),
    case(survey.to_bytes, answers=(ANSWERS, OTHER_ANSWERS)),
    case(survey.from_bytes, content=(survey.to_bytes(ANSWERS), survey.to_bytes(OTHER_ANSWERS))),
    case(survey.shipped, model=("dense-video", "dense"), weights=("trained", "untrained")),
    case(weights.matrices, **FAST, layers=(DENSE_LAYERS, DENSE_LAYERS[:2]), input_shape=((1, 28, 28), (1, 14, 56))),
    case(weights.joins, layers=(CNN_LAYERS, GROUPED), layer=(CNN_LAYERS[3], CNN_LAYERS[6])),
    case(weights.inputs_of, layers=(CNN_LAYERS, GROUPED), layer=("conv2", "conv3"), unit=(3, 5),
         k=(3, 5, more(lambda found: len(found.negative)))),
    case(weights.outputs_of, layers=(CNN_LAYERS, CNN_LAYERS[:5]), layer=("conv2", "conv3"), unit=(3, 5),
         k=(3, 5, more(lambda found: len(found[0].negative)))),
    case(weights.eigenvalues, torch.view_as_real, matrix=tuple(
        matrix for matrix in weights.matrices(RNN, RNN_LAYERS[:1], (1, 28, 28)) if matrix.reads == "lstm1")[:2]),
    case(weights.smoothness, values=(noise(2, 9, 9), F.avg_pool2d(noise(2, 9, 9), 3, 1), more())),
    case(weights.ranges, model=("cnn", "dense"), layer=("conv2", "fc1")),
    case(weights.measured, all_of, model=("dense-video", "dense")),
    case(examples.peak, activation=(noise(2, 3, 4, 4), 1 + noise(2, 3, 4, 4), more(total))),
    case(examples.peaks, lambda found: torch.cat(list(found)), layer=("conv2", "conv3"), size=(2, 1, near)),
    case(examples.window, fields=((FIELD, FIELD), (FIELD, WIDE)), place=((2, 3), (3, 2)), size=((28, 28), (28, 6))),
    case(examples.seen, fields=((FIELD, FIELD), (FIELD, WIDE)), place=((2, 3), (3, 2)), size=((28, 28), (28, 6))),
    case(examples.patch, image=(DIGIT[0], DIGIT[1]), fields=((FIELD, FIELD), (FIELD, WIDE)), place=((5, 6), (6, 6))),
    case(examples.whole_patch, image=(DIGIT[0], DIGIT[1]), fields=((FIELD, FIELD), (FIELD, WIDE)),
         place=((5, 6), (6, 6))),
    case(examples.faded, image=(DIGIT[0], DIGIT[1]),
         seen=((slice(5, 20), slice(5, 20)), (slice(5, 9), slice(5, 20)), less(level))),
    case(examples.most_different, peaks=(POINTS, MORE_POINTS), k=(3, 5, more(len))),
    case(examples.first_of_each),
]  # fmt: skip


def fitted(recipe: training.Recipe) -> tuple[nn.Module, list[training.Step]]:
    """A dense net after that training, and its steps."""
    net = copy.deepcopy(DENSE_TWIN).requires_grad_()
    return net, list(training.fit(net, SOME, recipe, seed=0))


def first_layer(found: tuple[nn.Module, Any]) -> Tensor:
    return found[0].get_parameter("fc1.weight").detach().view(64, 1, 28, 28)


def last_loss(found: tuple[Any, list[training.Step]]) -> float:
    return found[1][-1].loss


@wraps(training.make_checkpoint)
def checkpoint(folder: Path, **options: Any) -> dict[str, dict[str, Tensor]]:
    """What is written, by the files' names."""
    with TemporaryDirectory() as root:
        list(training.make_checkpoint(folder=Path(root) / folder, **options))
        files = sorted(Path(root).rglob("*.safetensors"))
        return {str(path.relative_to(root)): dict(sorted(load_file(path).items())) for path in files}


def trainable(net: nn.Module) -> nn.Module:
    return copy.deepcopy(net).requires_grad_()


@wraps(freezing.freeze)
def frozen(model: nn.Module, layers: int) -> nn.Module:
    """A copy, frozen."""
    own = trainable(model).train()
    freezing.freeze(own, layers)
    return own


def rates_of(best: float) -> pd.DataFrame:
    """Rows by which rates are chosen, of digits; of permuted ones the largest is the best."""
    rows = [("dense-2", permuted, 300, -1, rate, learning_curves.UPDATES, 0, 0, 90.0 if rate == wanted else 80.0)
            for permuted, wanted in ((False, best), (True, 1e-2)) for rate in learning_curves.RATES]  # fmt: skip
    return pd.DataFrame(rows, columns=learning_curves.COLUMNS)


def mean_error(errors: dict[str, float]) -> float:
    return sum(errors.values()) / len(errors)


MOVES = [
    case(equivariance.shifted, right=(0, 2, more(column)), down=(0, 2, more(row))),
    case(equivariance.equivariance, layers=(CNN_LAYERS[:6], CNN_LAYERS[:3], less(len)), right=(2, 3, more(mean_error)),
         down=(0, 1, more(mean_error)), moves=(True, False, more(mean_error))),
    case(equivariance.compared, image=(DIGIT[0], DIGIT[1]), layer=("relu2", "relu3", less(lambda it: it.found.numel())),
         right=(2, 3), down=(0, 1)),
    case(equivariance.whole, shape=((12, 14, 14), (48, 7, 7), less()), size=((28, 28), (56, 56), less()),
         right=(2, 1, less()), down=(0, 1, less())),
    case(movements.answers, image=(DIGIT[0], DIGIT[1]),
         movement=(movements.MOVEMENTS["right"], movements.MOVEMENTS["size"], more(len))),
    case(movements.kept, shares=(torch.eye(10).repeat(2, 1)[:17], torch.ones(17, 10)),
         movement=(movements.MOVEMENTS["right"], movements.MOVEMENTS["down"], stays)),
    case(learning_curves.permuted, digits=(SOME, MORE)),
    case(learning_curves.moved, digits=(SOME, MORE)),
    case(learning_curves.repeated, digits=(SOME, MORE), images=(20, 40, more(lambda it: len(it.images.unique(dim=0))))),
    case(learning_curves.best_rate, rows=(rates_of(1e-3), rates_of(1e-2), more()),
         cell=(learning_curves.Cell("dense-2", False, 300, 0), learning_curves.Cell("dense-2", True, 300, 0), more())),
    case(learning_curves.done, rows=(rates_of(1e-3), rates_of(1e-3).head(2), less(len))),
    case(learning_curves.along_ways, rows=(rates_of(1e-3), rates_of(1e-3).head(2), less(len))),
    case(learning_curves.to_learn_from, digits=(SOME, MORE)),
]  # fmt: skip


SETUP = plane_nets.Setup(count=40, hidden=(3,), activation="ReLU", epochs=3)
(ON_CORNERS, OTHER_CORNERS), CLOUDS = plane_nets.made(SETUP), points.gaussians(40, 0.1, 0)
SMALL_NET, OTHER_SMALL_NET = (plane_nets.build(replace(SETUP, seed=seed)).eval().requires_grad_(False)
                              for seed in (0, 1))  # fmt: skip
FOLDED = nn.Sequential(OrderedDict(fc1=nn.Linear(2, 2), relu1=nn.ReLU(), logits=nn.Linear(2, 1)))  # as XOR is solved
with torch.no_grad():
    FOLDED.get_parameter("fc1.weight").copy_(torch.tensor([[1.0, 1.0], [-1.0, -1.0]]))
    FOLDED.get_parameter("fc1.bias").fill_(-0.6)
SILENT = nn.Sequential(OrderedDict(fc1=nn.Linear(2, 2), relu1=nn.ReLU(), logits=nn.Linear(2, 1)))
with torch.no_grad():
    SILENT.get_parameter("fc1.weight").zero_()
ACROSS, DOWN = ON_CORNERS.positions.T
ON_SIDES = points.Points(ON_CORNERS.positions, (ACROSS > 0).long())


def of_cloud(of: Callable[..., points.Points], **own: tuple[Any, ...]) -> Case:
    def spread_out(found: points.Points) -> float:
        return float((found.positions - of(len(found.labels), 0.0, 0).positions).norm())

    return case(of, count=(8, 12, more(lambda found: len(found.labels))), noise=(0.1, 0.3, more(spread_out)))


PLANE = [
    *map(of_cloud, (points.xor, points.circles, points.moons, points.spirals, points.gaussians)),
    case(exact.best_line, points=(ON_CORNERS, CLOUDS, more())),
    case(exact.linear_fit, points=(ON_CORNERS, CLOUDS, more())),
    case(exact.best_threshold, values=(ACROSS, ACROSS * DOWN, more()),
         labels=(ON_CORNERS.labels, ON_SIDES.labels, more())),
    case(exact.missed, values=(ACROSS, ACROSS * DOWN, less(total)),
         labels=(ON_CORNERS.labels, ON_SIDES.labels, less(total))),
    case(exact.separable, values=(ON_CORNERS.positions, CLOUDS.positions, more()),
         labels=(ON_CORNERS.labels, ON_SIDES.labels, more())),
    case(exact.first_separable, net=(FOLDED, SILENT), points=(ON_CORNERS, CLOUDS)),
    case(exact.linear_regions, net=(SMALL_NET, SILENT, less()), reach=(1.2, 0.01, less())),
    case(plane_nets.build, setup=(SETUP, replace(SETUP, seed=1))),
    case(plane_nets.made, setup=(SETUP, replace(SETUP, noise=0.2))),
    case(plane_nets.train, setup=(SETUP, replace(SETUP, rate=0.1)), seen=(ON_CORNERS, CLOUDS),
         unseen=(OTHER_CORNERS, CLOUDS)),
    case(plane_nets.with_weights, setup=(SETUP, replace(SETUP, activation="tanh")),
         weights=(SMALL_NET.state_dict(), OTHER_SMALL_NET.state_dict())),
    case(plane_nets.grid, side=(4, 6, more(len)), reach=(1.0, 2.0, times(2))),
    case(surfaces.rows, net=(SMALL_NET, OTHER_SMALL_NET), setup=(SETUP, replace(SETUP, activation="sigmoid")),
         points=(ON_CORNERS, CLOUDS), side=(4, 6, more(lambda rows: rows[0].values.numel())), reach=(1.0, 2.0)),
    case(surfaces.output, net=(SMALL_NET, OTHER_SMALL_NET), side=(4, 6, more(torch.numel)), reach=(1.0, 2.0)),
    case(surfaces.wrong, net=(SMALL_NET, OTHER_SMALL_NET), points=(ON_CORNERS, ON_SIDES)),
    case(xor.best_unit, values=(ON_CORNERS.positions, (ACROSS * DOWN)[:, None], more()),
         points=(ON_CORNERS, ON_SIDES, more())),
    case(orders.in_common, fires=(LABELS[:3], LABELS[:2], more()), used=(LABELS[:2], LABELS[:1], less())),
    case(orders.commonest, labels=(torch.tensor([1, 2, 2]), torch.tensor([1, 1, 2]), less())),
    case(orders.table, name=("layers", "predicted", more(len))),
    case(orders.of_layer, model=("cnn", "dense"), weights=("trained", "plain"), layer=("relu2", "relu1")),
    case(orders.better, label="model", model=("dense", "cnn"), weights=("trained",), layer=("relu1",), cut=("mean",)),
    case(orders.better, label="weights", model=("dense",), weights=("trained", "untrained"), layer=("relu1",),
         cut=("mean",)),
    case(orders.better, label="layer", model=("dense-video",), weights=("trained",), layer=("sigmoid1", "sigmoid2"),
         cut=("zero",)),
    case(orders.better, label="cut", model=("dense",), weights=("untrained",), layer=("relu1",), cut=("mean", "zero")),
    case(uses.hidden, model=("cnn", "dense", less(len))),
    case(uses.activation_of, model=("dense", "dense-video"), layer=("fc1", "fc2")),
    case(uses.shipped, model=("dense", "cnn"), weights=("trained", "plain")),
    case(uses.rounds, model=("cnn", "dense", less())),
]  # fmt: skip


def small_weights(model: nn.Module, recipe: training.Recipe) -> Tensor:
    """What can be asked of a net, besides being right."""
    return torch.stack([weight.square().sum() for weight in model.parameters()]).sum()


TRAINING = [
    case(training.Recipe, fitted, epochs=(4, 8, both(more(lambda found: len(found[1])), less(last_loss))),
         batch=(60, 20, more(lambda found: len(found[1]))),
         learning_rate=(1e-3, 4e-3, more(lambda found: away(first_layer((DENSE_TWIN, [])))(first_layer(found)))),
         augmentation=(0.0, 1.0, more(last_loss)), epsilon=(0.0, 0.2, more(last_loss)),
         smoothness=(0.0, 0.1, less(lambda found: roughness(first_layer(found)))),
         sparsity=(0.0, 0.1, less(lambda found: float(first_layer(found).abs().sum())))),
    case(training.fit, all_of, model=(partial(trainable, DENSE_TWIN), partial(trainable, DENSE)), digits=(SOME, MORE),
         recipe=(training.Recipe(epochs=1, batch=20), training.Recipe(epochs=2, batch=20)),
         asked=(None, small_weights)),
    case(freezing.fit_frozen, all_of, model=(partial(trainable, DENSE_TWIN), partial(trainable, DENSE)),
         digits=(SOME, MORE), recipe=(training.Recipe(epochs=2, batch=20), training.Recipe(epochs=3, batch=20)),
         layers=(1, 2), epoch=(0.0, 1.0)),
    case(frozen, model=(CNN, DENSE), layers=(1, 2)),
    case(freezing.train, cell=(freezing.Cell("dense-video", 0, 1, 0.0), freezing.Cell("dense-video", 0, 2, 0.0)),
         digits=(SOME, MORE)),
    case(readability.epoch_of, weights=("epoch-0.5", "epoch-3", more())),
    case(freezing.cells, model=("dense", "cnn", more(len))),
    case(training.adversarial, images=(SOME.images, MORE.images), labels=(SOME.labels, MORE.labels),
         epsilon=(0.1, 0.2, more(away(SOME.images)))),
    case(training.penalty, **FAST,
         recipe=(training.Recipe(1, smoothness=1.0), training.Recipe(1, smoothness=1.0, sparsity=1.0), more())),
    case(training.accuracy, model=(CNN_TWIN, CNN), digits=(SOME, MORE)),
    case(training.adversarial_accuracy, **FAST, digits=(SOME, MORE), epsilon=(0.05, 0.3, less())),
    case(training.task, lambda found: found[0].epochs, name=("dense", "cnn"), seed=(0,), training=("trained",)),
    case(training.task, lambda found: found[1].labels, label="of turned images", name=("dense",), seed=(0, 1),
         training=("rotations", "random-labels")),
    case(checkpoint, name=("dense-video", "dense"), training=("plain", "rotations"),
         folder=(Path("one"), Path("other"))),
]  # fmt: skip

TWO_UNITS = Unit("cnn", "conv2", 3), Unit("cnn", "conv2", 5)
ASKED, ALSO_ASKED = (guess.Question("image", unit, guess.REAL, True, (0.0, 0.3)) for unit in TWO_UNITS)
EXCITED = {"images": (MNIST.images[:200], MNIST.images[:200].flip(3)),
           "peaks": (noise(200, 24), noise(200, 24, seed=1))}  # fmt: skip
OFFERED, OTHERWISE = (guess.Choice(pair, pair, (1.0, 0.0)) for pair in MNIST.images[300:304].split(2))
SEES, SEES_OTHERWISE = (Observer(PIXELS, "", "", mean) for mean in (MNIST.images.flatten(1).mean(0), -torch.ones(784)))
GUESSING = [
    case(guess.askable, model=("dense", "dense-video"), layer=("fc1", "fc2")),
    case(guess.questions, number=(1, 2), sort=guess.SORTS),
    case(guess.references, unit=TWO_UNITS, kind=(guess.REAL, guess.FOUR, less(len)), **EXCITED),
    case(guess.choice, question=(ASKED, ALSO_ASKED), net=(CNN, CNN_TWIN, stays), **EXCITED),
    case(guess.choice, label="of squares", question=(replace(ASKED, sort="square"), ASKED), net=(CNN, CNN_TWIN),
         **EXCITED),
    case(guess.squares, unit=TWO_UNITS, image=(DIGIT[0], DIGIT[1])),
    case(guess.chances, question=(ASKED, replace(ASKED, left=False), less(lambda both: both[0])),
         offered=(OFFERED, OTHERWISE), observer=(SEES, SEES_OTHERWISE), **EXCITED),
    case(guess.tally, answered=([(ASKED, True)], [(ASKED, False)], less(lambda rows: rows.share.sum()))),
]  # fmt: skip

TEXT, OTHER_TEXT, ASKED_TEXT = "abab cab.\n" * 300, "acab bbb.\n" * 300, "abcab\nca." * 99
IS_B, IS_C = (torch.tensor([character == sign for character in TEXT]) for sign in "bc")
CELLS = [
    case(agreement.agreements, values=(noise(2, 3000), noise(2, 3000, seed=1)), features=({"b": IS_B}, {"b": IS_C})),
    case(agreement.draws, length=(3000, 9000, more(lambda drawn: drawn.shape[1])), seed=(0, 1)),
    case(agreement.drawn_agreement, values=(noise(3000).numpy(), noise(3000, seed=1).numpy()), feature=(IS_B, IS_C),
         drawn=(np.array([[1, 1, 1]]), np.array([[0, 1, 2]]))),
    case(agreement.bounds, drawn=(np.arange(90.0), np.arange(190.0), more(lambda ends: ends[1]))),
    case(contexts.told_by_last, text=(TEXT, OTHER_TEXT), feature=(IS_B, IS_C), asked=(ASKED_TEXT, ASKED_TEXT[1:])),
]  # fmt: skip


def number(name: str) -> Callable[[Any], float]:
    """Of what a technique of the studio made, one of the numbers."""
    return lambda made: made.numbers[name]


def fooled_by(**recipe: Any) -> Any:
    return finished(fooling.fool(DENSE, DIGIT[:1], Fooling(**recipe)))


RADII, SEVENS = torch.tensor([0.1, 0.2]), torch.tensor([7, 2])
FOOLING = [
    case(perturbed.perturb, lambda found: found.images, images=(DIGIT, OTHER_DIGIT), model=(DENSE, DENSE_TWIN),
         labels=(SEVENS, SEVENS + 1), radii=(RADII, 2 * RADII, more(away(DIGIT))),
         norm=("Linf", "L2", less(away(DIGIT))), targeted=(False, True), steps=(3, 6, more(away(DIGIT))),
         step_size=(0.1, 0.2, more(away(DIGIT)))),
    case(perturbed.shortfall, logits=(noise(2, 10), noise(2, 10, seed=1)), labels=(SEVENS, SEVENS + 1)),
    case(perturbed.noisy, images=(DIGIT, OTHER_DIGIT), radii=(RADII, 2 * RADII, more(away(DIGIT))),
         norm=("Linf", "L2", less(away(DIGIT)))),
    case(perturbed.veiled, images=(DIGIT, OTHER_DIGIT), epsilon=(0.1, 0.2, more(away(DIGIT)))),
    case(smallest.Search, lambda search: next(search.radii()), pictures=(1, 2, more(len)),
         pixels=(784, 10**6, less(torch.numel)), highest=(1.0, 2.0, times(2.0))),
    case(smallest.Search.radii, next,
         self=(partial(smallest.Search, 1, 784, 1.0), partial(smallest.Search, 2, 784, 1.0))),
    case(smallest.Search.note, self=(partial(smallest.Search, 2, 784, 1.0), partial(lambda: noted())),
         tried=(torch.tensor([[0.1, 0.2], [0.1, 0.2]]), torch.tensor([[0.3, 0.4], [math.inf, math.inf]])),
         happens=(torch.tensor([[False, True], [True, True]]), torch.tensor([[False, False], [True, True]]))),
    case(Fooling, lambda recipe: finished(fooling.fool(DENSE, DIGIT[:1], recipe)),
         target=(None, 4, more(number("smallest"))), norm=("Linf", "L2", more(number("smallest"))),
         epsilon=(None, 0.3, more(number("linf"))), steps=(5, 1, more(number("smallest"))),
         step_size=(0.25, 0.1, more(number("smallest"))), seed=(0, 1)),
    case(fooling.highest, norm=("Linf", "L2", more()), pixels=(784,)),
    case(fooling.highest, norm=("L2",), pixels=(784, 2 * 784, more()), label="L2"),
    case(fooling.fool, model=(DENSE, DENSE_TWIN), images=(DIGIT, OTHER_DIGIT), recipe=(Fooling(), Fooling(norm="L2"))),
    case(fooling.noise_trials, lambda trials: finished(trials).found, model=(DENSE, DENSE_TWIN),
         images=(DIGIT, OTHER_DIGIT), before=(SEVENS, SEVENS - 1, less(lambda found: float(found[0]))),
         recipe=(Fooling(), Fooling(seed=1)),
         search=(partial(smallest.Search, 2, 784, 1.0), partial(smallest.Search, 2, 784, 0.25))),
    case(fooling.attack, lambda found: found.images, model=(DENSE, DENSE_TWIN), images=(DIGIT, OTHER_DIGIT),
         before=(SEVENS, SEVENS + 1), radii=(RADII, 2 * RADII, more(away(DIGIT))),
         recipe=(Fooling(), Fooling(target=4))),
    case(fooling.logits_of, model=(DENSE, DENSE_TWIN)),
    case(fooling.beside, nets=({"a": DENSE}, {"b": DENSE}), image=(DIGIT[:1], OTHER_DIGIT[:1]),
         recipe=(Fooling(), Fooling(norm="L2")), epsilon=(0.1, 0.2)),
    case(fooling.unguided, image=(DIGIT[:1], OTHER_DIGIT[:1]), recipe=(Fooling(), Fooling(norm="L2"), less(len)),
         epsilon=(0.1, 0.2)),
    case(fooling.rounded, images=(DIGIT / 3, OTHER_DIGIT / 3)),
    case(fooling.sizes, max, image=(DIGIT, OTHER_DIGIT), pictures=({"a": DIGIT + 0.1}, {"a": DIGIT + 0.3}),
         norm=("Linf", "L2", more())),
    case(fooling.transfer, nets=({"a": DENSE}, {"a": DENSE_TWIN}), images=(DIGIT, OTHER_DIGIT),
         pictures=({"same": DIGIT}, {"same": DIGIT, "other": OTHER_DIGIT}, more(len))),
    case(fooling.magnified, change=(0.1 * MAP, 0.1 * OTHER_MAP)),
]  # fmt: skip


def noted() -> smallest.Search:
    """A search that found something already."""
    search = smallest.Search(2, 784, 1.0)
    search.note(torch.full((2, 1), 0.05), torch.ones(2, 1, dtype=torch.bool))
    return search


WOVEN = replace(texture.RECIPES["digits"], depths=("relu1", "relu3"), steps=4)
PAINTED = replace(style.RECIPES["digits"], steps=4)
BRIGHT, DARK = 0.6 + 0.2 * noise(1, 3, 16, 16), 0.2 * noise(1, 3, 16, 16, seed=1)
READ = [texture.PIXELS, "relu1"]
MADE_OF = [
    case(Texture, lambda recipe: images_of(texture.texture(CNN, DIGIT, recipe)), depths=(("relu1",), ("relu2",)),
         steps=(4, 8), lr=(0.1, 0.2), jitter=(0, 2), tv=(0.0, 5.0, less(roughness)), centred=(True, False),
         decay=(None, 1.0), seed=(0, 1), side=(28,)),
    case(Texture, lambda recipe: recipe.side, "its size", side=(28, 56, more()), seed=(0,)),
    case(Style, lambda recipe: images_of(style.style(CNN, DIGIT, recipe)), content=("relu1", "relu2"),
         style=("relu2", "relu3"), strength=(1.0, 10.0, more(away(DIGIT[:1]))), start=("photo", "noise"), steps=(4, 8),
         lr=(0.1, 0.2), jitter=(0, 2), tv=(0.0, 10.0, less(roughness)), centred=(True, False), decay=(None, 1.0),
         seed=(0,)),
    case(Style, lambda recipe: images_of(style.style(CNN, DIGIT, recipe)), "from noise", content=("relu1",),
         style=("relu2",), start=("noise",), steps=(4,), seed=(0, 1)),
    case(Style, lambda recipe: (recipe.side, recipe.keep_colours), "of photos", side=(28, 56),
         keep_colours=(False, True), seed=(0,)),
    case(texture.texture, images_of, recipe=(WOVEN, replace(WOVEN, seed=1))),
    case(style.style, images_of, recipe=(PAINTED, replace(PAINTED, strength=50.0))),
    case(texture.layers_up_to, depth=("relu2", "relu3", more(len)), model=(CNN, CNN_TWIN, stays),
         images=(DIGIT, OTHER_DIGIT, stays)),
    case(texture.likeness, lambda score: score(SEEN, OTHER_DIGIT), source=(DIGIT[:1], DIGIT[1:]),
         layers=(READ, READ[:1]), centred=(True, False), model=(CNN, CNN_TWIN)),
    case(texture.parametrised, drawn, decay=(None, 1.0), begin=(True, False), images=(DIGIT, OTHER_DIGIT)),
    case(texture.left, lambda shares: shares, objective=(objectives.near("relu1", SEEN["relu1"]),
                                                         objectives.near("relu1", 2 * SEEN["relu1"])),
         pictures=(MAP + 0.5, OTHER_MAP + 0.5), begun=(OTHER_DIGIT, noise(2, 1, 28, 28, seed=2))),
    case(style.luminance, images=(BRIGHT, DARK, less(total))),
    case(style.coloured, images=(BRIGHT, DARK, less(total)), photo=(DARK, BRIGHT)),
    case(waves.structure), case(waves.magnitudes),
    case(waves.apart, source=(MAP[:1], OTHER_MAP[:1])), case(waves.random_phases),
    case(waves.scattered, torch.view_as_real),
]  # fmt: skip


def shown(made: Any) -> int:
    """How many pictures there are."""
    return len(made.pictures)


BRIEFLY = Inversion(("relu1",), steps=5)
INVERSION = [
    case(objectives.near, lambda score: score(SEEN, DIGIT), layer=("conv1", "relu1"),
         activation=(torch.ones(2, 12, 28, 28), 2 * torch.ones(2, 12, 28, 28)),
         far=(0.0, -1.0, more(total))),
    case(Inversion, lambda recipe: finished(inversion.invert(DENSE, DIGIT, recipe)),
         layers=(("relu1",), ("relu2",)), prior=("none", "generator"), starts=(2, 3, more(shown)), steps=(5, 9),
         lr=(0.3, 0.1), tv=(1.0, 30.0), decay=(None, 1.0), seed=(0, 1), side=(28, 56, stays)),
    case(inversion.invert, model=(DENSE, DENSE_TWIN), images=(DIGIT, OTHER_DIGIT),
         recipe=(BRIEFLY, replace(BRIEFLY, seed=1))),
    case(inversion.untold, images=(DIGIT, PHOTO)),
    case(inversion.numbers, model=(DENSE, DENSE_TWIN), images=(DIGIT, OTHER_DIGIT),
         found=(OTHER_DIGIT, 1 - OTHER_DIGIT), recipe=(replace(BRIEFLY, starts=1), Inversion(("relu2",), starts=1))),
    case(inversion.apart, first=(DIGIT, OTHER_DIGIT), second=(1 - DIGIT, DIGIT / 2)),
    case(inversion.likeness, first=(PHOTO, OTHER_PHOTO), second=(OTHER_PHOTO, PHOTO.flip(3))),
]  # fmt: skip


def begun(recipe: Inversion) -> Any:
    """What inversion begins with."""
    return next(inversion.invert(DENSE, DIGIT, recipe)).images


TABLE = [
    *INVERSION,
    *GUESSING,
    *FOOLING,
    *MADE_OF,
    *STUDIO,
    *CELLS,
    *ASCENT,
    *PARAMETRISATIONS,
    *PRIORS,
    *TRANSFORMS,
    *CHOICES,
    *CIRCUITS,
    *CUTS,
    *MEMORY,
    *EIGHTHS_AND_SCORES,
    *RECIPES,
    *ATTRIBUTION,
    *TRUST,
    *MEASURES,
    *EVIDENCE,
    *PLACES,
    *MOVES,
    *PLANE,
    *TRAINING,
]


def chosen_ones() -> eighth.Sets:
    return eighth.chosen(DENSE_RUN, FC2, DENSE_RUN.split(FC2, 3, ()), seeded())


def kept_ones() -> dict[str, float]:
    return score.influences(DENSE_RUN, 3, seeded())


def misses() -> float:
    """How far the wide graphs' edges are from what twenty interventions do."""
    generator = seeded()
    found = [score.intervened(DENSE, DENSE_RUN, 3, generator) for _ in range(20)]
    return sum(abs(one.measured - one.said[score.MORE]) for one in found if one)


@dataclass(frozen=True)
class Constant:
    """A number of a module, another one, what is computed by it, and what becomes of that."""

    module: Any
    name: str
    other: Any
    run: Callable[[], Any]
    check: Check = differs

    def __str__(self) -> str:
        return f"{self.module.__name__.removeprefix('core.')}.{self.name}"


def explained(method: str, photo: bool = False) -> Callable[[], outcome.Forming]:
    net, x = (COLOUR, PHOTO) if photo else (CNN, DIGIT)
    return lambda: finished(attribution.watched(method, net, x, LOGITS[0]))


def gap(forming: outcome.Forming) -> float:
    return float(numbers.completeness_gap(CNN, DIGIT, LOGITS[0], forming.found).abs().mean())


def negative(forming: outcome.Forming) -> float:
    return float(forming.found.clamp(max=0).abs().sum() / forming.found.abs().sum())


def augmented() -> Tensor:
    return augment.augment(SOME.images, 1.0, seeded())


def distinct(values: Tensor) -> int:
    return len(values.unique())


def farther() -> Check:
    return more(away(SOME.images))


def along_few() -> Tensor:
    """The independent components of few images."""
    return directions.independent_components(HEAVY, torch.arange(90), seed=0)


def cut() -> Tensor:
    return segmentation.segment(PHOTO[0], IMPORTANCE).float()


def rounds() -> list[Any]:
    return list(maps.tsne(BASIS.coordinates, FLAT))


def likeness_anew(pictures: Tensor) -> Tensor:
    """With a bank that is made for it."""
    edge_likeness._bank.cache_clear()
    found = edge_likeness.edge_likeness(pictures)
    edge_likeness._bank.cache_clear()
    return found


def refused() -> bool:
    try:
        return not maps.Basis(BLOBS[:20])
    except ValueError:
        return True


CONSTANTS = [
    Constant(perturbed, "PASSES", 1,
             lambda: perturbed.noisy(DIGIT, torch.full((2,), 2.0), "L2", seeded()), less(away(DIGIT))),
    Constant(smallest, "DOUBLINGS", 4, lambda: next(smallest.Search(1, 784, 1.0).radii()), more(total)),
    Constant(smallest, "PRECISION", 1 / 4, lambda: fooled_by().numbers["smallest"], more()),
    Constant(smallest, "MOST", 3, lambda: next(smallest.Search(1, 784, 1.0).radii()), less(torch.numel)),
    Constant(smallest, "AT_ONCE", 800, lambda: next(smallest.Search(1, 784, 1.0).radii()), less(torch.numel)),
    Constant(fooling, "DRAWS", 7, lambda: fooled_by(epsilon=0.2).numbers["noise_flips"]),
    Constant(fooling, "SEARCHED", 1, lambda: fooled_by().numbers["noise_smallest"]),
    Constant(fooling, "BATCH", 784, lambda: fooling.logits_of(DENSE, DIGIT), near),
    Constant(texture, "WAVE_NOISE", 1.0, lambda: drawn(texture.parametrised(DIGIT, 1.0)), more(spread)),
    Constant(texture, "PIXEL_NOISE", 1.0, lambda: drawn(texture.parametrised(DIGIT, None)), more(spread)),
    Constant(waves, "SCALES", 2, lambda: waves.magnitudes(DIGIT), less(torch.numel)),
    Constant(waves, "ANGLES", 2, lambda: waves.magnitudes(DIGIT), less(torch.numel)),
    Constant(waves, "BORDER", 4, lambda: waves.magnitudes(DIGIT), less(torch.numel)),
    Constant(waves, "FAINT", 1.0, lambda: waves.structure(DIGIT), less(size)),
    Constant(objectives, "FAINTEST", 1.0,
             lambda: objectives.near("x", torch.zeros(1, 1))({"x": torch.ones(1, 1)}, DIGIT), more(total)),
    Constant(inversion, "RADIUS", 0.3, lambda: begun(replace(BRIEFLY, prior="generator"))),
    Constant(inversion, "GREY", {1: 0.5, 3: 0.5}, lambda: begun(BRIEFLY), more(level)),
    Constant(inversion, "PIXEL_NOISE", 1.0, lambda: begun(BRIEFLY), more(spread)),
    Constant(inversion, "WAVE_NOISE", 0.1, lambda: begun(replace(BRIEFLY, decay=1.0)), more(spread)),
    Constant(influence, "FALLEN", 0.7, lambda: influence.horizon(torch.exp(-torch.arange(9.0) / 2)[None]), less()),
    Constant(capacity, "RIDGE", 100.0, lambda: capacity.readout(STEPS, STEPS), less(total)),
    Constant(capacity, "FEATURES", 8, lambda: capacity.without_memory(STEPS, seeded()), less(torch.numel)),
    Constant(eighth, "STRONGEST", 3, lambda: eighths_of(DENSE, FORTY).strongest, less(torch.numel)),
    Constant(eighth, "SHARE", 4, lambda: chosen_ones()["named"][0], more(len)),
    Constant(eighth, "DRAWS", 2, lambda: chosen_ones()["random"], less(len)),
    Constant(score, "STRONGEST", 3, lambda: SCORED.strongest(WAY[1])[0], less(len)),
    Constant(score, "K", 9, lambda: kept_ones()["named, k = 5"], more()),
    Constant(score, "NODES", 60, lambda: kept_ones()["named, 30 nodes"], more()),
    Constant(score, "DRAWS", 1, lambda: kept_ones()["random, k = 5"]),
    Constant(score, "DEPTH", 1, lambda: kept_ones()["named, k = 5"]),
    Constant(score, "WIDE", 64, lambda: misses()),
    Constant(score, "TURN", 0.5, lambda: misses()),
    Constant(parametrise, "MARGIN", 0.2, lambda: parametrise.unsquashed(DIGIT), less(spread)),
    Constant(parametrise, "FAINTEST", 0.5,
             lambda: drawn(Characters((1, 65, 3), (torch.arange(65) == 4)[None, :, None].float(), 0.0)), less(spread)),
    Constant(parametrise, "COLOURS", ((0.3, 0.0, 0.0), (0.0, 0.3, 0.0), (0.0, 0.0, 0.3)),
             lambda: parametrise.decorrelated(PHOTO)),
    Constant(objectives, "FAINTEST", 1e9,
             lambda: -objectives.near("conv1", torch.ones(1, 12, 28, 28))(SEEN, DIGIT), less(total)),
    Constant(objectives, "ALMOST", 0.5,
             lambda: objectives.aimed("x", [0], torch.ones(1, 1))({"x": torch.ones(1, 1, 1)}, DIGIT), less(total)),
    Constant(within, "DRAWN", 2, lambda: next(stimuli.climb(DENSE, "fc2", range(8), DRAWN)).scores, less(total)),
    Constant(priors, "STEEPNESS", 2.0, lambda: LINEAR(torch.zeros(1, 50)), less(spread)),
    Constant(forced_choice, "STRONGEST", 0.2, lambda: forced_choice.pairs(noise(50), "middle")[0], more(len)),
    Constant(forced_choice, "MIDDLE", (0.2, 0.8), lambda: forced_choice.pairs(noise(50), "middle")[1], more(len)),
    Constant(stimuli, "FILTER", 10, lambda: stimuli.suited(COLOURFUL, 7, True), less(lambda recipe: recipe.side)),
    Constant(stimuli, "TINY", 20, lambda: stimuli.suited(COLOURFUL, 12, True), less(lambda recipe: recipe.turn)),
    Constant(stimuli, "SMALL", 80, lambda: stimuli.suited(COLOURFUL, 67, True), less(lambda recipe: recipe.side)),
    Constant(outcome, "DRAWS", 4, lambda: list(outcome.baselines(DIGIT, "noise")), more(len)),
    Constant(backwards, "STEPS", 2, explained("integrated gradients"), more(gap)),
    Constant(backwards, "STRETCHES", {1: 4}, lambda: list(backwards.integrated_gradients(CNN, DIGIT, LOGITS[0])),
             more(len)),
    Constant(backwards, "FINER", 1, lambda: backwards.conductance(CNN, DIGIT, LOGITS[0], "relu2")),
    Constant(backwards, "NOISE", 0.4, explained("SmoothGrad"), found(more(away(SALIENCY)))),
    Constant(backwards, "PIECES", {1: (12, 3)}, explained("SmoothGrad"), less(error)),
    Constant(backwards, "PIECES", {1: (3, 12)}, explained("gradient SHAP"), less(error)),
    Constant(backwards, "PIECES", {3: (12, 3)}, explained("SmoothGrad", photo=True), less(error)),
    Constant(backwards, "PIECES", {3: (3, 12)}, explained("gradient SHAP", photo=True), less(error)),
    Constant(backwards, "COPIES", {1: 64}, explained("SmoothGrad"), less(error)),
    Constant(backwards, "COPIES", {1: 64}, explained("gradient SHAP"), less(error)),
    Constant(backwards, "AT_ONCE", {1: 3}, explained("integrated gradients"), found(near)),
    Constant(losses, "AT_ONCE", {1: 2},
             lambda: losses.without(CNN, CNN_RUN, [[1], [2], [3]], torch.zeros(24, 14, 14), ["relu3"])["relu3"], near),
    Constant(removal, "AT_ONCE", {1: 3}, explained("occlusion"), found(near)),
    Constant(backwards, "GAMMA", 2.0, explained("LRP"), less(negative)),
    Constant(removal, "CELLS", 2, explained("feature ablation"), found(less(distinct))),
    Constant(removal, "SEGMENTS", 4, lambda: removal.superpixels(PHOTO), less(distinct)),
    Constant(removal, "ORDERS", 8, explained("Shapley sampling"), less(error)),
    Constant(removal, "FITS", {1: 8}, explained("kernel SHAP"), less(error)),
    Constant(removal, "COALITIONS", {1: 300}, explained("kernel SHAP"), less(error)),
    Constant(removal, "WINDOW", {1: (16, 4)}, explained("occlusion"), found(less(fineness))),
    Constant(removal, "COARSE", 1, lambda: next(removal.occlusion(CNN, DIGIT, LOGITS[0])), found(more(fineness))),
    Constant(advice, "KEEPS", 0.1, lambda: advice.advised("cnn"), less(len)),
    Constant(examine, "DRAWS", 4, lambda: list(examine.controls(DENSE, DIGIT, LOGITS[0])), more(len)),
    Constant(examine, "STAGES", 2, lambda: [name for name, _ in examine.randomised(DENSE, DENSE_TWIN, DIGIT)],
             less(len)),
    Constant(examine, "SENSITIVE", 1,
             lambda: finished(examine.examine("saliency", DENSE, DENSE_TWIN, DIGIT, LOGITS[0])),
             less(lambda trust: len(trust.numbers["sensitivity"]))),
    Constant(numbers, "PARTS", 4, lambda: numbers.curve(CNN, DIGIT, LOGITS[0], ORDER, False), less(len)),
    Constant(numbers, "SIDE", 1 / 2, lambda: list(numbers._squares(DIGIT)),
             more(lambda squares: float(squares[0].sum()))),
    Constant(numbers, "STEPS", 2, lambda: list(numbers._squares(DIGIT)), less(len)),
    Constant(numbers, "RADIUS", 0.1, lambda: next(numbers.near(DIGIT)), more(away(DIGIT))),
    Constant(numbers, "NEARBY", 1, lambda: list(numbers.near(DIGIT)), less(len)),
    Constant(pointing, "SURE", 0.999, lambda: pointing.grids(CNN, 5).images),
    Constant(agreement, "PASSAGE", 100, lambda: agreement.draws(3000), more(lambda drawn: drawn.shape[1])),
    Constant(agreement, "RESAMPLES", 50, lambda: agreement.draws(3000), less(len)),
    Constant(contexts, "LONGEST", 2, lambda: list(contexts.told_by_last(TEXT, IS_B, ASKED_TEXT)), less(len)),
    Constant(contexts, "PRIOR", 30.0, lambda: list(contexts.told_by_last(TEXT, IS_B, ASKED_TEXT))),
    Constant(interval, "RESAMPLES", 50, lambda: interval.interval(noise(50))),
    Constant(spaces, "ROUNDING", 1.0, lambda: spaces.distances(POINTS)["cosine"]),
    Constant(constant, "ROUNDING", 2.0, lambda: constant.constant(noise(9, 3)), more(torch.count_nonzero)),
    Constant(held_out, "EVERY", 2, lambda: held_out.split(40)[1], more(len)),
    Constant(nonlinearity, "PLACES", 1, lambda: nonlinearity.nonlinearity(FEW_PIXELS, BENT)),
    Constant(nonlinearity, "STRENGTHS", (1e9,), lambda: nonlinearity.nonlinearity(FEW_PIXELS, BENT)),
    Constant(probes, "WEAKNESSES", (1e-3,), lambda: probes.probe(MNIST.images[:400], MNIST.labels[:400]), less()),
    Constant(directions, "STRONGEST", 2, lambda: directions.directions(POINTS, LABELS, SIGHT)),
    Constant(directions, "RANK", 0.9, along_few, less(torch.numel)),
    *[Constant(directions, name, other, along_few) for name, other in (("TOLERANCE", 0.9), ("STEPS", 1))],
    Constant(effective_field, "BATCH", 1,
             lambda: effective_field.effective_field(CNN, DIGIT, "conv2", [3]), near),
    Constant(effective_field, "LEAST", 0.5,
             lambda: effective_field.area(effective_field.effective_field(CNN, DIGIT, "conv2", [3])), less(total)),
    Constant(locality, "SHARE", 0.5, lambda: locality.locality(noise(3, 1, 9, 9)), less(total)),
    *[Constant(edge_likeness, name, fewer, lambda: likeness_anew(noise(40, 1, 6, 6)), less(total))
      for name, fewer in (("ORIENTATIONS", 2), ("CYCLES", (1.0,)), ("FINEST", 0.2), ("SPREADS", (0.25,)),
                          ("PHASES", (0.0,)), ("SHIFTS", (0.0,)))],
    Constant(edge_likeness, "FLAT", 0.9, lambda: likeness_anew(noise(4, 1, 6, 6)).isnan(), more(torch.count_nonzero)),
    Constant(edge_likeness, "MOST", 8, lambda: likeness_anew(noise(4, 1, 16, 16))),
    Constant(maps, "AXES", 2, lambda: maps.Basis(BLOBS).coordinates, less(np.size)),
    Constant(maps, "LEAST", 30, refused, more()),
    Constant(maps, "PERPLEXITY", 5, lambda: rounds()[-1]),
    Constant(maps, "ROUNDS", 3, rounds, less(len)),
    Constant(maps, "EXAGGERATED", 0, lambda: rounds()[0], more(np.std)),
    Constant(maps, "ROUND", 2, lambda: rounds()[0], less(np.std)),
    Constant(segmentation, "SIDE", 28, cut),
    Constant(segmentation, "SURE", 0.8, cut, more(level)),
    Constant(segmentation, "SURELY_NOT", 0.8, cut, less(level)),
    Constant(segmentation, "BLUR", 8.0, cut),
    Constant(segmentation, "EDGES", 30_000.0, cut),
    Constant(survey, "SAMPLE", 20, lambda: finished(survey.survey(RAMP, BATCHES, ["fc"])).answers["fc"].quantiles,
             less(torch.numel)),
    Constant(survey, "QUANTILES", 11, lambda: finished(survey.survey(RAMP, BATCHES, ["fc"])).answers["fc"].quantiles,
             less(torch.numel)),
    Constant(freezing, "EPOCHS", (0.0,), lambda: freezing.cells("dense"), less(len)),
    Constant(examples, "FAINT", 0.6, lambda: examples.faded(DIGIT[0], (slice(5, 9), slice(5, 9))), more(level)),
    Constant(training, "SNAPSHOT_EPOCHS", (0, 1, 2), lambda: checkpoint(Path(), name="dense-video", seed=0,
             training="trained"),
             less(lambda files: len(files["dense-video/snapshots.safetensors"]))),
    Constant(guess, "COUNT", 4, lambda: guess.questions.__wrapped__(1, "image"), less(len)),
    Constant(guess, "BEST", 4, lambda: guess.references(ASKED.unit, guess.REAL, MNIST.images[:200], noise(200, 24)),
             less(len)),
    Constant(guess, "CLEAR", 0.4, lambda: guess.askable.__wrapped__("dense", "fc1"), less(len)),
    Constant(guess, "SIDE", 4, lambda: guess.squares(CNN, ASKED.unit, DIGIT[0])[1], more(total)),
    Constant(guess, "EQUAL", 0.5, lambda: guess.squares(CNN, ASKED.unit, DIGIT[0])[2],
             more(lambda answers: float(answers[1] - answers[0]))),
    Constant(symmetry, "FAR", 2, symmetry.sentence),
    Constant(points, "TURNS", 3.0, lambda: points.spirals(20, 0.0, 0)),
    Constant(points, "CORNERS", ((2.0, 2.0),) * 4, lambda: points.xor(4, 0.0, 0).positions, more(size)),
    Constant(plane_nets, "OF_TEST", 1, lambda: plane_nets.made(SETUP)[1]),
    Constant(augment, "MAX_SHIFT", 8.0, augmented, farther()),
    Constant(augment, "MAX_TURN", 60.0, augmented, farther()),
    Constant(augment, "MAX_GROWTH", 0.5, augmented, farther()),
    Constant(augment, "MAX_THICKENING", 0.9, lambda: augment._thicken(SOME.images, 1.0, seeded()), farther()),
]  # fmt: skip

FOLLOWED = "one of the steps inside `receptive_fields`, on a graph's calls: test_receptive_field.py"
RECORD = "holds what was found: nothing is computed by it"
SHIPS = "writes what ships, or prints it, for minutes: its parts are in the table"
CUT = "files, photographs and what is cut out of them: test_photo_examples.py"
COMPILES = "numba compiles for half the time that this file may take: test_maps.py"
EXEMPT = {
    "studio.perturbed.Perturbed": RECORD,
    **dict.fromkeys(("studio.inversion.check", "studio.inversion.LIMITS"),
                    "what is refused: test_inversion.py"),
    **dict.fromkeys(("ascent.ascend.Step", "stimuli.Frame", "attribution.outcome.Forming", "trust.examine.Trust",
                     "trust.examine.Worth", "trust.pointing.Grids", "measures.neighbours.Compared",
                     "survey.Extremes",
                     "survey.Answers", "survey.Progress", "ascent.priors.Step", "ascent.priors.Recipe",
                     "weights.Matrix", "weights.Neighbours", "training.Step",
                     "guess.Question", "guess.Choice", "freezing.Cell"),
                     RECORD),
    **dict.fromkeys(("measures.known_fields.", "measures.measured_fields.", "measures.reach."), FOLLOWED),
    **dict.fromkeys(("circuits.contributions.Stage", "circuits.contributions.Split", "circuits.gates.Gates",
                     "circuits.graph.Node", "circuits.graph.Graph", "circuits.factors.Factors",
                     "circuits.losses.Orders", "circuits.eighth.Answers",
                     "circuits.score.Intervention", "circuits.score.Row", "memory.unrolled.Unrolled"), RECORD),
    **dict.fromkeys(("circuits.eighth.of_stage", "circuits.eighth.put_together_shares", "circuits.score.of_net"),
                    "all units, for seconds: test_eighth.py and test_score.py; their parts are in the table"),
    **dict.fromkeys(("maps.umap", "maps.place_by_umap"), COMPILES),
    **dict.fromkeys(("trust.table.build", "by_depth.measured"), SHIPS),
    **dict.fromkeys(("readability.measured", "readability.readings"),
                    "of what ships, for seconds a layer: test_readability.py"),
    "by_depth.Measure": RECORD,
    **dict.fromkeys(("measures.equivariance.Compared", "movements.Movement", "learning_curves.Cell",
                     "learning_curves.Reading", "learning_curves.Update", "data.points.Points", "plane.nets.Epoch",
                     "plane.surfaces.Row", "relevance.uses.Uses"), RECORD),
    **dict.fromkeys(("symmetry.measured", "learning_curves.train", "learning_curves.readings", "plane.xor.measured",
                     "relevance.uses.measure"), SHIPS),
    "learning_curves.images_for": "reads whole sets of images: test_learning_curves.py",
    "plane.nets.Setup": "what a training depends on, each part of it a switch: test_xor_page.py",
    "plane.nets.require": "refuses: test_plane.py",
    "measures.relevance.Seen": "batch after batch: test_relevance.py",
    **dict.fromkeys(("by_depth.units_of", "by_depth.rank", "by_depth.ranks"), "of what ships: test_by_depth.py"),
    **dict.fromkeys(("photo_examples.Strongest", "photo_examples.Progress", "photo_examples.Example"), RECORD),
    **dict.fromkeys(("photo_examples.photographs", "photo_examples.crops",
                     "photo_examples.patches", "photo_examples.as_sheet", "photo_examples.cut",
                     "photo_examples.examples_of"), CUT),
    "trust.advice.markdown": "made of what stands beside it: test_readme.py",
    "ascent.objectives.Objective": "made by the functions beside it; how two are added: test_ascent.py",
    "ascent.parametrise.Parametrisation": "a protocol",
    "ascent.priors.Prior": "a protocol",
    **dict.fromkeys(("ascent.priors.Decoder", "ascent.priors.make", "ascent.priors.fit_generator"),
                    "trained for minutes; on few images in test_priors.py"),
    "ascent.prepare.faster_dtype": "answers by the clock: test_prepare.py",
    "trust.pointing.RowsTogether": "made by `everywhere`",
    "trust.pointing.photo_grids": "sixty photographs of 448 pixels: test_pointing.py",
    "maps.Method": "a function each way, and how many maps the first yields: test_maps.py",
}  # fmt: skip

READ_BACK = "the default of a parameter in the table, or read from the README below"
SHAPED = "goes with the digits: every shape in the table hangs on it"
NUMBERS = {
    "ascent.within.RADIUS": "the radius that `Inversion` and `stimuli.Recipe` take: theirs",
    "studio.fooling.LIMITS": "what is refused: test_fooling.py",
    **dict.fromkeys(("studio.style.LIMITS", "studio.texture.LIMITS", "studio.texture.MOST"),
                    "what is refused: test_style.py, test_texture.py"),
    "studio.inversion.LEAST": "what is refused: test_inversion.py",
    **dict.fromkeys(("measures.spaces.K", "measures.spaces.BATCH", "examples.BATCH", "trust.pointing.GRIDS",
                     "measures.neighbours.ENOUGH"), READ_BACK),
    **dict.fromkeys(("photo_examples.KEPT", "photo_examples.OF_ONE"), READ_BACK),
    **dict.fromkeys(("photo_examples.SCALES", "photo_examples.SHOWN", "photo_examples.BATCH", "photo_examples.TILE",
                     "photo_examples.ACROSS", "photo_examples.QUALITY"), CUT),
    **dict.fromkeys(("survey.BATCH", "measures.signal.IMAGES", "by_depth.BATCH", "by_depth.RESAMPLES",
                     "trust.table.DIGITS",
                     "trust.table.FEWER"), SHIPS),
    **dict.fromkeys(("measures.measured_fields.SAME", "measures.receptive_field.MOST", "measures.receptive_field.SIDES",
                     "measures.fitted_field.MOST_SHARED", "measures.field.EPSILON"), FOLLOWED),
    **dict.fromkeys(("measures.nonlinearity.RANK", "measures.nonlinearity.OUTSIDE"),
                    "what is rounding only: test_nonlinearity.py"),
    "measures.bends.STEPS": READ_BACK,
    "movements.SHIFT": "stands in MOVEMENTS: test_movements.py",
    **dict.fromkeys((f"learning_curves.{name}" for name in (
        "SIZES", "UNSHARED_SIZES", "UPDATES", "BATCH", "READ", "RATES", "HELD_OUT", "HALF", "WAYS", "SHIFTED")), SHIPS),
    "plane.exact.TINY": "what is rounding only: test_plane.py",
    **dict.fromkeys(("plane.nets.DEEPEST", "plane.nets.WIDEST"), "what is refused: test_plane.py"),
    "plane.surfaces.REACH": "the square that the page shows: test_xor_page.py",
    **dict.fromkeys(("relevance.uses.NINE", "relevance.uses.CUT_BATCH"), SHIPS),
    **dict.fromkeys(("circuits.score.INTERVENTIONS", "circuits.score.KEPT"), "how many: test_score.py"),
    "measures.directions.STARTS": "the first is enough where a fixed point is reached: test_directions.py",
    **dict.fromkeys(("measures.probes.MOST", "measures.probes.RANK"), "whatever it is, a fit is at its end"),
    "measures.locality.ROUNDING": "what is rounding only: test_locality.py",
    "measures.similarity.LEAST": "fewer are refused: test_similarity.py",
    "measures.spatial_frequency.ROUNDING": "what is no pattern: test_measures.py",
    "guess.ROUNDS": "what a link may hold: test_guess_page.py",
    "stimuli.SIZE": SHAPED,
    "stimuli.NOISY": "so that no pixel is overlooked by chance: test_stimuli.py",
    "ascent.priors.FITTED": SHIPS,
    **dict.fromkeys(("ascent.ascend.DECAYS", "ascent.ascend.EPSILON"), "as torch's Adam has them: test_ascent.py"),
    "stimuli.CHUNKS": "of how many pictures a thread takes at once: test_stimuli.py",
    **dict.fromkeys(("ascent.priors.COMPONENTS", "ascent.priors.LATENT", "ascent.priors.HIDDEN", "ascent.priors.MAPS"),
                    "as the shipped files have them: they could not be read otherwise"),
    "stimuli.TIMED": "of images by which a type is timed: whatever it is, the clock decides",
    "trust.pointing.SEEN": "of a thousand classes, which no small net has: test_pointing.py",
    "trust.table.TASKS": "which of two is better: test_trust.py",
    "studio.dream.LEAST": "fewer are refused: test_dream.py",
    "studio.dream.EQUAL": "whatever it is, noise is as large in the end: test_dream.py",
    "studio.caricature.FLOOR": "as Lucid has it: test_caricature.py",
    "studio.caricature.FAINTEST": "what is silent: test_caricature.py",
    "studio.caricature.NOISE": "of a grey picture to begin with: test_caricature.py",
    "attribution.outcome.AT_ONCE": "taken by name into two modules, and changed there",
}  # fmt: skip
FEW = {"attribution.backwards.STEPS": 8, "attribution.backwards.PIECES": {1: (3, 3), 3: (3, 3)},
       "attribution.backwards.STRETCHES": {1: 1, 3: 2}, "attribution.removal.ORDERS": 2,
       "attribution.removal.COALITIONS": {1: 40, 3: 20}, "attribution.removal.FITS": {1: 2, 3: 2},
       "attribution.removal.SEGMENTS": 12, "attribution.removal.CELLS": 4,
       "attribution.removal.WINDOW": {1: (8, 4), 3: (16, 8)}, "attribution.outcome.DRAWS": 2, "trust.examine.DRAWS": 2,
       "trust.examine.NEARBY": 2, "trust.numbers.NEARBY": 2, "trust.numbers.PARTS": 6, "trust.numbers.STEPS": 3,
       "learning_curves.HELD_OUT": 20, "maps.ROUND": 10, "maps.ROUNDS": 4, "maps.EXAGGERATED": 2}  # fmt: skip


# The tests.


@pytest.fixture(autouse=True)
def little_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes a data set by itself takes a small one, and what draws draws little: no test hangs on how much."""
    few = Digits(*(part[:400] for part in MNIST))
    monkeypatch.setattr(pointing, "test_set", lambda: few)
    monkeypatch.setattr(training, "training_set", lambda: SOME)
    monkeypatch.setattr(training, "test_set", lambda: SOME)
    monkeypatch.setattr(training, "BY_HEART", training.Recipe(epochs=2))
    for address, less_of_it in FEW.items():
        module, name = address.rsplit(".", 1)
        monkeypatch.setattr(importlib.import_module(f"core.{module}"), name, less_of_it)


@cache
def before(number: int) -> Any:
    return TABLE[number].result()


@pytest.mark.parametrize(("number", "parameter"), [
    pytest.param(number, name, id=f"{each}: {name}") for number, each in enumerate(TABLE) for name in each.tested
])  # fmt: skip
def test_each_parameter_alone_changes_the_result_as_its_docstring_says(number: int, parameter: str) -> None:
    each = TABLE[number]
    check = each.changes[parameter].check
    assert check and check(before(number), each.result(parameter))


@pytest.mark.parametrize("constant", CONSTANTS, ids=str)
def test_each_constant_alone_changes_the_result_as_its_comment_says(
    constant: Constant, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, own = constant.run(), getattr(constant.module, constant.name)
    other = own | constant.other if isinstance(own, dict) else constant.other
    monkeypatch.setattr(constant.module, constant.name, other)
    assert constant.check(first, constant.run())


def world(arguments: Mapping[str, Any]) -> Any:
    """What no call may touch: the three global generators, whether gradients are kept, and what was passed in."""
    kind, keys, *rest = np.random.get_state()
    given = {name: value for name, value in arguments.items() if not isinstance(value, Generator)}
    return (plain(torch.get_rng_state()), kind, plain(keys), rest, random.getstate(), torch.is_grad_enabled(),
            torch.get_default_dtype(), torch.get_num_threads(), plain(given),
            plain([CNN, DENSE, RNN, COLOUR]))  # fmt: skip


def worn(value: Any) -> Any:
    """A net in training, with weights that want gradients and a hook of its owner's; anything else as it is."""
    if isinstance(value, Mapping):
        return {name: worn(part) for name, part in value.items()}
    if not isinstance(value, nn.Module):
        return value
    own = copy.deepcopy(value).train().requires_grad_()
    next(own.children(), own).register_forward_hook(idle)
    return own


def has_net(value: Any) -> bool:
    parts = value.values() if isinstance(value, Mapping) else ()
    return isinstance(value, nn.Module) or any(map(has_net, parts))


def idle(*_: Any) -> None:
    """A hook that does nothing."""


def called(number: int, arguments: dict[str, Any]) -> Any:
    """The result, once it is seen that nothing else was changed, and nothing by a call that is broken off, either."""
    each = TABLE[number]
    trains = each.of in (training.fit, freezing.fit_frozen)
    kept = {name: value for name, value in arguments.items() if not (trains and name == "model")}
    first, result = world(kept), each.call(arguments)
    if isinstance(result, Iterator):
        next(result)
        assert world(kept) == first  # whoever takes a step may draw, or break off
        result.close()
        assert world(kept) == first
        result = each.call(arguments | each.drawn())
    found = each.then(result)
    assert world(kept) == first
    return found


@pytest.mark.parametrize("number", range(len(TABLE)), ids=[str(each) for each in TABLE])
def test_equal_calls_give_the_same_to_the_last_bit_and_leave_all_as_it_was(number: int) -> None:
    assert not differs(before(number), called(number, TABLE[number].arguments()))


@pytest.mark.parametrize("number", [number for number, each in enumerate(TABLE) if has_net(each.arguments())],
                         ids=[str(each) for each in TABLE if has_net(each.arguments())])  # fmt: skip
def test_a_net_in_training_stays_in_training_with_its_hooks(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stimuli, "_DTYPES", {})  # what is timed once a process is timed here
    called(number, worn(TABLE[number].arguments()))


def public(module: Any) -> Iterator[Callable[..., Any]]:
    """A module's own functions and classes, and what their objects can do."""
    for name, value in vars(module).items():
        if name.startswith("_") or not callable(value) or getattr(value, "__module__", "") != module.__name__:
            continue
        if not (inspect.isclass(value) and issubclass(value, Exception)):
            yield value
        if inspect.isclass(value):
            yield from (part for key, part in vars(value).items()
                        if inspect.isfunction(part) and (key == "__call__" or not key.startswith("_")))  # fmt: skip


def is_exempt(where: str) -> bool:
    """Whether a callable, or the class or the module that it is of, stands in EXEMPT."""
    return any(where == name or where.startswith(f"{name.removesuffix('.')}.") for name in EXEMPT)


@pytest.mark.parametrize("module", MODULES)
def test_every_parameter_stands_in_the_table(module: str) -> None:
    covered = {(place(each.of), name) for each in TABLE for name in each.tested}
    missing = [
        f"{place(of)}: {name}"
        for of in public(importlib.import_module(f"core.{module}"))
        for name in inspect.signature(of).parameters
        if (place(of), name) not in covered and not is_exempt(place(of))
    ]
    assert missing == []


def constants(module: str) -> set[str]:
    """The names of a module's own numbers, or of what holds numbers only."""
    source = ast.parse(inspect.getsource(importlib.import_module(f"core.{module}")))
    targets = [target for part in source.body if isinstance(part, ast.Assign) for target in part.targets]
    names = [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
    values = vars(importlib.import_module(f"core.{module}"))
    return {name for name in names if name.isupper() and only_numbers(values[name])}


def only_numbers(value: Any) -> bool:
    parts = list(value.values()) if isinstance(value, Mapping) else value
    return isinstance(value, int | float) or (isinstance(parts, list | tuple) and all(map(only_numbers, parts)))


@pytest.mark.parametrize("module", MODULES)
def test_every_number_of_a_module_stands_in_the_table_too(module: str) -> None:
    covered = {*map(str, CONSTANTS), *NUMBERS}
    assert {f"{module}.{name}" for name in constants(module)} - covered == set()


def test_what_is_exempt_exists_and_stands_in_no_table() -> None:
    covered = {place(each.of) for each in TABLE} | set(map(str, CONSTANTS))
    for name in (*EXEMPT, *NUMBERS):
        module, _, own = name.rpartition(".")
        assert module in MODULES and hasattr(importlib.import_module(f"core.{module}"), own or "__name__")
        assert name not in covered


def default(of: Callable[..., Any], name: str) -> Any:
    return inspect.signature(of).parameters[name].default


README = (Path(__file__).parents[2] / "README.md").read_text().replace("\n", " ")
SAID = {"five": 5, "eleven": 11, "twelve": 12, "half": 0.5}
DRAW, FEATURES, PRIORS_PAGE = (
    (Path(__file__).parents[2] / "pages" / name).read_text().replace("\n", " ")
    for name in ("draw.py", "features.py", "ascents/prior_drawings.py")
)
DOCUMENTED = [  # what is said where, and what holds
    (DRAW, r"(\d+) steps of Adam in its", stimuli.WITH_PRIOR.steps),
    (DRAW, r"Adam in its (\d+) numbers", priors.LATENT),
    (DRAW, r"the best of (\d+) drawings", within.DRAWN),
    (FEATURES, r"best of (\d+) drawings", within.DRAWN),
    (FEATURES, r"the mean and (\d+) principal components", priors.COMPONENTS),
    (PRIORS_PAGE, r"fitted to ([\d,]+) training digits", priors.FITTED),
    (maps.tsne.__doc__, r"perplexity (\d+)", maps.PERPLEXITY),
    (maps.tsne.__doc__, r"(\d+) iterations with", maps.ROUND * maps.EXAGGERATED),
    (maps.tsne.__doc__, r"and\s+(\d+) without", maps.ROUND * (maps.ROUNDS - maps.EXAGGERATED)),
    (Ink.__doc__, r"MNIST's mean is (0\.\d+)", Ink.budget),
    (Ink.__doc__, r"MNIST's mean is (0\.\d+)", stimuli.RECIPE.budget),
    (Ink.__doc__, r"MNIST's mean is (0\.\d+)", round(float(MNIST.images.mean()), 2)),
    (README, r"48 units of `cnn/conv3` climbed for (\d+) steps", stimuli.Recipe.steps),
    (README, r"48 units of `cnn/conv3` climbed for (\d+) steps", default(ascend, "steps")),
    (README, r"the (\d+) strongest and weakest", default(survey.survey, "k")),
    (README, r"Of the (\w+) nearest others", default(spaces.same_label, "k")),
    (README, r"nearest others of ([\d,]+) test images", neighbours.ENOUGH),
    (README, r"without any of it, for (\d+) epochs", training.PLAIN.epochs),
    (README, r"at (\w+) times in training", len(training.SNAPSHOT_EPOCHS) + 1),
    (README, r"keeps less than (\w+) of its order", advice.KEEPS),
]


@pytest.mark.parametrize(("text", "pattern", "holds"), DOCUMENTED)
def test_what_is_said_of_a_default_holds(text: str, pattern: str, holds: float) -> None:
    (said,) = set(re.findall(pattern, text))
    assert (SAID[said] if said in SAID else float(said.replace(",", ""))) == holds


def test_no_recipe_that_ships_is_out_of_its_limits() -> None:
    for recipe in stimuli.RECIPES.values():
        assert stimuli.within_limits(recipe) == (recipe, [])
    for recipe in atlas.WALL_RECIPES.values():  # a window may be smaller than any picture that is climbed on a page
        assert stimuli.within_limits(replace(recipe, side=stimuli.SIZE))[1] == []
