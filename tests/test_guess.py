"""The game of forced choice: who is asked, what is shown, and who is right."""

from collections import Counter
from functools import cache
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from core import atlas, guess
from core.data.digits import test_set as mnist
from core.examples import peaks
from core.guess import KINDS, LAYERS, NOTHING, ONE, REAL, Choice, Question
from core.layers import record
from core.measures.forced_choice import PIXELS, Observer, observers
from core.models import load
from core.units import Unit
from tests.references import nearer_half

ROUNDS = range(1, 31)
IMAGES = mnist().images


@cache
def net(model: str) -> nn.Module:
    return load(model)


@cache
def peaks_of(model: str, layer: str) -> Tensor:
    return torch.cat(list(peaks(net(model), IMAGES, layer)))


def seen(question: Question) -> tuple[Tensor, Tensor]:
    return IMAGES, peaks_of(question.unit.model, question.unit.layer)


def offered(question: Question) -> Choice:
    return guess.choice(question, net(question.unit.model), *seen(question))


def number_of(image: Tensor) -> int:
    """Which test image this is."""
    return int((image == IMAGES).flatten(1).all(1).nonzero()[0, 0])


def every(sort: str) -> list[Question]:
    return [question for number in ROUNDS for question in guess.questions(number, sort)]


def test_a_rounds_number_decides_the_ten() -> None:
    first = guess.questions(7, "image")
    guess.questions.cache_clear()
    assert guess.questions(7, "image") == first and len(first) == 10
    units = {tuple(question.unit for question in guess.questions(number, sort))
             for number in ROUNDS for sort in guess.SORTS}  # fmt: skip
    assert len(units) == 60


@pytest.mark.parametrize("sort", guess.SORTS)
def test_sides_kinds_nets_and_layers_are_balanced(sort: str) -> None:
    for number in ROUNDS:
        asked = guess.questions(number, sort)
        assert sum(question.left for question in asked) == 5
        assert asked[0].kind != NOTHING
        for names, found in ((KINDS, [question.kind for question in asked]),
                             (tuple(LAYERS), [question.unit.model for question in asked])):  # fmt: skip
            counts = Counter(found)
            assert set(counts) == set(names) and max(counts.values()) - min(counts.values()) <= 1
        layers = Counter((question.unit.model, question.unit.layer) for question in asked)
        for model, names in LAYERS.items():
            each = [layers[model, layer] for layer in names]
            assert sum(each) == counts[model] and max(each) - min(each) <= 1


def test_no_unit_is_asked_twice_in_a_round() -> None:
    for number in range(1, 201):
        assert len({question.unit for question in guess.questions(number, "image")}) == 10


def test_the_right_side_says_nothing_of_the_next() -> None:
    """Of the neighbours among five lefts and five rights in random order 4 of 9 are alike."""
    sides = [[question.left for question in guess.questions(number, "image")] for number in range(1, 201)]
    alike = [a == b for each in sides for a, b in pairwise(each)]
    assert sum(alike) / len(alike) == pytest.approx(4 / 9, abs=0.05)


def test_units_without_a_clear_answer_are_never_asked() -> None:
    left_out = 0
    for model, layers in LAYERS.items():
        for layer in layers:
            asked, found = set(guess.askable(model, layer)), peaks_of(model, layer)
            for unit in range(found.shape[1]):
                ascending = found[:, unit].sort().values
                strong, middle = float(ascending[-100]), float(ascending[6000])
                clear = (strong - middle) / max(float(ascending[-1] - ascending[0]), 1e-9)
                if (strong <= 0 and atlas.is_rectified(model, layer)) or clear < 0.09:
                    assert unit not in asked
                    left_out += 1
                elif clear > 0.11:
                    assert unit in asked
    assert left_out >= 4  # two silent units of dense/fc1, and saturated ones of the LSTM
    assert 1 not in guess.askable("dense", "fc1")  # that the atlas calls dead


def test_one_image_is_of_the_strongest_percent_and_one_of_the_middle_fifth_of_the_odd_ones() -> None:
    for question in every("image")[:60]:
        offers = offered(question)
        ranks = []
        for image, answer in zip(offers.images, offers.answers, strict=True):
            number = number_of(image)
            excitement = seen(question)[1][:, question.unit.index]
            assert number % 2 == 1 and answer == float(excitement[number])
            ranks.append(float((excitement[1::2] > answer).float().mean()))
        strong, middle = ranks if question.left else ranks[::-1]
        assert strong < 0.01 and 0.38 < middle < 0.6
        assert (offers.answers[0] > offers.answers[1]) == question.left
        assert torch.equal(offers.whole, offers.images) and not offers.corners


def test_all_of_the_strongest_and_all_of_the_middle_can_be_drawn() -> None:
    units = peaks_of("cnn", "conv2")
    for luck in (0.0, 0.999999):
        at = Question("image", Unit("cnn", "conv2", 3), ONE, True, (luck, luck))
        excitement = units[1::2, 3].sort(descending=True).values
        strong, middle = guess.choice(at, net("cnn"), IMAGES, units).answers
        assert strong == float(excitement[49 if luck else 0]) and middle == float(excitement[2999 if luck else 2000])


