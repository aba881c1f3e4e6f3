"""Whether a few numbers hold most of the size."""

import math

import pytest
import torch
from torch import Generator

from core.measures.sparsity import sparsity
from tests import references

ROWS = torch.randn(3, 5, generator=Generator().manual_seed(0))


def test_it_is_its_definition_row_by_row() -> None:
    torch.testing.assert_close(sparsity(ROWS).tolist(), [references.sparsity(row) for row in ROWS.tolist()])
    torch.testing.assert_close(sparsity(ROWS.expand(2, 3, 5))[1], sparsity(ROWS))


@pytest.mark.parametrize(("count", "size"), [(1, 9), (4, 9), (9, 9), (5, 100)])
def test_of_k_equal_numbers_among_n_it_is_known(count: int, size: int) -> None:
    values = (torch.arange(size) < count).float()
    known = (math.sqrt(size) - math.sqrt(count)) / (math.sqrt(size) - 1)
    assert sparsity(values).item() == pytest.approx(known, abs=1e-6)


def test_scale_sign_and_order_do_not_matter() -> None:
    torch.testing.assert_close(sparsity(-4 * ROWS.flip(1)), sparsity(ROWS))


def test_zeros_are_no_number_and_a_single_one_is_refused() -> None:
    assert sparsity(torch.zeros(2, 4)).isnan().all()
    with pytest.raises(ValueError, match="two numbers at least, and there are 1"):
        sparsity(torch.ones(4, 1))
