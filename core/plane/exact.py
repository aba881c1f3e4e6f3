"""What can be said exactly of small nets in the plane: what a line can do, what a layer makes separable, regions."""

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from core.data.points import Points
from core.layers import list_layers, record

Polygon = Float[np.ndarray, "corners 2"]
TINY = 1e-9  # of an area or a distance: what is smaller is rounding


def best_line(points: Points) -> float:
    """The largest share of the points that any straight line gets right: of XOR's four points 0.75.

    Some best line can be moved until it goes through two places; the points on it can then be shared out between its
    sides at any one place, by turning it a little about that place, either way. All such lines are tried.
    """
    places, counts = _places(points)
    if len(places) < 2:
        return float(counts.max() / counts.sum())
    best = 0.0
    for first in range(len(places)):
        for second in range(first + 1, len(places)):
            along = places[second] - places[first]
            away = places - places[first]
            side, order = away @ np.array([-along[1], along[0]]), away @ along
            on = np.abs(side) < TINY
            left, right = counts[(side > 0) & ~on].sum(0), counts[(side < 0) & ~on].sum(0)
            online = counts[on][np.argsort(order[on])]
            before = np.vstack([np.zeros(2), np.cumsum(online, 0)])
            for one, other in ((before, before[-1] - before), (before[-1] - before, before)):
                upper, lower = left + one, right + other
                best = max(best, float(np.max([upper[:, 0] + lower[:, 1], upper[:, 1] + lower[:, 0]])))
    return best / float(counts.sum())


def _places(points: Points) -> tuple[Float[np.ndarray, "places 2"], Float[np.ndarray, "places classes"]]:
    """The different places, and how many points of each class lie there."""
    places, where = np.unique(points.positions.numpy().astype(float), axis=0, return_inverse=True)
    counts = np.zeros((len(places), 2))
    np.add.at(counts, (where.ravel(), points.labels.numpy()), 1)
    return places, counts


def linear_fit(points: Points) -> float:
    """R^2 of the best linear prediction of the class: of XOR's four points 0."""
    from sklearn.linear_model import LinearRegression

    positions, labels = points.positions.double().numpy(), points.labels.double().numpy()
    return float(LinearRegression().fit(positions, labels).score(positions, labels))


def best_threshold(values: Float[Tensor, " n"], labels: Tensor) -> float:
    """The largest share of the points that a threshold on one unit's values gets right, whichever side is class 1."""
    return float((~missed(values, labels)).double().mean())


def missed(values: Float[Tensor, " n"], labels: Tensor) -> Bool[Tensor, " n"]:
    """Which points the best threshold on one unit's values gets wrong, whichever side is class 1."""
    order = values.argsort()
    ordered, ones = values[order], labels[order].double()
    below = torch.cat([torch.zeros(1).double(), ones.cumsum(0)])  # of class 1 among the first k
    count, total = torch.arange(len(ones) + 1).double(), float(ones.sum())
    right = (count - below) + (total - below)
    possible = torch.ones(len(ones) + 1, dtype=torch.bool)
    possible[1:-1] = ordered[1:] > ordered[:-1]  # equal values are on one side
    right = torch.stack([right, len(ones) - right])  # where class 1 lies above the threshold, and below it
    right[:, ~possible] = -1
    below_it, place = divmod(int(right.argmax()), len(ones) + 1)
    above = torch.empty(len(ones), dtype=torch.bool)
    above[order] = torch.arange(len(ones)) >= place
    return (above ^ bool(below_it)) != labels.bool()


def separable(values: Float[Tensor, "n units"], labels: Tensor) -> bool:
    """Whether some hyperplane parts the classes: whether y (w x + b) >= 1 has a solution, by a linear program."""
    from scipy.optimize import linprog  # 30 MB

    signs = np.where(labels.numpy() > 0, 1.0, -1.0)[:, None]
    rows = -signs * np.hstack([values.double().numpy(), np.ones((len(values), 1))])
    return linprog(np.zeros(rows.shape[1]), rows, -np.ones(len(rows)), bounds=(None, None)).status == 0


def first_separable(net: nn.Module, points: Points) -> str | None:
    """The first layer whose activations a hyperplane parts; "input" for the points themselves, None for no layer."""
    if separable(points.positions, points.labels):
        return "input"
    layers = [layer.name for layer in list_layers(net, (2,))]
    seen = record(net, points.positions, layers)
    return next((name for name in layers if separable(seen[name], points.labels)), None)


def linear_regions(net: nn.Sequential, reach: float) -> int:
    """In how many pieces a ReLU net cuts the square [-reach, reach], on each of which it is linear; exactly.

    Layer by layer, on each convex piece a unit's pre-activation is linear, and its zero line cuts the piece in two
    (Montufar, Pascanu, Cho, Bengio 2014, count them so). Pieces that meet in a silent layer count each.
    Raises ValueError for a net whose activations are not ReLUs: it has none.
    """
    modules = list(net.children())
    if any(not isinstance(module, nn.Linear | nn.ReLU) for module in modules):
        raise ValueError("Only a net with ReLUs is linear in pieces.")
    square = np.array([[-reach, -reach], [reach, -reach], [reach, reach], [-reach, reach]])
    pieces: list[tuple[Polygon, np.ndarray]] = [(square, np.array([[1.0, 0, 0], [0, 1, 0]]))]
    for module in modules:
        if isinstance(module, nn.Linear):
            weight, bias = module.weight.detach().double().numpy(), module.bias.detach().double().numpy()
            pieces = [(piece, weight @ affine + np.outer(bias, [0, 0, 1])) for piece, affine in pieces]
        else:
            pieces = [part for piece in pieces for part in _rectified(*piece)]
    return len(pieces)


def _rectified(piece: Polygon, affine: np.ndarray) -> list[tuple[Polygon, np.ndarray]]:
    """A piece cut by the zero lines of all units, each part with what the ReLUs leave of its map."""
    parts = [(piece, affine)]
    for unit in range(len(affine)):
        parts = [part for each in parts for part in _cut(*each, unit)]
    return parts


def _cut(piece: Polygon, affine: np.ndarray, unit: int) -> list[tuple[Polygon, np.ndarray]]:
    values = piece @ affine[unit, :2] + affine[unit, 2]
    silent = affine.copy()
    silent[unit] = 0
    found = []
    for sign, left in ((1.0, affine), (-1.0, silent)):
        part = _clipped(piece, sign * values)
        if _area(part) > TINY:
            found.append((part, left))
    return found


def _clipped(piece: Polygon, values: Float[np.ndarray, " corners"]) -> Polygon:
    """The part of a convex polygon where values, linear in it, are not negative (Sutherland and Hodgman 1974)."""
    corners = []
    for here, there, value, next_value in zip(piece, np.roll(piece, -1, 0), values, np.roll(values, -1), strict=True):
        if value >= 0:
            corners.append(here)
        if value * next_value < 0:
            corners.append(here + (there - here) * value / (value - next_value))
    return np.array(corners).reshape(-1, 2)


def _area(piece: Polygon) -> float:
    x, y = piece[:, 0], piece[:, 1]
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2 if len(piece) > 2 else 0.0
