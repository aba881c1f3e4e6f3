"""Random shifts, turns, sizes and pen widths for batches of digits, each image with its own."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Generator, Tensor

MAX_SHIFT = 2.5  # pixels
MAX_TURN = 15.0  # degrees
MAX_GROWTH = 0.15  # as a factor, up and down
MAX_THICKENING = 0.6  # 1 is a whole 3 x 3 dilation (or erosion)

Images = Float[Tensor, "n 1 height width"]


def augment(images: Images, strength: float, generator: Generator) -> Images:
    """The same digits as other hands might have written them; 1 is full strength, values stay in [0, 1]."""
    return _thicken(_move(images, strength, generator), strength, generator)


def _move(images: Images, strength: float, generator: Generator) -> Images:
    n, size = len(images), images.shape[-1]
    turn, growth, right, down = (strength * (2 * torch.rand(4, n, generator=generator) - 1)).unbind()
    angle = turn * math.radians(MAX_TURN)
    scale = 1 + growth * MAX_GROWTH
    cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
    shift = 2 * MAX_SHIFT / size  # affine_grid measures in half widths
    grid = torch.stack([cos, -sin, right * shift, sin, cos, down * shift], dim=1).view(n, 2, 3)
    return F.grid_sample(images, F.affine_grid(grid, list(images.shape), align_corners=False), align_corners=False)


def _thicken(images: Images, strength: float, generator: Generator) -> Images:
    amount = strength * MAX_THICKENING * (2 * torch.rand(len(images), 1, 1, 1, generator=generator) - 1)
    dilated = F.max_pool2d(images, 3, stride=1, padding=1)
    eroded = -F.max_pool2d(-images, 3, stride=1, padding=1)
    return images + amount.clamp(min=0) * (dilated - images) + (-amount).clamp(min=0) * (eroded - images)
