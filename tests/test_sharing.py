"""core.evidence.sharing: what is said of made-up learning curves, whole ones and such as are not whole."""

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from core import learning_curves
from core.evidence import sharing, verdicts
from core.evidence.gains import PAIRS, READINGS
from core.learning_curves import CNN, COLUMNS, DENSE, LSTM, NETS, SEEDS, SIZES, UNSHARED, UPDATES, WAYS, Cell
from tests.evidence_tables import evidence  # noqa: F401 - a fixture

Accuracy = Callable[[str, bool, int], float]  # of a net, whether pixels are permuted, and the number of images
Ship = Callable[[pd.DataFrame], None]


@pytest.fixture
def ship(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ship]:
    """What makes a table the shipped one; before it is called there is none."""
    monkeypatch.setattr(learning_curves, "TABLE", tmp_path / "table.csv")

    def write(rows: pd.DataFrame) -> None:
        rows.to_csv(tmp_path / "table.csv", index=False)
        learning_curves.table.cache_clear()

    learning_curves.table.cache_clear()
    yield write
    learning_curves.table.cache_clear()


def made(accuracy: Accuracy) -> pd.DataFrame:
    """Seeds are a point apart; images that are moved lose a point a pixel."""
    rows = []
    for net, permuted, images, seed in product(NETS, (False, True), SIZES, SEEDS):
        value = accuracy(net, permuted, images) + seed
        rows += [(net, permuted, images, seed, 3e-3, updates, 0, 0, value - 90 * (updates < UPDATES))
                 for updates in (100, UPDATES)]  # fmt: skip
        if images == max(SIZES):
            rows += [(net, permuted, images, seed, 3e-3, UPDATES, *way, value - sum(way)) for way in WAYS]
        rows.append((net, permuted, images, -1, 3e-3, UPDATES, 0, 0, 1.0))  # held-out images: no number for sentences
    return pd.DataFrame(rows, columns=COLUMNS)


def usual(net: str, permuted: bool, images: int) -> float:
    """Sharing adds 3 points and windows 2; with permuted pixels they take 4 and 1; LSTMs are far below."""
    added = {DENSE: (0, 0), UNSHARED: (2, -1), CNN: (5, -5), LSTM: (-30, -30)}[net][permuted]
    return 60 + added + SIZES.index(images)


def test_what_sharing_and_windows_add_is_said_in_one_sentence_with_the_control(ship: Ship) -> None:
    ship(made(usual))
    assert sharing.sentence() == (
        "From 300, 3,000 and 30,000 images, in points of accuracy: sharing weights **helps** on digits (+3.0, +3.0 and "
        "+3.0) and **harms** with permuted pixels (−4.0, −4.0 and −4.0); seeing through windows alone **helps** on "
        "digits (+2.0, +2.0 and +2.0) and **harms** with permuted pixels (−1.0, −1.0 and −1.0)."
    )


def test_the_same_is_said_of_moved_images(ship: Ship) -> None:
    table = made(usual)
    table.loc[(table.net == CNN) & ~table.permuted & (table.right == 4), "accuracy"] += 10  # down it is as it was
    ship(table)
    assert sharing.shifted_sentence() == (
        "On images moved by 4 pixels, in points of accuracy: sharing weights **helps** on digits (+8.0) and **harms** "
        "with permuted pixels (−4.0); seeing through windows alone **helps** on digits (+2.0) and **harms** with "
        "permuted pixels (−1.0)."
    )


