"""From free parameters to images in [0, 1]: what the ascent can draw, and what it draws easily."""

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Generator, Tensor

Images = Float[Tensor, "batch channels height width"]

# The square root of the covariance of ImageNet's colours, in rows r, g, b: Olah, Mordvintsev, Schubert 2017, as in
# https://github.com/tensorflow/lucid/blob/master/lucid/optvis/param/color.py
COLOURS = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))


class Parametrisation(Protocol):
    """Where an ascent starts, and what image its parameters stand for."""

    def start(self, generator: Generator) -> Tensor:
        """The parameters of the first images, which tell the units of a batch apart by a little noise."""

    def __call__(self, parameters: Tensor) -> Images:
        """The images, in [0, 1]; differentiable."""


@dataclass(frozen=True)
class Pixels:
    """One parameter a pixel, squashed by the logistic function."""

    shape: tuple[int, int, int, int]  # (batch, channels, height, width)
    brightness: float = 0.5  # where it starts
    noise: float = 0.1  # standard deviation, before squashing

    def start(self, generator: Generator) -> Tensor:
        """Even grey and a little noise."""
        return math.log(self.brightness / (1 - self.brightness)) + self.noise * torch.randn(
            self.shape, generator=generator
        )

    def __call__(self, parameters: Tensor) -> Images:
        """logistic(p)."""
        return parameters.sigmoid()


@dataclass(frozen=True)
class Ink(Pixels):
    """Pixels that share a budget of ink, so that it goes where it counts: strokes on empty paper.

    Where an image would have more ink on the mean than `budget`, all its parameters sink by the same b until
    mean(logistic(p - b)) = budget. MNIST's mean is 0.13. The gradient follows b: see `_sink`.
    """

    brightness: float = 0.27
    budget: float = 0.13

    def __call__(self, parameters: Tensor) -> Images:
        """logistic(p - b), with the smallest b >= 0 that keeps the budget."""
        return (parameters - _sink(parameters, self.budget)).sigmoid()


def _sink(parameters: Tensor, budget: float) -> Tensor:
    """The smallest b >= 0 with mean(logistic(p - b)) <= budget, for each image; differentiable.

    b is found by bisection. One step of Newton's method with a fixed slope moves it no further, but carries its
    gradient, dp weighted by the logistic's slope, which is that of the implicit function.
    """
    with torch.no_grad():
        low = torch.zeros(len(parameters), 1, 1, 1, device=parameters.device)
        high = parameters.amax((1, 2, 3), keepdim=True) - math.log(budget / (1 - budget))
        high = high.clamp(min=0)
        for _ in range(24):
            middle = (low + high) / 2
            over = _mean_ink(parameters - middle) > budget
            low, high = torch.where(over, middle, low), torch.where(over, high, middle)
        needed = _mean_ink(parameters) > budget
        ink = (parameters - high).sigmoid()
        slope = (ink * (1 - ink)).mean((1, 2, 3), keepdim=True)
    return torch.where(needed, high + (_mean_ink(parameters - high) - budget) / slope, torch.zeros_like(high))


def _mean_ink(parameters: Tensor) -> Tensor:
    return parameters.sigmoid().mean((1, 2, 3), keepdim=True)


@dataclass(frozen=True)
class Fourier:
    """One complex parameter a frequency, the higher ones weaker, so that no step favours fine patterns.

    Amplitudes fall as 1 / frequency ** decay; with three channels the colours are decorrelated (Olah, Mordvintsev,
    Schubert 2017, "Feature Visualization", section on preconditioning).
    """

    shape: tuple[int, int, int, int]
    decay: float = 1.0
    noise: float = 0.01

    def start(self, generator: Generator) -> Tensor:
        """Noise in every frequency: (batch, channels, height, width // 2 + 1, 2), real and imaginary parts."""
        batch, channels, height, width = self.shape
        return self.noise * torch.randn(batch, channels, height, width // 2 + 1, 2, generator=generator)

    def __call__(self, parameters: Tensor) -> Images:
        """logistic(colours of the inverse transform)."""
        height, width = self.shape[2:]
        spectrum = torch.view_as_complex(parameters.contiguous()) * self._amplitudes(parameters.device)
        return decorrelated(torch.fft.irfft2(spectrum, s=(height, width))).sigmoid()

    def _amplitudes(self, device: torch.device) -> Tensor:
        height, width = self.shape[2:]
        rows, columns = torch.fft.fftfreq(height, device=device), torch.fft.rfftfreq(width, device=device)
        frequency = torch.hypot(rows[:, None], columns[None])
        return math.sqrt(height * width) / frequency.clamp(min=1 / max(height, width)) ** self.decay


def decorrelated(images: Tensor) -> Tensor:
    """Three independent channels made into red, green and blue as natural images mix them; others as they are."""
    if images.shape[1] != 3:
        return images
    colours = torch.tensor(COLOURS, device=images.device)
    return torch.einsum("rc,bchw->brhw", colours / colours.norm(dim=0).max(), images)
