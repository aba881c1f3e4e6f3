"""The interval of a mean."""

import math

import numpy as np
import pytest
import torch
from torch import Generator

from core.measures.interval import binomial, interval, two_way


def test_the_interval_is_the_bootstraps_and_leaves_no_numbers_out() -> None:
    values = torch.randn(200, generator=Generator().manual_seed(0)) + 1
    low, high = interval(values)
    mean, error = float(values.mean()), float(values.std()) / 200**0.5
    assert low == pytest.approx(mean - 1.96 * error, abs=0.03) and high == pytest.approx(mean + 1.96 * error, abs=0.03)
    assert interval(torch.cat([values, torch.tensor([torch.nan])])) == (low, high)
    assert interval(torch.full((9,), 0.25)) == (0.25, 0.25)


@pytest.mark.parametrize("count", [3, 40])
def test_the_interval_is_efrons_of_2000_drawings_from_seed_0(count: int) -> None:
    """Draw as many values with replacement, 2000 times: between 2.5 and 97.5 % of their means."""
    values = torch.rand(count, generator=Generator().manual_seed(1)).double()
    drawn = np.random.default_rng(0).integers(0, count, (2000, count))
    means = [math.fsum(values[int(place)] for place in places) / count for places in drawn]
    assert interval(values) == pytest.approx(tuple(np.percentile(means, [2.5, 97.5])), abs=1e-12)


def test_two_values_may_be_drawn_twice_and_of_fewer_nothing_is_known() -> None:
    """Each of two is drawn twice a quarter of the time."""
    assert interval(torch.tensor([0.0, 1.0])) == (0, 1)
    assert interval(torch.tensor([0.25, torch.nan])) == (0.25, 0.25)
    assert all(math.isnan(end) for end in interval(torch.tensor([torch.nan])))


def test_an_interval_over_two_ways_is_over_nets_and_images() -> None:
    """Nets that differ widen it, though every image is alike in a net, and so do images."""
    alike, apart = np.full((2, 50), 0.5), np.array([[0.0] * 50, [1.0] * 50])
    assert two_way(alike) == (0.5, 0.5) and two_way(apart) == (0, 1)
    noise = np.random.default_rng(0).normal(size=(1, 400))
    assert two_way(noise) == pytest.approx((noise.mean() - 1.96 / 20, noise.mean() + 1.96 / 20), abs=0.02)


def test_of_a_difference_nets_are_drawn_apart_and_images_together() -> None:
    """What an image adds to every net falls out; what the nets of one side differ by does not."""
    images = np.random.default_rng(0).normal(size=(1, 40))
    assert two_way(images + 2, images.repeat(3, 0)) == pytest.approx((2, 2))
    apart = images + np.array([[0.0], [1.0]])
    assert two_way(apart, apart) == pytest.approx((-1, 1))
    assert two_way(torch.from_numpy(images + 2), images + np.array([[0.0], [1.0]])) == pytest.approx((1, 2))


def test_two_ways_are_drawn_as_the_paper_has_it() -> None:
    """2000 times as many rows and as many columns, each with replacement, and the mean of all their pairs."""
    values, generator = np.random.default_rng(1).normal(size=(5, 30)), np.random.default_rng(7)
    drawn = [math.fsum(values[row, column] for row in generator.integers(5, size=5) for column in columns) / 150
             for columns in generator.integers(30, size=(2000, 30))]  # fmt: skip
    assert two_way(values) == pytest.approx(tuple(np.percentile(drawn, [2.5, 97.5])), abs=0.02)


@pytest.mark.parametrize(("right", "asked"), [(8, 10), (0, 4), (4, 4), (250, 500)])
def test_a_shares_interval_is_wilsons(right: int, asked: int) -> None:
    """The shares p whose distance from the observed one is at most 1.96 of their own standard errors."""
    for end in binomial(right, asked):
        assert abs(right / asked - end) == pytest.approx(1.959964 * math.sqrt(end * (1 - end) / asked), abs=1e-6)
    low, high = binomial(right, asked)
    assert 0 <= low <= right / asked <= high <= 1 and low < high


def test_a_shares_interval_by_hand() -> None:
    """8 of 10 (Wilson 1927): (0.8 + z^2/20 -+ z sqrt(0.016 + z^2/400)) / (1 + z^2/10)."""
    assert binomial(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
