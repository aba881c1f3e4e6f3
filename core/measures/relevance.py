"""Relevance: how much a unit of a hidden layer matters for a net's answer, and what it costs to cut the unit out."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Generator, Tensor, nn

from core.layers import run_changed, run_to
from core.measures.constant import constant
from core.measures.path_similarity import ranked

EVEN, ODD = slice(None, None, 2), slice(1, None, 2)  # images that predict, and those in which a cut is measured
FIRES, VARIES, USED, USED_FROM = "activation", "spread", "relevance", "relevance from what takes its place"
PREDICTORS = (FIRES, VARIES, USED, USED_FROM)
ORDERS = ("fires", "summed", "used")  # images by a unit's peak, its sum over the map or time, and its relevance


def with_gradients(model: nn.Module, x: Tensor, layers: Sequence[str], last: str) -> dict[str, tuple[Tensor, Tensor]]:
    """Of each layer its activation and the gradient of each input's winning logit in it: both (n, units, *place).

    One forward and one backward pass for all layers; `last` puts out the logits. Of a recurrent layer it is the state
    as what stands behind reads it: the way by which a state makes the layer's own next one is no part of it.
    """
    seen = run_to(model, x.detach().clone().requires_grad_(), [*layers, last])
    logits = seen.pop(last)
    gradients = torch.autograd.grad(logits.max(1).values.sum(), list(seen.values()))
    return {name: (each.detach(), gradient) for (name, each), gradient in zip(seen.items(), gradients, strict=True)}


def relevance(
    activation: Float[Tensor, "n units *place"], gradient: Float[Tensor, "n units *place"]
) -> Float[Tensor, "n units places"]:
    """How much each place of a unit's map, or each step in time, adds to the winning logit: activation x gradient.

    By this order Achtibat et al. 2023, "From attribution maps to human-understandable explanations through concept
    relevance propagation", choose the images that show what a unit is used for ("relevance maximisation"); they take
    relevance from LRP, this is gradient x input (Shrikumar et al. 2017) at the layer. A unit's relevance is the sum
    over its places. It is what the logit would lose with zero in the unit's place if it were linear in it.
    """
    found = activation * gradient
    return found.flatten(2) if found.ndim > 2 else found[..., None]


def cost_of_cutting(
    model: nn.Module, x: Tensor, layer: str, last: str, instead: Float[Tensor, " units *place"]
) -> Float[Tensor, "n units"]:
    """How far each input's winning logit falls where each unit alone puts out `instead`, whatever the input.

    By real forward passes; the winner is the one of the net that is whole. Less than 0 is a logit that rises.
    """

    def each_cut(activation: Tensor) -> Tensor:
        variants = activation[:, None].repeat_interleave(len(instead), 1)
        own = torch.arange(len(instead))
        variants[:, own, own] = instead
        return variants.flatten(0, 1)

    with torch.no_grad():
        whole = run_to(model, x, [last])[last].max(1)
        cut = run_changed(model, x, {layer: each_cut}, [last])[last].unflatten(0, (len(x), len(instead)))
    winner = whole.indices[:, None, None].expand(-1, len(instead), 1)
    return whole.values[:, None] - cut.gather(2, winner)[..., 0]


class Seen:
    """What is kept of a layer while images pass: a few numbers a unit and image, and means over the even images."""

    def __init__(self) -> None:
        self._numbers: dict[str, list[Tensor]] = {order: [] for order in ORDERS}
        self._places: dict[str, list[Tensor]] = {order: [] for order in ORDERS}
        self._sums: list[Tensor] = []

    def add(
        self, activation: Float[Tensor, "n units *place"], gradient: Float[Tensor, "n units *place"]
    ) -> None:  # fmt: skip
        """Take in a batch that begins with an even image."""
        values = activation.flatten(2) if activation.ndim > 2 else activation[..., None]
        slopes, shares = gradient.reshape(values.shape), relevance(activation, gradient)
        self._keep("fires", values.amax(2), values)
        self._keep("summed", values.sum(2), values)
        self._keep("used", shares.sum(2), shares)
        new = [each[EVEN].double().sum(0) for each in (values, values.square(), slopes, shares)]
        self._sums = [old + now for old, now in zip(self._sums, new, strict=True)] if self._sums else new

    def _keep(self, order: str, numbers: Tensor, of: Tensor) -> None:
        self._numbers[order].append(numbers)
        self._places[order].append(of.argmax(2))

    def first(self, order: str, k: int) -> tuple[Tensor, Int[Tensor, "units k"], Int[Tensor, "units k"]]:
        """The k largest numbers of each unit, their images, of equal ones the earlier, and where each is greatest."""
        numbers, places = torch.cat(self._numbers[order]).T, torch.cat(self._places[order]).T
        inputs = numbers.sort(dim=1, descending=True, stable=True).indices[:, :k]
        return numbers.gather(1, inputs), inputs, places.gather(1, inputs)

    def live(self) -> Bool[Tensor, " units"]:
        """Which units have not the same peak in every image."""
        return ~constant(torch.cat(self._numbers["fires"]))

    def means(self) -> list[Float[Tensor, "units places"]]:
        """Over the even images: the activation, its square, the gradient and the relevance."""
        count = len(torch.cat(self._numbers["fires"])[EVEN])
        return [each / count for each in self._sums]

    def predictors(self, instead: Float[Tensor, "units places"]) -> Float[Tensor, "predictors units"]:
        """What may predict the cost of a cut that puts `instead` in a unit's place, by PREDICTORS, from even images.

        The mean peak; how far the activation lies from `instead`, root mean square, summed over the places; the mean
        relevance; and the mean of (activation - instead) x gradient, which is the cost to first order.
        """
        mean, square, slope, share = self.means()
        peak = torch.cat(self._numbers["fires"])[EVEN].double().mean(0)
        spread = (square - 2 * instead * mean + instead.square()).clamp(min=0).sqrt()
        return torch.stack([peak, spread.sum(1), share.sum(1), (share - instead * slope).sum(1)]).float()


def rank_correlations(values: Float[Tensor, "n units"], cost: Float[Tensor, " units"]) -> Float[Tensor, " n"]:
    """Spearman's rank correlation of several numbers of each unit with another one; 0 where all units are equal."""
    return ranked(values) @ ranked(cost[None])[0]


def resampled(
    values: Float[Tensor, "n units"], cost: Float[Tensor, " units"], times: int = 2000
) -> Float[Tensor, "times n"]:
    """The same over so many bootstrap samples of the units (Efron 1979), each the same units for all of the numbers."""
    drawn = torch.randint(len(cost), (times, len(cost)), generator=Generator().manual_seed(0))
    costs = ranked(cost[drawn])
    return torch.stack([(ranked(each[drawn]) * costs).sum(1) for each in values], dim=1)
