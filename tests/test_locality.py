"""How small a part of a picture holds almost all of it."""

import torch
from torch import Generator

from core.measures.locality import locality, windows
from tests import references

NOISE = torch.randn(4, 2, 7, 9, generator=Generator().manual_seed(0))


def test_it_is_the_smallest_of_all_squares_tried_one_after_the_other() -> None:
    widths = torch.tensor([1.0, 4.0, 20.0, 1e9])[:, None, None, None]
    faded = NOISE * torch.exp(-(torch.arange(9.0) - 3).square() / widths)
    assert locality(faded).tolist() == [references.locality(picture) for picture in faded]


def test_a_planted_square_is_found_wherever_it_lies_and_whatever_its_sign() -> None:
    pictures = torch.zeros(3, 1, 12, 12)
    pictures[0, :, 2:5, 7:10], pictures[1, :, 0, 0], pictures[2] = -1.0, 1e-3, 1.0
    assert windows(pictures)[:2].tolist() == [[2, 7, 3], [0, 0, 1]]
    assert locality(pictures).tolist() == [3, 1, 12]


def test_a_tenth_of_the_power_does_not_count_and_more_does() -> None:
    pictures = torch.zeros(2, 1, 8, 8)
    pictures[:, 0, 0, 0], pictures[0, 0, 7, 7], pictures[1, 0, 7, 7] = 1.0, (1 / 9) ** 0.5, 0.12**0.5
    assert locality(pictures).tolist() == [1, 8]


def test_channels_count_together_and_zeros_have_none() -> None:
    pictures = torch.zeros(2, 2, 6, 6)
    pictures[0, 0, 1, 1] = pictures[0, 1, 3, 1] = 1
    assert windows(pictures)[0].tolist() == [1, 0, 3] and windows(pictures)[1, 2] == 0
    assert locality(pictures).isnan().tolist() == [False, True]
