"""Gradient ascent for a cell of the net that reads text, in the relaxed one-hot space."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from core.ascent import ascend, best_of
from core.ascent.objectives import Objective, aimed
from core.ascent.parametrise import Characters
from core.ascent.transforms import Gumbel
from core.data.text import ALPHABET
from core.sequences.cell import Cell, Found, better
from core.sequences.search import WITH_GRADIENT

STEEP = 1e6  # times the strength is climbed: behind a closed gate its gradient is small beside Adam's epsilon
LOOK = 4  # steps, after which the largest shares are read as texts


@dataclass(frozen=True)
class Recipe:
    """How a text is climbed: several at once, while the temperature falls in stages."""

    starts: int = 8
    drawn: int = 512  # relaxed texts, of which the ones behind which the cell is strongest are the starts
    spread: float = 2.0  # standard deviation of their logits
    temperatures: tuple[float, ...] = (1.0, 0.5, 0.25)  # where it begins higher, all starts end at one text
    noise: float = 0.0  # of the Gumbel variables
    lr: float = 0.3


RECIPE, GUMBEL = Recipe(), Recipe(noise=1.0)


@dataclass(frozen=True)
class Climbed:
    """The best text so far, and the relaxed texts: each character's share, and how strong the cell is behind them.

    The shares are as the net reads them at the end; until then noise comes on top.
    """

    found: Found
    shares: Float[Tensor, "starts 65 time"]
    strengths: Float[Tensor, " starts"]


def climb(cell: Cell, length: int, budget: int, generator: Generator, recipe: Recipe = RECIPE) -> Iterator[Climbed]:
    """Ascent of relaxed texts, whose largest shares are read as texts now and then: the best one counts.

    With noise it is the Gumbel-softmax ascent of Poerner, Roth, Schütze 2018, there of words.
    """
    once, stages = recipe.starts * length, len(recipe.temperatures)
    left = budget - recipe.drawn * length
    steps = int((left / stages - 3 * once - length) / (once * (WITH_GRADIENT + 1 / LOOK)))
    aims = torch.zeros(recipe.starts, length)
    aims[:, -1] = 1
    objective = STEEP * aimed(cell.layer, [cell.index] * recipe.starts, aims)
    first = _first(cell, length, objective, generator, recipe)
    best, read = None, recipe.drawn * length
    for temperature in recipe.temperatures:
        read += length  # the loop looks at one text first
        start = Characters((recipe.starts, len(ALPHABET), length), first, 0.0)
        for step in ascend(cell.model, objective, parametrise=start, transforms=[Gumbel(temperature, recipe.noise)],
                           steps=steps, lr=recipe.lr, generator=generator):  # fmt: skip
            last = step.step == steps
            read += once if last else once * WITH_GRADIENT
            if last or step.step % LOOK == 0:
                codes = step.images.argmax(1)
                read += once
                best = better(best, codes, cell.read(codes)[0], read)
            assert best
            yield Climbed(Found(best.text, best.strength, read), step.images, step.scores / STEEP)
        first = step.images


def _first(cell: Cell, length: int, objective: Objective, generator: Generator, recipe: Recipe) -> Tensor:
    """Where the climbs begin: where the cell is strongest, of relaxed texts drawn at random.

    One below zero would be raised soonest by closing its output gate, and then stays at zero.
    """
    even = Characters((recipe.drawn, len(ALPHABET), length), noise=recipe.spread)
    drawn = best_of(cell.model, objective, even, even.start(generator), range(recipe.starts))
    return even(drawn)
