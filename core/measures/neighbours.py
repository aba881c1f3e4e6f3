"""Images as points in a layer's space: which lie near each other, whether they mean the same, how far classes part.

`python -m core.measures.neighbours` computes the table that the app shows.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from sklearn.metrics import silhouette_score
from sklearn.neighbors import NearestNeighbors
from torch import Tensor, nn
from tqdm import tqdm

from core.data.digits import Digits, test_set
from core.files import write_whole
from core.layers import Layer, first_of_each_depth, list_layers, record
from core.models import DIGIT_NETS, MODELS, load
from core.process import settle

Metric = Literal["cosine", "euclidean"]
METRICS: tuple[Metric, ...] = ("cosine", "euclidean")
PIXELS = "pixels"  # the space that needs no net
K, ENOUGH = 12, 2000  # neighbours, and test images
BATCH = 250
TABLE = Path(__file__).parent / "neighbours.csv"


def vectors(model: nn.Module, images: Tensor, layer: str, size: int = BATCH) -> Float[Tensor, "n numbers"]:
    """Each image as the numbers that a layer makes of it, or as its own pixels: an axis a unit, a place and a time.

    So many images are shown to the net at a time.
    """
    if layer == PIXELS:
        return images.flatten(1)
    return torch.cat([record(model, batch, [layer])[layer].flatten(1) for batch in images.split(size)])


class Space:
    """The points of a data set. The search is exact at any size, by matrix products of one block after another."""

    def __init__(self, points: Float[Tensor, "n numbers"], metric: Metric) -> None:
        self._metric = metric
        self._search = NearestNeighbors(algorithm="brute").fit(self._scaled(points))

    def nearest(self, queries: Float[Tensor, "m numbers"], k: int) -> tuple[Float[Tensor, "m k"], Int[Tensor, "m k"]]:
        """How far the k nearest points are from each query, and their numbers; the nearest first.

        Distances are Euclidean, or 1 - cos; a point at the origin has the cosine 0.5 with any other.
        """
        distances, numbers = self._search.kneighbors(self._scaled(queries), min(k, self._search.n_samples_fit_))
        return self._unscaled(torch.from_numpy(distances)), torch.from_numpy(numbers)

    def others(self, points: Float[Tensor, "n numbers"], k: int) -> Int[Tensor, "n k"]:
        """The k nearest other points of each of the space's own points."""
        _, numbers = self.nearest(points, k + 1)
        own = torch.arange(len(points))[:, None]
        itself = (numbers == own) | ((numbers != own).all(1, keepdim=True) & (torch.arange(numbers.shape[1]) == k))
        return numbers[~itself].view(len(points), -1)  # among points in one place it may not be the first, or be missed

    def _scaled(self, points: Tensor) -> np.ndarray:
        return (nn.functional.normalize(points) if self._metric == "cosine" else points).numpy()

    def _unscaled(self, distances: Tensor) -> Tensor:
        return distances.square() / 2 if self._metric == "cosine" else distances


def same_label(points: Float[Tensor, "n numbers"], labels: Int[Tensor, " n"], metric: Metric, k: int = K) -> float:
    """The share of each point's k nearest others that have its label, on the mean: between 0 and 1."""
    others = Space(points, metric).others(points, k)
    return float((labels[others] == labels[:, None]).float().mean())


def silhouette(points: Float[Tensor, "n numbers"], labels: Int[Tensor, " n"], metric: Metric) -> float:
    """How far apart the labels lie: the mean of (b - a) / max(a, b), between -1 and 1 (Rousseeuw 1987).

    a is a point's mean distance to the others of its label, b that to the points of the nearest other label.
    """
    return float(silhouette_score(points.numpy(), labels.numpy(), metric=metric))


def separation(model: nn.Module, data: Digits, layers: Sequence[Layer], metric: Metric) -> pd.DataFrame:
    """`same_label` and `silhouette` in the pixels and in each layer: a row each, with depth and the vector's length."""
    spaces = {PIXELS: 0} | {layer.name: layer.depth for layer in layers}
    rows = []
    for name, depth in spaces.items():
        points = vectors(model, data.images, name)
        share = same_label(points, data.labels, metric)
        apart = silhouette(points, data.labels, metric)
        rows.append({"layer": name, "depth": depth, "numbers": points.shape[1], "share": share, "silhouette": apart})
    return pd.DataFrame(rows)


def table() -> pd.DataFrame:
    """The shipped numbers: of every net for digits and its twin, in what each layer passes on, by either metric."""
    return pd.read_csv(TABLE)


def markdown() -> str:
    """The README's table: percent by cosine, each layer's trained share before its untrained twin's."""
    shares = (
        table()
        .query("metric == 'cosine' and depth > 0")
        .pivot(index=["model", "depth"], columns="weights", values="share")
    )
    deepest = max(depth for _, depth in shares.index)
    lines = [f"| depth | {' | '.join(str(depth) for depth in range(1, deepest + 1))} |", "|---" * (deepest + 1) + "|"]
    for model in DIGIT_NETS:
        pairs = 100 * shares.loc[model].to_numpy(float)  # trained before untrained, by their names' order
        cells = [f"{trained:.1f} / {untrained:.1f}" for trained, untrained in pairs]
        lines.append(f"| `{model}` | {' | '.join(cells + [''] * (deepest - len(cells)))} |")
    return "\n".join(lines)


def main() -> None:
    """Compute the table and write it, with a progress bar; print it as the README has it."""
    settle()
    data = Digits(*(part[:ENOUGH] for part in test_set()))
    choices = [
        (model, weights, metric) for model in DIGIT_NETS for weights in ("trained", "untrained") for metric in METRICS
    ]
    parts = []
    for model, weights, metric in tqdm(choices, file=sys.stderr):
        net = load(model, weights=weights)
        layers = first_of_each_depth(list_layers(net, MODELS[model].input_shape), 1)
        parts.append(separation(net, data, layers, metric).round(4).assign(model=model, weights=weights, metric=metric))
    columns = ["model", "weights", "metric", "layer", "depth", "numbers", "share", "silhouette"]
    write_whole(TABLE, pd.concat(parts)[columns].to_csv(index=False).encode())
    sys.stdout.write(markdown() + "\n")


if __name__ == "__main__":
    main()
