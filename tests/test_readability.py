"""Whether training makes units easier to read: the shipped numbers, made again by other code."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import Tensor

from core import readability
from core.data.digits import test_set as mnist
from core.layers import first_of_each_depth, list_layers, run_to
from core.measures.forced_choice import OBSERVERS, QUERIES, REFERENCES, observers
from core.measures.interval import interval
from core.models import epoch_of, load, metadata, snapshots
from core.readability import readings
from core.telling import Asked
from tests import references

MODEL, WEIGHTS, LAYER = "dense", "epoch-1", "fc2"
SHIPPED = readability.table().set_index(["model", "epoch", "layer", "measure"])
MODELS = list(SHIPPED.index.unique("model"))
MEASURES = ("picture", "real image", "coherence")
EVEN, ODD = mnist().images[REFERENCES], mnist().images[QUERIES]


@pytest.fixture(scope="module")
def found() -> dict[str, Tensor]:
    net = load(MODEL, weights=WEIGHTS)
    return readings(Asked(MODEL, WEIGHTS, LAYER, net))


@pytest.fixture(scope="module")
def excitement() -> Tensor:
    """Of all units by all images."""
    with torch.no_grad():
        return run_to(load(MODEL, weights=WEIGHTS), mnist().images, [LAYER])[LAYER]


def test_a_shipped_cell_is_found_again(found: dict[str, Tensor]) -> None:
    for measure, values in found.items():
        row = SHIPPED.loc[(MODEL, 1.0, LAYER, measure)]
        assert row["units"] == len(values) == 64
        assert float(values.mean()) == pytest.approx(row.value, abs=0.02), measure  # ascents differ by machine
        assert interval(values) == pytest.approx((row.low, row.high), abs=0.03), measure


def test_coherence_is_of_the_nine_strongest_images_in_other_nets_features(
    found: dict[str, Tensor], excitement: Tensor
) -> None:
    seeing = [observers(ODD)[name] for name in OBSERVERS]
    for unit in (0, 7):
        nine = references.strongest(excitement[REFERENCES, unit].tolist(), 9)
        expected = references.coherence([observer(EVEN[nine]).tolist() for observer in seeing])
        assert float(found["coherence"][unit]) == pytest.approx(expected, abs=1e-5)


def test_the_real_image_is_the_strongest_and_its_answers_are_counted_pair_by_pair(
    found: dict[str, Tensor], excitement: Tensor
) -> None:
    unit = 3
    shown, queries = EVEN[int(excitement[REFERENCES, unit].argmax())], excitement[QUERIES, unit].tolist()
    order = references.strongest(queries, len(queries))
    shares = []
    for name in OBSERVERS:
        observer = observers(ODD)[name]
        near = (observer(ODD) @ observer(shown[None])[0]).tolist()
        asked = list(product(order[:50], order[2000:3000]))
        shares.append(sum((near[one] > near[other]) + (near[one] == near[other]) / 2 for one, other in asked))
    assert float(found["real image"][unit]) == pytest.approx(sum(shares) / 2 / 50_000, abs=1e-6)


def test_every_snapshot_that_is_there_has_a_row_a_hidden_layer_and_measure() -> None:
    assert SHIPPED.index.is_unique
    expected = set()
    for model in MODELS:
        epochs = set(SHIPPED.loc[model].index.get_level_values("epoch"))
        assert epochs <= {epoch_of(weights) for weights in snapshots(model)}
        *hidden, _ = first_of_each_depth(list_layers(load(model), (1, 28, 28)), 0)
        expected |= set(product([model], epochs, [layer.name for layer in hidden], MEASURES))
    assert set(SHIPPED.index) == expected
    assert (SHIPPED.low <= SHIPPED.value).all() and (SHIPPED.value <= SHIPPED.high).all()


@pytest.mark.parametrize("model", MODELS)
def test_beside_it_stands_the_snapshots_accuracy(model: str) -> None:
    said = dict(metadata(model)["accuracy_by_epoch"])
    rows = SHIPPED.loc[model].reset_index().drop_duplicates(["epoch", "accuracy"])
    assert rows.epoch.is_unique and rows.epoch.tolist() == sorted(rows.epoch)
    for epoch, accuracy in zip(rows.epoch, rows.accuracy, strict=True):
        nearest = min(said, key=lambda other: abs(other - epoch))  # a sixteenth of an epoch is no whole step
        assert accuracy == pytest.approx(said[nearest], abs=0.3)


def test_the_command_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def measured(model: str, weights: str) -> Iterator[dict[str, object]]:
        asked.append((model, weights))
        yield {"model": model, "epoch": epoch_of(weights), "value": 0.5}

    monkeypatch.setattr(readability, "TABLE", tmp_path / "readability.csv")
    monkeypatch.setattr(readability, "DIGIT_NETS", ("dense", "rnn"))
    monkeypatch.setattr(readability, "measured", measured)
    readability.main()
    whole = pd.read_csv(readability.TABLE)
    assert asked == [(model, weights) for model in ("dense", "rnn") for weights in snapshots(model)]
    whole[:5].assign(value=0.25).to_csv(readability.TABLE, index=False)
    asked.clear()
    readability.main()
    again = pd.read_csv(readability.TABLE)
    assert len(asked) == len(whole) - 5 and again.value.tolist() == [0.25] * 5 + [0.5] * (len(whole) - 5)
    pd.testing.assert_frame_equal(again.drop(columns="value"), whole.drop(columns="value"))


def test_the_sentence_counts_layers_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """One rises and falls, one only rises."""
    rows = [("dense", "fc1", epoch, value) for epoch, value in ((0, 0.5), (1, 0.9), (2, 0.7))]
    rows += [("cnn", "conv1", epoch, value) for epoch, value in ((0, 0.6), (1, 0.65), (2, 0.9))]
    made = pd.DataFrame(rows, columns=["model", "layer", "epoch", "value"]).assign(measure="picture")
    monkeypatch.setattr(readability, "table", lambda: made)
    assert readability.sentence() == (
        "Forced choice by a unit's picture is higher at the end of training than before it in 2 of 2 hidden layers, by "
        "+0.20 to +0.30. It is highest before the end in 1 of them; most is lost again in dense/fc1, 0.20 since epoch "
        "1."
    )
