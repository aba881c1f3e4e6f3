"""What the last characters tell, against counting by hand."""

from collections import defaultdict

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from core.cells.contexts import LONGEST, PRIOR, told_by_last
from core.cells.features import FEATURES
from core.data.text import corpus

TEXT, ASKED = corpus()[:3000], corpus()[5000:5400]


def counted(feature: torch.Tensor, length: int) -> list[float]:
    """The same by loops: behind a context the mean, drawn to that behind a shorter one."""
    values = feature.double().tolist()
    before: dict[str, list[float]] = defaultdict(list)
    for longest in range(1, length + 1):
        for place, value in enumerate(values):
            before[f"{'#' * LONGEST}{TEXT}"[LONGEST + place + 1 - longest : LONGEST + place + 1]].append(value)

    def mean(context: str) -> float:
        shorter = mean(context[1:]) if context else 0.0
        seen = before[context] if context else values
        return (sum(seen) + (PRIOR * shorter if context else 0)) / (len(seen) + (PRIOR if context else 0))

    padded = f"{'#' * LONGEST}{ASKED}"
    return [mean(padded[LONGEST + place + 1 - length : LONGEST + place + 1]) for place in range(len(ASKED))]


@pytest.mark.parametrize("name", ["word end", "position in line"])
def test_it_is_counting_with_shorter_contexts_where_longer_ones_are_rare(name: str) -> None:
    feature = FEATURES[name].of(TEXT)
    found = list(told_by_last(TEXT, feature, ASKED))
    assert len(found) == LONGEST
    for length in (1, 2, 5):
        assert found[length - 1] == pytest.approx(np.array(counted(feature, length)))


def test_one_character_tells_all_of_what_stands_in_it_and_more_tell_more() -> None:
    told = {name: list(told_by_last(TEXT, FEATURES[name].of(TEXT), ASKED)) for name in ("upper case", "word end")}
    assert roc_auc_score(FEATURES["upper case"].of(ASKED), told["upper case"][0]) == 1
    ends = [roc_auc_score(FEATURES["word end"].of(ASKED), scores) for scores in told["word end"]]
    assert ends[0] < ends[1] < ends[2]
