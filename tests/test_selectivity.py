"""How much a single unit says of the class."""

import pytest
import torch
from torch import Generator, Tensor

from core.measures.selectivity import class_selectivity, eta_squared
from tests import references

LABELS = torch.tensor([0, 0, 0, 0, 0, 3, 3, 7, 7, 7])  # of unlike sizes, not numbered through


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=Generator().manual_seed(seed))


def test_class_selectivity_is_its_definition() -> None:
    values = noise(10, 4).abs()
    expected = [references.class_selectivity(unit.tolist(), LABELS.tolist()) for unit in values.T]
    torch.testing.assert_close(class_selectivity(values, LABELS).tolist(), expected, atol=1e-6, rtol=1e-5)


def test_eta_squared_is_its_definition() -> None:
    values = noise(10, 4) + LABELS[:, None]
    expected = [references.eta_squared(unit.tolist(), LABELS.tolist()) for unit in values.T]
    torch.testing.assert_close(eta_squared(values, LABELS).tolist(), expected, atol=1e-6, rtol=1e-5)


def test_a_unit_of_one_class_is_selective_and_one_of_all_is_not() -> None:
    values = torch.stack([(LABELS == 3).float(), torch.ones(10)], 1)
    assert class_selectivity(values, LABELS).tolist() == [1, 0]


def test_a_unit_that_is_its_class_says_all_of_it_also_below_zero() -> None:
    values = torch.tensor([-2.0, 0.5, 1.0])[LABELS // 3]
    assert eta_squared(values[:, None], LABELS).item() == pytest.approx(1)


def test_of_classes_that_mean_nothing_eta_squared_is_as_low_as_it_is_said() -> None:
    """(k - 1) / (n - 1), on the mean."""
    labels = torch.arange(40) % 5
    found = eta_squared(noise(40, 5000), labels)
    assert float(found.mean()) == pytest.approx(4 / 39, abs=0.003)


def test_scale_does_not_matter_nor_shift_for_eta_squared() -> None:
    values = noise(10, 4).abs()
    torch.testing.assert_close(class_selectivity(5 * values, LABELS), class_selectivity(values, LABELS))
    torch.testing.assert_close(eta_squared(3 - 5 * values, LABELS), eta_squared(values, LABELS))
    assert (class_selectivity(values + 1, LABELS) < class_selectivity(values, LABELS)).all()


@pytest.mark.parametrize("measure", [class_selectivity, eta_squared])
def test_a_map_counts_by_its_mean(measure: object) -> None:
    maps = noise(10, 2, 3, 3).abs()
    assert callable(measure)
    torch.testing.assert_close(measure(maps, LABELS), measure(maps.mean((2, 3)), LABELS))


def test_silent_and_constant_units_are_not_numbers() -> None:
    values = torch.stack([torch.zeros(10), 5 + 5e-7 * (LABELS == 3), noise(10).abs()], 1)
    assert class_selectivity(values, LABELS).isnan().tolist() == [True, False, False]
    assert eta_squared(values, LABELS).isnan().tolist() == [True, True, False]


def test_what_has_no_answer_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="never negative"):
        class_selectivity(noise(10, 2), LABELS)
    for measure in (class_selectivity, eta_squared):
        with pytest.raises(ValueError, match=r"two classes at least, and all images are of class \[4\]"):
            measure(noise(10, 2).abs(), torch.full((10,), 4))
