"""AUC and rank correlation against scikit-learn, scipy and loops."""

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from core.cells import agreement
from core.cells.agreement import agreements, bounds, drawn_agreement, draws

GENERATOR = np.random.default_rng(0)
FLAGS = torch.from_numpy(GENERATOR.random(3500) < 0.2)
NUMBERS = torch.from_numpy(GENERATOR.integers(0, 9, 3500))
VALUES = torch.from_numpy(GENERATOR.normal(size=(6, 3500))).float() + torch.linspace(-1, 1, 6)[:, None] * FLAGS
TIED = (2 * VALUES).round()


@pytest.mark.parametrize("values", [VALUES, TIED], ids=["all different", "many ties"])
def test_they_are_scikit_learns_and_scipys(values: torch.Tensor) -> None:
    found = agreements(values, {"flags": FLAGS, "numbers": NUMBERS})
    assert found["flags"].tolist() == pytest.approx([roc_auc_score(FLAGS, row) for row in values], abs=1e-12)
    assert found["numbers"].tolist() == pytest.approx([spearmanr(NUMBERS, row).statistic for row in values], abs=1e-12)


def test_what_is_the_same_everywhere_agrees_with_nothing() -> None:
    same = agreements(torch.ones(1, 3500), {"flags": FLAGS, "numbers": NUMBERS})
    assert same["flags"].item() == 0.5 and same["numbers"].isnan().item()
    never = agreements(VALUES, {"never": torch.zeros(3500, dtype=torch.bool), "three": torch.full((3500,), 3)})
    assert never["never"].isnan().all() and never["three"].isnan().all()


def test_draws_are_of_passages_and_the_first_is_the_whole() -> None:
    drawn = draws(3500)
    assert drawn.shape == (agreement.RESAMPLES + 1, 4) and (drawn[0] == 1).all() and (drawn.sum(1) == 4).all()
    assert (drawn == draws(3500)).all() and (drawn != draws(3500, seed=1)).any()
    assert drawn[1:].mean(0) == pytest.approx(np.ones(4), abs=0.1)


@pytest.mark.parametrize("values", [VALUES[1], TIED[1]], ids=["all different", "many ties"])
def test_a_draws_auc_is_that_of_the_passages_put_together(values: torch.Tensor) -> None:
    drawn = np.array([[1, 1, 1, 1], [2, 0, 1, 1], [0, 0, 4, 0]])
    found = drawn_agreement(values.numpy(), FLAGS, drawn)
    parts = list(zip(values.split(1000), FLAGS.split(1000), strict=True))
    for draw, auc in zip(drawn, found, strict=True):
        together = [part for part, times in zip(parts, draw, strict=True) for _ in range(times)]
        scores, flags = (torch.cat(each) for each in zip(*together, strict=True))
        assert auc == pytest.approx(roc_auc_score(flags, scores), abs=1e-12)


def test_a_draws_correlation_is_of_the_ranks_in_the_whole_text() -> None:
    values, drawn = TIED[0] + NUMBERS, np.array([[1, 1, 1, 1], [0, 1, 2, 1]])
    whole, second = drawn_agreement(values.numpy(), NUMBERS, drawn)
    assert whole == pytest.approx(spearmanr(values, NUMBERS).statistic, abs=1e-12)
    assert second == pytest.approx(spearmanr(values[1000:], NUMBERS[1000:]).statistic, abs=0.02)


def test_bounds_hold_most_draws_and_leave_out_those_without_a_number() -> None:
    low, high = bounds(np.array([99.0, *np.linspace(0, 1, 1001), np.nan]))
    assert (low, high) == pytest.approx((0.025, 0.975))
    assert all(np.isnan(bounds(np.array([1.0, np.nan]))))
