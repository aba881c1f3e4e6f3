"""The interval of a mean."""

import pytest
import torch
from torch import Generator

from core.measures.interval import interval


def test_the_interval_is_the_bootstraps_and_leaves_no_numbers_out() -> None:
    values = torch.randn(200, generator=Generator().manual_seed(0)) + 1
    low, high = interval(values)
    mean, error = float(values.mean()), float(values.std()) / 200**0.5
    assert low == pytest.approx(mean - 1.96 * error, abs=0.03) and high == pytest.approx(mean + 1.96 * error, abs=0.03)
    assert interval(torch.cat([values, torch.tensor([torch.nan])])) == (low, high)
    assert interval(torch.full((9,), 0.25)) == (0.25, 0.25)
