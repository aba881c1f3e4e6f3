"""Searches for the text behind which a cell is strongest, from a state of zeros, within a budget of characters read.

Each yields the best text so far, again and again, and stops before it would read more than its budget.
"""

from collections.abc import Callable, Iterator
from functools import cache

import torch
from jaxtyping import Int
from torch import Generator, Tensor

from core.data.text import ALPHABET, encode, training_text
from core.sequences.cell import NONE, Cell, Found, better, rows

AT_ONCE = 1_000  # texts that are read side by side
STARTS = 4  # texts that are changed side by side
TRIED = 16  # exchanges that the gradient names, of which the best is made
WITH_GRADIENT = 3  # what a character costs whose gradient is taken
Codes = Int[Tensor, "n time"]


def at_random(cell: Cell, length: int, budget: int, generator: Generator) -> Iterator[Found]:
    """The best of texts whose characters are all equally likely."""
    yield from _best_of(cell, length, budget, lambda n: random_texts(n, length, generator))


def passages_at_random(cell: Cell, length: int, budget: int, generator: Generator) -> Iterator[Found]:
    """The best of passages from anywhere in the training text."""
    yield from _best_of(cell, length, budget, lambda n: random_passages(n, length, generator))


def random_texts(n: int, length: int, generator: Generator) -> Codes:
    """Characters that are all equally likely."""
    return torch.randint(len(ALPHABET), (n, length), generator=generator)


def random_passages(n: int, length: int, generator: Generator) -> Codes:
    """Passages of the training text, each of which is equally likely."""
    windows = _training_codes().unfold(0, length, 1)
    return windows[torch.randint(len(windows), (n,), generator=generator)]


@cache
def _training_codes() -> Int[Tensor, " time"]:
    return encode(training_text())


def _best_of(cell: Cell, length: int, budget: int, draw: Callable[[int], Codes]) -> Iterator[Found]:
    best, left = None, budget // length
    while left:
        codes = draw(min(left, AT_ONCE))
        left -= len(codes)
        best = better(best, codes, cell.read(codes)[0], (budget // length - left) * length)
        yield best


def beam(cell: Cell, length: int, budget: int, generator: Generator) -> Iterator[Found]:
    """Beam search from left to right: of all that go on from the best beginnings, as many as the budget allows stay."""
    alphabet = len(ALPHABET)
    width = max(1, (budget - alphabet) // (alphabet * max(1, length - 1)))
    codes, states, read = torch.arange(alphabet)[:, None], NONE, 0
    for _ in range(length):
        strengths, states = cell.read(codes[:, -1:], states)
        read += len(codes)
        yield better(None, codes, strengths, read)
        kept = strengths.argsort(descending=True, stable=True)[:width].repeat_interleave(alphabet)
        codes = torch.cat([codes[kept], torch.arange(alphabet).repeat(len(kept) // alphabet)[:, None]], 1)
        states = rows(states, kept)


def exchange(cell: Cell, length: int, budget: int, generator: Generator, begin: Codes | None = None) -> Iterator[Found]:
    """Coordinate search: place by place the best character, until none can be exchanged; then from other texts.

    What stands before a place is read once for all characters that are tried there. It begins with the texts `begin`,
    then with random ones.
    """
    alphabet, best, read = len(ALPHABET), None, 0
    while True:
        codes = random_texts(STARTS, length, generator) if begin is None else begin.clone()
        begin, changed = None, True
        each = torch.arange(len(codes)).repeat_interleave(alphabet)
        while changed:
            changed, states = False, NONE
            for place in range(length):
                cost = len(codes) * (alphabet * (length - place) + 1)
                if read + cost > budget:
                    return
                tried = codes[each, place:]
                tried[:, 0] = torch.arange(alphabet).repeat(len(codes))
                strengths = cell.read(tried, rows(states, each))[0].view(-1, alphabet)
                now = strengths.gather(1, codes[:, place, None])[:, 0]
                most, which = strengths.max(1)
                changed |= bool((most > now).any())
                codes[:, place] = torch.where(most > now, which, codes[:, place])
                read += cost
                best = better(best, codes, most, read)
                yield best
                states = cell.read(codes[:, place : place + 1], states)[1]


def gradient_exchange(
    cell: Cell, length: int, budget: int, generator: Generator, begin: Codes | None = None
) -> Iterator[Found]:
    """As `exchange`, but the gradient names a few exchanges anywhere in a text, of which the best is made.

    HotFlip: Ebrahimi, Rao, Lowd, Dou 2018, equation 1. A text of which none of them makes more gives way to another.
    """
    best, read = None, 0
    codes = random_texts(STARTS, length, generator) if begin is None else begin.clone()
    strengths = cell.read(codes)[0]
    cost = codes.numel() * (WITH_GRADIENT + TRIED)
    read += codes.numel()
    while read + cost + codes.numel() <= budget:
        gradient = cell.gradient(codes)
        gains = gradient - gradient.gather(1, codes[:, None])  # what an exchange would bring were all linear
        named = gains.flatten(1).topk(TRIED).indices
        tried = codes[:, None].repeat(1, TRIED, 1)
        tried.scatter_(2, (named % length)[..., None], (named // length)[..., None])
        reached = cell.read(tried.flatten(0, 1))[0].view(-1, TRIED)
        most, which = reached.max(1)
        stuck = most <= strengths
        codes = torch.where(stuck[:, None], random_texts(len(codes), length, generator),
                            tried[torch.arange(len(codes)), which])  # fmt: skip
        read += cost
        best = better(best, tried.flatten(0, 1), reached.flatten(), read)
        strengths = most
        if stuck.any():
            strengths, read = cell.read(codes)[0], read + codes.numel()
        yield best
