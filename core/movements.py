"""An image that moves, by shifts, turns and growth, and what a net answers on the way."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.answers import probabilities
from core.data.augment import warp
from core.measures.equivariance import Images, shifted


@dataclass(frozen=True)
class Movement:
    """One way to move: how far one way and the other, in what steps, and what it does to images."""

    title: str  # of an axis, with its unit
    unit: str
    values: tuple[int, ...]  # evenly spaced
    still: int  # the value that leaves an image as it is
    usual: int
    of: Callable[[Images, int], Images]

    @property
    def step(self) -> int:
        """Between neighbours of the values."""
        return self.values[1] - self.values[0]

    def in_words(self, value: int) -> str:
        """A value with its unit, and its sign, where there can be one."""
        sign = "+" if value > 0 > self.values[0] else "−" if value < 0 else ""
        return f"{sign}{abs(value)}{self.unit}"


def _warped(images: Images, turn: float, size: float) -> Images:
    """Turned clockwise, in degrees, and enlarged by a factor."""
    still = torch.zeros(len(images))
    return warp(images, still - math.radians(turn), still + size, still, still)


SHIFT = tuple(range(-8, 9))  # pixels: more than the border that most digits have
MOVEMENTS = {
    "right": Movement("pixels to the right", " px", SHIFT, 0, 4, lambda images, by: shifted(images, by, 0)),
    "down": Movement("pixels down", " px", SHIFT, 0, 4, lambda images, by: shifted(images, 0, by)),
    "turn": Movement("degrees clockwise", "°", tuple(range(-90, 91, 10)), 0, 30,
                     lambda images, by: _warped(images, by, 1)),
    "size": Movement("size in percent", " %", tuple(range(50, 151, 5)), 100, 70,
                     lambda images, by: _warped(images, 0, by / 100)),
}  # fmt: skip


@torch.no_grad()
def answers(model: nn.Module, image: Float[Tensor, "1 28 28"], movement: Movement) -> Float[Tensor, "values classes"]:
    """The net's probabilities at each of a movement's values."""
    return probabilities(model(torch.cat([movement.of(image[None], value) for value in movement.values])))


def kept(shares: Float[Tensor, "values classes"], movement: Movement) -> tuple[int, int]:
    """From which value to which, without a gap, the answer is that to the unmoved image."""
    found, still = shares.argmax(1).tolist(), movement.values.index(movement.still)
    first, last = still, still
    while first and found[first - 1] == found[still]:
        first -= 1
    while last + 1 < len(found) and found[last + 1] == found[still]:
        last += 1
    return movement.values[first], movement.values[last]
