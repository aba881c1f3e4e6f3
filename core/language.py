"""Learning to tell the next character: the text net's training, and bits per character.

`python -m core.training text` makes the checkpoint that ships.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from core.data.text import encode, one_hot
from core.models.text import Reader, State

CLIP = 1.0  # the norm that gradients are cut to: Pascanu, Mikolov, Bengio 2013, algorithm 1
STREAMS = 20  # in which a text is read at once where it is measured


@dataclass(frozen=True)
class TextRecipe:
    """How to train: Adam with a one-cycle learning rate, through so many steps of time at once."""

    epochs: int = 30
    learning_rate: float = 4e-3  # the peak of the cycle
    streams: int = 32  # that are read side by side
    window: int = 128  # characters back through which gradients go
    decay: float = 0.0  # of weights, a step


@dataclass(frozen=True)
class Read:
    """One step of training: how many of how many, the epochs gone by, and the bits per character of this batch."""

    step: int
    steps: int
    epoch: float
    bits: float


def fit_text(model: Reader, text: str, recipe: TextRecipe, seed: int) -> Iterator[Read]:
    """Train `model` in place, one window of all streams at a time; the same seed gives the same weights.

    Each epoch begins at another character, and reads the text once; states are handed on from window to window.
    """
    codes, generator = encode(text), Generator().manual_seed(seed)
    length = (len(codes) - 1 - recipe.window) // (recipe.streams * recipe.window) * recipe.window
    windows = length // recipe.window
    steps = recipe.epochs * windows
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, total_steps=steps)
    model.train()
    for step in range(steps):
        place = step % windows
        if place == 0:
            begin = int(torch.randint(recipe.window, (1,), generator=generator))
            streams = codes[begin : begin + recipe.streams * length + 1].unfold(0, length + 1, length)
            states: tuple[State | None, State | None] = (None, None)
        window = streams[:, place * recipe.window : (place + 1) * recipe.window + 1]
        logits, now = model.read(one_hot(window[:, :-1]), states)
        states = tuple(tuple(part.detach() for part in state) for state in now)  # type: ignore[assignment]
        loss = F.cross_entropy(logits.flatten(0, 1), window[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        schedule.step()
        yield Read(step + 1, steps, (step + 1) / windows, loss.item() / math.log(2))


@torch.no_grad()
def bits(model: Reader, text: str) -> float:
    """The mean of -log2 p(next character), of all characters but the first of each of STREAMS parts of the text."""
    codes = encode(text)
    length = len(codes) // STREAMS
    streams = codes[: STREAMS * length].view(STREAMS, length)
    logits = model.read(one_hot(streams[:, :-1]))[0]
    return F.cross_entropy(logits.flatten(0, 1), streams[:, 1:].flatten()).item() / math.log(2)
