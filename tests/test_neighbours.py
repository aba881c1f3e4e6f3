"""Neighbours against brute force, and the shipped table against its own computation."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Generator

from core.data.digits import Digits
from core.data.digits import test_set as mnist
from core.layers import first_of_each_depth, list_layers
from core.measures import neighbours
from core.measures.neighbours import PIXELS, Metric, Space, same_label, separation, silhouette, vectors
from core.models import DIGIT_NETS, load

POINTS = torch.randn(80, 7, generator=Generator().manual_seed(0))


def distance(metric: Metric, a: torch.Tensor, b: torch.Tensor) -> float:
    if metric == "euclidean":
        return float((a - b).square().sum().sqrt())
    return float(1 - (a * b).sum() / a.square().sum().sqrt() / b.square().sum().sqrt())


@pytest.mark.parametrize("metric", neighbours.METRICS)
def test_the_nearest_are_those_of_brute_force(metric: Metric) -> None:
    query = torch.randn(1, 7, generator=Generator().manual_seed(1))
    expected = sorted((distance(metric, query[0], point), n) for n, point in enumerate(POINTS))[:9]
    distances, numbers = Space(POINTS, metric).nearest(query, 9)
    assert numbers[0].tolist() == [n for _, n in expected]
    np.testing.assert_allclose(distances[0], [value for value, _ in expected], atol=1e-5)


def test_there_are_no_more_neighbours_than_points() -> None:
    assert Space(POINTS[:4], "cosine").nearest(POINTS[:1], 99)[1].shape == (1, 4)


def test_a_point_is_not_its_own_neighbour_even_among_points_in_one_place() -> None:
    points = torch.cat([torch.zeros(6, 3), torch.ones(2, 3)])
    for k in (1, 3, 5):
        others = Space(points, "euclidean").others(points, k)
        assert others.shape == (8, k)
        assert not (others == torch.arange(8)[:, None]).any()
    assert Space(points, "euclidean").others(points, 1)[6:, 0].tolist() == [7, 6]


@pytest.mark.parametrize("metric", neighbours.METRICS)
def test_the_share_with_the_same_label_is_counted_one_by_one(metric: Metric) -> None:
    labels = torch.randint(0, 3, (80,), generator=Generator().manual_seed(2))
    agree = []
    for n, point in enumerate(POINTS):
        order = sorted((distance(metric, point, other), m) for m, other in enumerate(POINTS) if m != n)
        agree += [float(labels[m] == labels[n]) for _, m in order[:5]]
    assert same_label(POINTS, labels, metric, k=5) == pytest.approx(sum(agree) / len(agree))


@pytest.mark.parametrize("metric", neighbours.METRICS)
def test_the_silhouette_is_rousseeuws(metric: Metric) -> None:
    labels = torch.randint(0, 3, (80,), generator=Generator().manual_seed(2))
    values = []
    for n, point in enumerate(POINTS):
        far = {
            label: [distance(metric, point, other) for m, other in enumerate(POINTS) if m != n and labels[m] == label]
            for label in range(3)
        }
        own = far.pop(int(labels[n]))
        a, b = sum(own) / len(own), min(sum(others) / len(others) for others in far.values())
        values.append((b - a) / max(a, b))
    assert silhouette(POINTS, labels, metric) == pytest.approx(sum(values) / len(values), abs=1e-5)


def test_vectors_are_all_that_a_layer_puts_out() -> None:
    images = mnist().images[:3]
    assert torch.equal(vectors(load("cnn"), images, PIXELS), images.flatten(1))
    lengths = {"cnn/relu2": 24 * 14 * 14, "dense/fc1": 64, "rnn/lstm1": 64 * 28, "cnn/logits": 10}
    for place, length in lengths.items():
        model, layer = place.split("/")
        assert vectors(load(model), images, layer).shape == (3, length)


def test_the_shipped_table_is_what_its_command_computes() -> None:
    table = neighbours.table()
    assert set(table.model) == set(DIGIT_NETS)
    net = load("dense")
    data = Digits(*(part[: neighbours.ENOUGH] for part in mnist()))
    layers = first_of_each_depth(list_layers(net, (1, 28, 28)), 1)
    here = separation(net, data, layers, "cosine")
    rows = table[(table.model == "dense") & (table.weights == "trained") & (table.metric == "cosine")]
    columns = ["layer", "depth", "numbers", "share", "silhouette"]
    pd.testing.assert_frame_equal(rows[columns].reset_index(drop=True), here[columns], atol=2e-3)


@pytest.mark.parametrize("metric", neighbours.METRICS)
@pytest.mark.parametrize("model", ["dense", "cnn", "rnn"])
def test_neighbours_mean_the_same_with_depth_and_in_the_twin_they_do_not(model: str, metric: str) -> None:
    """Claim C9."""
    table = neighbours.table()
    rows = table[(table.model == model) & (table.metric == metric)].set_index(["weights", "layer"]).share
    trained, twin = rows["trained"], rows["untrained"]
    assert trained[1:].is_monotonic_increasing
    assert trained["logits"] > trained[PIXELS] + 0.15 > twin["logits"] + 0.15
