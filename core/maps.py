"""Points of a layer's space drawn flat: PCA, t-SNE and UMAP, each able to place new points among the old."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.linalg import orthogonal_procrustes
from sklearn.decomposition import PCA
from torch import Tensor

AXES = 50  # principal axes that are kept of a space: t-SNE and UMAP begin with these
LEAST = 10  # points that make a map
PERPLEXITY = 30
ROUND, EXAGGERATED, ROUNDS = 25, 10, 30  # iterations a round; rounds with early exaggeration, and all of them

Flat = np.ndarray  # float32 (n, 2)
Coordinates = np.ndarray  # float32 (n, axes)


class Basis:
    """The principal axes of a space, fitted once; new points are placed without fitting again."""

    def __init__(self, points: Tensor) -> None:
        """Points are (n, numbers). Raises ValueError for too few, or where some are no numbers."""
        if len(points) < LEAST:
            raise ValueError(f"A map needs at least {LEAST} images; there {'is' if len(points) == 1 else 'are'} "
                             f"{len(points)}.")  # fmt: skip
        if not points.isfinite().all():
            raise ValueError("For some images this layer's values are no numbers, or infinite: there is no map of it.")
        with np.errstate(invalid="ignore"):  # points in one place have no variance to take shares of
            self._pca = PCA(min(AXES, *points.shape), random_state=0).fit(points.numpy())
        self.coordinates: Coordinates = self(points)

    def __call__(self, points: Tensor) -> Coordinates:
        """Where points (m, numbers) lie along the axes: (m, axes), the axis that spreads the most first."""
        return self._pca.transform(points.numpy()).astype(np.float32)

    @property
    def explained(self) -> float:
        """The share of the points' variance, between 0 and 1, along the first two axes."""
        return float(np.nan_to_num(self._pca.explained_variance_ratio_[:2]).sum())


def turned(flats: list[Flat]) -> list[np.ndarray]:
    """For each map the turn, or mirroring, (2, 2), after which it lies as much as it can like the one before.

    The distances within a map stay what they are: the orthogonal Procrustes problem (Schönemann 1966).
    """
    turns = [np.eye(2)]
    for before, after in pairwise(flats):
        turns.append(orthogonal_procrustes(after, before @ turns[-1])[0])
    return turns


def tsne(coordinates: Coordinates, start: Flat) -> Iterator[Flat]:
    """t-SNE (van der Maaten and Hinton 2008) from a start, after each of ROUNDS rounds; deterministic.

    By openTSNE: perplexity 30, learning rate n / exaggeration (Belkina et al. 2019), 250 iterations with the
    attraction 12 times as strong and 500 without (Kobak and Berens 2019, who also say why to start from PCA).
    """
    embedding = _tsne(coordinates, 1e-4 * start / start[:, 0].std().clip(1e-12))
    for turn in range(ROUNDS):
        early = turn < EXAGGERATED
        embedding.optimize(ROUND, inplace=True, exaggeration=12 if early else 1, momentum=0.5 if early else 0.8)
        yield np.array(embedding, dtype=np.float32)


def place_by_tsne(coordinates: Coordinates, flat: Flat, queries: Coordinates) -> Flat:
    """Where new points lie in a finished map: the library's transform, which moves them and leaves the others."""
    return np.array(_tsne(coordinates, flat).transform(queries), dtype=np.float32)


def _tsne(coordinates: Coordinates, positions: Flat) -> Any:
    from openTSNE import TSNEEmbedding, affinity

    alike = affinity.PerplexityBasedNN(coordinates, PERPLEXITY, method="exact", n_jobs=1, random_state=0)
    return TSNEEmbedding(positions.astype(np.float64), alike, negative_gradient_method="bh", n_jobs=1, random_state=0)


def umap(coordinates: Coordinates, start: Flat) -> Iterator[Flat]:
    """UMAP (McInnes, Healy, Melville 2018) from a start, once it is done: 15 neighbours, at least 0.1 apart."""
    yield _umap().set_params(init=start).fit_transform(coordinates)


def place_by_umap(coordinates: Coordinates, flat: Flat, queries: Coordinates) -> Flat:
    """Where new points lie in a finished map, by the library's transform."""
    fitted = _umap().set_params(init=flat, n_epochs=0).fit(coordinates)  # the graph alone: the map is there
    fitted.n_epochs, fitted.embedding_ = None, flat
    return fitted.transform(queries)


def _umap() -> Any:
    from umap import UMAP  # loads numba, which takes seconds

    return UMAP(random_state=0, n_jobs=1)


@dataclass(frozen=True)
class Method:
    """A way to draw points flat, beginning with their principal axes."""

    fit: Callable[[Coordinates, Flat], Iterator[Flat]]
    place: Callable[[Coordinates, Flat, Coordinates], Flat]
    rounds: int  # how many maps `fit` yields; the last one is the result


METHODS = {"t-SNE": Method(tsne, place_by_tsne, ROUNDS), "UMAP": Method(umap, place_by_umap, 1)}