def test_the_pictures_are_the_atlas_or_even_images_and_never_those_that_are_asked_about() -> None:
    unit = Unit("cnn", "conv3", 5)
    units = peaks_of("cnn", "conv3")
    one, four, real, nothing = (guess.references(unit, kind, IMAGES, units) for kind in KINDS)
    shipped, several = atlas.look_up(unit, "trained"), atlas.several(unit)
    assert shipped is not None and several is not None
    assert torch.equal(one[0], shipped.image) and len(one) == 1
    assert torch.equal(four, several[0]) and len(four) == 4
    assert nothing.shape == (0, 1, 28, 28)
    numbers = [number_of(image) for image in real]
    assert len(numbers) == 9 and all(number % 2 == 0 for number in numbers)
    beaten = units[::2, 5] > units[numbers, 5].min()
    assert int(beaten.sum()) == 8


def test_two_squares_hold_as_much_ink_apart_and_no_other_pair_differs_more() -> None:
    for question in every("square")[:20]:
        offers = offered(question)
        image, index = offers.whole[0], question.unit.index
        assert torch.equal(offers.whole[0], offers.whole[1])
        ink, answers = [], []
        for (row, column), erased in zip(offers.corners, offers.images, strict=True):
            assert 0 <= row <= 20 and 0 <= column <= 20
            own = image.clone()
            own[:, row : row + 8, column : column + 8] = 0
            assert torch.equal(own, erased)
            ink.append(float((image - erased).sum()))
            activation = record(net(question.unit.model), erased[None], [question.unit.layer])[question.unit.layer]
            answers.append(float(activation[0, index].max()))
        assert max(abs(a - b) for a, b in zip(*offers.corners, strict=True)) >= 8
        assert abs(ink[0] - ink[1]) <= 0.0201 * max(ink)
        assert answers == pytest.approx(list(offers.answers), abs=1e-4)
        assert (answers[0] < answers[1]) == question.left


class Corner(nn.Module):
    """One unit: the ink of the upper left eight by eight pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.sum = nn.AvgPool2d(8, divisor_override=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.sum(x[:, :, :8, :8])


def test_the_square_that_a_unit_reads_silences_it() -> None:
    """On even grey every square has the same ink: one is the unit's own, the other meets none of it."""
    corners, erased, answers = guess.squares(Corner(), Unit("cnn", "sum", 0), torch.full((1, 28, 28), 0.5))
    assert corners[0] == (0, 0)
    assert answers.tolist() == [0, 32]
    assert max(corners[1]) >= 8 and erased[0, 0, :8, :8].sum() == 0


@pytest.fixture(scope="module")
def crowd() -> dict[str, Observer]:
    return observers(IMAGES[1::2])


@pytest.mark.parametrize("sort", guess.SORTS)
def test_an_observer_takes_what_is_nearer_to_the_pictures(sort: str, crowd: dict[str, Observer]) -> None:
    """Beside a plain loop over the layer's units."""
    for question in guess.questions(3, sort):
        offers, (images, units) = offered(question), seen(question)
        own, others = guess.chances(question, offers, crowd[PIXELS], images, units)
        if question.kind == NOTHING:
            assert (own, others) == (0.5, 0.5)
            continue
        mean, by_unit = images[1::2].flatten(1).mean(0), {}
        for index in guess.askable(question.unit.model, question.unit.layer):
            unit = Unit(question.unit.model, question.unit.layer, index)
            shown = guess.references(unit, question.kind, images, units)
            left = nearer_half(shown.flatten(1) - mean, offers.images.flatten(1) - mean)
            by_unit[index] = left if question.left == (sort == "image") else 1 - left
        assert own == by_unit.pop(question.unit.index)
        assert others == pytest.approx(sum(by_unit.values()) / len(by_unit), abs=1e-6)


def test_between_equal_images_an_observer_is_half_right(crowd: dict[str, Observer]) -> None:
    question = next(question for question in guess.questions(3, "image") if question.kind == REAL)
    same = Choice(IMAGES[[1, 1]], IMAGES[[1, 1]], (1.0, 1.0))
    assert guess.chances(question, same, crowd[PIXELS], *seen(question)) == (0.5, 0.5)


def test_an_observer_who_knows_the_unit_is_always_right() -> None:
    """Its only feature is how far the unit is excited above the mean, and so are its pictures."""
    for sort in guess.SORTS:
        for question in guess.questions(5, sort):
            if question.kind == REAL:
                index, (model, layer) = question.unit.index, (question.unit.model, question.unit.layer)
                offers = offered(question)
                threshold = sum(offers.answers) / 2

                def knows(images: Tensor, model: str = model, layer: str = layer, index: int = index,
                          threshold: float = threshold) -> Tensor:  # fmt: skip
                    values = torch.cat(list(peaks(net(model), images, layer)))[:, index, None]
                    return (values - threshold).sign()

                assert guess.chances(question, offers, knows, *seen(question))[0] == 1  # type: ignore[arg-type]


def test_the_tally_counts_by_kind_and_by_net() -> None:
    units = [Unit("dense", "fc1", 0), Unit("cnn", "conv2", 0), Unit("cnn", "conv3", 0)]
    kinds, rights = [ONE, ONE, NOTHING], [True, False, True]
    asked = [Question("image", unit, kind, True, (0, 0)) for unit, kind in zip(units, kinds, strict=True)]
    table = guess.tally(zip(asked, rights, strict=True)).set_index("name")
    assert list(table.index) == [ONE, NOTHING, "dense", "cnn"]
    assert table.right.tolist() == [1, 1, 1, 1] and table.asked.tolist() == [2, 1, 1, 2]
    assert table.share.tolist() == [0.5, 1, 1, 0.5]
    assert table.family.tolist() == ["", "", "dense", "cnn"]
    assert (table.low < table.share).all() and (table.share <= table.high).all()
    assert guess.tally([]).empty
