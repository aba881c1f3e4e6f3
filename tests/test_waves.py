"""The measure of textures that knows no net: it sees which waves are strong together, and not where."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator, Tensor

from core.data import photos
from core.studio.waves import ANGLES, BORDER, SCALES, apart, magnitudes, random_phases, structure

SIDE = 64


def wave(cycles: float, direction: float, side: int = SIDE) -> Tensor:
    """So many cycles a pixel, across lines that stand at this angle from upright."""
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    along = math.cos(direction) * columns + math.sin(direction) * rows
    return (0.5 + 0.25 * torch.cos(2 * math.pi * cycles * along))[None, None].float()


def gravel() -> Tensor:
    return photos.to_input(photos.style_image("gravel"), 128)[None]


@pytest.mark.parametrize("scale", range(SCALES))
@pytest.mark.parametrize("turn", [0, 2])
def test_a_wave_is_strong_in_its_own_band_everywhere(scale: int, turn: int) -> None:
    """Half its amplitude, by the half plane; the directions beside it see cos^3(45 degrees) of that; others nothing."""
    found = magnitudes(wave(0.25 / 2**scale, math.pi * turn / ANGLES))[0].reshape(SCALES, ANGLES, -1)
    assert found.std(-1).max() < 1e-5
    expected = torch.zeros(SCALES, ANGLES)
    expected[scale, turn] = 0.125
    for beside in (turn - 1, turn + 1):
        expected[scale, beside % ANGLES] = 0.125 * math.cos(math.pi / 4) ** 3
    torch.testing.assert_close(found.mean(-1), expected, atol=1e-5, rtol=0)


def test_the_border_is_not_read() -> None:
    assert magnitudes(torch.rand(2, 3, 32, 48)).shape == (2, SCALES * ANGLES, 32 - 2 * (32 // BORDER), 48 - 2 * 6)


def test_bands_that_are_strong_at_the_same_places_go_together() -> None:
    """Of two waves that share a patch, and of two that each have one: the correlation is 1 and below 0."""
    patch = torch.zeros(1, 1, 128, 128)
    patch[..., 32:64, 32:64] = 1
    first, second = wave(1 / 4, 0, 128) - 0.5, wave(1 / 4, math.pi / 2, 128) - 0.5
    together, in_turn = structure(torch.cat([patch * (first + second), patch * first + patch.roll(48, 3) * second]))
    place = 1  # the pair of the finest scale's directions 0 and 2: (0, 1), (0, 2), ...
    assert together[place] > 0.95 and in_turn[place] < 0


def test_even_waves_are_not_sparse_and_one_spot_is() -> None:
    spot = torch.zeros(1, 1, SIDE, SIDE)
    spot[..., SIDE // 2, SIDE // 2] = 1
    even, rare = (structure(each)[0, -SCALES * ANGLES] for each in (wave(0.25, 0), spot))
    assert even < 1e-4 and rare > 0.8


@given(down=st.integers(-3, 3), right=st.integers(-3, 3), factor=st.floats(0.2, 2))
@settings(max_examples=20, deadline=None)
def test_contrast_changes_nothing_and_a_little_shift_little(down: int, right: int, factor: float) -> None:
    image = gravel()
    assert apart((image - 0.5) * factor + 0.5, image).item() < 1e-3
    assert apart(image.roll((down, right), (2, 3)), image).item() < 0.05


def test_another_piece_is_nearer_than_the_same_spectrum() -> None:
    whole = photos.to_input(photos.style_image("gravel"), 256)[None]
    one, other = whole[..., :128, :128], whole[..., 128:, 128:]
    assert apart(other, one) < 0.5 * apart(random_phases(one, Generator().manual_seed(0)), one)


def test_random_phases_have_the_same_spectrum() -> None:
    image = 0.4 + 0.2 * gravel()
    found = random_phases(image, Generator().manual_seed(0))
    inner = (found > 0) & (found < 1)
    assert inner.all() and (found - image).abs().mean() > 0.01
    torch.testing.assert_close(torch.fft.rfft2(found).abs(), torch.fft.rfft2(image).abs(), atol=0.05, rtol=1e-3)
    other = random_phases(image, Generator().manual_seed(1))
    assert not torch.equal(found, other)


def test_how_far_apart_is_a_root_mean_square() -> None:
    images = torch.rand(3, 1, 32, 32, generator=Generator().manual_seed(0))
    numbers = structure(images).tolist()
    expected = [math.sqrt(sum((a - b) ** 2 for a, b in zip(each, numbers[2], strict=True)) / len(each))
                for each in numbers]  # fmt: skip
    assert apart(images, images[2:]).tolist() == pytest.approx(expected, abs=1e-6)
