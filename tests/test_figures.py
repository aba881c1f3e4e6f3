"""What a claim's charts show: which measures of which nets, and which of the tables' rows."""

from pathlib import Path

import pytest

from core.evidence import curves
from core.evidence.claims import CLAIMS
from core.evidence.figures import ANSWER, COLUMNS, OWN, Figure, figures, first_curve, lines, own_lines, series_lines
from core.evidence.gains import GAINS
from core.models import DIGIT_NETS
from core.models.series import SERIES
from core.models.text import TEXT
from core.plane import xor
from tests.evidence_tables import evidence, made_curves, made_tests, ship  # noqa: F401 - a fixture

pytestmark = pytest.mark.usefixtures("evidence")  # which writes its tables under tmp_path


def test_every_test_of_a_claim_has_a_figure_with_its_nets_and_controls() -> None:
    for claim in CLAIMS.values():
        found = figures(claim)
        tests = [test for test in claim.tests if test.measure not in GAINS and TEXT.name not in test.subjects]
        assert len(found) >= len({test.measure for test in tests})
        for test in tests:
            own = [figure for figure in found if figure.measure == test.measure]
            assert set(test.subjects) <= {name for figure in own for name in (*figure.nets, *figure.series)}
            assert {test.control or "", test.beside} - {"", "untrained"} <= set(own[0].beside)
            if test.rival:
                assert test.rival in own[0].nets


def test_the_net_for_photos_has_a_figure_of_its_own() -> None:
    nets = [figure.nets for claim in CLAIMS.values() for figure in figures(claim)]
    assert ("photo",) in nets
    assert all(own == ("photo",) or set(own) <= set(DIGIT_NETS) or set(own) == set(xor.NETS) for own in nets)


def test_lines_are_of_hidden_layers_and_of_the_training_that_is_asked_for() -> None:
    figure = Figure("purity", ("dense", "cnn"), (), ("purity, random",))
    rows, table = lines(figure, "plain"), curves.table()
    assert list(rows) == COLUMNS and ANSWER not in set(rows.layer)
    assert list(dict.fromkeys(rows.kind)) == ["trained", "purity, random", "untrained", "pixels"]
    assert dict(zip(rows.model, rows.family, strict=True)) == {"dense": "dense", "cnn": "cnn"}
    for kind, measure, training, weights in (
        ("trained", "purity", "plain", "trained"), ("purity, random", "purity, random", "plain", "trained"),
        ("untrained", "purity", "", "untrained"),
    ):  # fmt: skip
        wanted = table[(table.measure == measure) & (table.training == training) & (table.weights == weights)
                       & table.model.isin(figure.nets) & (table.layer != ANSWER)]  # fmt: skip
        assert sorted(rows[rows.kind == kind].value) == sorted(wanted.value) and len(wanted)
    assert len(rows[rows.kind == "pixels"]) == 1
    stage = lines(figure, "trained", "epoch-1")
    assert len(stage) == len(rows) and set(stage.value) != set(rows.value)


def test_series_are_whole_and_know_how_deep_each_net_is() -> None:
    rows = series_lines(Figure("nonlinearity", series=("dense series", "lstm series")))
    assert set(rows.model) == {name for name in SERIES if name.startswith(("dense", "lstm"))}
    deepest = rows.groupby("model").depth.max()
    assert deepest.to_dict() == rows.groupby("model").layers.first().to_dict()
    assert set(rows.kind) == {"trained", "untrained"}


@pytest.mark.parametrize("without", ["cnn", "dense", "photo", "lstm"])
def test_nets_that_are_missing_are_left_out(tmp_path: Path, without: str) -> None:
    ship(made_curves(without), made_tests(), tmp_path)
    curves.table.cache_clear()
    for claim in CLAIMS.values():
        for figure in figures(claim):
            rows = lines(figure, "trained")
            assert not any(name.startswith(without) for name in rows[rows.kind != "pixels"].model)
            assert not any(name.startswith(without) for name in series_lines(figure).model)
        first_curve(claim)


def test_a_claim_is_stood_for_by_its_first_measure_of_several_layers() -> None:
    found = {name: first_curve(claim) for name, claim in CLAIMS.items()}
    assert {name for name, first in found.items() if first is None} == {"C6"}  # of no layers
    first = found["C2"]
    assert first is not None and CLAIMS["C2"].tests[0].measure == "edges in weights" != first[0].measure == "edges"
    assert found["C4"] is not None and found["C4"][0].measure == CLAIMS["C4"].tests[0].measure


def test_what_one_measures_is_a_layers_mean_over_its_units() -> None:
    rows = [{"layer": "fc1", "depth": 1, "measure": "eta squared", "unit": unit, "value": value}
            for unit, value in enumerate((0.2, 0.4, float("nan")))]  # fmt: skip
    rows.append({"layer": ANSWER, "depth": 2, "measure": "eta squared", "unit": 0, "value": 0.9})
    found = own_lines(rows)
    assert found[["layer", "kind", "family"]].to_numpy().tolist() == [["fc1", OWN, OWN]]
    assert found.value.tolist() == found.low.tolist() == pytest.approx([0.3])
    assert own_lines([]).empty


def test_nothing_in_the_table_gives_no_rows(tmp_path: Path) -> None:
    ship(made_curves().head(0), made_tests(), tmp_path)
    curves.table.cache_clear()
    for figure in figures(CLAIMS["C4"]):
        assert lines(figure, "trained").empty and series_lines(figure).empty
    assert first_curve(CLAIMS["C4"]) is None
