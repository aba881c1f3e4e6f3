"""Tasks in which a recurrent net has to keep something over many steps; sequences are made on the spot."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from core.data.digits import Digits, test_set
from core.measures.held_out import split

SYMBOLS = 8  # that have to be recalled
ROWS = 28  # of a digit


class Sequences(NamedTuple):
    """What is read, step by step, and what has to be told after the last step: a number, or a class."""

    inputs: Float[Tensor, "n steps features"]
    targets: Tensor


Draw = Callable[[int, Generator], Sequences]  # so many sequences


@dataclass(frozen=True)
class Task:
    """What goes in at each step, what comes out, and the error of the best answer that ignores the input.

    The error is the mean squared error where there is one output, or else the share of wrong answers.
    """

    inputs: int
    outputs: int
    chance: float
    draws: Callable[[int], tuple[Draw, Draw]]  # for a length: sequences to train on, and unseen ones
    shortest: int
    longest: int

    @property
    def classes(self) -> bool:
        """Whether a class is to be told."""
        return self.outputs > 1


def adding(length: int) -> Draw:
    """Of so many numbers from [0, 1] two are marked, one in each half; their sum is to be told.

    After Hochreiter and Schmidhuber (1997, section 5.4), with numbers and marks as in Le, Jaitly and Hinton (2015,
    section 4.1). Who always says 1 has a mean squared error of 1 / 6, the variance of the sum.
    """

    def draw(count: int, generator: Generator) -> Sequences:
        inputs = torch.zeros(count, length, 2)
        inputs[..., 0] = torch.rand(count, length, generator=generator)
        each = torch.arange(count)
        first = torch.randint(length // 2, (count,), generator=generator)
        second = torch.randint(length // 2, length, (count,), generator=generator)
        inputs[each, first, 1] = inputs[each, second, 1] = 1
        return Sequences(inputs, inputs[each, first, 0] + inputs[each, second, 0])

    return draw


def recall(length: int) -> Draw:
    """One of SYMBOLS, one-hot, and so many blanks behind it, a symbol of their own; that first one is to be told."""

    def draw(count: int, generator: Generator) -> Sequences:
        symbols = torch.randint(SYMBOLS, (count,), generator=generator)
        inputs = torch.zeros(count, length + 1, SYMBOLS + 1)
        inputs[:, 1:, SYMBOLS] = 1
        inputs[torch.arange(count), 0, symbols] = 1
        return Sequences(inputs, symbols)

    return draw


def rows(digits: Digits) -> Draw:
    """Digits, a row of pixels a step from the top; the digit is to be told."""

    def draw(count: int, generator: Generator) -> Sequences:
        chosen = torch.randint(len(digits.labels), (count,), generator=generator)
        return Sequences(digits.images[chosen, 0], digits.labels[chosen])

    return draw


def _held_out(_: int) -> tuple[Draw, Draw]:
    """Training images do not ship: three quarters of the test images to train on, the others unseen."""
    digits = test_set()
    learned, held = (rows(Digits(digits.images[part], digits.labels[part])) for part in split(len(digits.labels)))
    return learned, held


TASKS: dict[str, Task] = {
    "adding": Task(2, 1, 1 / 6, lambda length: (adding(length),) * 2, 4, 100),
    "recall": Task(SYMBOLS + 1, SYMBOLS, 1 - 1 / SYMBOLS, lambda length: (recall(length),) * 2, 2, 100),
    "digits": Task(28, 10, 0.9, _held_out, ROWS, ROWS),
}
