"""How fine the pattern of a picture is."""

import torch
from jaxtyping import Float
from torch import Tensor

ROUNDING = 1e-12  # of the power: less is no pattern


def mean_frequency(images: Float[Tensor, "n channels height width"]) -> Float[Tensor, " n"]:
    """The mean spatial frequency of each image's brightness, in cycles per pixel, weighted by power.

    Field 1987, "Relations between the statistics of natural images", section 2, has the power spectrum: the squared
    absolute Fourier transform, here of the channels' mean without its own mean, under a Hann window, as the border of
    an image is no edge in it. 0.5 is a checkerboard's row, and 0 is what an even image gets.
    """
    height, width = images.shape[2:]
    brightness = images.double().mean(1)
    down, across = (torch.hann_window(side, False, dtype=torch.float64) for side in (height, width))
    window = down[:, None] * across
    even = (brightness * window).sum((1, 2), keepdim=True) / window.sum()
    power = torch.fft.fft2((brightness - even) * window).abs().square()
    frequency = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.fftfreq(width))
    total = power.sum((1, 2))
    return torch.where(total > ROUNDING, (power * frequency).sum((1, 2)) / total, 0.0).float()
