"""Flat maps: PCA against scikit-learn and against the definition, what the turns keep, new points among the old."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import pdist
from sklearn.decomposition import PCA
from torch import Generator, Tensor

from core import maps
from core.maps import METHODS, Basis, turned


def blobs(n: int = 40, axes: int = 8) -> tuple[Tensor, np.ndarray]:
    """Three clouds of n points, far apart, and which cloud each belongs to."""
    noise = torch.randn(3 * n, axes, generator=Generator().manual_seed(0))
    label = np.repeat(np.arange(3), n)
    return noise + 12 * torch.eye(axes)[label], label


def middles(flat: np.ndarray, label: np.ndarray) -> np.ndarray:
    return np.stack([flat[label == cloud].mean(0) for cloud in range(3)])


@pytest.mark.parametrize("shape", [(120, 8), (300, 90), (60, 700)])
def test_the_basis_is_scikit_learns_pca(shape: tuple[int, int]) -> None:
    points = torch.randn(shape, generator=Generator().manual_seed(1)) * torch.linspace(3, 0.1, shape[1])
    basis, expected = Basis(points), PCA(2, svd_solver="full").fit(points)
    np.testing.assert_allclose(basis.coordinates[:, :2], expected.transform(points), atol=2e-3)
    assert basis.explained == pytest.approx(expected.explained_variance_ratio_.sum(), rel=1e-4)
    assert basis.coordinates.shape == (shape[0], min(maps.AXES, *shape))


def test_the_basis_is_the_covariances_largest_eigenvectors() -> None:
    points, _ = blobs()
    centred = (points - points.mean(0)).double()
    values, vectors = torch.linalg.eigh(centred.T @ centred)
    expected = (centred @ vectors[:, -2:].flip(1)).numpy()
    found = Basis(points).coordinates[:, :2]
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-4)
    assert Basis(points).explained == pytest.approx(float(values[-2:].sum() / values.sum()), rel=1e-5)


def test_new_points_are_placed_along_the_axes_that_are_there() -> None:
    points, _ = blobs()
    basis = Basis(points)
    np.testing.assert_allclose(basis(points[7:9]), basis.coordinates[7:9], atol=1e-4)
    halfway = points[7:9].mean(0, keepdim=True)
    np.testing.assert_allclose(basis(halfway)[0], basis.coordinates[7:9].mean(0), atol=1e-4)


@pytest.mark.parametrize(("count", "words"), [(1, "there is 1"), (9, "there are 9")])
def test_too_few_points_are_no_map(count: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Basis(torch.zeros(count, 4))


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_what_is_no_number_is_no_map(value: float) -> None:
    points, _ = blobs()
    points[3, 1] = value
    with pytest.raises(ValueError, match="no map of it"):
        Basis(points)


def test_the_same_image_many_times_is_one_place() -> None:
    basis = Basis(torch.ones(20, 6))
    assert basis.explained == 0
    assert np.abs(basis.coordinates).max() < 1e-6


def test_turns_bring_a_turned_and_mirrored_map_back_and_keep_its_distances() -> None:
    flat = np.random.default_rng(0).normal(size=(50, 2))
    turn = np.array([[0.6, 0.8], [0.8, -0.6]])
    first, second, third = turned([flat, 3 * flat @ turn, flat @ turn.T @ turn])
    np.testing.assert_array_equal(first, np.eye(2))
    np.testing.assert_allclose(3 * flat @ turn @ second, 3 * flat, atol=1e-9)
    np.testing.assert_allclose(pdist(flat @ turn @ third), pdist(flat @ turn))


@pytest.mark.parametrize("name", METHODS)
def test_clouds_stay_apart_and_a_new_point_lands_in_its_cloud(name: str) -> None:
    points, label = blobs()
    basis, method = Basis(points), METHODS[name]
    start = basis.coordinates[:, :2]
    rounds = list(method.fit(basis.coordinates, start))
    assert len(rounds) == method.rounds
    flat = rounds[-1]
    assert flat.shape == (120, 2) and np.isfinite(flat).all()
    centre = middles(flat, label)
    spread = max(np.linalg.norm(flat[label == cloud] - centre[cloud], axis=1).mean() for cloud in range(3))
    assert pdist(centre).min() > 2 * spread
    placed = method.place(basis.coordinates, flat, basis(points[[0, 50, 100]] + 0.1))
    assert np.linalg.norm(placed[:, None] - centre, axis=2).argmin(1).tolist() == [0, 1, 2]
    np.testing.assert_array_equal(list(method.fit(basis.coordinates, start))[-1], flat)


def test_placing_by_a_finished_umap_is_the_librarys_transform() -> None:
    from umap import UMAP

    points, _ = blobs()
    basis = Basis(points)
    fitted = UMAP(random_state=0, n_jobs=1, init=basis.coordinates[:, :2]).fit(basis.coordinates)
    queries = basis(points[:3] + 0.2)
    placed = METHODS["UMAP"].place(basis.coordinates, fitted.embedding_, queries)
    np.testing.assert_allclose(placed, fitted.transform(queries), atol=1e-5)


def test_tsne_attracts_early_and_then_lets_go() -> None:
    """With early exaggeration clouds are tight; without it they spread out."""
    points, _ = blobs()
    basis = Basis(points)
    rounds = list(maps.tsne(basis.coordinates, basis.coordinates[:, :2]))
    early, late = rounds[maps.EXAGGERATED - 1], rounds[-1]
    assert late.std() > early.std()
