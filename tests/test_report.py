"""The report: every measure of every layer, in a tidy table that is resumed where it was stopped."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from core.data.digits import test_set
from core.evidence import commands, curves, figures, report
from core.evidence.measured import MEASURES
from core.evidence.report import COLUMNS, Net, digits, measured, nets
from core.evidence.subject import PIXELS, Images, Subject
from core.layers import record
from core.measures.edge_likeness import edge_likeness, shuffled
from core.measures.effective_field import effective_field
from core.measures.nonlinearity import nonlinearity
from core.measures.probes import probe
from core.measures.sparsity import sparsity
from core.models import DIGIT_NETS, load
from core.models.series import SERIES
from core.stimuli import RECIPE, climb

MNIST = test_set()
FEW = Images(MNIST.images[:1600], MNIST.labels[:1600])
TWIN = Net("dense-video", "", "untrained", 0, "untrained")


@pytest.fixture(scope="module")
def video() -> Subject:
    return Subject(load("dense-video", weights="plain"), FEW)


@pytest.fixture(scope="module")
def rows(video: Subject) -> pd.DataFrame:
    found = [row for progress in measured(video, MEASURES, pixels=True) for row in progress.rows]
    return pd.DataFrame(found).set_index(["measure", "layer"]).sort_index()


def test_every_measure_has_a_row_a_unit_or_a_layer(rows: pd.DataFrame, video: Subject) -> None:
    """Sigmoids have no flips, sixteen numbers are fewer than no probe needs, and the classes have ten."""
    assert set(rows.index.get_level_values("measure")) == set(MEASURES) - {"flips"}
    for name, measure in MEASURES.items():
        for layer in video.act if measure.activations else video.pre:
            found = rows.loc[[(name, layer.name)]] if (name, layer.name) in rows.index else rows.iloc[:0]
            assert len(found) in (0, 1, 10, 16) and list(found.depth.unique()) in ([], [layer.depth])
            if len(found) > 1:
                assert found.unit.tolist() == list(range(len(found)))
    with_pixels = set(rows.xs(PIXELS, level="layer").index)
    assert with_pixels == {name for name, measure in MEASURES.items() if measure.pixels}
    assert (rows.xs(PIXELS, level="layer").depth == 0).all()


def test_numbers_are_those_of_the_measures(rows: pd.DataFrame, video: Subject) -> None:
    said, activations = record(video.net, FEW.images), video.activations
    for layer in ("fc1", "sigmoid2", "logits"):
        torch.testing.assert_close(activations[layer], said[layer], atol=1e-5, rtol=1e-4)
    expected = nonlinearity(FEW.images, said["fc2"])
    np.testing.assert_allclose(rows.value["nonlinearity", "fc2"], expected, rtol=2e-3)
    assert rows.value["probe", "sigmoid1"] == pytest.approx(probe(said["sigmoid1"], FEW.labels), abs=2e-3)
    np.testing.assert_allclose(rows.value["sparsity", "sigmoid1"], sparsity(said["sigmoid1"].T), rtol=2e-3)
    weights = load("dense-video", weights="plain").fc1.weight.detach().view(16, 1, 28, 28)
    np.testing.assert_allclose(rows.value["edges in weights", "fc1"], edge_likeness(weights), rtol=2e-3)
    np.testing.assert_allclose(
        rows.value["edges in weights, shuffled", "fc1"], edge_likeness(shuffled(weights)), rtol=2e-3
    )
    assert ("edges in weights", "fc2") not in rows.index
    *_, last = climb(video.net, "fc2", range(16), RECIPE)
    np.testing.assert_allclose(rows.value["edges", "fc2"], edge_likeness(last.images), rtol=5e-3)
    assert rows.value["field", "fc1"] == 28


def test_gradients_are_of_a_hundred_images_spread_over_all() -> None:
    subject = Subject(load("dense", weights="plain"), FEW)
    layer = subject.pre[1]
    expected = effective_field(subject.net, FEW.images[::16], "fc2", range(64))
    torch.testing.assert_close(subject.field(layer), expected)
    assert subject.field(layer) is subject.field(layer)  # once


def test_a_window_is_what_the_unit_in_the_middle_sees() -> None:
    subject = Subject(load("cnn", weights="plain"), Images(FEW.images[:4], FEW.labels[:4]))
    first, second = subject.pre[:2]
    assert subject.window(first) == (slice(12, 17), slice(12, 17))
    rows, columns = subject.window(second)
    assert rows == columns and rows.stop - rows.start == subject.theoretical["conv2"][0].size
    recurrent = Subject(load("rnn", weights="plain"), Images(FEW.images[:4], FEW.labels[:4]))
    assert recurrent.window(recurrent.pre[0]) == (slice(0, 28), slice(0, 28))


def test_flips_are_counted_where_there_are_relus_and_paths_join_unlike_classes() -> None:
    subject = Subject(load("dense", weights="plain"), Images(FEW.images[:30], torch.tensor([0, 0, 1] * 10)))
    flips = [MEASURES["flips"].of(subject, layer) for layer in subject.pre]
    assert isinstance(flips[0], float) and flips[0] > 0 and flips[2] is None
    turns = [(path["fc1"] > 0).diff(dim=0).float().sum() / 64 for path in subject.paths]
    assert flips[0] == pytest.approx(float(torch.stack(turns).mean()))
    assert len(subject.paths) == 19  # of 29 neighbours ten are of one class
    assert torch.equal(subject.paths[0]["fc1"][0], subject.activations["fc1"][1])


def test_probes_are_compared_at_the_smallest_hidden_layers_numbers(video: Subject) -> None:
    assert video.probed == 16 and Subject(load("dense"), FEW).probed == 64
    assert MEASURES["probe at equal dimension"].of(video, video.act[-1]) is None


def test_without_classes_nothing_is_asked_about_them() -> None:
    subject = Subject(load("dense"), Images(FEW.images[:10]))
    with pytest.raises(ValueError, match="class is known"):
        _ = subject.labels
    assert subject.field(subject.pre[0]).shape == (8, 28, 28)  # of photos, units are many


def test_what_is_measured_of_a_model() -> None:
    cnn, series, photo = nets("cnn"), nets("cnn-3"), nets("photo")
    assert len(cnn) == 5 + 5 + 3 + 3 + 5 + 11 and len(series) == 3 + 3 and len(photo) == 1 + 5
    assert len(nets("cnn", 1)) == 1 + 1 + 1 + 1 + 1 + 11 and len({net.source for net in cnn}) == len(cnn)
    assert Net("cnn", "plain", "trained", 3, "plain-3") in cnn and Net("cnn", "trained", "epoch-1", 0, "epoch-1") in cnn
    assert (
        Net("cnn", "", "untrained", 4, "untrained-4") in cnn
        and Net("cnn-3", "plain", "trained", 2, "plain-2") in series
    )
    for net in (*cnn, *series):
        load(net.model, weights=net.source)
    assert set(report.measures_of("cnn")) - set(report.measures_of("cnn-3")) == {
        n for n, m in MEASURES.items() if m.shown
    }
    assert all(MEASURES[name].photos for name in report.measures_of("photo"))


def test_what_takes_longest_is_measured_where_a_verdict_hangs_on_it() -> None:
    longest = {name for name, measure in MEASURES.items() if measure.longest}
    assert "lost by cutting" in longest and "edges" not in longest
    asked = {net.source: set(report.asked_of(net)) for net in nets("cnn")}
    for source in ("plain-3", "seed-0", "untrained-4"):
        assert asked[source] == set(report.measures_of("cnn"))
    for source in ("random-labels", "rotations-1", "epoch-1"):
        assert asked[source] == set(report.measures_of("cnn")) - longest


def test_digits_are_every_fifth_test_image() -> None:
    assert torch.equal(digits().images, MNIST.images[::5]) and torch.equal(digits().labels, MNIST.labels[::5])


@pytest.fixture
def two_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(MEASURES):
        if name not in ("field", "dimension"):
            monkeypatch.delitem(MEASURES, name)


def test_a_report_goes_on_where_it_was_stopped(
    two_measures: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = report.written([TWIN], tmp_path)
    next(steps)
    steps.close()
    assert not list(tmp_path.iterdir())
    first = [progress for _, progress in report.written([TWIN], tmp_path)]
    assert [progress.done for progress in first] == list(range(1, 8)) and first[0].total == 7
    assert not list(report.written([TWIN], tmp_path))
    monkeypatch.setitem(MEASURES, "flips", report.MEASURES["field"])
    again = [row for _, progress in report.written([TWIN], tmp_path) for row in progress.rows]
    assert {row["measure"] for row in again} == {"flips"}
    table = report.assembled([TWIN], tmp_path)
    assert list(table) == COLUMNS and set(table.measure) == {"field", "dimension", "flips"}
    assert set(table.weights) == {"untrained", PIXELS} and set(table.training) == {""}
    assert (table[table.layer == PIXELS].weights == PIXELS).all() and table.depth.dtype == int


def test_pixels_are_measured_once_a_model() -> None:
    with_pixels = {
        net.source
        for net in (TWIN, TWIN._replace(seed=1, source="untrained-1"))
        if any(row["layer"] == PIXELS for progress in report.of_net(net, ["dimension"]) for row in progress.rows)
    }
    assert with_pixels == {"untrained"}


def test_a_measure_that_a_net_has_none_of_is_not_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(MEASURES):
        if name != "flips":
            monkeypatch.delitem(MEASURES, name)
    assert list(report.written([TWIN], tmp_path))
    assert not list(report.written([TWIN], tmp_path)) and report.assembled([TWIN], tmp_path).empty


def test_the_command_writes_a_table_of_all_nets_only(
    two_measures: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "ALL", ["dense-1"])
    monkeypatch.setattr(report, "TABLE", tmp_path / "report.csv.gz")
    arguments = ["evidence", "report", "--seeds", "1", "--parts", str(tmp_path / "parts")]
    monkeypatch.setattr("sys.argv", [*arguments, "dense-2"])
    commands.main()
    assert not report.TABLE.exists()
    monkeypatch.setattr("sys.argv", arguments)
    commands.main()
    written = pd.read_csv(report.TABLE, keep_default_na=False)
    assert set(written.model) == {"dense-1"} and set(written.measure) == {"field", "dimension"}


def test_curves_are_means_over_units_and_then_over_seeds_by_hand() -> None:
    own = {
        "measure": "eta squared",
        "model": "cnn",
        "training": "plain",
        "weights": "trained",
        "layer": "relu1",
        "depth": 1,
    }
    made = pd.DataFrame([own | {"seed": seed, "unit": unit, "value": value} for seed, unit, value in
                         [(0, 0, 0.2), (0, 1, 0.4), (1, 0, 0.7), (1, 1, np.nan)]])  # fmt: skip
    (found,) = curves.of_report(made).to_dict("records")
    assert found == own | {"value": 0.5, "low": 0.3, "high": 0.7, "dead": 1}


def test_of_shares_of_a_response_the_median_unit_is_shown() -> None:
    seeds = [(0.1, 0.2, 0.9), (0.3, 0.4, 0.5)]
    made = [dict.fromkeys(curves.BY, "x") | {"measure": measure, "seed": seed, "unit": unit, "value": value}
            for measure in ("eta squared", "kept") for seed, values in enumerate(seeds)
            for unit, value in enumerate(values)]  # fmt: skip
    found = curves.of_report(pd.DataFrame(made)).set_index("measure")
    assert found.value.to_dict() == pytest.approx({"eta squared": 0.4, "kept": 0.3}) and found.low["kept"] == 0.2
    own = figures.own_lines([{"measure": "kept", "layer": "fc2", "depth": 2, "value": value} for value in seeds[0]])
    assert own.value.tolist() == [0.2]


# The shipped table.


@pytest.mark.parametrize("net", [Net("dense-video", "trained", "trained", 1, "seed-1"),
                                 Net("dense-1", "plain", "trained", 2, "plain-2")], ids=str)  # fmt: skip
def test_shipped_numbers_are_computed_again(net: Net) -> None:
    """What is climbed moves with the last bits of sums, and a probe by an image or two."""
    table = report.table()
    shipped = table[(table.model == net.model) & (table.training == net.training) & (table.weights == net.weights)
                    & (table.seed == net.seed)].set_index(["measure", "layer", "unit"]).value.sort_index()  # fmt: skip
    names = [name for name in report.measures_of(net.model) if not MEASURES[name].shown]
    rows = [row for progress in report.of_net(net, names) for row in progress.rows]
    found = pd.DataFrame(rows).astype({"unit": str}).set_index(["measure", "layer", "unit"]).value.sort_index()
    shipped = shipped[shipped.index.get_level_values(0).isin(names)]
    assert list(found.index) == list(shipped.index)
    np.testing.assert_allclose(found, shipped, rtol=0.02, atol=0.005)


def test_the_shipped_report_has_every_net_and_measure() -> None:
    table = report.table()
    kinds = set(map(tuple, table[["model", "training", "weights", "seed"]].drop_duplicates().values.tolist()))
    wanted = {tuple(net[:4]) for model in (*DIGIT_NETS, *SERIES, report.PHOTO) for net in nets(model)}
    assert wanted <= kinds
    for model, rows in table[table.weights == "trained"].groupby("model"):
        asked = set(report.measures_of(str(model)))
        assert asked - {"flips", "class selectivity", *(n for n in asked if "weights" in n)} <= set(rows.measure)
    assert report.TABLE.stat().st_size < 3 * 2**20


def test_shipped_curves_are_those_of_the_report() -> None:
    found = curves.of_report(report.table()[report.table().model == "dense"])
    shipped = curves.table()[curves.table().model == "dense"]
    elsewhere = shipped.measure.str.startswith(("forced choice", "recovered"))
    shipped = shipped[~elsewhere].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, shipped, check_dtype=False)


def test_a_first_layer_is_linear_in_every_net_of_the_shipped_report() -> None:
    table = report.table()
    first = table[(table.measure == "nonlinearity") & (table.depth == 1) & ~table.model.str.match("rnn|lstm")]
    assert len(first) > 1000 and first.value.max() < 1e-4
