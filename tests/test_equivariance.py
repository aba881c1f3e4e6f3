"""core.measures.equivariance, and which shifted digits the shipped nets get right."""

import math

import pytest
import torch
from torch import Tensor, nn

from core import symmetry
from core.data.digits import test_set as read_test_set
from core.layers import list_layers, record
from core.measures.equivariance import equivariance, shifted
from core.models import DIGIT_NETS, load
from core.training import accuracy


def digits(count: int = 20) -> Tensor:
    return read_test_set().images[:count]


def test_a_shift_moves_pixels_and_loses_what_leaves() -> None:
    image = torch.arange(9.0).view(1, 1, 3, 3)
    assert shifted(image, 1, 0)[0, 0].tolist() == [[0, 0, 1], [0, 3, 4], [0, 6, 7]]
    assert shifted(image, 0, -1)[0, 0].tolist() == [[3, 4, 5], [6, 7, 8], [0, 0, 0]]
    assert torch.equal(shifted(image, 0, 0), image)


@pytest.mark.parametrize("way", [(1, 0), (0, 3), (-2, 2)])
def test_an_identity_and_a_convolution_move_along(way: tuple[int, int]) -> None:
    """Digits have paper at their border, so that a padded convolution sees the same beyond it."""
    conv = nn.Conv2d(1, 4, 3, padding=1)
    net = nn.Sequential()
    net.add_module("same", nn.Conv2d(1, 1, 1, bias=False))
    net.add_module("conv", conv)
    with torch.no_grad():
        net.get_parameter("same.weight").fill_(1.0)
    found = equivariance(net, digits(), list_layers(net, (1, 28, 28)), *way)
    assert found["same"] == 0 and found["conv"] == pytest.approx(0, abs=1e-6)


def test_the_error_is_the_formula_written_out() -> None:
    """For one image and a shift by whole places, place by place."""
    net, image = load("cnn"), digits(1)
    layer = next(each for each in list_layers(net, (1, 28, 28)) if each.name == "relu2")
    before = record(net, image, ["relu2"])["relu2"][0]
    after = record(net, shifted(image, 4, 0), ["relu2"])["relu2"][0]  # two places of a map of 14
    apart, own = 0.0, 0.0
    for unit in range(layer.units):
        for row in range(14):
            for column in range(2, 12):
                apart += float(before[unit, row, column - 2] - after[unit, row, column]) ** 2
                own += float(before[unit, row, column]) ** 2
    assert equivariance(net, image, [layer], 4, 0)["relu2"] == pytest.approx(math.sqrt(apart / own), rel=1e-4)


def test_pooling_breaks_what_the_first_layer_keeps_unless_the_shift_is_its_stride() -> None:
    net = load("cnn")
    layers = [layer for layer in list_layers(net, (1, 28, 28)) if layer.name in ("relu1", "pool1")]
    one, two = (equivariance(net, digits(), layers, right, 0) for right in (1, 2))
    assert one["relu1"] < 1e-5 and two["relu1"] < 1e-5
    assert one["pool1"] > 0.1 and two["pool1"] < 1e-5


def test_a_dense_layer_has_no_place_to_move_to_and_a_recurrent_one_has_time_alone() -> None:
    for name, layer in (("dense", "relu1"), ("rnn", "lstm1")):
        net = load(name)
        own = [each for each in list_layers(net, (1, 28, 28)) if each.name == layer]
        across, down = (equivariance(net, digits(), own, *way)[layer] for way in ((3, 0), (0, 3)))
        noticed = equivariance(net, digits(), own, 3, 0, moves=False)[layer]
        assert across == noticed > 0.5
        assert (down < 0.2) == (name == "rnn")


def test_where_no_place_is_left_there_is_no_number() -> None:
    net = load("cnn")
    layers = [layer for layer in list_layers(net, (1, 28, 28)) if layer.name in ("relu4", "pool3")]
    assert all(math.isnan(value) for value in equivariance(net, digits(2), layers, 14, 0).values())


def test_without_a_shift_nothing_is_apart() -> None:
    for name in DIGIT_NETS:
        net = load(name)
        assert set(equivariance(net, digits(3), list_layers(net, (1, 28, 28)), 0, 0).values()) == {0.0}


def test_the_shipped_table_is_what_the_nets_do() -> None:
    table = symmetry.table().set_index(["model", "weights", "seed", "right", "down"]).accuracy
    assert table.index.is_unique and len(table) == len(DIGIT_NETS) * 15 * 13
    images, labels = (part[:: symmetry.SHIFTED] for part in read_test_set())
    for name, kind, seed, way in (("cnn", "plain", 0, (4, 0)), ("rnn", "trained", 2, (0, 3)),
                                  ("dense", "untrained", 1, (0, 0))):  # fmt: skip
        net = load(name, weights=symmetry.NETS[kind][seed])
        found = accuracy(net, symmetry.Digits(shifted(images, *way), labels))
        assert table[name, kind, seed, *way] == pytest.approx(found, abs=0.1)
