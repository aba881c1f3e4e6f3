"""What joins units: on nets solved by hand, and against what a forward pass really does."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Generator, nn

from core import weights
from core.layers import INPUT, Layer, list_layers, pre_activation
from core.models import SEEDS, SHUFFLED, TWIN, controls, find, load
from core.weights import Matrix, eigenvalues, inputs_of, joins, markdown, matrices, outputs_of, smoothness
from tests.nets import Ramp


def test_the_strongest_inputs_and_outputs_of_a_net_solved_by_hand() -> None:
    """Ramp's logits[0] = relu[0] + 2 relu[1] + relu[2], and logits[1] reads none."""
    net = Ramp()
    layers = list_layers(net, (2,))
    before = inputs_of(net, layers, "logits", 0, 2)
    assert before is not None
    assert (before.layer, before.positive, before.negative) == ("relu", [(1, 2.0), (0, 1.0)], [])
    (behind,) = outputs_of(net, layers, "relu", 1, 3)
    assert (behind.layer, behind.positive, behind.negative) == ("logits", [(0, 2.0)], [])
    assert outputs_of(net, layers, "fc", 1, 3) == [behind]  # relu's units are fc's
    assert inputs_of(net, layers, "relu", 0, 2) is None  # fc reads the input
    assert outputs_of(net, layers, "logits", 0, 2) == []


def test_negative_weights_inhibit_the_strongest_first() -> None:
    net = Ramp()
    with torch.no_grad():
        net.logits.weight[0] = torch.tensor([-1.0, 0.5, -3.0])  # type: ignore[index, operator, union-attr]
    before = inputs_of(net, list_layers(net, (2,)), "logits", 0, 3)
    assert before is not None
    assert before.positive == [(1, 0.5)] and before.negative == [(2, -3.0), (0, -1.0)]


@pytest.mark.parametrize(("name", "layer"), [("dense", "fc2"), ("cnn", "conv3"), ("cnn", "logits"), ("rnn", "logits")])
def test_a_join_is_what_one_unit_more_adds_to_the_sums(name: str, layer: str) -> None:
    """Where one unit of the layer before is 1 everywhere and all others 0, the sums inside are the weights."""
    net, layers = load(name), list_layers(load(name), (1, 28, 28))
    here = next(each for each in layers if each.name == layer)
    found = joins(net, layers, here)
    assert found is not None and here.module is not None
    module = net.get_submodule(here.module)
    before = next(each for each in layers if each.name == here.reads)
    for unit in (0, before.units - 1):
        shape = before.shape if name != "rnn" else before.shape[:1]
        one, none = torch.zeros(1, *shape), torch.zeros(1, *shape)
        one[0, unit] = 1
        if isinstance(module, nn.Linear):
            one, none = one.flatten(1), none.flatten(1)
        sums = (module(one) - module(none))[0]
        middle = sums if sums.ndim == 1 else sums[:, sums.shape[1] // 2, sums.shape[2] // 2]
        torch.testing.assert_close(found[:, unit], middle, atol=1e-5, rtol=1e-4)


def test_an_lstms_matrices_are_torchs_gates() -> None:
    net = load("rnn")
    found = {
        (each.layer.name, each.reads, each.gate): each.values for each in matrices(net, _layers("rnn"), (1, 28, 28))
    }
    assert len(found) == 17
    assert torch.equal(found["lstm1", INPUT, "input"], net.recurrent1.weight_ih_l0[:64])
    assert torch.equal(found["lstm2", "lstm1", "cell"], net.recurrent2.weight_ih_l0[128:192])
    assert torch.equal(found["lstm2", "lstm2", "output"], net.recurrent2.weight_hh_l0[192:])
    joined = joins(net, _layers("rnn"), pre_activation(_layers("rnn"), "lstm2"))
    assert joined is not None and torch.equal(joined, found["lstm2", "lstm1", "cell"])


def _layers(name: str) -> list[Layer]:
    return list_layers(load(name, weights="untrained"), find(name).input_shape)


@pytest.mark.parametrize(("layer", "there"), [("block2.expand", True), ("block2.depthwise", False), ("stem", False)])
def test_units_that_read_one_unit_each_or_pixels_have_no_strongest_inputs(layer: str, there: bool) -> None:
    net, layers = load("photo"), _layers("photo")
    assert (inputs_of(net, layers, layer, 3, 2) is not None) == there


def test_every_weight_of_the_cnn_is_in_its_matrices() -> None:
    net = load("cnn")
    found = matrices(net, _layers("cnn"), (1, 28, 28))
    assert [tuple(each.values.shape) for each in found] == [
        (12, 1, 5, 5), (24, 12, 3, 3), (48, 24, 3, 3), (64, 48, 3, 3), (10, 64, 3, 3)
    ]  # fmt: skip
    total = sum(weight.numel() for weight in net.parameters() if weight.ndim > 1)
    assert sum(each.values.numel() for each in found) == total


def test_eigenvalues_are_the_roots_of_the_characteristic_polynomial() -> None:
    turn = torch.tensor([[0.0, -2.0], [2.0, 0.0]])  # a quarter turn that doubles
    found = eigenvalues(Matrix(_layers("rnn")[0], "", "", turn))
    assert sorted(found.imag.tolist()) == pytest.approx([-2, 2]) and found.real.abs().max() < 1e-6


def test_smoothness_is_pearsons_correlation_of_neighbours() -> None:
    assert smoothness(torch.arange(64.0).view(1, 8, 8)) > 0.8
    noise = torch.randn(50, 8, 8, generator=Generator().manual_seed(0))
    assert abs(smoothness(noise)) < 0.05
    a, b = [], []
    for image in noise[:3]:
        for row in range(8):
            for column in range(8):
                for down, across in ((0, 1), (1, 0)):
                    if row + down < 8 and column + across < 8:
                        a.append(float(image[row, column]))
                        b.append(float(image[row + down, column + across]))
    x, y = torch.tensor(a), torch.tensor(b)
    expected = ((x - x.mean()) * (y - y.mean())).mean() / (x.std(correction=0) * y.std(correction=0))
    assert smoothness(noise[:3]) == pytest.approx(float(expected), abs=1e-5)


@pytest.mark.parametrize("name", ["dense", "cnn"])
def test_training_makes_filters_smooth_and_the_twins_are_not(name: str) -> None:
    rows = weights.table().query("model == @name").groupby("weights").smoothness
    assert rows.min()["trained"] > 0.12 > rows.max()[["untrained", "shuffled"]].max()


def outside(name: str) -> list[int]:
    """How many eigenvalues of each recurrent matrix lie outside the unit circle."""
    found = matrices(load("rnn", weights=name), _layers("rnn"), (1, 28, 28))
    return [int((eigenvalues(each).abs() > 1).sum()) for each in found if each.reads == each.layer.name]


def test_the_size_of_recurrent_weights_explains_how_many_eigenvalues_lie_outside_the_unit_circle() -> None:
    """What the page says of memory: training pushes them out, and a random order of the same weights still more."""
    trained, twins, shuffled = (
        torch.tensor([outside(name) for name in names])
        for names in ([f"seed-{seed}" for seed in SEEDS], controls(TWIN), controls(SHUFFLED))
    )
    assert trained.shape == (5, 8)
    assert twins.max() == 0
    assert (shuffled.amin(0) > trained.amax(0)).all()
    plain = torch.tensor(outside("plain"))
    assert (plain < trained.amin(0)).all() and plain.min() > 0


def test_the_command_writes_the_table_that_ships_and_prints_the_readmes_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = weights.table()
    assert set(table.weights) == {"trained", "plain", "untrained", "shuffled"}
    assert (table.groupby(["model", "layer"]).size() == 5 + 1 + 5 + 5).all()
    monkeypatch.setattr(weights, "TABLE", tmp_path / "weights.csv")
    weights.main()
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "weights.csv"), table, atol=2e-4)
    assert capsys.readouterr().out == f"{weights.headline()}\n\n{markdown()}\n"


