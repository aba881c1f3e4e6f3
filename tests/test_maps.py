"""Flat maps: PCA against scikit-learn and against the definition, what the turns keep, new points among the old."""

import math
import re
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from sklearn.decomposition import PCA
from torch import Generator, Tensor

from core import maps
from core.maps import METHODS, Basis, turned
from tests import references


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
    assert basis.coordinates.shape == (shape[0], min(50, *shape)) and basis.coordinates.dtype == np.float32


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


@pytest.mark.parametrize(("count", "words"), [(1, "there is 1."), (9, "there are 9.")])
def test_too_few_points_are_no_map(count: int, words: str) -> None:
    with pytest.raises(ValueError, match=f"A map needs at least 10 images; {words}"):
        Basis(torch.rand(count, 4))
    assert Basis(torch.rand(10, 4)).coordinates.shape == (10, 4)


def test_a_large_space_has_the_same_axes_each_time() -> None:
    """There the axes are found with random numbers."""
    points = torch.randn(600, 800, generator=Generator().manual_seed(0))
    np.testing.assert_array_equal(Basis(points).coordinates, Basis(points).coordinates)


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_what_is_no_number_is_no_map(value: float) -> None:
    points, _ = blobs()
    points[3, 1] = value
    with pytest.raises(ValueError, match="no map of it"):
        Basis(points)


def test_the_same_image_many_times_is_one_place() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
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


def turning(degrees: float, mirrored: bool) -> np.ndarray:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cos, sin], [-sin, cos]]) @ np.diag([1, -1 if mirrored else 1])


TURNINGS = st.builds(turning, st.floats(0, 360), st.booleans())


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(TURNINGS, min_size=1, max_size=4))
def test_each_map_of_a_row_is_turned_onto_the_one_before_as_that_lies_by_then(turnings: list[np.ndarray]) -> None:
    flat = np.random.default_rng(0).normal(size=(30, 2)) * [3, 1] + [5, 2]
    flats = [flat, *(flat @ each for each in turnings)]
    for each, turn in zip(flats, turned(flats), strict=True):
        np.testing.assert_allclose(each @ turn, flat, atol=1e-9)


def test_no_other_turn_brings_a_map_nearer_to_the_one_before() -> None:
    generator = np.random.default_rng(1)
    flats = [generator.normal(size=(40, 2)) @ generator.normal(size=(2, 2)) for _ in range(3)]
    turns = turned(flats)
    for n in (1, 2):
        before = flats[n - 1] @ turns[n - 1]
        np.testing.assert_allclose(turns[n].T @ turns[n], np.eye(2), atol=1e-9)
        others = [turning(degrees, mirrored) for degrees in range(360) for mirrored in (False, True)]
        nearest = min(np.linalg.norm(flats[n] @ other - before) for other in others)
        assert np.linalg.norm(flats[n] @ turns[n] - before) == pytest.approx(nearest, rel=1e-3)


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


@pytest.fixture(scope="module")
def cloud() -> tuple[Basis, list[np.ndarray]]:
    """300 points in one cloud, and their t-SNE after each round."""
    points = torch.randn(300, 6, generator=Generator().manual_seed(3)) * torch.tensor([9.0, 6, 4, 2, 1, 1])
    basis = Basis(points)
    return basis, list(maps.tsne(basis.coordinates, basis.coordinates[:, :2]))


def test_tsne_rests_where_twelvefold_attraction_is_in_balance_and_then_where_plain_attraction_is(
    cloud: tuple[Basis, list[np.ndarray]],
) -> None:
    basis, rounds = cloud
    alike = references.tsne_affinities(basis.coordinates, 30)
    found = [references.tsne_balance(alike, rounds[n]) for n in (8, 9, 28, 29)]
    assert found == pytest.approx([12, 12, 1, 1], rel=0.03)


def test_tsne_is_the_librarys_with_the_papers_numbers(cloud: tuple[Basis, list[np.ndarray]]) -> None:
    """A start of 1e-4, then 250 iterations with momentum 0.5, then momentum 0.8: there the last bits decide which way.

    So of the first round behind exaggeration only the size is compared.
    """
    from openTSNE import TSNE, TSNEEmbedding

    basis, rounds = cloud
    small = 1e-4 * basis.coordinates[:, :2].astype(float) / np.std(basis.coordinates[:, 0])

    def library(early: int, late: int) -> TSNEEmbedding:
        method = TSNE(perplexity=30, initialization=small, early_exaggeration=12, early_exaggeration_iter=early,
                      n_iter=late, initial_momentum=0.5, final_momentum=0.8, neighbors="exact",
                      negative_gradient_method="bh", n_jobs=1, random_state=0)  # fmt: skip
        return method.fit(basis.coordinates)

    for place, early in ((0, 25), (9, 250)):
        found = library(early, 0)
        np.testing.assert_allclose(rounds[place], found, atol=0.01 * np.abs(found).max())
    assert np.linalg.norm(rounds[10]) == pytest.approx(np.linalg.norm(library(250, 25)), rel=0.05)
    queries = basis(4 * torch.eye(6))
    placed = maps.place_by_tsne(basis.coordinates, np.array(found), queries)
    np.testing.assert_allclose(placed, found.transform(queries), atol=1e-3)


def test_neither_the_scale_of_a_space_nor_points_in_one_place_trouble_tsne() -> None:
    points, _ = blobs()
    coordinates = Basis(points).coordinates
    large, small = (next(maps.tsne(scale * coordinates, scale * coordinates[:, :2])) for scale in (1, 1e-3))
    np.testing.assert_allclose(small, large, atol=0.02 * np.abs(large).max())
    same = np.zeros((40, 3), np.float32)
    assert np.isfinite(next(maps.tsne(same, same[:, :2]))).all()


@pytest.mark.parametrize("mirrored", [False, True])
def test_umap_starts_from_the_axes_that_it_is_given(mirrored: bool) -> None:
    """So a start that is turned or mirrored turns and mirrors the map.

    By chance, and on every machine otherwise, it turns on by up to 40 degrees; a map that heeds no start is on the mean
    of four quarter turns exactly as near to it as to its opposite.
    """
    points, label = blobs()
    coordinates = Basis(points).coordinates
    near = []
    for degrees in (0, 90, 180, 270):
        turn = turning(degrees, mirrored).astype(np.float32)
        start = 10 * coordinates[:, :2] / np.abs(coordinates[:, :2]).max() @ turn
        *_, flat = maps.umap(coordinates, start)
        there, before = (middles(each, label) - each.mean(0) for each in (flat, start))
        near.append((there * before).sum() / np.linalg.norm(there) / np.linalg.norm(before))
    assert np.mean(near) > 0.5


def test_the_rounds_are_as_many_iterations_as_is_said() -> None:
    said = re.search(r"perplexity (\d+),.* (\d+) iterations .* (\d+) times as strong and (\d+) without",
                     str(maps.tsne.__doc__), re.DOTALL)  # fmt: skip
    assert said is not None and said.groups() == ("30", "250", "12", "500")
    assert maps.ROUND * maps.EXAGGERATED == 250 and maps.ROUND * (maps.ROUNDS - maps.EXAGGERATED) == 500
