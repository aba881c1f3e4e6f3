"""The maps of t-SNE that ship: of which nets, of these weights, and whether neighbours stay neighbours in them."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from sklearn.manifold import trustworthiness

from core import embeddings
from core.data.digits import test_set as mnist
from core.maps import Basis
from core.measures.neighbours import ENOUGH
from core.measures.spaces import vectors
from core.models import DIGIT_NETS, identity, load

PAIRS = [(model, weights) for model in DIGIT_NETS for weights in embeddings.WEIGHTS]


@pytest.mark.parametrize(("model", "weights"), PAIRS)
def test_a_map_ships_for_the_pixels_and_each_layer_of_these_very_weights(model: str, weights: str) -> None:
    found = embeddings.shipped(model, weights)
    assert found is not None and list(found) == embeddings.spaces(model)
    assert all(flat.shape == (ENOUGH, 2) and flat.dtype == np.float32 for flat in found.values())
    with np.load(embeddings.FOLDER / f"{model}-{weights}.npz") as file:
        assert str(file[embeddings.IDENTITY]) == identity(model, weights)


def test_none_ships_for_other_weights() -> None:
    assert embeddings.shipped("cnn", "plain") is None
    assert embeddings.shipped("cnn", "seed-1") is None


@pytest.mark.parametrize(("model", "weights", "layer"), [("cnn", "trained", "relu4"), ("rnn", "shuffled", "lstm1"),
                                                        ("dense", "untrained", "pixels")])  # fmt: skip
def test_neighbours_in_a_layer_are_neighbours_in_its_map(model: str, weights: str, layer: str) -> None:
    """Venna and Kaski 2001: 1 where none of a point's nearest on the map were far from it in the layer."""
    points = vectors(load(model, weights=weights), mnist().images[:500], layer)
    flat = (embeddings.shipped(model, weights) or {})[layer][:500]
    shadow = Basis(points).coordinates[:, :2]
    kept = trustworthiness(points, flat, n_neighbors=12)
    assert kept > 0.9 and kept > trustworthiness(points, shadow, n_neighbors=12) + 0.03
    mixed = flat[torch.randperm(500, generator=torch.Generator().manual_seed(0))]
    assert trustworthiness(points, mixed, n_neighbors=12) < 0.6


def test_all_pixels_maps_are_one_and_the_same() -> None:
    """The same points from the same start, whatever the net."""
    first, *others = ((embeddings.shipped(model, weights) or {})["pixels"] for model, weights in PAIRS)
    assert all(np.array_equal(first, other) for other in others)


def test_turns_lay_each_map_like_the_one_before() -> None:
    axes = list(embeddings.bases("dense", "trained").values())
    flats = [basis.coordinates[:, :2] @ turn for basis, turn in zip(axes, embeddings.turns(axes), strict=True)]
    for turn in embeddings.turns(axes):
        np.testing.assert_allclose(turn @ turn.T, np.eye(2), atol=1e-5)
    for before, after in pairwise(flats):
        cross = before.T @ after  # symmetric and positive where no further turn brings them nearer
        assert math.isclose(cross[0, 1], cross[1, 0], rel_tol=1e-3, abs_tol=1e-3 * float(np.abs(cross).max()))
        assert np.linalg.eigvalsh((cross + cross.T) / 2).min() > 0


def test_finished_maps_are_left_and_others_are_fitted(
    tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "FOLDER", tmp_path)
    rounds = []
    short = embeddings.METHODS[embeddings.METHOD]

    def quick(coordinates: np.ndarray, start: np.ndarray) -> object:
        yield start
        yield 2 * start

    monkeypatch.setitem(embeddings.METHODS, embeddings.METHOD, type(short)(quick, short.place, 2))
    rounds = list(embeddings.fit("dense", "untrained"))
    assert rounds == list(range(1, 2 * len(embeddings.spaces("dense")) + 1))
    assert list(embeddings.fit("dense", "untrained")) == []
    embeddings.shipped.cache_clear()
    try:
        found = embeddings.shipped("dense", "untrained")
        assert found is not None and list(found) == embeddings.spaces("dense")
        basis = embeddings.bases("dense", "untrained")["pixels"]
        np.testing.assert_allclose(found["pixels"], 2 * basis.coordinates[:, :2], rtol=1e-3, atol=1e-2)
    finally:
        embeddings.shipped.cache_clear()
