"""How much of a unit's response is lost when units that it reads are cut out, named ones against as many at random.

Named are those that contribute most, by size, for this input. The control draws from those that contribute anything:
silent units would be too weak a one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from core.circuits.contributions import Place, Run, Stage
from core.circuits.cuts import cut
from core.circuits.graph import at_random, largest
from core.layers import INPUT

AT_ONCE = {1: 512, 3: 16}  # variants in one batch, by the image's channels


@dataclass(frozen=True)
class Orders:
    """In which order units are cut: the named one, and several at random, all of the same units."""

    named: list[int]
    random: list[list[int]]

    def sets(self, count: int) -> list[list[int]]:
        """The first so many of each order, the named first; all, where there are fewer."""
        return [order[:count] for order in (self.named, *self.random)]


def orders(by_unit: Float[Tensor, " before"], draws: int, generator: Generator) -> Orders:
    """Of the units that contribute anything to a unit."""
    sizes = by_unit.abs()
    pick = at_random(generator)
    return Orders(largest(sizes, len(sizes)), [pick(sizes, len(sizes)) for _ in range(draws)])


def some_counts(most: int, k: int, points: int) -> list[int]:
    """How many units are cut, from 1 to all, `k` among them: at most so many numbers, further and further apart."""
    grown = [round(most ** (step / (points - 1))) for step in range(points)] if most > points else range(1, most + 1)
    return sorted({min(count, most) for count in (*grown, k)})


def without(
    model: nn.Module,
    run: Run,
    sets: Sequence[Sequence[int]],
    fill: Float[Tensor, " before *place"],
    names: Sequence[str],
) -> dict[str, Tensor]:
    """The named layers' activations without sets of the units that the run's last stage reads, as `cut` has them."""
    x, reads = run.activation(INPUT)[None], run.stages[-1].reads
    size = AT_ONCE[3 if len(x[0]) == 3 else 1]
    found = [cut(model, x, reads, sets[start : start + size], fill, names) for start in range(0, len(sets), size)]
    return {name: torch.cat([part[name] for part in found]) for name in names}


def at(activation: Float[Tensor, "batch units *place"], unit: int, place: Place) -> Float[Tensor, " batch"]:
    """One unit's value at one place, of each image."""
    where: tuple[Any, ...] = (slice(None), unit, *place)
    return activation[where]


def lost(
    model: nn.Module,
    run: Run,
    unit: int,
    place: Place,
    found: Orders,
    fill: Float[Tensor, " before *place"],
    counts: Sequence[int],
) -> Float[Tensor, "orders counts"]:
    """Which share of a unit's activation at a place is lost with so many units cut: 1 is all, below 0 it answers more.

    The named order comes first. Raises ValueError for a unit that is not above zero there: it has nothing
    to lose.
    """
    name = run.stages[-1].layer.name
    whole = float(run.activation(name)[(unit, *place)])
    if whole <= 0:
        raise ValueError(f"{name}/{unit} is {whole:.3g} there, not above zero: it has no response to lose.")
    sets = [each for count in counts for each in found.sets(count)]
    left = at(without(model, run, sets, fill, [name])[name], unit, place)
    return 1 - left.view(len(counts), -1).T / whole


def over_images(
    model: nn.Module,
    images: Float[Tensor, "n channels height width"],
    stages: Sequence[Stage],
    unit: int,
    fill: Float[Tensor, " before *place"],
    counts: Sequence[int],
    draws: int,
) -> Float[Tensor, "answered orders counts"]:
    """`lost` on each of several images at the unit's strongest place; images that leave it silent are left out."""
    found = []
    for number, image in enumerate(images):
        run = Run(model, image[None], stages)
        place = run.strongest(stages[-1], unit)
        if float(run.activation(stages[-1].layer.name)[(unit, *place)]) > 0:
            own = orders(run.split(stages[-1], unit, place).by_unit, draws, Generator().manual_seed(number))
            found.append(lost(model, run, unit, place, own, fill, counts))
    return torch.stack(found) if found else torch.zeros(0, 1 + draws, len(counts))


def against_random(values: Float[Tensor, "*images orders counts"]) -> dict[str, Float[Tensor, " counts"]]:
    """By name what the named order gives, and the mean, the lowest and the highest of the random ones.

    Of several images it is the median of each of these.
    """
    named, drawn = values[..., 0, :], values[..., 1:, :]
    found = {"named": named, "random": drawn.mean(-2), "low": drawn.amin(-2), "high": drawn.amax(-2)}
    return {name: each.median(0).values if each.ndim > 1 else each for name, each in found.items()}


def halved(counts: Sequence[int], shares: Float[Tensor, " counts"]) -> int | None:
    """How many units have to be cut until half of the response is lost; None where it never is."""
    return next((count for count, share in zip(counts, shares.tolist(), strict=True) if share >= 0.5), None)
