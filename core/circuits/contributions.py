"""What each unit that a unit reads contributes to it, for one input: gradient times activation between two layers.

Where a layer is affine in the layer that it reads, that is the weight times the activation, summed over the window, and
exact; what is left is the bias. So it is for every layer of the nets for digits, average pooling and flattening between
the two included, and for an LSTM with its gates held as they are (`core.circuits.frozen_gates`). Between the blocks of
a net for photos other layers lie: there it is a first-order estimate, whose gap to completeness is stated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.circuits.frozen_gates import frozen
from core.layers import INPUT, Layer, landmarks, pre_activation, record, run_changed, run_to


@dataclass(frozen=True)
class Stage:
    """The units of one depth: what is taken apart, what the next stage reads of them, and what they are made of."""

    sums: Layer  # their pre-activations
    layer: Layer  # their activations; the same layer where nothing squashes them
    reads: str  # the activations of the stage before, or INPUT
    affine: bool  # whether nothing but weights, pooling and flattening lies between the two


def stages(layers: Sequence[Layer], last: str, among: Sequence[str] = ()) -> list[Stage]:
    """The stages of a net from the input to the layer of that name, all or those that are named; of many, a few.

    Raises ValueError for a layer that there is not.
    """
    top, sums = pre_activation(layers, last), [each for each in layers if not each.behind]
    chain = all(layer.reads for layer in sums)
    names = among or [layer.name for layer in (sums if chain else landmarks(sums))]
    found: list[Stage] = []
    for layer in sums[: sums.index(top) + 1]:
        if layer.name in names or layer == top:
            before = found[-1] if found else None
            read = layer.reads and (INPUT if layer.reads == INPUT else pre_activation(layers, layer.reads).name)
            reads = before.layer.name if before else INPUT
            found.append(Stage(layer, _squashed(layers, layer), reads, read == (before.sums.name if before else INPUT)))
    return found


def _squashed(layers: Sequence[Layer], sums: Layer) -> Layer:
    """The last layer of the same units at the same places."""
    return [layer for layer in layers if pre_activation(layers, layer.name) == sums and layer.shape == sums.shape][-1]


Place = tuple[int, ...]  # (row, column) of a map, (row,) of a recurrent layer, () of a neuron


def place_of(values: Float[Tensor, " *place"]) -> Place:
    """Where the largest value is."""
    return tuple(int(place) for place in torch.unravel_index(values.argmax(), values.shape)) if values.ndim else ()


@dataclass(frozen=True)
class Split:
    """A unit's pre-activation at one place (a recurrent unit's output), taken apart: it is the sum of the others."""

    value: float
    parts: Float[Tensor, " before *place"]  # of each unit that is read, at each of its places; of the input its pixels
    bias: float  # what is there when all that is read is 0; of a recurrent unit what its biases have added over time
    gap: float  # to completeness; 0 where the stage is affine, as there the bias is what is left

    @cached_property
    def by_unit(self) -> Float[Tensor, " before"]:
        """What each unit contributes, summed over its places."""
        return self.parts.reshape(len(self.parts), -1).sum(1)


class Run:
    """One input's way through a net, kept so that any unit of its stages can be taken apart."""

    def __init__(self, model: nn.Module, x: Float[Tensor, "1 channels height width"], stages: Sequence[Stage]) -> None:
        self.stages, self._model = list(stages), model
        image = x.detach().clone().requires_grad_()
        names = dict.fromkeys(name for stage in stages for name in (stage.sums.name, stage.layer.name))
        with torch.enable_grad():
            self._held = {INPUT: image} | run_to(frozen(model), image, names)
        self._empty = dict[str, Tensor]()

    def activation(self, name: str) -> Float[Tensor, " units *place"]:
        """What a layer of the stages puts out, or the image itself."""
        return self._held[name][0].detach()

    def strongest(self, stage: Stage, unit: int) -> Place:
        """Where a unit's pre-activation is largest; of a recurrent unit, its output."""
        return place_of(self.activation(stage.sums.name)[unit])

    def weights(self, stage: Stage, unit: int, place: Place) -> Float[Tensor, " before *place"]:
        """How much a unit changes with each number that it reads: its weights where it is affine, else its gradient.

        Raises ValueError for a unit or a place that the layer does not have.
        """
        sums = self._held[stage.sums.name][0]
        if len(place) != sums.ndim - 1 or not all(
            0 <= at < side for at, side in zip((unit, *place), sums.shape, strict=True)
        ):
            raise ValueError(
                f"{stage.sums.name} has no unit {unit} at {place}: it is {' x '.join(map(str, sums.shape))}."
            )
        (gradient,) = torch.autograd.grad(sums[(unit, *place)], self._held[stage.reads], retain_graph=True)
        return gradient[0]

    def split(self, stage: Stage, unit: int, place: Place) -> Split:
        """What each unit of the stage before contributes to this one at this place; ValueError as `weights`."""
        parts = self.weights(stage, unit, place) * self.activation(stage.reads)
        value = float(self.activation(stage.sums.name)[(unit, *place)])
        rest = value - float(parts.sum())
        bias = rest if stage.affine else float(self._unread(stage)[(unit, *place)])
        return Split(value, parts, bias, rest - bias)

    def _unread(self, stage: Stage) -> Float[Tensor, " units *place"]:
        """The stage's pre-activations where all that it reads is 0."""
        name, image = stage.sums.name, self._held[INPUT].detach()
        if name not in self._empty:
            if stage.reads == INPUT:
                self._empty[name] = record(self._model, torch.zeros_like(image), [name])[name][0]
            else:
                with torch.no_grad():
                    found = run_changed(self._model, image, {stage.reads: torch.zeros_like}, [name])
                self._empty[name] = found[name][0]
        return self._empty[name]
