"""A dense net on points in the plane, with one logit: how it is set up, and how it is trained."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from core.data.digits import Digits
from core.data.points import POINTS, Points
from core.models.dense import Dense
from core.process import seeded
from core.training import Recipe, fit

ACTIVATIONS = {"tanh": nn.Tanh, "ReLU": nn.ReLU, "sigmoid": nn.Sigmoid}
DEEPEST, WIDEST = 4, 16  # hidden layers, and units in each
OF_TEST = 1000  # added to a seed: the test points are others of the same kind


@dataclass(frozen=True)
class Setup:
    """All that a training depends on: the points, the net, how it is trained, and the seed."""

    points: str = "XOR"  # one of POINTS
    count: int = 200
    noise: float = 0.1
    hidden: tuple[int, ...] = (2,)
    activation: str = "tanh"  # one of ACTIVATIONS
    rate: float = 0.03
    decay: float = 0.0  # on squared weights
    epochs: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.hidden) > DEEPEST or not all(1 <= units <= WIDEST for units in self.hidden):
            raise ValueError(f"A net here has up to {DEEPEST} hidden layers of 1 to {WIDEST} units, not {self.hidden}.")


@dataclass(frozen=True)
class Epoch:
    """How far a training is: losses and accuracies (shares of the points), and the net as it is now."""

    epoch: int
    epochs: int
    loss: float
    test_loss: float
    accuracy: float
    test_accuracy: float
    weights: dict[str, Tensor]


def build(setup: Setup) -> Dense:
    """The net as its seed starts it; its logit is positive for class 1."""
    with seeded(setup.seed):
        return Dense((2, *setup.hidden, 1), ACTIVATIONS[setup.activation], setup.activation.lower())


def made(setup: Setup) -> tuple[Points, Points]:
    """The points to train on, and others of the same kind to test on."""
    of = POINTS[setup.points]
    return of(setup.count, setup.noise, setup.seed), of(setup.count, setup.noise, setup.seed + OF_TEST)


def train(setup: Setup, seen: Points, unseen: Points) -> Iterator[Epoch]:
    """Every epoch of a training on all points at once, the start first; the same setup gives the same weights.

    Raises ValueError, with a sentence for the page, for points of one class or none, and where the loss is no number
    any more.
    """
    require(seen)
    net = build(setup)
    yield _epoch(0, setup, net, seen, unseen)
    recipe = Recipe(setup.epochs, setup.rate, batch=len(seen.labels))
    for step in fit(_TwoLogits(net), Digits(seen.positions, seen.labels), recipe, setup.seed, partial(_small, setup)):
        if not math.isfinite(step.loss):
            raise ValueError(f"The loss is no number any more after {step.step} epochs: try a smaller learning rate.")
        yield _epoch(step.step, setup, net, seen, unseen)


def require(points: Points) -> None:
    """Raise ValueError, with a sentence for the page, for points from which nothing can be learnt."""
    if len(points.labels) == 0:
        raise ValueError("There are no points yet: add some of each class.")
    if len(points.labels.unique()) < 2:
        raise ValueError("All points are of one class: add some of the other.")
    if len(points.positions.unique(dim=0)) < 2:
        raise ValueError("All points lie at one place: nothing can tell them apart.")


def _small(setup: Setup, net: nn.Module, recipe: Recipe) -> Tensor:
    """Small weights are what is asked, besides being right."""
    return setup.decay * torch.stack([w.square().sum() for w in net.parameters() if w.ndim > 1]).sum()


@torch.no_grad()
def _epoch(epoch: int, setup: Setup, net: Dense, seen: Points, unseen: Points) -> Epoch:
    numbers = []
    for points in (seen, unseen):
        logits = net(points.positions)[:, 0]
        loss = F.binary_cross_entropy_with_logits(logits, points.labels.float())
        numbers.append((float(loss), float(((logits > 0) == points.labels.bool()).float().mean())))
    (loss_seen, right), (loss_unseen, right_unseen) = numbers
    weights = {name: value.clone() for name, value in net.state_dict().items()}
    return Epoch(epoch, setup.epochs, loss_seen, loss_unseen, right, right_unseen, weights)


class _TwoLogits(nn.Module):
    """The net with a logit of 0 for class 0 beside its own: cross-entropy over both is that of one logit."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Float[Tensor, "n 2"]) -> Float[Tensor, "n 2"]:
        logit = self.net(x)
        return torch.cat([torch.zeros_like(logit), logit], dim=1)


def with_weights(setup: Setup, weights: dict[str, Tensor]) -> Dense:
    """The net of a setup at some epoch, in eval mode and frozen."""
    net = build(setup)
    net.load_state_dict(weights)
    return net.eval().requires_grad_(False)


def grid(side: int, reach: float) -> Float[Tensor, "places 2"]:
    """The middles of side x side squares that fill [-reach, reach], row by row from the upper left."""
    middles = (torch.arange(side) + 0.5) / side * 2 * reach - reach
    down, across = torch.meshgrid(-middles, middles, indexing="ij")
    return torch.stack([across.flatten(), down.flatten()], dim=1)
