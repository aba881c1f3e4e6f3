"""Every way to find the text behind which a cell is strongest, by name."""

from collections.abc import Callable, Iterator

import torch
from torch import Generator

from core.data.text import encode
from core.sequences.cell import Cell, Found
from core.sequences.climb import GUMBEL, climb
from core.sequences.search import (
    STARTS,
    at_random,
    beam,
    exchange,
    gradient_exchange,
    passages_at_random,
    random_passages,
)

LENGTH = 20  # characters
RANDOM = 10_000  # texts: what their best costs is what every method may spend
BUDGET = RANDOM * LENGTH
Method = Callable[[Cell, int, int, Generator], Iterator[Found]]


def ascent(cell: Cell, length: int, budget: int, generator: Generator) -> Iterator[Found]:
    """What `climb` finds while the temperature falls."""
    for step in climb(cell, length, budget, generator):
        yield step.found


def gumbel_ascent(cell: Cell, length: int, budget: int, generator: Generator) -> Iterator[Found]:
    """What it finds with Gumbel noise."""
    for step in climb(cell, length, budget, generator, GUMBEL):
        yield step.found


def ascent_then_exchange(cell: Cell, length: int, budget: int, generator: Generator) -> Iterator[Found]:
    """Half of the budget for `climb`, and the rest for `exchange`, which begins with what was found."""
    for step in climb(cell, length, budget // 2, generator):
        yield step.found
    last = step.shares.argmax(1)
    order = cell.read(last)[0].argsort(descending=True)
    begin = torch.cat([encode(step.found.text)[None], last[order]])[:STARTS]
    yield from _goes_on(step.found, exchange(cell, length, budget - step.found.read - last.numel(), generator, begin))


def passages_then_exchange(cell: Cell, length: int, budget: int, generator: Generator) -> Iterator[Found]:
    """Half of the budget for passages from anywhere, and the rest for `exchange`, which begins with the best ones."""
    count = budget // 2 // length
    codes = random_passages(count, length, generator)
    strengths = cell.read(codes)[0]
    begin = codes[strengths.argsort(descending=True)[:STARTS]]
    yield from _goes_on(
        Found("", -torch.inf, count * length), exchange(cell, length, budget - count * length, generator, begin)
    )


def _goes_on(before: Found, after: Iterator[Found]) -> Iterator[Found]:
    for found in after:
        best = max(before, found, key=lambda one: one.strength)
        yield Found(best.text, best.strength, before.read + found.read)


METHODS: dict[str, Method] = {
    "gradient ascent": ascent,
    "Gumbel-softmax ascent": gumbel_ascent,
    "ascent, then exchange": ascent_then_exchange,
    "exchange": exchange,
    "exchange by gradient": gradient_exchange,
    "passages, then exchange": passages_then_exchange,
    "beam": beam,
    "random passages": passages_at_random,
    "random characters": at_random,
}
