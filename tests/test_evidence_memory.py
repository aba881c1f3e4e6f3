"""C8's rows of the report: they are the numbers of `core.memory`, each where the rule wants it."""

import pandas as pd
import pytest

from core.evidence import others
from core.evidence.claims import CLAIMS
from core.memory import contexts, tables
from core.models import SEEDS, TEXT_SEEDS

ROWS = others.rows()


def of(measure: str, training: str, weights: str = "trained") -> pd.DataFrame:
    return ROWS[(ROWS.measure == measure) & (ROWS.training == training) & (ROWS.weights == weights)]


def test_every_measure_of_the_rule_has_rows() -> None:
    for test in CLAIMS["C8"].tests:
        for measure in filter(None, (test.measure, test.beside)):
            for subject in test.subjects:
                trainings = ("trained",) if subject == "text" else ("trained", "plain")
                for training in trainings:
                    rows = of(measure, training)
                    assert set(rows.model) == {subject}
                    assert set(rows.seed) == set(TEXT_SEEDS if subject == "text" else SEEDS)
            if test.control:
                assert set(of(measure, "", "untrained").seed) == set(SEEDS)


def test_capacity_is_of_all_rows_but_the_present_one() -> None:
    own = of("memory capacity", "plain")
    row = own[(own.seed == 3) & (own.depth == 2)].value.item()
    table = tables.table()
    found = table[(table.measure == "images") & (table["where"] == "lstm2") & (table.weights == "plain")
                  & (table.seed == 3)].set_index("at").value  # fmt: skip
    assert row == pytest.approx(sum(found[lag] for lag in range(1, 28)))
    alone = table[(table.measure == "images") & (table["where"] == "present row")].set_index("at").value
    beside = of("memory capacity, present row", "plain").value
    assert beside.tolist() == pytest.approx([alone.sum() - alone[0]] * len(beside))


def test_what_shuffling_costs_is_over_all_orders_and_beside_the_dense_net_of_the_same_seed() -> None:
    table = tables.table()
    for measure, model in (("lost with rows shuffled", "rnn"), ("lost with rows shuffled, dense", "dense")):
        own = table[(table.measure == "accuracy") & (table.model == model) & (table.weights == "trained")
                    & (table.seed == 1)]  # fmt: skip
        expected = own[own["where"] == "in order"].value.item() - own[own["where"] == "rows shuffled"].value.mean()
        found = of(measure, "trained")
        assert found[found.seed == 1].value.item() == pytest.approx(expected)


def test_bits_are_the_differences_of_the_same_places() -> None:
    table = contexts.table()
    own = table[table.weights == "seed-0"].set_index(["before", "kept", "block"]).bits
    rows = {measure: of(measure, "trained").set_index("unit").value for measure in
            ("bits by what stands further back", "bits by the order of words", "bits less than n-grams")}  # fmt: skip
    ngrams = table[table.before == "n-gram"].pivot_table("bits", "block", "kept")
    best = ngrams.mean().idxmin()
    assert best == 4
    for block in (0, 7, 19):
        whole = own["its own", 100, block]
        assert rows["bits by what stands further back"][block] == pytest.approx(
            own["another place's", 10, block] - whole)  # fmt: skip
        assert rows["bits by the order of words"][block] == pytest.approx(
            own["its own words in another order", 10, block] - whole)  # fmt: skip
        assert rows["bits less than n-grams"][block] == pytest.approx(
            ngrams[best][block] - own["all of it", 100, block])  # fmt: skip
