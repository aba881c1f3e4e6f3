"""How far back the net that reads text is moved, and what lies open in its state."""

import pandas as pd
import pytest
import torch
from torch import Generator

from core.data.text import encode, held_out_text, one_hot
from core.memory import of_text
from core.memory.capacity import readout
from core.memory.influence import by_lag, horizon, influence
from core.memory.of_text import MOST, capacities, horizons, sentence
from core.models import TEXT_SEEDS, controls, load
from core.models.text import Reader

TEXTS = one_hot(encode(held_out_text()[:2000]).view(20, 100))


@pytest.fixture(scope="module")
def net() -> Reader:
    found = load("text")
    assert isinstance(found, Reader)
    return found


def test_a_horizon_is_that_of_the_mean_influence_over_texts(net: Reader) -> None:
    found = horizons(net, TEXTS[:3], Generator().manual_seed(5))
    triangle = influence(net, TEXTS[:3], 60, 8, Generator().manual_seed(5))["lstm2"]
    assert found["lstm2"] == pytest.approx(float(horizon(by_lag(triangle).mean(0, keepdim=True))))
    assert found["lstm1"] != found["lstm2"]


def test_an_estimate_from_few_directions_is_near_the_exact_influence(net: Reader) -> None:
    """Its square is unbiased: on the mean over many seeds it is the exact one's."""
    text = TEXTS[:1, :, :12]
    exact = influence(net, text)["lstm2"][0, -1].square()
    drawn = torch.stack([influence(net, text, None, 8, Generator().manual_seed(seed))["lstm2"][0, -1].square()
                         for seed in range(60)])  # fmt: skip
    assert torch.allclose(drawn.mean(0), exact, rtol=0.15)


def test_the_character_that_is_read_lies_more_open_than_those_before(net: Reader) -> None:
    found = capacities(net, TEXTS)
    assert set(found) == {"lstm1", "lstm2"} and all(len(lags) == MOST + 1 for lags in found.values())
    assert found["lstm1"][0] > found["lstm1"][2] > found["lstm1"][20]
    state = net.lstm1(net.recurrent1(net.embedding(TEXTS.transpose(1, 2)))[0])
    assert torch.allclose(found["lstm1"], readout(state, TEXTS.transpose(1, 2), MOST), atol=1e-4)


def test_the_sentence_is_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("horizon", "seed-0", "lstm2", 0, 7.0), ("horizon", "untrained", "lstm2", 0, 2.0),
            ("horizon", "untrained-1", "lstm2", 0, 4.0), ("horizon", "shuffled", "lstm2", 0, 5.0),
            ("horizon", "seed-0", "lstm1", 0, 99.0),
            *(("capacity", weights, "lstm2", back, value) for weights, values in
              (("seed-0", (0.9, 0.5, 0.25)), ("untrained", (1.0, 1.0, 0.2)), ("untrained-1", (1.0, 0.8, 0.0)),
               ("shuffled", (0.1, 0.0, 0.0))) for back, value in enumerate(values)),
            *(("capacity", "", "present character", back, value)
              for back, value in enumerate((1.0, 0.1, 0.1)))]  # fmt: skip
    monkeypatch.setattr(of_text, "table", lambda: pd.DataFrame(rows, columns=of_text.COLUMNS))
    said = sentence()
    assert "for **7.0** characters, in untrained twins for 3.0, with the weights shuffled for 5.0" in said
    assert "**0.8** characters lie open in it, in twins 1.0, shuffled 0.0; the present character alone gives" in said
    assert said.endswith("gives away 0.2.")


def test_what_ships_is_of_all_nets_and_measures() -> None:
    table = of_text.table()
    nets = {*(f"seed-{seed}" for seed in TEXT_SEEDS), *controls("untrained"), "shuffled"}
    assert set(table[table.measure == "horizon"].weights) == nets
    assert set(table[table.layer == "lstm1"].weights) == nets
    alone = table[table.layer == "present character"].set_index("back").value
    assert alone[0] == pytest.approx(1) and alone[1] < 0.5 and (alone >= 0).all()
