"""The search for cells, on a net whose cells count, and the rule by which a cell tracks something."""

import numpy as np
import pandas as pd
import pytest
import torch

from core.cells import search, tracked
from core.cells.features import FEATURES
from core.cells.search import CELL, LAST, RIVALS, Best, Texts
from core.data.text import corpus
from tests.readers import IN_LINE, IN_SENTENCE, counting_reader, exact

TEXTS = Texts(corpus()[:9000], corpus()[:6000], corpus()[-5000:])


@pytest.fixture(scope="module")
def read() -> tuple[search.Outputs, search.Outputs]:
    model = counting_reader()
    return search.outputs(model, TEXTS.chosen), search.outputs(model, TEXTS.asked)


@pytest.fixture(scope="module")
def found(read: tuple[search.Outputs, search.Outputs]) -> dict[str, Best]:
    return search.best(*read, TEXTS.features["chosen"])


def test_the_cells_count_as_they_were_made_to(read: tuple[search.Outputs, search.Outputs]) -> None:
    count = FEATURES["position in line"].of(TEXTS.chosen)[:500]
    assert read[0]["lstm1"][IN_LINE, :500].tolist() == pytest.approx([exact(int(n)) for n in count], abs=1e-4)


def test_cells_that_count_are_found_with_their_sign(
    read: tuple[search.Outputs, search.Outputs], found: dict[str, Best]
) -> None:
    line, sentence = found["position in line"], found["since the sentence's end"]
    assert (line.layer, line.unit, line.sign) == ("lstm1", IN_LINE, 1) and line.chosen_for > 0.999
    assert (sentence.layer, sentence.unit, sentence.sign) == ("lstm1", IN_SENTENCE, -1) and sentence.chosen_for > 0.99
    assert (np.diff(line.values[FEATURES["position in line"].of(TEXTS.asked).argsort().numpy()]) > -1e-4).all()
    assert sentence.values[:300] == pytest.approx(-read[1]["lstm1"][IN_SENTENCE, :300].numpy())


def test_what_is_found_is_asked_on_another_text_beside_its_controls(
    read: tuple[search.Outputs, search.Outputs], found: dict[str, Best]
) -> None:
    counted = search.by_counting(TEXTS)
    name = "position in line"
    directions = search.best(*(search.turned(part, 0) for part in read), TEXTS.features["chosen"])
    readout = search.by_reading_out(*read, TEXTS, {name: "lstm1"})
    every = {CELL: found[name], search.DIRECTION: directions[name], search.READOUT: readout[name]} | counted[name]
    rows = {row.kind: row for row in search.rows({name: every}, {name: TEXTS.features["asked"][name]})}
    assert rows[CELL].value > 0.999 and rows[CELL].lead == rows[CELL].lead_low == rows[CELL].lead_high == 0
    assert rows[search.CHARACTER].value < rows["last 5 characters"].value < 0.8
    assert rows[search.READOUT].value > 0.95
    for kind in (*LAST, search.CHARACTER, search.DIRECTION):
        row = rows[kind]
        assert row.low <= row.value <= row.high and row.lead == pytest.approx(rows[CELL].value - row.value)
        assert 0 < row.lead_low <= row.lead <= row.lead_high


def test_a_turned_layer_has_the_same_lengths_and_other_axes(read: tuple[search.Outputs, search.Outputs]) -> None:
    values, again, other = (search.turned(read[1], seed)["lstm1"] for seed in (0, 0, 1))
    assert torch.equal(values, again) and not torch.equal(values, other)
    assert torch.allclose(values.norm(dim=0), read[1]["lstm1"].norm(dim=0), rtol=1e-4)
    assert not torch.allclose(values, read[1]["lstm1"], atol=1e-2)


def test_of_two_nets_cells_the_better_one_stands_for_both(found: dict[str, Best]) -> None:
    worse = {name: Best("lstm2", 0, 1, 0.1, best.values) for name, best in found.items()}
    assert search.better(found, worse) == search.better(worse, found) == search.better({}, found) == found


def test_a_feature_that_a_text_has_not_is_left_out() -> None:
    texts = Texts("Oh!\nNo. " * 20, "Oh!\nNo. " * 20, "Oh!\nNo. " * 20)
    assert "question" not in texts.features["asked"] and "newline" in texts.features["chosen"]


def as_rows(lows: dict[str, float]) -> pd.DataFrame:
    kinds = [*RIVALS, *LAST]
    return pd.DataFrame({"lead_low": [lows.get(kind, 0.1) for kind in kinds]}, index=kinds)


def test_the_rule() -> None:
    assert tracked.tracks(as_rows({})) and tracked.remembers(as_rows({}))
    for rival in RIVALS:
        assert not tracked.tracks(as_rows({rival: 0.0})) and not tracked.remembers(as_rows({rival: -0.1}))
    assert tracked.tracks(as_rows({LAST[-1]: 0.0})) and not tracked.remembers(as_rows({LAST[0]: 0.0}))
