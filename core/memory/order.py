"""Images whose rows come in another order, or not at all: what a net's accuracy owes to the order of what it reads."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Generator, Tensor

Images = Float[Tensor, "n 1 height width"]


def shuffled_rows(images: Images, seed: int) -> Images:
    """All images' rows in one random order."""
    return images[:, :, _order(images.shape[2], seed)]


def shuffled_columns(images: Images, seed: int) -> Images:
    """All images' columns in one random order: every row comes at its time."""
    return images[..., _order(images.shape[3], seed)]


def reversed_rows(images: Images, seed: int = 0) -> Images:
    """The last row first."""
    return images.flip(2)


def one_row_blanked(images: Images, seed: int) -> Images:
    """Of each image one row without its ink, drawn among those that have some."""
    inked = (images[:, 0] > 0).any(2).float()
    rows = torch.multinomial(inked + 1e-9, 1, generator=Generator().manual_seed(seed))
    kept = torch.ones_like(inked).scatter(1, rows, 0.0)
    return images * kept[:, None, :, None]


def first_half_blanked(images: Images, seed: int = 0) -> Images:
    """The second half alone, at its time."""
    return _only(images, slice(images.shape[2] // 2, None))


def second_half_blanked(images: Images, seed: int = 0) -> Images:
    """The first half, and empty rows."""
    return _only(images, slice(images.shape[2] // 2))


def _only(images: Images, rows: slice) -> Images:
    kept = torch.zeros_like(images)
    kept[:, :, rows] = images[:, :, rows]
    return kept


def _order(count: int, seed: int) -> Tensor:
    return torch.randperm(count, generator=Generator().manual_seed(seed))


IN_ORDER, SHUFFLED_ROWS = "in order", "rows shuffled"
ORDERS: dict[str, Callable[[Images, int], Images]] = {
    IN_ORDER: lambda images, seed: images,
    "one row blanked": one_row_blanked,
    "reversed": reversed_rows,
    "second half blanked": second_half_blanked,
    "first half blanked": first_half_blanked,
    "columns shuffled": shuffled_columns,
    SHUFFLED_ROWS: shuffled_rows,
}
DRAWN = ("one row blanked", "columns shuffled", SHUFFLED_ROWS)  # by seed
