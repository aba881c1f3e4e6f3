"""core.measures.equivariance, and which shifted digits the shipped nets get right."""

import math
import re

import pytest
import torch
from torch import Tensor, nn

from core import symmetry
from core.data.digits import test_set as read_test_set
from core.layers import list_layers, record
from core.measures.equivariance import compared, equivariance, shifted, whole
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


def test_what_is_compared_is_what_the_error_measures() -> None:
    """By whole places and by half of one; of maps, of neurons, and of states in time."""
    image = digits(1)
    for name, layer, (right, down) in (("cnn", "relu2", (4, 0)), ("cnn", "pool1", (3, 0)), ("rnn", "lstm2", (0, 5)),
                                       ("dense", "relu1", (2, 1))):  # fmt: skip
        net = load(name)
        (own,) = [each for each in list_layers(net, (1, 28, 28)) if each.name == layer]
        found = compared(net, image[0], layer, right, down)
        assert torch.equal(found.found, record(net, shifted(image, right, down), [layer])[layer][0])
        assert torch.equal(found.apart, found.found - found.expected) and found.expected.shape == own.shape
        assert found.limit == max(float(found.expected.abs().max()), float(found.found.abs().max()))
        places = own.shape[1:] or (1,)
        edges = [math.ceil(by * side / 28) if side > 1 else 0 for by, side in zip((down, right), places, strict=False)]
        inside = tuple(slice(edge, side - edge) for edge, side in zip(edges, places, strict=True))
        unmoved = record(net, image, [layer])[layer][0].view(-1, *places)[(slice(None), *inside)].norm()
        apart = found.apart.view(-1, *places)[(slice(None), *inside)].norm()
        error = equivariance(net, image, [own], right, down)[layer]
        assert error == pytest.approx(float(apart / unmoved), rel=1e-4)


def test_a_layer_without_a_place_is_expected_to_stay_and_one_in_time_moves_down_alone() -> None:
    image = digits(1)[0]
    still = record(load("dense"), image[None], ["relu1"])["relu1"][0]
    assert torch.equal(compared(load("dense"), image, "relu1", 3, 3).expected, still)
    states = record(load("rnn"), image[None], ["lstm1"])["lstm1"][0]
    assert torch.equal(compared(load("rnn"), image, "lstm1", 3, 0).expected, states)
    assert torch.equal(compared(load("rnn"), image, "lstm1", 0, 3).expected[:, 3:], states[:, :-3])


def test_a_shift_is_whole_where_it_is_a_multiple_of_the_stride() -> None:
    size = (28, 28)
    assert [right for right in range(9) if whole((12, 14, 14), size, right, 0)] == [0, 2, 4, 6, 8]
    assert [down for down in range(9) if whole((48, 7, 7), size, 0, down)] == [0, 4, 8]
    assert [right for right in range(29) if whole((48, 3, 3), size, right, 0)] == [0, 28]
    assert all(whole((64,), size, right, 1) for right in range(9)) and whole((64, 28), size, 3, 5)


def test_means_and_ranges_are_those_of_five_seeds() -> None:
    table, found = symmetry.table(), symmetry.over_seeds()
    assert len(found) == len(DIGIT_NETS) * 3 * 2 * 7
    for name, kind, direction, shift in (("cnn", "plain", "down", 4), ("rnn", "trained", "right", 0)):
        right, down = (shift, 0) if direction == "right" else (0, shift)
        own = [row["accuracy"] for row in table.to_dict("records")
               if (row["model"], row["weights"], row["right"], row["down"]) == (name, kind, right, down)]  # fmt: skip
        (row,) = found[(found.model == name) & (found.weights == kind) & (found.direction == direction)
                       & (found["shift"] == shift)].to_dict("records")  # fmt: skip
        assert len(own) == 5
        assert (row["value"], row["low"], row["high"]) == pytest.approx((sum(own) / 5, min(own), max(own)))


def test_the_sentence_says_what_the_table_has() -> None:
    said = symmetry.sentence()
    own = symmetry.table()
    expected = []
    for kind in ("plain", "trained"):
        for right, down in ((4, 0), (0, 4)):
            for name in ("cnn", "dense", "rnn"):
                rows = own[(own.model == name) & (own.weights == kind) & (own.right == right) & (own.down == down)]
                expected.append(round(rows.accuracy.mean()))
    found = [int(number) for number in re.findall(r"\d+", said.replace("2,000", "").replace("4 pixels", ""))]
    assert found == expected and "moved 4 pixels" in said


def test_the_sentence_follows_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "follows better down" in symmetry.sentence()
    turned = symmetry.table().rename(columns={"right": "down", "down": "right"})
    monkeypatch.setattr(symmetry, "table", lambda: turned)
    assert "follows no better down" in symmetry.sentence()


def test_ink_that_a_shift_cuts_is_counted() -> None:
    images = read_test_set().images
    for direction, way in (("right", (4, 0)), ("down", (0, 4))):
        lost = shifted(images, *way).flatten(1).count_nonzero(1) < images.flatten(1).count_nonzero(1)
        share = float(lost.float().mean())
        assert symmetry.cut()[direction] == pytest.approx(share)
        assert f"{100 * share:.0f} %" in symmetry.lost()
