"""Locality: how small a part of a picture, of a filter or of a stimulus, holds almost all of it."""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

SHARE = 0.9  # of the squared values
ROUNDING = 1e-6  # of all of them


def locality(pictures: Float[Tensor, "n channels height width"]) -> Float[Tensor, " n"]:
    """The side in pixels of the smallest square that holds 90 % of a picture's squared values; of zeros NaN.

    Values are counted from 0: of a stimulus, take away what it was painted on.
    """
    sides = windows(pictures)[:, 2].float()
    return torch.where(sides > 0, sides, torch.nan)


def windows(pictures: Float[Tensor, "n channels height width"]) -> Int[Tensor, "n 3"]:
    """Where that square is: its first row, its first column and its side, 0 of a picture of zeros.

    Of squares that are equally small it is the one that holds most.
    """
    power = pictures.double().square().sum(1, keepdim=True)
    needed = (SHARE - ROUNDING) * power.sum((1, 2, 3))
    height, width = power.shape[2:]
    found = torch.zeros(len(pictures), 3, dtype=torch.long)
    for side in range(1, max(height, width) + 1):
        down, across = min(side, height), min(side, width)
        held = F.avg_pool2d(power, (down, across), 1)[:, 0] * down * across
        most, place = held.flatten(1).max(1)
        rows = torch.stack([place // held.shape[2], place % held.shape[2], torch.full_like(place, side)], 1)
        new = (found[:, 2] == 0) & (most >= needed) & (needed > 0)
        found = torch.where(new[:, None], rows, found)
    return found
