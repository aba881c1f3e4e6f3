"""core.memory.capacity: a delay line remembers its length, and what has no memory only what neighbours give away."""

import pytest
import torch
from torch import Generator

from core.data import digits
from core.memory.capacity import capacity, mixed, readout, without_memory
from tests.nets import DelayLine

NOISE = torch.randn(400, 30, 1, generator=Generator().manual_seed(1))


@pytest.mark.parametrize("length", [1, 3, 8])
def test_of_a_delay_line_it_is_its_length(length: int) -> None:
    found = readout(DelayLine(length)(NOISE), NOISE, most=15)
    assert found[:length].tolist() == pytest.approx([1] * length, abs=1e-4)
    assert found[length:].max() < 0.01 and capacity(found) == pytest.approx(length, abs=0.02)


def test_what_a_readout_explains_is_the_squared_correlation() -> None:
    states = NOISE + 2 * torch.randn(NOISE.shape, generator=Generator().manual_seed(2))
    learned = torch.arange(400) % 4 != 3
    both = torch.stack([states[~learned].flatten(), NOISE[~learned].flatten()])
    assert float(readout(states, NOISE, most=0)) == pytest.approx(float(both.corrcoef()[0, 1]) ** 2, abs=0.01)


def test_to_know_the_step_is_nothing() -> None:
    known = torch.arange(30.0).view(1, 30, 1).repeat(400, 1, 1)
    steps = known + NOISE
    assert float(readout(known + 0 * NOISE, steps, most=3).max()) < 0.01


def test_what_does_not_vary_explains_nothing_and_is_not_explained() -> None:
    assert readout(NOISE, torch.ones(400, 30, 1), most=3).tolist() == [0, 0, 0, 0]
    assert float(readout(torch.ones(400, 30, 2), NOISE, most=3).max()) < 1e-3


def test_mixed_rows_are_the_same_rows_and_tell_nothing_of_each_other() -> None:
    rows = digits.test_set().images[:1000, 0]
    other = mixed(rows, Generator().manual_seed(0))
    assert torch.equal(other.sum((0, 2)), rows.sum((0, 2))) or torch.allclose(other.sum((0, 2)), rows.sum((0, 2)))
    assert not torch.equal(other, rows) and torch.equal(other, mixed(rows, Generator().manual_seed(0)))
    assert float(readout(rows, rows, most=1)[1]) > 0.5 > 0.05 > float(readout(other, other, most=1)[1])


def test_without_memory_there_is_the_present_row_and_features_of_it() -> None:
    rows = digits.test_set().images[:40, 0]
    found = without_memory(rows, Generator().manual_seed(0))
    assert found.shape == (40, 28, 28 + 64) and torch.equal(found[..., :28], rows)
    again = without_memory(rows[:, 9:10], Generator().manual_seed(0))
    assert torch.allclose(found[:, 9], again[:, 0], atol=1e-6)  # of nothing but the row
