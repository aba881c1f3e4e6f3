"""Whether the units that a unit's weights name are what it is built of: one eighth of what it reads, cut or left alone.

Everything is put beside as many other units. What it is for stands in `core.evidence.claims`, with the rule.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd
import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from core.ascent.objectives import weighted
from core.circuits.contributions import Place, Run, Split, Stage
from core.circuits.cuts import cut
from core.circuits.graph import at_random, largest
from core.circuits.together import only
from core.examples import peak
from core.layers import record
from core.stimuli import Recipe, climb, climb_objective

STRONGEST = 20  # images of a unit
SHARE = 8  # of so many units that a unit reads one is cut, but at least one
DRAWS = 5  # at random, of which the mean is taken
NAMED, RANDOM, EXCITING, ACTIVE = "named", "random", "exciting", "most active"
MEAN, ZERO, ANOTHER = "mean", "zero", "another image"  # what stands in for a unit that is cut
LOST, KEPT = "lost", "kept"
Sets = dict[str, list[list[int]]]  # the units of each choice, of a random one several times


def chosen(run: Run, stage: Stage, split: Split, generator: Generator) -> Sets:
    """One eighth of the units that a unit reads: those that contribute most to it with their sign, and as many others.

    At random among all that contribute anything; at random among those that excite; and the most active ones where the
    unit reads them. Units that inhibit are never named: there may be fewer than one eighth.
    """
    given, reads = split.by_unit, run.activation(stage.reads)
    named = largest(given, max(1, len(given) // SHARE))
    activity = (reads.abs() * (split.parts != 0)).reshape(len(reads), -1).sum(1)
    pick = at_random(generator)
    return {
        NAMED: [named],
        RANDOM: [pick(given, len(named)) for _ in range(DRAWS)],
        EXCITING: [pick(given.clamp(min=0), len(named)) for _ in range(DRAWS)],
        ACTIVE: [largest(activity, len(named))],
    }


@dataclass(frozen=True)
class Answers:
    """How a unit answers to one image: as it is, and to each choice of what is cut or kept, by what stands in."""

    whole: float
    floor: float  # where all that it reads is at its mean
    cut: dict[tuple[str, str], float]  # by replacement and choice
    kept: dict[str, float]  # by choice; all others are at their means


class Eighths:
    """One stage of a net and the images that it is asked about, of which each unit has its strongest ones."""

    def __init__(self, net: nn.Module, images: Float[Tensor, "n channels height width"], stages: Sequence[Stage],
                 activations: dict[str, Tensor]) -> None:  # fmt: skip
        """Of the last of the stages; `activations` are what the images make of its sums and of what it reads."""
        self.net, self.images, self.stages, self.stage = net, images, list(stages), stages[-1]
        self._read, self._sums = (activations[name] for name in (self.stage.reads, self.stage.sums.name))
        self._mean = self._read.mean(0)
        self.strongest = peak(self._sums).topk(min(STRONGEST, len(images)), dim=0).indices.T

    def units(self) -> Iterator[dict[tuple[str, str, str], float]]:
        """Of each unit the share of its response that is lost or kept: by LOST or KEPT, replacement, and choice."""
        generator = Generator().manual_seed(0)
        for unit, images in enumerate(self.strongest.tolist()):
            yield shares([self._answers(unit, image, generator) for image in images])

    def _answers(self, unit: int, image: int, generator: Generator) -> Answers:
        x = self.images[image : image + 1]
        run = Run(self.net, x, self.stages)
        place = run.strongest(self.stage, unit)
        sets = chosen(run, self.stage, run.split(self.stage, unit, place), generator)
        other = self._read[int(torch.randint(len(self.images), (1,), generator=generator))]
        fills = {MEAN: self._mean, ZERO: torch.zeros_like(other), ANOTHER: other}
        found = {(name, choice): value for name, fill in fills.items()
                 for choice, value in self._cut(x, unit, place, sets, fill).items()}  # fmt: skip
        every = range(len(self._mean))
        others = {choice: [[other for other in every if other not in units] for units in draws]
                  for choice, draws in sets.items() if choice in (NAMED, RANDOM)}  # fmt: skip
        kept = self._cut(x, unit, place, {**others, "all": [list(every)]}, self._mean)
        whole = float(run.activation(self.stage.layer.name)[(unit, *place)])
        return Answers(whole, kept.pop("all"), found, kept)

    def _cut(self, x: Tensor, unit: int, place: Place, sets: Sets, fill: Tensor) -> dict[str, float]:
        """What the unit answers at its place without the units of each choice, on the mean of its draws."""
        every = [units for draws in sets.values() for units in draws]
        name = self.stage.layer.name
        batch = cut(self.net, x, self.stage.reads, every, fill, [name])[name]
        values = torch.stack([each[(unit, *place)] for each in batch])
        means = [float(part.mean()) for part in values.split([len(draws) for draws in sets.values()])]
        return dict(zip(sets, means, strict=True))


def shares(answers: Sequence[Answers]) -> dict[tuple[str, str, str], float]:
    """Of responses summed over images: what cutting takes of them, and what of their rise over the floor is kept.

    NaN for a unit that does not answer, or answers no more than with all that it reads at its mean.
    """
    whole, floor = sum(each.whole for each in answers), sum(each.floor for each in answers)
    lost = {(LOST, *key): _share(whole - sum(each.cut[key] for each in answers), whole) for key in answers[0].cut}
    kept = {(KEPT, MEAN, key): _share(sum(each.kept[key] for each in answers) - floor, whole - floor)
            for key in answers[0].kept}  # fmt: skip
    return lost | kept


def _share(of: float, whole: float) -> float:
    return of / whole if whole > 0 else torch.nan


def of_stage(eighths: Eighths) -> pd.DataFrame:
    """All units of a stage: unit, what ("lost" or "kept"), replacement, choice and share."""
    rows = [(unit, *key, share) for unit, found in enumerate(eighths.units()) for key, share in found.items()]
    return pd.DataFrame(rows, columns=["unit", "what", "replacement", "choice", "share"])


def put_together_shares(eighths: Eighths, count: int, recipe: Recipe) -> dict[str, Float[Tensor, " count"]]:
    """What the first units reach by a picture of the named eighth, and of as many at random, of what they reach alone.

    A unit's weights, named eighth and place are those on its strongest image; alone it climbs at the same place. Peaks
    behind its nonlinearity are compared; NaN for a unit that reaches nothing.
    """
    stage, generator = eighths.stage, Generator().manual_seed(0)
    parts: dict[str, list[Tensor]] = {NAMED: [], RANDOM: []}
    aims = torch.zeros(count, *stage.sums.shape[1:])
    for unit in range(count):
        image = int(eighths.strongest[unit, 0])
        run = Run(eighths.net, eighths.images[image : image + 1], eighths.stages)
        place = run.strongest(stage, unit)
        aims[(unit, *place)] = 1
        weights, sets = run.weights(stage, unit, place), chosen(run, stage, run.split(stage, unit, place), generator)
        for choice, found in parts.items():
            found.append(only(weights, sets[choice][0]))
    every = list(range(count))
    *_, own = climb(eighths.net, stage.sums.name, every, recipe, aims.reshape(count, -1))
    objective = weighted(stage.reads, torch.stack([*parts[NAMED], *parts[RANDOM]]))
    *_, built = climb_objective(eighths.net, objective, stage.sums.name, every * 2, recipe, [0] * 2 * count)
    reached = peak(record(eighths.net, torch.cat([own.images, built.images]), [stage.layer.name])[stage.layer.name])
    alone, named, random = reached[torch.arange(3 * count), torch.tensor(every * 3)].split(count)
    alone = torch.where(alone > 0, alone, torch.nan)
    return {NAMED: named / alone, RANDOM: random / alone}
