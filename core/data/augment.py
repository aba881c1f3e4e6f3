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
    turn, growth, right, down = (strength * (2 * torch.rand(4, len(images), generator=generator) - 1)).unbind()
    return warp(images, turn * math.radians(MAX_TURN), 1 + growth * MAX_GROWTH, right * MAX_SHIFT, down * MAX_SHIFT)


def warp(images: Tensor, angle: Tensor, scale: Tensor, right: Tensor, down: Tensor) -> Tensor:
    """Turn (radians), enlarge (factor) and shift (pixels) each image by its own amounts, bilinearly; outside is 0.

    Each pixel reads the place that lies turned by `angle`, nearer to the middle by `scale`, and shifted.
    """
    cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
    height, width = images.shape[-2:]
    # affine_grid measures in half heights and half widths
    rows = [cos, -sin * height / width, 2 * right / width, sin * width / height, cos, 2 * down / height]
    grid = F.affine_grid(torch.stack(rows, dim=1).view(-1, 2, 3), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def _thicken(images: Images, strength: float, generator: Generator) -> Images:
    amount = strength * MAX_THICKENING * (2 * torch.rand(len(images), 1, 1, 1, generator=generator) - 1)
    dilated = F.max_pool2d(images, 3, stride=1, padding=1)
    eroded = -F.max_pool2d(-images, 3, stride=1, padding=1)
    return images + amount.clamp(min=0) * (dilated - images) + (-amount).clamp(min=0) * (eroded - images)
