"""Which images of a set are learned from, and which are held out."""

import torch
from jaxtyping import Int
from torch import Tensor

EVERY = 4  # every fourth is held out: MNIST's first 5,000 test images are easier than its last, so not the last ones


def split(count: int) -> tuple[Int[Tensor, " learned"], Int[Tensor, " held"]]:
    """The numbers of the images that are learned from, and of those that are held out, of so many."""
    numbers = torch.arange(count)
    held = numbers % EVERY == EVERY - 1
    return numbers[~held], numbers[held]
