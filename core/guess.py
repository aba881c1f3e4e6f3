"""Forced choice in one's own hands: ten questions a round, the same ten for everybody who has the round's number.

Borowski et al. 2021 (https://arxiv.org/abs/2010.12606) show people what a unit looks for, and ask which of two real
images excites it more; Zimmermann et al. 2021 (https://arxiv.org/abs/2106.12447) ask where erasing silences it more.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import pandas as pd
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from core import atlas, survey
from core.examples import peak
from core.layers import record
from core.measures.forced_choice import MIDDLE, STRONGEST, Observer, pairs
from core.measures.interval import binomial
from core.models import MODELS
from core.units import Unit

SORTS = ("image", "square")
KINDS = ONE, FOUR, REAL, NOTHING = ("one stimulus", "four stimuli", "real images", "nothing")
LAYERS = {"dense": ("fc1", "fc2"), "cnn": ("conv2", "conv3", "conv4"), "rnn": ("lstm1", "lstm2")}
COUNT = 10  # questions a round
ROUNDS = 9999
BEST = 9  # real images that are shown, the strongest
CLEAR = 0.1  # of a unit's range, between what excites it most and its middle
SIDE, EQUAL = 8, 0.02  # of a square, in pixels; by how much of their ink two may differ


@dataclass(frozen=True)
class Question:
    """What is asked of a unit; with its layer's peaks it says which images, too."""

    sort: str
    unit: Unit
    kind: str
    left: bool  # whether the right answer stands on the left
    luck: tuple[float, float]  # which of the strongest and of the middle images, in [0, 1)


@dataclass(frozen=True)
class Choice:
    """What one chooses from, on the left and on the right."""

    whole: Float[Tensor, "2 1 28 28"]  # the images as they are
    images: Float[Tensor, "2 1 28 28"]  # and as the unit answers to them: each without its square, if it has one
    answers: tuple[float, float]
    corners: tuple[tuple[int, int], ...] = ()  # row and column of each square


@cache
def askable(model: str, layer: str) -> tuple[int, ...]:
    """The units of a layer that can be asked: 1 % of the test images excite them, and clearly more than the middle.

    Behind a ReLU these excite a unit above zero; everywhere by a tenth of its range more than the middle fifth.
    """
    answers = survey.shipped(model, "trained")
    assert answers is not None
    ascending = answers[layer].quantiles
    least, middle, strong, most = (
        ascending[:, round(share * (ascending.shape[1] - 1))] for share in (0, MIDDLE[1], 1 - STRONGEST, 1)
    )
    heard = (strong > 0) | (not atlas.is_rectified(model, layer))
    return tuple((heard & (strong - middle > CLEAR * (most - least))).nonzero()[:, 0].tolist())


