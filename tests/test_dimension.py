"""Along how many directions a layer's answers vary."""

import math

import pytest
import torch
from torch import Generator, Tensor

from core.measures.dimension import dimension
from tests import references


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=Generator().manual_seed(seed))


@pytest.mark.parametrize("units", [4, 30])  # fewer than images, and more
def test_it_is_of_the_covariances_eigenvalues(units: int) -> None:
    values = noise(12, units) * torch.linspace(0.2, 3, units) + 10
    assert dimension(values) == pytest.approx(references.participation_ratio(values), rel=1e-4)


@pytest.mark.parametrize("equal", [1, 3, 8])
def test_of_equal_directions_it_is_their_number_however_they_are_turned(equal: int) -> None:
    points = torch.cat([torch.eye(equal), -torch.eye(equal)])  # the corners of a cross, of covariance 1 / equal
    turned = points @ torch.linalg.qr(noise(20, equal)).Q.T
    assert dimension(7 * turned + 3) == pytest.approx(equal, rel=1e-4)


def test_of_noise_it_is_as_low_as_the_images_are_few() -> None:
    """About 1 / (1 / units + 1 / images): of Wishart's matrices, tr(C)^2 / tr(C^2) (Gao et al. 2017)."""
    assert dimension(noise(500, 100)) == pytest.approx(1 / (1 / 100 + 1 / 500), rel=0.03)
    assert dimension(noise(50, 5000)) == pytest.approx(49, rel=0.03)


def test_a_map_is_read_as_one_row_an_image() -> None:
    maps = noise(20, 2, 3, 3)
    assert dimension(maps) == dimension(maps.flatten(1))


def test_what_never_changes_has_none_and_one_image_is_refused() -> None:
    assert math.isnan(dimension(torch.full((5, 3), 0.1)))
    with pytest.raises(ValueError, match="two images at least, and there are 1"):
        dimension(noise(1, 4))
