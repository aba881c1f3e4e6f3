"""Freezing: what is frozen does not move by a bit, and the rest learns as if nothing were."""

import os
import sys
from itertools import islice
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from core import freezing, training
from core.data import digits
from core.data.digits import FOLDER_VARIABLE
from core.freezing import Cell, cells, fit_frozen, freeze
from core.models import DIGIT_NETS, checkpoint_path, metadata, named, untrained
from core.models.batch_norm import with_batch_norm
from core.training import Recipe

FEW = digits.Digits(*(part[:120] for part in digits.test_set()))
FULL = Recipe(epochs=4, batch=40, augmentation=1.0, epsilon=0.1)  # three steps an epoch
HIDDEN = {"dense": ["fc1", "fc2"], "dense-video": ["fc1", "fc2"], "rnn": ["recurrent1", "recurrent2"],
          "cnn": ["conv1", "conv2", "conv3", "conv4"]}  # fmt: skip


def net(name: str) -> nn.Module:
    return with_batch_norm(untrained(name, 0))


def state(model: nn.Module) -> dict[str, Tensor]:
    return {key: value.clone() for key, value in model.state_dict().items()}


def moved(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    """The modules of which anything is another, to the last bit."""
    return {key.split(".")[0] for key in before if not torch.equal(before[key], after[key])}


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("name", DIGIT_NETS)
def test_what_is_frozen_does_not_move_by_a_bit_and_all_else_does(name: str, layers: int) -> None:
    """Neither by Adam's momentum, nor by a norm's statistics, nor by an adversarial step's gradients."""
    model, frozen = net(name), set(HIDDEN[name][:layers])
    steps = fit_frozen(model, FEW, FULL, seed=0, layers=layers, epoch=1)
    start = state(model)
    list(islice(steps, 3))
    assert moved(start, state(model)) == {*HIDDEN[name], "logits"}
    cut = state(model)
    list(steps)
    assert moved(cut, state(model)) == {*HIDDEN[name], "logits"} - frozen


@pytest.mark.parametrize("name", DIGIT_NETS)
def test_what_is_frozen_at_the_start_stays_as_it_was_drawn(name: str) -> None:
    model = net(name)
    start = state(model)
    list(fit_frozen(model, FEW, FULL, seed=0, layers=len(HIDDEN[name]), epoch=0))
    assert moved(start, state(model)) == {"logits"}


@pytest.mark.parametrize("name", ["dense", "cnn"])
def test_until_then_it_is_the_same_training_and_without_layers_to_the_end(name: str) -> None:
    plain, late, never = (net(name) for _ in range(3))
    list(islice(training.fit(plain, FEW, FULL, seed=3), 3))
    list(islice(fit_frozen(late, FEW, FULL, seed=3, layers=2, epoch=1), 3))
    assert moved(state(plain), state(late)) == set()
    list(islice(fit_frozen(never, FEW, FULL, seed=3, layers=0, epoch=0), 3))
    assert moved(state(plain), state(never)) == set()


def test_the_rest_of_a_net_learns_as_a_net_that_reads_the_frozen_layers() -> None:
    """The first layer of `dense`, frozen, is another set of images for the net behind it."""
    model, behind = net("dense"), net("dense")
    first = nn.Sequential(nn.Flatten(), behind.fc1, behind.relu1)
    with torch.no_grad():
        seen = digits.Digits(first(FEW.images), FEW.labels)
    rest = nn.Sequential(behind.fc2, behind.relu2, behind.logits)
    list(fit_frozen(model, FEW, Recipe(epochs=2, batch=40), seed=1, layers=1, epoch=0))
    list(training.fit(rest, seen, Recipe(epochs=2, batch=40), seed=1))
    torch.testing.assert_close(model.logits.weight, rest[2].weight)


def test_a_norm_that_is_frozen_does_not_follow_the_batches() -> None:
    model = net("cnn")
    freeze(model, 1)
    next(training.fit(model, FEW, FULL, seed=0))
    assert [part.training for part in (model, model.conv1, model.conv1[1], model.conv2[1])] == [
        True,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("name", DIGIT_NETS)
def test_every_cut_and_time_is_a_cell_and_each_seed_has_one_control(name: str) -> None:
    found = cells(name)
    count = len(HIDDEN[name])
    assert len(found) == len(set(found)) == 3 * (4 * count + 1)
    assert [cell for cell in found if not cell.layers] == [Cell(name, seed, 0, 0.0) for seed in range(3)]
    assert {(cell.layers, cell.epoch) for cell in found if cell.layers} == {
        (layers, epoch) for layers in range(1, count + 1) for epoch in (0, 1 / 4, 1, 3)
    }


def test_the_command_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freezing, "TABLE", tmp_path / "freezing.csv")
    monkeypatch.setattr(freezing, "PLAIN", Recipe(epochs=1, batch=60))
    for name in ("training_set", "test_set"):
        monkeypatch.setattr(freezing, name, lambda: FEW)
    monkeypatch.setattr(sys, "argv", ["freezing", "dense-video"])
    freezing.main()
    whole = pd.read_csv(freezing.TABLE)
    assert [Cell(*row) for row in whole.drop(columns="accuracy").itertuples(index=False)] == cells("dense-video")
    assert whole.accuracy.between(0, 100).all()
    begun = whole[:5].assign(accuracy=-1.0)
    begun.to_csv(freezing.TABLE, index=False)
    freezing.main()
    pd.testing.assert_frame_equal(pd.read_csv(freezing.TABLE), pd.concat([begun, whole[5:]]))


SHIPPED = freezing.table()


def test_the_table_has_every_cut_and_time_of_whole_seeds() -> None:
    rows = [Cell(*row[:4]) for row in SHIPPED.itertuples(index=False, name=None)]
    assert len(rows) == len(set(rows)) and SHIPPED.accuracy.between(0, 100).all()
    there = {(row.model, row.seed) for row in rows}
    assert set(rows) == {cell for name in DIGIT_NETS for cell in cells(name) if (name, cell.seed) in there}


@pytest.mark.parametrize("name", DIGIT_NETS)
def test_the_controls_are_the_plain_nets_that_ship(name: str) -> None:
    controls = SHIPPED[(SHIPPED.model == name) & (SHIPPED.layers == 0)]
    for seed, accuracy in zip(controls.seed, controls.accuracy, strict=True):
        (weights,) = named("plain", [seed])
        if checkpoint_path(name, weights).exists():
            assert metadata(name, weights)["accuracy"] == pytest.approx(accuracy, abs=0.3)  # sums differ by machine


@pytest.mark.skipif(FOLDER_VARIABLE not in os.environ, reason="the training images do not ship")
def test_a_shipped_number_is_found_again() -> None:
    """The answer alone learns, from random features: some seconds."""
    cell = Cell("dense", 1, 2, 0.0)
    found = training.accuracy(freezing.train(cell, digits.training_set()), digits.test_set())
    rows = SHIPPED.set_index([*Cell._fields]).accuracy
    assert found == pytest.approx(rows[cell], abs=0.5)
