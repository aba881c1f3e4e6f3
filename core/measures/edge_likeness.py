"""Edge-likeness: whether a filter, or a stimulus within its window, is an oriented edge, bar or grating."""

import math
from collections.abc import Iterator
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

FLAT = 1e-5  # of a picture's size: what differs by less is even
ORIENTATIONS = 12
CYCLES = (0.5, 1.0, 1.5, 2.0, 3.0)  # of a Gabor, from border to border
FINEST = 0.4  # cycles per pixel: at 0.5 pixels alternate, and of some phases nothing is left
SPREADS = (0.15, 0.25, 0.5)  # of a Gabor's envelope, as shares of the side
PHASES = tuple(math.pi * eighth / 8 for eighth in range(8))  # the other half of them are the negatives
MOST = 32  # pixels a side: larger pictures are made smaller, as the finest Gabor has 3 cycles in any
SHIFTS = (-0.25, 0.0, 0.25)  # of Gabors and edges, down and across, as shares of the side


def edge_likeness(pictures: Float[Tensor, "n channels side side"]) -> Float[Tensor, " n"]:
    """The best correlation of each picture with a bank of Gabors and step edges, from 0 to 1; of even pictures NaN.

    The channels are weighted, and the sign chosen, as suits each best. Small filters, or many channels, are somewhat
    like one of so many whatever they are: beside it belongs the same of `shuffled`. Gabors are skimage's (Daugman
    1985; Jones and Palmer 1987, "An evaluation of the two-dimensional Gabor filter model of simple receptive fields in
    cat striate cortex", fit them to cells). Raises ValueError for a picture that is not square or has fewer than 3
    pixels a side.
    """
    height, width = pictures.shape[2:]
    if height != width or height < 3:
        raise ValueError(f"Edge-likeness is of square pictures of 3 pixels at least, not of {height} x {width}.")
    small = F.interpolate(pictures, (MOST, MOST), mode="area") if height > MOST else pictures
    values = small.double().flatten(2)
    apart = values - values.mean(2, keepdim=True)
    sizes = apart.norm(dim=(1, 2))
    best = (apart.float() @ _bank(small.shape[2]).T).norm(dim=1).amax(1)
    return torch.where(sizes > FLAT * values.norm(dim=(1, 2)), best / sizes, torch.nan).float()


def shuffled(pictures: Float[Tensor, "n channels side side"], seed: int = 0) -> Float[Tensor, "n channels side side"]:
    """The same values in each picture, in a random order from a seed: the control.

    Not from torch's generator: from one seed it draws an untrained net's weights and the order that sorts them.
    """
    order = np.random.default_rng(seed).permuted(pictures.flatten(1).numpy(), axis=1)
    return torch.from_numpy(order).view_as(pictures)


@cache
def _bank(side: int) -> Float[Tensor, "templates pixels"]:
    """Each without its mean, at length 1."""
    found = torch.from_numpy(np.stack([*_gabors(side), *_edges(side)])).flatten(1)
    found = found - found.mean(1, keepdim=True)
    sizes = found.norm(dim=1, keepdim=True)
    return (found / sizes)[sizes[:, 0] > FLAT].float()


def _gabors(side: int) -> Iterator[np.ndarray]:
    from skimage.filters import gabor_kernel  # the app never needs it

    for cycles, spread, turn, phase in (
        (cycles, spread, turn, phase) for cycles in CYCLES for spread in SPREADS for turn in range(ORIENTATIONS)
        for phase in PHASES if cycles <= FINEST * side
    ):  # fmt: skip
        sigma = spread * side
        whole = gabor_kernel(cycles / side, math.pi * turn / ORIENTATIONS, sigma_x=sigma, sigma_y=sigma,
                             n_stds=2 * side / sigma, offset=phase, dtype=np.complex128).real  # fmt: skip
        for down, across in _shifts(side):
            top, left = (size // 2 - side // 2 + shift for size, shift in zip(whole.shape, (down, across), strict=True))
            part = whole[top : top + side, left : left + side]
            yield part / np.linalg.norm(part)


def _edges(side: int) -> Iterator[np.ndarray]:
    """Steps from -1 to 1, one pixel wide."""
    places = np.arange(side) - side // 2
    for turn in range(ORIENTATIONS):
        angle = math.pi * turn / ORIENTATIONS
        for down, across in _shifts(side):
            step = math.cos(angle) * (places + across) + math.sin(angle) * (places[:, None] + down)
            yield np.clip(2 * step, -1, 1)


def _shifts(side: int) -> list[tuple[int, int]]:
    shifts = sorted({round(share * side) for share in SHIFTS})
    return [(down, across) for down in shifts for across in shifts]
