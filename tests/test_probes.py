"""How well a linear classifier reads the class off a layer."""

import pytest
import torch
from torch import Generator, Tensor

from core.measures import probes as module
from core.measures.held_out import split
from core.measures.probes import probe, projected
from tests import references

LABELS = torch.arange(300) % 3


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=Generator().manual_seed(seed))


def clouds(apart: float, units: int) -> Tensor:
    """Three classes along one axis each."""
    return noise(300, units) + apart * torch.eye(3, units)[LABELS]


@pytest.mark.parametrize("units", [4, 400])  # fewer than images, and more
def test_classes_that_lie_apart_are_read_and_what_has_no_class_is_guessed(units: int) -> None:
    assert probe(clouds(20, units), LABELS) == 1
    guessed = torch.tensor([probe(noise(300, units, seed=seed), LABELS) for seed in range(12)])
    assert float(guessed.mean()) == pytest.approx(1 / 3, abs=0.06)
    assert probe(torch.full((300, 2), 0.1), LABELS) == pytest.approx(1 / 3, abs=0.02)


@pytest.mark.parametrize("units", [4, 150])
def test_it_is_the_softmax_that_a_long_descent_finds(units: int) -> None:
    values, labels = clouds(2, units)[:120], LABELS[:120]
    expected = references.probe(values, labels.tolist(), list(module.WEAKNESSES))
    assert probe(values, labels) == pytest.approx(expected) and 0.4 < expected < 1


def test_a_class_between_two_others_is_read_too() -> None:
    """Where least squares on the classes never answers it (Hastie, Tibshirani, Friedman 2009, section 4.2)."""
    assert probe(LABELS[:, None] * 10.0 + noise(300, 1), LABELS) > 0.97


def test_many_numbers_read_as_the_same_ones_turned_do() -> None:
    few = clouds(2, 6)
    turned = few @ torch.linalg.qr(noise(400, 6, seed=1)).Q.T
    assert probe(turned, LABELS) == probe(few, LABELS)


def test_scale_and_shift_do_not_matter() -> None:
    values = clouds(2, 6)
    assert probe(1e3 * values + 1e3, LABELS) == probe(1e-3 * values, LABELS) == probe(values, LABELS)


def test_what_only_held_out_images_have_is_not_learned() -> None:
    """The class stands in a number, right in one half of the images and wrong in the other."""
    learned, held = split(300)
    values = torch.zeros(300, 3)
    values[learned] = torch.eye(3)[LABELS[learned]]
    values[held] = torch.eye(3)[(LABELS[held] + 1) % 3]
    assert probe(values, LABELS) == 0


def test_a_projection_keeps_distances_on_the_mean_and_differs_by_its_seed() -> None:
    points = noise(20, 3, 10, 10)
    made = torch.stack([projected(points, 50, seed) for seed in range(40)])
    assert made.shape == (40, 20, 50)
    shares = (made[:, 0] - made[:, 1]).square().sum(1) / (points[0] - points[1]).square().sum()
    assert float(shares.mean()) == pytest.approx(1, abs=0.1) and float(shares.std()) == pytest.approx(0.2, abs=0.08)
    assert torch.equal(made[3], projected(points, 50, 3))


def test_what_cannot_be_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="9 activations cannot be projected to 10 dimensions"):
        projected(noise(5, 9), 10)
    with pytest.raises(ValueError, match=r"two classes at least, and all images are of class \[2\]"):
        probe(noise(300, 4), torch.full((300,), 2))