@pytest.mark.parametrize(("changes", "word"), [
    ({(30_000, 0): -3.0}, "helps in part"),  # by one seed nothing is added
    ({(30_000, seed): -7.0 for seed in SEEDS}, "helps here and harms there"),
    ({(images, 0): -9.0 for images in SIZES}, "makes no clear difference"),
    ({(images, seed): -9.0 for images in SIZES for seed in SEEDS}, "harms"),
    ({(images, seed): -9.0 for images in SIZES for seed in SEEDS if images < 30_000 or seed}, "harms in part"),
])  # fmt: skip
def test_a_word_is_what_all_seeds_say(ship: Ship, changes: dict[tuple[int, int], float], word: str) -> None:
    table = made(usual)
    for (images, seed), change in changes.items():
        table.loc[(table.net == CNN) & ~table.permuted & (table.images == images) & (table.seed == seed),
                  "accuracy"] += change  # fmt: skip
    ship(table)
    assert f"sharing weights **{word}** on digits" in sharing.sentence()
    assert "and **harms** with permuted pixels" in sharing.sentence()


def test_it_is_said_how_many_images_a_cnn_needs(ship: Ship) -> None:
    places = {300: 0.0, 30_000: 4.0, 3_000: 3.0, 100: -5.0, 1_000: 2.0, 10_000: 3.5}
    ship(made(lambda net, permuted, images: 80 + places[images] + (1.0 if net == CNN and not permuted else 0.0)))
    assert sharing.images_needed() == (
        "To be right as often as a dense net with 30,000 images, a CNN needs **3,000** on digits (86.0 %, the dense "
        "net 86.0 %) and **30,000** with permuted pixels (86.0 %, the dense net 86.0 %)."
    )
    ship(made(lambda net, permuted, images: 80 + places[images] - (2.0 if net == CNN and permuted else 0.0)))
    assert "**more than 30,000** with permuted pixels (84.0 %, the dense net 86.0 %)." in sharing.images_needed()


def test_without_a_table_nothing_is_said(ship: Ship) -> None:
    assert sharing.sentence() == sharing.shifted_sentence() == sharing.images_needed() == ""


@pytest.mark.parametrize("missing", [
    "net == 'cnn-3 unshared'", "net == 'cnn-3'", "net == 'dense-2' and permuted", "images == 30_000",
    "permuted", "right + down == 4",
])  # fmt: skip
def test_of_a_table_that_is_not_whole_only_what_can_be_compared_is_said(ship: Ship, missing: str) -> None:
    ship(made(usual).query(f"not ({missing})"))
    by_images = {"images == 30_000": "From 300 and 3,000 images, in", "right + down == 4": "From 300, 3,000 and 30,000"}
    assert sharing.sentence().startswith(by_images.get(missing, "")) and bool(sharing.sentence()) == (
        missing in by_images
    )
    assert sharing.shifted_sentence() == ""
    assert bool(sharing.images_needed()) == (missing in ("net == 'cnn-3 unshared'", "right + down == 4"))


def test_each_gain_stands_beside_its_control(evidence: Path) -> None:  # noqa: F811 - the fixture
    found = sharing.by_reading()
    assert list(dict.fromkeys(found.pair)) == list(PAIRS) and list(dict.fromkeys(found.reading)) == list(READINGS)
    assert len(found) == 2 * len(PAIRS) * len(READINGS)
    tests = verdicts.table().query("claim == 'C6' and training == 'plain'").set_index("measure")
    for row in found.itertuples():
        own = tests.loc[f"{row.pair}, {row.reading}"]
        columns = ("value", "low", "high") if row.kind == "digits" else ("control", "control_low", "control_high")
        assert [row.value, row.low, row.high] == [own[column] for column in columns]


def test_a_training_stands_beside_the_shipped_ones_of_its_kind(ship: Ship) -> None:
    ship(made(usual))
    assert sharing.beside_shipped(Cell(CNN, False, 300, 3), 68.123) == (
        "After 1,000 updates it gets **68.12 %** right. The 5 that ship get 67.00 % on the mean, from 65.00 to 69.00 "
        "%; that of seed 3 gets **68.00 %**."
    )
    assert sharing.beside_shipped(Cell(CNN, True, 300, 9), 50.0).endswith("on the mean, from 55.00 to 59.00 %.")
    assert sharing.beside_shipped(Cell(CNN, False, 77, 0), 50.0).endswith("right; of its kind none ships.")
