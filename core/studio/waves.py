"""How a texture's waves go together: a measure that knows no net, beside which nets can be judged."""

import math

import torch
from jaxtyping import Complex, Float
from torch import Generator, Tensor

Images = Float[Tensor, "n channels height width"]
SCALES, ANGLES = 3, 4  # octaves below half the highest frequency, and directions
BORDER = 8  # an eighth of the picture on each side is not read: waves go in a circle, and photos do not
FAINT = 1e-6  # of a band's strength, below which it has no structure


def structure(images: Images) -> Float[Tensor, "n numbers"]:
    """Which waves are strong at the same places, and how sparse each is: what a picture's spectrum does not tell.

    The correlations of the bands' magnitudes over places, each scale and direction with each (Portilla and Simoncelli
    2000, section 2.2, of their statistics those of magnitudes), and of each band var(m) / mean(m^2).
    """
    strengths = magnitudes(images).flatten(2)
    rest = strengths - strengths.mean(2, keepdim=True)
    sparse = rest.square().mean(2) / strengths.square().mean(2).clamp(min=FAINT**2)
    units = rest / rest.norm(dim=2, keepdim=True).clamp(min=FAINT)
    upper = torch.triu_indices(strengths.shape[1], strengths.shape[1], 1)
    return torch.cat([(units @ units.transpose(1, 2))[:, upper[0], upper[1]], sparse], 1)


def magnitudes(images: Images) -> Float[Tensor, "n bands rows columns"]:
    """How strong each band of waves is at each place of the mean of the channels, but for the border."""
    grey = images.mean(1)
    bands = torch.fft.ifft2(torch.fft.fft2(grey - grey.mean((1, 2), keepdim=True))[:, None] * _filters(*grey.shape[1:]))
    top, left = images.shape[2] // BORDER, images.shape[3] // BORDER
    return bands.abs()[..., top : images.shape[2] - top, left : images.shape[3] - left]


def _filters(height: int, width: int) -> Float[Tensor, "bands height width"]:
    """Raised cosines over log frequency, an octave apart, times cos^3 of the angle on one side: steerable, analytic."""
    rows, columns = torch.fft.fftfreq(height)[:, None], torch.fft.fftfreq(width)[None]
    octave, angle = torch.log2(torch.hypot(rows, columns).clamp(min=1e-9)), torch.atan2(rows, columns)
    filters = []
    for scale in range(SCALES):
        away = (octave + 2 + scale).clamp(-1, 1)  # from a quarter of a cycle a pixel, an eighth, ...
        for direction in range(ANGLES):
            towards = torch.cos(angle - math.pi * direction / ANGLES).clamp(min=0)
            filters.append(torch.cos(math.pi / 2 * away) * towards ** (ANGLES - 1))
    return torch.stack(filters)


def apart(images: Images, source: Images) -> Float[Tensor, " n"]:
    """How far each picture's structure is from the source's: the root mean squared difference of its numbers."""
    return (structure(images) - structure(source)).square().mean(1).sqrt()


def random_phases(images: Images, generator: Generator) -> Images:
    """The same spectrum, at random phases, all channels of a wave moved together: what a spectrum alone makes.

    Galerne, Gousseau, Morel 2011, "Random phase textures", section II. Clipped to [0, 1].
    """
    turned = scattered(images, generator)
    turned[..., 0, 0] = torch.fft.rfft2(images)[..., 0, 0]
    return torch.fft.irfft2(turned, s=images.shape[2:]).clamp(0, 1)


def scattered(images: Images, generator: Generator) -> Complex[Tensor, "n channels height columns"]:
    """The spectrum of images with each wave at a random phase, the same for all channels, so that its colour stays."""
    noise = torch.fft.rfft2(torch.randn(images[:, :1].shape, generator=generator))
    return torch.fft.rfft2(images) * noise / noise.abs().clamp(min=1e-12)