def test_shipped_rows_are_the_correlation_of_neighbouring_weights() -> None:
    """Ten rows, drawn by a seed: pair by pair, by numpy."""
    rows = weights.table().sample(10, random_state=5)
    for _, row in rows.iterrows():
        name = {"trained": f"seed-{row.seed}", "plain": "plain"}.get(row.weights, f"{row.weights}-{row.seed}")
        name = name.removesuffix("-0") if row.weights in (TWIN, SHUFFLED) else name
        filters = load(row.model, weights=name).get_submodule(row.layer).weight
        filters = filters.view(len(filters), -1, 28, 28) if row.layer == "fc1" else filters
        pairs = [
            (float(one), float(other))
            for plane in filters.flatten(0, 1).numpy()
            for each in (plane, plane.T)
            for line in each
            for one, other in itertools.pairwise(line)
        ]
        assert np.corrcoef(np.array(pairs).T)[0, 1] == pytest.approx(row.smoothness, abs=2e-4), row
    depths = {(row.model, row.layer): row.depth for row in weights.table().itertuples()}
    for (model, name), depth in depths.items():
        assert next(each.depth for each in _layers(model) if each.name == name) == depth


def planted(plain: float, trained: float = 0.5) -> pd.DataFrame:
    shares = {"trained": [0.6, trained], "plain": [plain], "untrained": [0.0, 0.1], "shuffled": [0.05]}
    rows = [("dense", kind, "fc1", 1, value) for kind, found in shares.items() for value in found]
    return pd.DataFrame(rows, columns=["model", "weights", "layer", "depth", "smoothness"])


@pytest.mark.parametrize(
    ("plain", "trained", "mark", "said"),
    [
        (0.4, 0.5, "training", "smoother than those of ten twins, trained and plain"),
        (0.2, 0.5, "training", "But most of it is the recipe's on `dense/fc1` (trained from 0.500, plain 0.200"),
        (0.1, 0.5, "recipe", "smoother when trained, not when plain: the recipe leaves its mark"),
        (0.4, 0.1, "none", "no smoother than those of twins"),
    ],
)
def test_a_mark_is_trainings_where_plain_training_leaves_it_too(
    plain: float, trained: float, mark: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "table", lambda: planted(plain, trained))
    assert weights.verdicts().mark.tolist() == [mark]
    assert said in weights.headline()
    assert ("most of it" in weights.headline()) == (plain == 0.2)


def test_the_sentence_names_the_penalty_and_what_is_the_recipes() -> None:
    said = weights.headline()
    assert "`dense` pays a penalty for rough first-layer weights" in said
    assert "most of it is the recipe's on `cnn/conv4`" in said and "`cnn/logits`" in said
    assert "lower it in `dense-video/fc1`" in said


def test_the_readme_holds_the_table_and_the_sentence_that_the_command_prints() -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    assert markdown() in readme
    assert weights.headline() in readme.replace("\n", " ")
