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
            angle=turn[index] * math.radians(augment.MAX_TURN),
            scale=1 + growth[index] * augment.MAX_GROWTH,
            right=right[index] * augment.MAX_SHIFT,
            down=down[index] * augment.MAX_SHIFT,
        )
        torch.testing.assert_close(moved[index, 0], torch.from_numpy(expected), atol=1e-4, rtol=0)


@pytest.mark.parametrize(("seed", "thicker"), [(3, False), (1, True)])
def test_thickening_adds_or_takes_ink_at_the_edge_only(seed: int, thicker: bool) -> None:
    image = torch.zeros(1, 1, 9, 9)
    image[..., 3:6, 3:6] = 1
    amount = augment.MAX_THICKENING * (2 * torch.rand(1, generator=Generator().manual_seed(seed)) - 1).item()
    assert (amount > 0) == thicker
    changed = augment._thicken(image, 1.0, Generator().manual_seed(seed))[0, 0]
    assert changed[4, 4] == 1
    assert changed[0, 0] == 0
    assert changed[2, 4] == pytest.approx(max(amount, 0))
    assert changed[3, 4] == pytest.approx(1 + min(amount, 0))