@cache
def questions(number: int, sort: str) -> tuple[Question, ...]:
    """A round's questions: nets, kinds and sides as often as each other, as far as ten allows, and no unit twice.

    The first of them shows something.
    """
    draw = random.Random(f"{sort} {number}")
    layers = {model: iter(_dealt(draw, names)) for model, names in LAYERS.items()}
    sides = draw.sample((True, False) * (COUNT // 2), COUNT)
    kinds = _dealt(draw, KINDS)
    if kinds[0] == NOTHING:
        kinds[:2] = kinds[1::-1]
    found: list[Question] = []
    for model, kind, left in zip(_dealt(draw, tuple(LAYERS)), kinds, sides, strict=True):
        layer, asked = next(layers[model]), {question.unit for question in found}
        units = [unit for index in askable(model, layer) if (unit := Unit(model, layer, index)) not in asked]
        found.append(Question(sort, draw.choice(units), kind, left, (draw.random(), draw.random())))
    return tuple(found)


def _dealt(draw: random.Random, names: tuple[str, ...]) -> list[str]:
    """Ten of them: all of them in random order, again and again."""
    return [name for _ in range(COUNT) for name in draw.sample(names, len(names))][:COUNT]


def references(
    unit: Unit, kind: str, images: Float[Tensor, "n 1 28 28"], peaks: Float[Tensor, "n units"]
) -> Float[Tensor, "k 1 28 28"]:
    """The pictures of a unit of that kind; the real ones are test images with even numbers."""
    if kind == REAL:
        return images[2 * peaks[::2, unit.index].topk(BEST).indices]
    one, four = atlas.look_up(unit, "trained"), atlas.several(unit)
    assert one is not None and four is not None
    return {ONE: one.image[None], FOUR: four[0], NOTHING: images[:0]}[kind]


def choice(
    question: Question, net: nn.Module, images: Float[Tensor, "n 1 28 28"], peaks: Float[Tensor, "n units"]
) -> Choice:
    """Two test images with odd numbers, one that excites the unit most and one of the middle; or one, and two squares.

    `peaks` are those of the unit's layer for all the images.
    """
    excitement = peaks[:, question.unit.index]
    strong, middle = (
        2 * int(group[int(luck * len(group))]) + 1
        for group, luck in zip(pairs(excitement[1::2], "middle"), question.luck, strict=True)
    )
    if question.sort == "image":
        numbers = [strong, middle] if question.left else [middle, strong]
        shown = images[numbers]
        first, second = excitement[numbers].tolist()
        return Choice(shown, shown, (first, second))
    corners, erased, answers = squares(net, question.unit, images[strong])
    order = [0, 1] if question.left else [1, 0]
    first, second = answers[order].tolist()
    both = images[[strong, strong]]
    return Choice(both, erased[order], (first, second), tuple(corners[place] for place in order))


def squares(
    net: nn.Module, unit: Unit, image: Float[Tensor, "1 28 28"]
) -> tuple[list[tuple[int, int]], Float[Tensor, "2 1 28 28"], Float[Tensor, " 2"]]:
    """Two squares of equal ink that do not overlap: their corners, the image without each, and the unit's answers.

    Of all such pairs the one whose answers differ most; first stands the square whose erasing silences the unit more.
    """
    along = torch.arange(image.shape[-1] - SIDE + 1)
    corners = torch.cartesian_prod(along, along)
    erased = image.repeat(len(corners), 1, 1, 1)
    for one, (row, column) in zip(erased, corners.tolist(), strict=True):
        one[:, row : row + SIDE, column : column + SIDE] = 0
    ink = SIDE**2 * F.avg_pool2d(image[None], SIDE, 1).flatten()
    answers = peak(record(net, erased, [unit.layer])[unit.layer])[:, unit.index]
    apart = (corners[:, None] - corners).abs().amax(2) >= SIDE
    equal = (ink[:, None] - ink).abs() <= EQUAL * torch.maximum(ink[:, None], ink)
    gap = (answers - answers[:, None]).masked_fill(~(apart & equal), -torch.inf)
    both = torch.stack(torch.unravel_index(gap.argmax(), gap.shape))
    return [(row, column) for row, column in corners[both].tolist()], erased[both], answers[both]


def chances(
    question: Question, offered: Choice, observer: Observer, images: Float[Tensor, "n 1 28 28"],
    peaks: Float[Tensor, "n units"],
) -> tuple[float, float]:  # fmt: skip
    """How likely an observer is right: shown the unit's pictures; and, on the mean, any other unit's of its layer.

    It takes that image for the more exciting one whose mean cosine with the pictures is larger. Shown none, it guesses.
    """
    if question.kind == NOTHING:
        return 0.5, 0.5
    own = question.unit
    others = [Unit(own.model, own.layer, index) for index in askable(own.model, own.layer) if index != own.index]
    pictures = torch.stack([references(unit, question.kind, images, peaks) for unit in (own, *others)])
    near = observer(pictures.flatten(0, 1)).unflatten(0, pictures.shape[:2]).mean(1) @ observer(offered.images).T
    left, right = near.T
    to_left = (left > right) + 0.5 * (left == right)
    excited_left = question.left == (question.sort == "image")  # what silences more leaves less
    found = to_left if excited_left else 1 - to_left
    return float(found[0]), float(found[1:].mean())


def tally(answered: Iterable[tuple[Question, bool]]) -> pd.DataFrame:
    """How many were right, a row a kind of picture and a row a net that was asked, with a 95 % interval."""
    each = list(answered)
    groups: Sequence[tuple[str, str, list[bool]]] = [
        *((kind, "", [right for question, right in each if question.kind == kind]) for kind in KINDS),
        *(
            (model, MODELS[model].family, [right for question, right in each if question.unit.model == model])
            for model in LAYERS
        ),
    ]
    rows = [
        (name, family, sum(rights), len(rights), sum(rights) / len(rights), *binomial(sum(rights), len(rights)))
        for name, family, rights in groups
        if rights
    ]
    return pd.DataFrame(rows, columns=["name", "family", "right", "asked", "share", "low", "high"])
