"""How often, and how far, a layer's answer leaves a straight line."""

import itertools
import math

import pytest
import torch
from torch import Generator, Tensor

from core.data.digits import test_set as mnist
from core.layers import record
from core.measures.bends import detour, flips, path
from core.models import load
from tests.nets import Ramp


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=Generator().manual_seed(seed))


def test_a_path_is_straight_even_and_has_both_ends() -> None:
    first, second = noise(2, 1, 4, 4)
    made = path(first, second, 5)
    assert made.shape == (6, 1, 4, 4)
    assert torch.equal(made[0], first) and torch.equal(made[5], second)
    torch.testing.assert_close(made.diff(dim=0), (second - first).expand(5, 1, 4, 4) / 5)


def test_flips_and_detour_of_a_net_that_can_be_solved_by_hand() -> None:
    """From (-2, 1) to (3, 0), fc = (x1 + x2, x1 - x2, -3): both first units turn on, once each."""
    points = torch.stack([torch.tensor([-2.0, 1.0]) + share * torch.tensor([5.0, -1.0]) for share in
                          torch.linspace(0, 1, 1001)])  # fmt: skip
    seen = record(Ramp(), points, ["fc", "relu", "logits"])
    assert flips(seen["fc"]) == 2
    assert detour(seen["fc"]) == pytest.approx(1, abs=1e-6)
    turns = [torch.tensor([0.0, 0.0]), torch.tensor([1.0, 0.0]), torch.tensor([3.0, 3.0])]  # the 2nd turns on at 1/2
    length = sum(float((b - a).norm()) for a, b in itertools.pairwise(turns))
    assert detour(seen["relu"]) == pytest.approx(length / math.hypot(3, 3), abs=1e-3)


def test_of_a_circle_it_is_half_its_length_over_its_diameter() -> None:
    angle = torch.linspace(0, math.pi, 2001)
    half = torch.stack([angle.cos(), angle.sin()], 1)
    assert detour(half) == pytest.approx(math.pi / 2, abs=1e-5)
    assert detour(1e3 * half.flip(0) + 5) == pytest.approx(math.pi / 2, abs=1e-3)


def test_each_crossing_of_each_unit_and_place_counts_in_either_direction() -> None:
    wave = torch.tensor([-1.0, 1.0, 2.0, -1.0, 0.0, 3.0])
    assert flips(wave[:, None]) == 3
    assert flips(wave[:, None, None].expand(6, 2, 4)) == 24
    assert flips(wave.flip(0)[:, None]) == 3


def test_a_first_layer_is_straight_and_deeper_ones_bend() -> None:
    net = load("cnn")
    images = mnist().images
    seen = record(net, path(images[0], images[1]), ["conv1", "conv2"])
    assert detour(seen["conv1"]) == pytest.approx(1, abs=1e-4) and detour(seen["conv2"]) > 1.05
    half = seen["conv1"][[0, -1]]
    assert flips(seen["conv1"]) == flips(half) > 0  # a straight line crosses zero once


def test_more_steps_hide_fewer_flips() -> None:
    net, images = load("cnn"), mnist().images
    counts = [flips(record(net, path(images[0], images[1], steps), ["conv4"])["conv4"]) for steps in (25, 100, 400)]
    assert 0 < counts[0] < counts[1] <= counts[2]


def test_ends_in_one_point_have_no_detour_and_a_single_point_is_refused() -> None:
    assert math.isnan(detour(torch.tensor([[1.0], [2.0], [1.0]])))
    for measure in (flips, detour):
        with pytest.raises(ValueError, match="two points at least, and this one has 1"):
            measure(noise(1, 3))
