"""How much of what a net gets right a simple classifier explains."""

import math

import pytest
import torch
from torch import Generator, Tensor

from core.data.digits import test_set as mnist
from core.measures.held_out import split
from core.measures.performance_correlation import information, performance_correlation, shared
from core.measures.probes import read
from core.models import load
from tests import references

LABELS = torch.arange(600) % 5


def wrong(labels: Tensor, share: float, seed: int) -> Tensor:
    """The labels, of which a share is drawn anew."""
    generator = Generator().manual_seed(seed)
    drawn = torch.randint(5, labels.shape, generator=generator)
    return torch.where(torch.rand(labels.shape, generator=generator) < share, drawn, labels)


@pytest.mark.parametrize("seed", range(4))
def test_both_are_their_definitions(seed: int) -> None:
    answers, simple = wrong(LABELS, 0.2, seed), wrong(LABELS, 0.5, seed + 9)
    three = [each.tolist() for each in (answers, simple, LABELS)]
    assert performance_correlation(answers, simple, LABELS) == pytest.approx(references.performance_correlation(*three))
    assert information(answers, LABELS) == pytest.approx(references.information(three[0], three[2]))
    right = [(one == other) for net, one, other in zip(*three, strict=True) if net == other]
    assert shared(answers, simple, LABELS) == pytest.approx(sum(right) / len(right))


def test_information_is_in_bits() -> None:
    eight = torch.arange(80) % 8
    assert information(eight, eight) == pytest.approx(3)
    assert information(eight, eight // 4) == pytest.approx(1)
    assert information(eight, torch.arange(80) // 40) == pytest.approx(0, abs=1e-12)
    assert information(eight, eight, eight // 2) == pytest.approx(1)


def test_the_same_answers_explain_all_and_answers_that_say_nothing_none_of_it() -> None:
    answers = wrong(LABELS, 0.2, 1)
    assert performance_correlation(answers, answers, LABELS) == pytest.approx(1)
    assert performance_correlation(answers, torch.zeros_like(LABELS), LABELS) == pytest.approx(0)
    assert performance_correlation(answers, (answers + 1) % 5, LABELS) == pytest.approx(1)  # under other names
    assert shared(answers, answers, LABELS) == 1 and shared(answers, (LABELS + 1) % 5, LABELS) == 0


def test_two_that_tell_only_together_explain_less_than_nothing() -> None:
    """Noisy parity: of two bits the net answers one, mostly, and the simple one the parity of both."""
    first, second = torch.arange(400) % 2, torch.arange(400) // 2 % 2
    flipped = (torch.arange(400) // 4 % 10 == 0).long()
    labels = first ^ second
    answers = torch.where(flipped == 1, labels, first)
    assert performance_correlation(answers, second, labels) < -1


def test_a_net_that_says_nothing_has_no_share() -> None:
    constant = torch.full_like(LABELS, 7)
    assert math.isnan(performance_correlation(constant, LABELS, LABELS))
    assert math.isnan(shared(constant, LABELS, LABELS))


def test_a_linear_classifier_explains_a_net_early_in_training_better_than_late() -> None:
    """What the paper finds, on few images."""
    images, labels = (part[:1600] for part in mnist())
    simple, held = read(images, labels), split(1600)[1]
    answers = [load("cnn", weights=weights)(images[held]).argmax(1) for weights in ("epoch-0.0625", "trained")]
    early, late = (performance_correlation(each, simple, labels[held]) for each in answers)
    assert 0.5 < late < early < 1
