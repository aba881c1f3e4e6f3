"""From free parameters to images in [0, 1], or to texts: what the ascent can draw, and what it draws easily."""

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Generator, Tensor

Images = Float[Tensor, "batch channels *place"]  # of a text, a character for each channel, and time for a place

# The square root of the covariance of ImageNet's colours, in rows r, g, b: Olah, Mordvintsev, Schubert 2017, as in
# https://github.com/tensorflow/lucid/blob/master/lucid/optvis/param/color.py
COLOURS = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))
MARGIN = 0.02  # from black and white, where the logistic function is too flat to be climbed
FAINTEST = 1e-12  # of a share, whose logarithm is taken


class Parametrisation(Protocol):
    """Where an ascent starts, and what image its parameters stand for."""

    def start(self, generator: Generator) -> Tensor:
        """The parameters of the first images, which tell the units of a batch apart by a little noise."""

    def __call__(self, parameters: Tensor) -> Images:
        """The images, in [0, 1]; differentiable."""


def unsquashed(images: Images) -> Tensor:
    """The inverse of the logistic function, which black and white have none of: they are taken a little paler."""
    return images.clamp(MARGIN, 1 - MARGIN).logit()


@dataclass(frozen=True)
class Pixels:
    """One parameter a pixel, squashed by the logistic function."""

    shape: tuple[int, int, int, int]  # (batch, channels, height, width)
    first: Images | float = 0.5  # where it starts: at an even grey, or at images that fit the shape
    noise: float = 0.1  # standard deviation, before squashing

    def start(self, generator: Generator) -> Tensor:
        """The first images and a little noise."""
        first = torch.as_tensor(self.first, dtype=torch.float32)
        return unsquashed(first) + self.noise * torch.randn(self.shape, generator=generator)

    def __call__(self, parameters: Tensor) -> Images:
        """logistic(p)."""
        return parameters.sigmoid()


@dataclass(frozen=True)
class Ink(Pixels):
    """Pixels that share a budget of ink, so that it goes where it counts: strokes on empty paper.

    Where an image would have more ink on the mean than `budget`, all its parameters sink by the same b until
    mean(logistic(p - b)) = budget. MNIST's mean is 0.13. The gradient follows b: see `_sink`. Raises ValueError for a
    budget that is not above 0 and at most 1.
    """

    first: Images | float = 0.27
    budget: float = 0.13

    def __post_init__(self) -> None:
        if not 0 < self.budget <= 1:
            raise ValueError(f"A budget of ink is a share above 0 and at most 1; this one is {self.budget:g}.")

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
        if budget == 1:
            return low  # no image has more
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
    first: Images | float = 0.5
    decay: float = 1.0
    noise: float = 0.01

    def start(self, generator: Generator) -> Tensor:
        """The first images' spectrum and noise: (batch, channels, height, width // 2 + 1, 2), real and imaginary."""
        first = torch.as_tensor(self.first, dtype=torch.float32).expand(self.shape)
        spectrum = torch.fft.rfft2(_correlated(unsquashed(first))) / self._amplitudes(first.device)
        noise = torch.randn(*spectrum.shape, 2, generator=generator)
        return torch.view_as_real(spectrum) + self.noise * noise

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


@dataclass(frozen=True)
class Maco:
    """Every frequency as strong as in natural images: only the phases are free (Fel et al. 2023, equation 4).

    The picture cannot become noise, nor fill with one pattern, because its spectrum stays what it is.
    """

    shape: tuple[int, int, int, int]
    magnitudes: Float[Tensor, "channels height columns"]  # see `magnitudes`

    def start(self, generator: Generator) -> Tensor:
        """Random phases: (batch, channels, height, width // 2 + 1)."""
        return 2 * math.pi * torch.rand(self.shape[0], *self.magnitudes.shape, generator=generator)

    def __call__(self, parameters: Tensor) -> Images:
        """logistic(colours of the inverse transform, with mean 0 and standard deviation 1)."""
        spectrum = torch.polar(self.magnitudes.expand_as(parameters), parameters)
        waves = torch.fft.irfft2(spectrum, s=self.shape[2:])
        waves = waves - waves.mean((1, 2, 3), keepdim=True)
        return decorrelated(waves / waves.std((1, 2, 3), keepdim=True)).sigmoid()


@dataclass(frozen=True)
class Characters:
    """At each step a share for each character of an alphabet: the relaxed one-hot space, where a text has shares of 1.

    Of several starts in a batch each has noise of its own, so that they climb apart.
    """

    shape: tuple[int, int, int]  # (batch, characters, time)
    first: Float[Tensor, "batch characters time"] | float = 1.0  # shares, or one number where all are equal
    noise: float = 1.0  # standard deviation, of logits

    def start(self, generator: Generator) -> Tensor:
        """The first shares' logarithms and noise."""
        first = torch.as_tensor(self.first, dtype=torch.float32)
        return first.clamp(min=FAINTEST).log() + self.noise * torch.randn(self.shape, generator=generator)

    def __call__(self, parameters: Tensor) -> Images:
        """The softmax over the characters."""
        return parameters.softmax(1)


def magnitudes(images: Images) -> Float[Tensor, "channels height columns"]:
    """How strong each frequency is in these images, on the mean: what `Maco` holds fixed."""
    return torch.fft.rfft2(_correlated(unsquashed(images))).abs().mean(0)


def decorrelated(images: Tensor) -> Tensor:
    """Three independent channels made into red, green and blue as natural images mix them; others as they are."""
    return _mixed(images, _colours(images.device)) if images.shape[1] == 3 else images


def _correlated(images: Tensor) -> Tensor:
    """The inverse of `decorrelated`."""
    return _mixed(images, _colours(images.device).inverse()) if images.shape[1] == 3 else images


def _colours(device: torch.device) -> Float[Tensor, "3 3"]:
    colours = torch.tensor(COLOURS, device=device)
    return colours / colours.norm(dim=0).max()


def _mixed(images: Tensor, matrix: Float[Tensor, "3 3"]) -> Tensor:
    return torch.einsum("rc,bchw->brhw", matrix, images)
