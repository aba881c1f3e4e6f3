"""Whether nets are alive: how much of a layer's activation depends on the image."""

import math
import statistics
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from core.data.digits import test_set as mnist
from core.data.photos import sample_views
from core.layers import list_layers, run_to
from core.measures import signal
from core.models import MODELS, SEEDS, SHUFFLED, TWIN, controls, load, untrained
from core.models.batch_norm import fold_batch_norm, with_batch_norm

IMAGES = mnist().images[:200]


def names(model: nn.Module) -> list[str]:
    return [layer.name for layer in list_layers(model, (1, 28, 28))]


def test_the_signal_is_its_definition() -> None:
    net, x = load("dense"), IMAGES[:7]
    values = net.fc1(x.flatten(1)).T.tolist()  # a unit a row
    spread = statistics.fmean(statistics.variance(unit) for unit in values)
    mean = statistics.fmean(statistics.fmean(unit) ** 2 for unit in values)
    assert signal.signal(net, x, ["fc1"])["fc1"] == pytest.approx(math.sqrt(spread / mean), rel=1e-4)


def test_in_norms_that_have_seen_nothing_the_signal_dies() -> None:
    """What the CNN's twin was, once: fresh norms change nothing, and the net says one class for everything."""
    fresh = fold_batch_norm(with_batch_norm(untrained("cnn", 0)))
    assert signal.signal(fresh, IMAGES, ["logits"])["logits"] < 0.1


@pytest.mark.parametrize("weights", controls(TWIN))
def test_the_cnns_twins_are_alive_in_every_layer(weights: str) -> None:
    net = load("cnn", weights=weights)
    assert min(signal.signal(net, IMAGES, names(net)).values()) > 1 / 3


@pytest.mark.parametrize("model", ["dense", "dense-video", "cnn", "rnn"])
def test_shuffled_twins_are_alive_in_every_net(model: str) -> None:
    net = load(model, weights=SHUFFLED)
    assert min(signal.signal(net, IMAGES, names(net)).values()) > 0.2


def test_the_recurrent_twin_hardly_answers_and_that_is_what_training_starts_from() -> None:
    found: list[Tensor] = [load("rnn", weights=name)(IMAGES) for name in controls(TWIN)]
    assert len(found) == len(SEEDS)
    for logits in found:
        assert 0.02 < float(logits.std(0).norm() / logits.mean(0).norm()) < 0.1


def test_the_table_holds_what_is_measured() -> None:
    table = signal.table()
    assert set(table.model) == set(MODELS) and set(table.weights) == {"trained", "plain", TWIN, SHUFFLED}
    rows = table[(table.model == "cnn") & (table.weights == TWIN)].set_index("layer")
    images = mnist().images[: signal.IMAGES]
    found = [signal.signal(load("cnn", weights=name), images, ["logits"])["logits"] for name in controls(TWIN)]
    assert rows.loc["logits", ["lowest", "highest"]].tolist() == pytest.approx([min(found), max(found)], abs=5e-3)
    photo = table[(table.model == "photo") & (table.weights == TWIN)].set_index("layer").lowest
    assert photo.drop("logits").min() > 1 / 3 and photo["logits"] > 0.3  # behind an average over the whole map


NETS = {"trained": [f"seed-{seed}" for seed in range(5)], "plain": ["plain"], "untrained": controls(TWIN),
        "shuffled": controls(SHUFFLED)}  # fmt: skip


def spread_beside_mean(model: str, weights: str, layer: str) -> float:
    """Unit by unit and place by place: the root of the mean variance beside that of the mean square mean."""
    images = sample_views() if model == "photo" else mnist().images[:500]
    with torch.no_grad():
        values = run_to(load(model, weights=weights), images, [layer])[layer].flatten(1).double().numpy()
    return float(np.sqrt(values.var(0, ddof=1).mean() / (values.mean(0) ** 2).mean()))


def test_shipped_rows_are_the_lowest_and_the_highest_of_their_seeds() -> None:
    """Two rows of each net, drawn by a seed; of the net for photos shallow ones, and of its five twins only one."""
    table = signal.table()
    assert not table.duplicated(["model", "weights", "layer"]).any()
    for _, row in table[table.model != "photo"].groupby("model").sample(2, random_state=3).iterrows():
        found = [spread_beside_mean(row.model, each, row.layer) for each in NETS[row.weights]]
        assert [row.lowest, row.highest] == pytest.approx([min(found), max(found)], rel=2e-3, abs=6e-4), row
    for _, row in table[table.model == "photo"].groupby("weights").nth(1).iterrows():
        found = spread_beside_mean("photo", row.weights, row.layer)
        assert row.lowest * 0.998 - 6e-4 <= found <= row.highest * 1.002 + 6e-4, row


def test_the_command_writes_the_rows_that_ship_and_prints_the_readmes_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(signal, "TABLE", tmp_path / "signal.csv")
    monkeypatch.setattr(signal, "MODELS", {"dense": MODELS["dense"]})
    shipped = pd.read_csv(Path(signal.__file__).with_name("signal.csv")).query("model == 'dense'")
    signal.main()
    pd.testing.assert_frame_equal(signal.table(), shipped.reset_index(drop=True), atol=2e-3)
    printed = capsys.readouterr().out
    assert printed == signal.markdown() + "\n"
    assert len(printed.splitlines()) == 3 and "| 1.22 to 1.41 (logits) |" in printed


def test_the_signal_of_what_answers_all_alike_is_nothing() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 3))
    nn.init.zeros_(net[1].weight)
    assert signal.signal(net, torch.rand(4, 1, 28, 28), ["1"]) == {"1": 0.0}
