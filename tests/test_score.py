"""How much of a unit a graph accounts for: on nets that are solved by hand, and beside what has to hold."""

import math
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import Generator

from core.circuits import commands, score, scores
from core.circuits.contributions import Run
from core.circuits.score import (
    ALL_ROWS,
    CARRIED,
    CHANCE,
    DIRECT,
    EDGES,
    FIT,
    GRADIENT,
    INFLUENCE,
    MORE,
    SIZE,
    Intervention,
    Row,
    Scored,
)
from core.data import digits
from core.models import DIGIT_NETS, TWIN, load
from tests.test_eighth import PIXELS, Few

IMAGES = digits.test_set().images[:40]


def seeded() -> Generator:
    return Generator().manual_seed(0)


def test_every_unit_that_reads_units_is_drawn() -> None:
    """Of a net with two hidden layers those of the second one, and the classes."""
    scored = Scored(load("dense-video"), IMAGES)
    assert [way[-1].sums.name for way in scored.ways] == ["fc2", "logits"]
    found = {(run.stages[-1].sums.name, unit) for run, unit in scored.drawn(400, seeded())}
    assert len(found) == 16 + 10


def test_one_row_below_an_affine_unit_every_prediction_is_exact() -> None:
    """Further down the edges miss the ways that are not in the graph."""
    net = load("dense", weights="plain")
    generator = seeded()
    drawn = Scored(net, IMAGES).drawn(40, generator)
    found = [one for run, unit in drawn if (one := score.intervened(net, run, unit, generator))]
    assert {one.row for one in found} == {1, 2}
    for one in found:
        if one.row == 1:
            assert all(said == pytest.approx(one.measured, abs=1e-4) for said in one.said.values())
    deep = [one for one in found if one.row == 2]
    assert any(abs(one.said[EDGES] - one.measured) > 1e-3 for one in deep)


def test_what_a_wide_graph_does_not_have_is_not_predicted() -> None:
    net = load("dense", weights="plain")
    run = Run(net, IMAGES[:1], Scored(net, IMAGES).ways[-1])
    small = score.graph(run, 0, k=5)
    other = score.graph(run, 0, k=1, rows=1)
    assert score._foretold(net, small, small.rows[1][0], 0.5) != 0
    assert score._foretold(net, other, small.rows[1][4], 0.5) == 0


def test_r_squared_by_hand() -> None:
    measured = torch.tensor([0.0, 1.0, 2.0])
    assert score.fit(measured, measured) == 1 and score.fit(measured, torch.ones(3)) == 0
    assert score.fit(measured, torch.tensor([0.0, 1.0, 1.0])) == pytest.approx(0.5)
    assert score.fit(measured, -measured) == pytest.approx(1 - 20 / 2)


def test_r_squared_is_taken_of_all_rows_and_of_each() -> None:
    def one(row: int, measured: float, said: float) -> Intervention:
        return Intervention(row, measured, {EDGES: said, MORE: measured, GRADIENT: 0.0})

    found = list(score.fits([one(1, 1.0, 1.0), one(1, -1.0, -1.0), one(2, 2.0, 0.0), one(2, -2.0, 0.0)]))
    by = {(row.by, row.row): row.value for row in found}
    assert by[EDGES, 1] == 1 and by[EDGES, 2] == 0 and by[EDGES, 0] == pytest.approx(0.2)
    assert by[MORE, 0] == 1 and by[GRADIENT, 0] == 0 and all(row.measure == FIT for row in found)


def test_named_units_keep_more_than_units_at_random() -> None:
    net = load("cnn", weights="plain")
    run = Run(net, IMAGES[:1], Scored(net, IMAGES).ways[-1])
    kept = score.influences(run, 7, seeded())
    assert kept["named, k = 5"] > kept["random, k = 5"] and kept["named, 30 nodes"] > kept["random, 30 nodes"]
    assert 1 >= kept["named, 30 nodes"] > kept["named, k = 5"] > 0
    few = Run(net, IMAGES[:1], Scored(net, IMAGES).ways[0])  # conv2, which reads twelve maps: thirty are all
    assert score.influences(few, 3, seeded())["random, 30 nodes"] == pytest.approx(1, abs=1e-5)


def test_influence_is_said_of_all_roots_and_of_those_of_each_depth() -> None:
    found = {row.row: row.value for row in score.kept_by_depth([(1, {"x": 1.0}), (1, {"x": 0.5}), (3, {"x": 0.0})])}
    assert found == {0: 0.5, 1: 0.75, 3: 0.0}


