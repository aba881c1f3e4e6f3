"""Augmentation against a slow warp, and its bounds."""

import math

import pytest
import torch
from torch import Generator

from core.data import augment, digits
from tests import references

IMAGES = digits.test_set().images[:6]


def test_no_strength_changes_nothing() -> None:
    torch.testing.assert_close(augment.augment(IMAGES, 0.0, Generator().manual_seed(0)), IMAGES, atol=1e-5, rtol=0)


def test_the_same_seed_gives_the_same_images_and_another_gives_others() -> None:
    first, again, other = (augment.augment(IMAGES, 1.0, Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_values_stay_in_their_range_and_every_image_goes_its_own_way() -> None:
    same = IMAGES[:1].expand(50, -1, -1, -1)
    changed = augment.augment(same, 1.0, Generator().manual_seed(0))
    assert changed.min() >= 0 and changed.max() <= 1 + 1e-6
    assert (changed - changed[0]).abs().amax((1, 2, 3))[1:].min() > 0.1


def test_moving_is_the_bilinear_warp() -> None:
    seed = 5
    turn, growth, right, down = (2 * torch.rand(4, len(IMAGES), generator=Generator().manual_seed(seed)) - 1).tolist()
    moved = augment._move(IMAGES, 1.0, Generator().manual_seed(seed))
    for index, image in enumerate(IMAGES):
        expected = references.moved(
            image[0].numpy(),
            angle=turn[index] * math.radians(15),
            scale=1 + growth[index] * 0.15,
            right=right[index] * 2.5,
            down=down[index] * 2.5,
        )
        torch.testing.assert_close(moved[index, 0], torch.from_numpy(expected), atol=1e-4, rtol=0)


def test_half_the_strength_is_half_of_each_change() -> None:
    """Shifts of at most 2.5 pixels, turns of 15 degrees, 15 % in size and 60 % of a pixel's border."""
    whole, half = (augment._move(IMAGES, strength, Generator().manual_seed(2)) for strength in (1.0, 0.5))
    turn, growth, right, down = (2 * torch.rand(4, len(IMAGES), generator=Generator().manual_seed(2)) - 1).unbind()
    expected = augment.warp(IMAGES, turn * math.radians(7.5), 1 + 0.075 * growth, 1.25 * right, 1.25 * down)
    torch.testing.assert_close(half, expected)
    assert not torch.equal(whole, half)
    square = torch.zeros(1, 1, 9, 9)
    square[..., 3:6, 3:6] = 1
    for seed in range(4):
        whole, half = (augment._thicken(square, strength, Generator().manual_seed(seed)) for strength in (1.0, 0.5))
        torch.testing.assert_close(half - square, (whole - square) / 2)


def test_augmenting_moves_and_then_thickens_by_what_is_drawn_next() -> None:
    generator = Generator().manual_seed(8)
    moved = augment._move(IMAGES, 0.8, generator)
    expected = augment._thicken(moved, 0.8, generator)
    assert torch.equal(augment.augment(IMAGES, 0.8, Generator().manual_seed(8)), expected)


def test_a_wide_picture_is_turned_as_a_square_one() -> None:
    """A quarter turn about the middle: what lies to the right of it comes to stand above or below, at its distance."""
    picture = torch.zeros(1, 1, 9, 15)
    picture[..., 4, 10] = 1
    one = torch.ones(1)
    turned = augment.warp(picture, one * math.pi / 2, one, one * 0, one * 0)[0, 0]
    ((row, column),) = (turned > 0.5).nonzero().tolist()
    assert column == 7 and abs(row - 4) == 3 and turned[row, column] == pytest.approx(1, abs=1e-4)
    nearer = augment.warp(picture, one * 0, one * 2, one * 0, one * 0)[0, 0]
    assert nearer[4, 13] == pytest.approx(1, abs=1e-4)  # twice as far from the middle
    shifted = augment.warp(picture, one * 0, one, one * 2, one * -1)[0, 0]
    assert shifted[5, 8] == pytest.approx(1, abs=1e-4)  # each pixel reads what lies right and above


@pytest.mark.parametrize(("seed", "thicker"), [(3, False), (1, True)])
def test_thickening_adds_or_takes_ink_at_the_edge_only(seed: int, thicker: bool) -> None:
    image = torch.zeros(1, 1, 9, 9)
    image[..., 3:6, 3:6] = 1
    amount = 0.6 * (2 * torch.rand(1, generator=Generator().manual_seed(seed)) - 1).item()
    assert (amount > 0) == thicker
    changed = augment._thicken(image, 1.0, Generator().manual_seed(seed))[0, 0]
    assert changed[4, 4] == 1
    assert changed[0, 0] == 0
    assert changed[2, 4] == pytest.approx(max(amount, 0))
    assert changed[3, 4] == pytest.approx(1 + min(amount, 0))
