"""core.data.points: small tasks in the plane."""

import pytest
import torch

from core.data.points import CORNERS, POINTS, gaussians, xor
from core.plane.exact import best_line


@pytest.mark.parametrize("name", POINTS)
def test_points_are_as_many_as_asked_half_of_each_class_and_in_view(name: str) -> None:
    for count in (2, 4, 100, 101):
        found = POINTS[name](count, 0.0, 0)
        assert found.positions.shape == (count, 2) and found.labels.shape == (count,)
        assert found.labels.dtype == torch.long and set(found.labels.tolist()) == {0, 1}
        assert abs(int(found.labels.sum()) * 2 - count) <= 1
    assert float(POINTS[name](100, 0.02, 0).positions.abs().max()) < 1.3


@pytest.mark.parametrize("name", POINTS)
def test_noise_moves_points_and_the_seed_says_how(name: str) -> None:
    still, little, much = (POINTS[name](100, noise, 3).positions for noise in (0.0, 0.1, 0.4))
    assert float((much - still).norm()) > 2 * float((little - still).norm()) > 0
    assert torch.equal(POINTS[name](100, 0.1, 3).positions, little)
    assert not torch.equal(POINTS[name](100, 0.1, 4).positions, little)


def test_xor_is_at_four_corners_and_one_where_just_one_coordinate_is_positive() -> None:
    found = xor(40, 0.0, 0)
    assert len(found.positions.unique(dim=0)) == len(CORNERS)
    assert torch.equal(found.labels, ((found.positions > 0).sum(1) == 1).long())


def test_only_gaussians_are_parted_by_a_line() -> None:
    assert best_line(gaussians(60, 0.0, 0)) > 0.97
    for name, of in POINTS.items():
        assert (best_line(of(60, 0.0, 0)) < 0.95) == (name != "gaussians")
