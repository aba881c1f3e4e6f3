"""What every unit of a net computes at every place of the plane, layer by layer: its surface."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from core.data.points import Points
from core.layers import list_layers, record
from core.plane.exact import missed
from core.plane.nets import Setup, grid

INPUT, OUTPUT = "input", "output"
REACH = 1.2  # the square in view goes from minus that to that


@dataclass(frozen=True)
class Row:
    """A layer: its units' surfaces in [-1, 1], the weights that they read by, and what a threshold on each gets wrong.

    A surface is 0 in the middle of the nonlinearity (of a sigmoid at 0.5); a ReLU's is divided by the largest value of
    its layer. The output's is 2 p - 1, where p is the probability of class 1.
    """

    name: str  # INPUT, "hidden 1", ..., OUTPUT
    values: Float[Tensor, "units side side"]
    weights: Float[Tensor, "units before"] | None  # the input has none
    wrong: Bool[Tensor, "units points"]  # by the best threshold on each
    ranges: list[tuple[float, float]]  # the lowest and the highest activation in view; of the output the logit's

    @property
    def right(self) -> list[float]:
        """The shares of the points that the best thresholds get right."""
        return (~self.wrong).double().mean(1).tolist()

    @property
    def addresses(self) -> list[str]:
        """Its units' names in links: layer/index."""
        return [f"{self.name.replace(' ', '')}/{unit}" for unit in range(len(self.values))]


def rows(net: nn.Module, setup: Setup, points: Points, side: int, reach: float) -> list[Row]:
    """Every layer's row, the input first; surfaces on side x side places that fill [-reach, reach]."""
    places = grid(side, reach)
    names = [layer.name for layer in list_layers(net, (2,)) if not layer.name.startswith("fc")]
    over, at = record(net, places, names), record(net, points.positions, names)
    weights = [module.weight.detach() for module in net.modules() if isinstance(module, nn.Linear)]
    found = [Row(INPUT, _square(places / reach, side), None, *_of_units(points.positions, points.labels, places))]
    for depth, name in enumerate(names):
        last = depth == len(setup.hidden)
        kind = OUTPUT if last else setup.activation
        title = OUTPUT if last else f"hidden {depth + 1}"
        surfaces = _square(_centred(over[name], kind), side)
        found.append(Row(title, surfaces, weights[depth], *_of_units(at[name], points.labels, over[name])))
    return found


def output(net: nn.Module, side: int, reach: float) -> Float[Tensor, "side side"]:
    """The output's surface, 2 p - 1, alone and as fine as one likes."""
    with torch.no_grad():
        return _square(_centred(net(grid(side, reach)), OUTPUT), side)[0]


def _centred(values: Float[Tensor, "places units"], kind: str) -> Float[Tensor, "places units"]:
    if kind == OUTPUT:
        return 2 * values.sigmoid() - 1
    if kind == "sigmoid":
        return 2 * values - 1
    return values if kind == "tanh" else values / values.max().clamp(min=1e-9)


def _square(values: Float[Tensor, "places units"], side: int) -> Float[Tensor, "units side side"]:
    return values.T.reshape(-1, side, side)


def _of_units(
    values: Float[Tensor, "n units"], labels: Tensor, over: Float[Tensor, "places units"]
) -> tuple[Tensor, list[tuple[float, float]]]:
    """Which points each unit gets wrong, and the range of its activation over the plane."""
    ranges = zip(over.amin(0).tolist(), over.amax(0).tolist(), strict=True)
    return torch.stack([missed(unit, labels) for unit in values.T]), list(ranges)


@torch.no_grad()
def wrong(net: nn.Module, points: Points) -> list[bool]:
    """Which points lie on the other class's side."""
    return ((net(points.positions)[:, 0] > 0) != points.labels.bool()).tolist()
