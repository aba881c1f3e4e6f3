"""Images as points in a layer's space: which lie near each other, whether they mean the same, how far classes part."""

from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from core.layers import record

Metric = Literal["cosine", "euclidean"]
METRICS: tuple[Metric, ...] = ("cosine", "euclidean")
PIXELS = "pixels"  # the space that needs no net
K = 12  # neighbours
BATCH = 250
ROUNDING = 1e-5  # a share of the mean's length: what differs from the mean by less does not differ


def vectors(model: nn.Module, images: Tensor, layer: str, size: int = BATCH) -> Float[Tensor, "n numbers"]:
    """Each image as the numbers that a layer puts out for it, or as its own pixels: an axis a unit, a place and a time.

    So many images are shown to the net at a time.
    """
    if layer == PIXELS:
        return images.flatten(1)
    return torch.cat([record(model, batch, [layer])[layer].flatten(1) for batch in images.split(size)])


class Space:
    """The points of a data set. The search is exact at any size, by matrix products of one block after another.

    Cosines are between what differs from the points' mean: then neither shift nor scale of a whole space changes them.
    As they stand, vectors that share a large mean have cosines near 1, whatever they differ by.
    """

    def __init__(self, points: Float[Tensor, "n numbers"], metric: Metric) -> None:
        from sklearn.neighbors import NearestNeighbors  # 60 MB, and not every page needs it

        self._metric, self._mean = metric, points.mean(0)
        self._search = NearestNeighbors(algorithm="brute").fit(self._scaled(points))

    def nearest(self, queries: Float[Tensor, "m numbers"], k: int) -> tuple[Float[Tensor, "m k"], Int[Tensor, "m k"]]:
        """How far the k nearest points are from each query, and their numbers; the nearest first.

        Distances are Euclidean, or 1 - cos; what equals the points' mean has the cosine 0.5 with any other.
        """
        distances, numbers = self._search.kneighbors(self._scaled(queries), min(k, self._search.n_samples_fit_))
        return self._unscaled(torch.from_numpy(distances)), torch.from_numpy(numbers)

    def _scaled(self, points: Tensor) -> np.ndarray:
        if self._metric == "euclidean":
            return points.numpy()
        apart = points - self._mean
        return apart.div_(_lengths(apart, self._mean)).numpy()

    def _unscaled(self, distances: Tensor) -> Tensor:
        return distances.square() / 2 if self._metric == "cosine" else distances


def _lengths(apart: Float[Tensor, "n numbers"], mean: Float[Tensor, " numbers"]) -> Float[Tensor, "n 1"]:
    """By what to divide points for length 1: infinity for those that equal the mean, so that they lie at the origin."""
    lengths = apart.norm(dim=1, keepdim=True)
    return lengths.masked_fill_(lengths <= ROUNDING * mean.norm(), torch.inf)


def distances(points: Float[Tensor, "n numbers"]) -> dict[Metric, Float[Tensor, "n n"]]:
    """How far each point is from each other, as in `Space`, by either metric and from one matrix product."""
    mean = points.mean(0)
    apart = points - mean
    lengths, products = _lengths(apart, mean), apart @ apart.T
    return {"cosine": _squares(products / (lengths * lengths.T)) / 2, "euclidean": _squares(products).sqrt()}


def _squares(products: Float[Tensor, "n n"]) -> Float[Tensor, "n n"]:
    """Squared distances from scalar products: |a - b|^2 = aa + bb - 2ab."""
    own = products.diagonal()
    return (own[:, None] + own - 2 * products).clamp_(min=0).fill_diagonal_(0)


def others(distances: Float[Tensor, "n n"], k: int) -> Int[Tensor, "n k"]:
    """The k nearest other points of each point."""
    return distances.clone().fill_diagonal_(torch.inf).topk(k, largest=False).indices


def same_label(distances: Float[Tensor, "n n"], labels: Int[Tensor, " n"], k: int = K) -> float:
    """The share of each point's k nearest others that have its label, on the mean: between 0 and 1."""
    return float((labels[others(distances, k)] == labels[:, None]).float().mean())


def silhouette(distances: Float[Tensor, "n n"], labels: Int[Tensor, " n"]) -> float:
    """How far apart the labels lie: the mean of (b - a) / max(a, b), between -1 and 1 (Rousseeuw 1987).

    a is a point's mean distance to the others of its label, b that to the points of the nearest other label.
    """
    from sklearn.metrics import silhouette_score

    return float(silhouette_score(distances.numpy(), labels.numpy(), metric="precomputed"))
