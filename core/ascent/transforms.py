"""Ways to shake an image before the net sees it, so that what is found does not hang on a pixel's exact place.

Or a text, so that it does not hang on mixtures that no character is.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from core.ascent.parametrise import FAINTEST
from core.data.augment import warp

Transform = Callable[[Tensor, Generator], Tensor]


@dataclass(frozen=True)
class Jitter:
    """Shift the whole batch by up to so many pixels in each direction, the same for all."""

    pixels: int
    fill: float | None = 0.0  # what comes in at the border; None is what went out at the other side

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        """The shifted images, of the same size."""
        height, width = images.shape[-2:]
        down, right = torch.randint(0, 2 * self.pixels + 1, (2,), generator=generator).tolist()
        if self.fill is None:
            return images.roll((self.pixels - down, self.pixels - right), (2, 3))
        padded = F.pad(images, (self.pixels,) * 4, value=self.fill)
        return padded[..., down : down + height, right : right + width]


@dataclass(frozen=True)
class Blur:
    """Convolve with a Gaussian of this standard deviation in pixels, cut off at two of them and at least one pixel."""

    sigma: float

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        """The blurred images; beyond the border is nothing."""
        reach = max(1, math.ceil(2 * self.sigma))
        kernel = torch.exp(-(torch.arange(-reach, reach + 1, device=images.device) ** 2) / (2 * self.sigma**2))
        kernel = kernel / kernel.sum()
        channels = images.shape[1]
        down = kernel.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
        blurred = F.conv2d(images, down, padding=(reach, 0), groups=channels)
        return F.conv2d(blurred, down.transpose(2, 3), padding=(0, reach), groups=channels)


@dataclass(frozen=True)
class Warp:
    """Turn each image by its own angle of up to so many degrees either way, and enlarge it by its own factor."""

    degrees: float = 0.0
    low: float = 1.0  # the smallest factor
    high: float = 1.0  # the largest
    fill: float = 0.0  # what comes in at the corners

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        """The warped images, of the same size."""
        shares = torch.rand(2, len(images), generator=generator).to(images.device)
        angle, none = math.radians(self.degrees) * (2 * shares[0] - 1), torch.zeros_like(shares[0])
        factor = self.low + (self.high - self.low) * shares[1]
        return warp(images - self.fill, angle, factor, none, none) + self.fill


@dataclass(frozen=True)
class Gumbel:
    """Characters drawn by their shares p, but for a temperature: softmax((log p + g) / temperature).

    g is Gumbel noise (Jang, Gu, Poole 2017, equation 2; Maddison, Mnih, Teh 2017, equation 1). Towards temperature 0
    what is drawn is a text; without noise it is the one of the largest shares.
    """

    temperature: float
    noise: float = 1.0  # times a standard Gumbel variable

    def __call__(self, shares: Tensor, generator: Generator) -> Tensor:
        """What the net reads in place of the shares (batch, characters, time)."""
        uniform = torch.rand(shares.shape, generator=generator).clamp(min=FAINTEST)
        gumbel = -(-uniform.log()).clamp(min=FAINTEST).log()
        return ((shares.clamp(min=FAINTEST).log() + self.noise * gumbel) / self.temperature).softmax(1)