def test_what_parts_carry_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unit 0 reads two units only: they carry all of it. A unit that does not rise carries nothing that can be said."""
    monkeypatch.setattr(score, "STRONGEST", 2)
    scored = Scored(Few(), PIXELS)
    assert scored.strongest(scored.ways[0][-1])[0] == [2, 0]
    first = score.carried(scored, scored.ways[0], 0, [2, 0], seeded())
    assert first[SIZE] == 1 and first[DIRECT] == pytest.approx((5 + 4.5 - 5) / 4)  # see test_eighth
    monkeypatch.setattr(score, "K", 1)
    alone = score.carried(scored, scored.ways[0], 0, [2], seeded())
    assert alone[SIZE] == pytest.approx(4 / 5) and alone[DIRECT] == pytest.approx((4 + 0.5 - 2.5) / (5 - 2.5))
    assert alone[DIRECT] == alone[ALL_ROWS]
    silent = score.carried(scored, scored.ways[0], 1, [2, 0], seeded())
    assert all(math.isnan(value) for value in silent.values())


def test_a_net_has_all_its_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, few in (("INTERVENTIONS", 12), ("KEPT", 2), ("STRONGEST", 2)):
        monkeypatch.setattr(score, name, few)
    rows = [row for found in score.of_net(load("dense-video"), IMAGES, 0) for row in found]
    counts = pd.DataFrame(rows).groupby(["measure", "by"]).size()
    kept = counts[INFLUENCE].to_dict()
    assert set(kept) == {f"{who}, {size}" for who in ("named", "random") for size in ("k = 5", "30 nodes")}
    assert set(kept.values()) <= {2, 3}
    assert set(counts[FIT]) <= {2, 3} and set(counts[FIT].index) == {EDGES, MORE, GRADIENT}
    assert counts[CARRIED].to_dict() == dict.fromkeys((DIRECT, CHANCE, ALL_ROWS, SIZE), 26)


# The tables.


def test_the_command_goes_on_where_it_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each net once; of its units the table has the median."""
    asked: list[str] = []

    def scored(net: scores.Net) -> list[list[Row]]:
        asked.append(net.source)
        return [[Row(FIT, EDGES, 0.5)], [Row(CARRIED, DIRECT, share, layer="fc2", unit=unit)
                                         for unit, share in enumerate((0.1, 0.2, 0.9, math.nan))]]  # fmt: skip

    monkeypatch.setattr(scores, "scored", scored)
    monkeypatch.setattr(scores, "markdown", str)
    for name in ("TABLE", "UNITS"):
        monkeypatch.setattr(scores, name, tmp_path / f"{name}.csv")
    monkeypatch.setattr("sys.argv", ["circuits", "--parts", str(tmp_path / "parts")])
    try:
        commands.main()
        commands.main()
        found, own = scores.table(), scores.units()
    finally:
        scores.table.cache_clear()
        scores.units.cache_clear()
    assert len(asked) == len(scores.nets()) == 3 * 3 * 3 + 3
    assert len(found) == 2 * len(asked) and set(found[found.measure == CARRIED].value) == {0.2}
    assert len(own) == 4 * 3 * 4 and set(own.unit) == {0, 1, 2, 3} and own.value.isna().sum() == 12


def test_the_shipped_scores_are_of_every_net() -> None:
    found = scores.table()
    assert {tuple(row) for row in found[["model", "weights", "seed"]].drop_duplicates().values.tolist()} == {
        (net.model, net.weights, net.seed) for net in scores.nets()
    }
    assert found.value.notna().all()
    first = found[(found.measure == FIT) & (found.row == 1) & (found.model != "rnn")]
    assert first.value.min() > 0.999  # exact by construction; an LSTM's gates are not held when it is turned
    own = scores.units()
    medians = own.groupby(["model", "weights", "by"]).value.median()
    for row in found[(found.measure == CARRIED) & (found.seed == 0)].itertuples():
        assert row.value == pytest.approx(medians[row.model, row.weights, row.by], rel=1e-3)


def test_shipped_numbers_are_computed_again() -> None:
    """Of some units what their parts carry."""
    net = scores.Net("dense-video", "trained", 0, "seed-0")
    scored = Scored(load(net.model, weights=net.source), digits.test_set().images[:: scores.EVERY])
    own = scores.units()
    own = own[(own.model == net.model) & (own.weights == net.weights) & (own.layer == "sigmoid2")]
    strongest = scored.strongest(scored.ways[0][-1])
    for unit in (0, 7):
        found = score.carried(scored, scored.ways[0], unit, strongest[unit], seeded())
        shipped = own[own.unit == unit].set_index("by").value
        assert {by: found[by] for by in (DIRECT, ALL_ROWS, SIZE)} == pytest.approx(
            shipped[[DIRECT, ALL_ROWS, SIZE]].to_dict(), rel=2e-2
        )


def test_sentences_say_the_tables_numbers() -> None:
    for model in DIGIT_NETS:
        assert f"{scores.mean(FIT, EDGES, model):.2f} ({model})" in scores.predicted()
        assert f"{scores.mean(INFLUENCE, 'named, 30 nodes', model, TWIN):.2f} ({model})" in scores.influence()
        assert f"{scores.mean(CARRIED, DIRECT, model):.2f} ({model})" in scores.parts()
        best, worst = scores.best_and_worst(model)
        assert len({*best, *worst}) == 6 and all(said.startswith(f"{model}/") for said in (*best, *worst))
    assert len(scores.markdown().splitlines()) == 2 + 3 * len(DIGIT_NETS)


def test_the_best_are_nearest_to_all_of_the_rise(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [0.2, 1.05, 1.9, 0.9, math.nan, 3.0, 0.5]
    made = pd.DataFrame({"model": "cnn", "weights": "trained", "by": DIRECT, "layer": "relu2", "unit": range(7),
                         "value": values})  # fmt: skip
    monkeypatch.setattr(scores, "units", lambda: made)
    best, worst = scores.best_and_worst("cnn")
    assert best == ["cnn/relu2/1 (1.05)", "cnn/relu2/3 (0.90)", "cnn/relu2/6 (0.50)"]
    assert worst == ["cnn/relu2/5 (3.00)", "cnn/relu2/2 (1.90)", "cnn/relu2/0 (0.20)"]


def test_where_an_aim_is_reached() -> None:
    assert scores._in([]) == "in none" and scores._in(["`cnn`"]) == "in `cnn` only"
    assert scores._in(list(DIGIT_NETS)) == "in all"
