"""Maps that know nothing of any net: what a method has to beat before its map says more than the image does."""

from collections.abc import Callable

import numpy as np
import torch
from skimage.filters import sobel
from torch import Generator

from core.attribution.outcome import GONE, Images, baselines


def at_random(x: Images, draw: int = 0) -> Images:
    """A random value for each pixel, the same in every image."""
    return torch.rand(1, 1, *x.shape[2:], generator=Generator().manual_seed(draw)).expand_as(x).contiguous()


def centre_first(x: Images) -> Images:
    """The nearer a pixel lies to the image's middle, the more."""
    rows, columns = ((torch.arange(side) - (side - 1) / 2).square() for side in x.shape[2:])
    return (1 / (1 + (rows[:, None] + columns).sqrt())).expand_as(x).contiguous()


def image_itself(x: Images) -> Images:
    """How far each pixel is from what stands there when it is gone: of a digit, its ink."""
    (without,) = baselines(x, GONE[x.shape[1]])
    return (x - without).abs()


def edges(x: Images) -> Images:
    """Where brightness changes: Sobel's filter."""
    found = np.stack([sobel(image) for image in x.mean(1).numpy()])
    return torch.from_numpy(found)[:, None].to(x.dtype).expand_as(x).contiguous()


RANDOM, IMAGE = "at random", "the image itself"
CONTROLS: dict[str, Callable[[Images], Images]] = {
    RANDOM: at_random,
    "centre first": centre_first,
    IMAGE: image_itself,
    "edge detector": edges,
}
