"""The comparison of gradient ascent and search over cells: its rule on numbers that are known, and what ships."""

from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import Tensor

from core import charts
from core.data.text import encode
from core.models import load
from core.models.text import Reader
from core.sequences import compare, methods
from core.sequences.cell import Cell, Found
from core.sequences.compare import ASCENT, CORPUS, SEARCHES
from core.sequences.passages import Passage

NAMES = (*methods.METHODS, CORPUS)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten cells: in trained lstm1 the exchange reaches 2, ascent 1.5 to 1.9; in lstm2 ascent 2; twins all the same."""
    rows = []
    for weights, layer in compare.PLACES:
        for unit in range(10):
            for name in NAMES:
                best = "exchange" if layer == "lstm1" else ASCENT
                strength = 2.0 if name == best or weights == "untrained" else 1.0
                if name == ASCENT and weights == "trained" and layer == "lstm1":
                    strength = 1.5 + 0.1 * (unit % 5)
                rows.append({"weights": weights, "layer": layer, "unit": unit, "method": name, "strength": strength,
                             "relaxed": 2.5 if name == ASCENT else None, "bits": 3.0, "read": 9,
                             "text": f"a\n, {unit}"})  # fmt: skip
    monkeypatch.setattr(compare, "TABLE", tmp_path / "preferred.csv")
    pd.DataFrame(rows).to_csv(compare.TABLE, index=False)
    compare.table.cache_clear()
    yield
    compare.table.cache_clear()


@pytest.mark.usefixtures("made")
def test_the_rule_is_applied_to_every_layer() -> None:
    assert compare.verdict("trained", "lstm1") == "exchange"
    assert compare.verdict("trained", "lstm2") == ASCENT
    assert compare.verdict("untrained", "lstm1") == compare.verdict("untrained", "lstm2") == "neither"
    assert compare.strongest("trained", "lstm1", SEARCHES) == "exchange"
    assert compare.strongest("trained", "lstm1", compare.ASCENTS) == ASCENT
    apart = compare.differences("trained", "lstm1", ASCENT, "exchange")
    torch.testing.assert_close(apart, torch.tensor([0.75, 0.8, 0.85, 0.9, 0.95] * 2).double() - 1)
    first = compare.table().iloc[0]
    assert first.text == "a\n, 0" and first.share == pytest.approx(0.75) and first.relaxed == 2.5


@pytest.mark.usefixtures("made")
def test_the_sentence_and_the_table_say_the_numbers() -> None:
    said = compare.sentence()
    assert (
        "lstm1, trained: exchange wins, as gradient ascent, the best ascent, reaches 85.0 % of the strongest text"
        in said
    )
    assert "100.0 % (-15.0 points," in said and "stronger in 0, weaker in 10 of 10 cells" in said
    assert "lstm2, trained: gradient ascent wins" in said and "lstm1, untrained: neither wins" in said
    lines = compare.markdown().splitlines()
    assert len(lines) == 2 + len(NAMES) and {len(line.split(" | ")) for line in lines[2:]} == {5}
    assert lines[2].startswith("| gradient ascent | 85.0 % (") and lines[2].endswith("3.0 bits |")


def test_cells_are_drawn_once_and_are_few() -> None:
    assert compare.cells() == compare.cells() == sorted(set(compare.cells()))
    assert len(compare.cells()) == compare.CELLS and 0 <= min(compare.cells()) <= max(compare.cells()) < 256


def test_bits_are_those_of_a_slow_sum() -> None:
    model = twin()
    texts = torch.stack([encode("to be or not"), encode("!XqZ&!XqZ&!X")])
    slow = []
    for codes in texts:
        total = 0.0
        for place in range(1, len(codes)):
            logits = model(torch.nn.functional.one_hot(codes[None, :place], 65).movedim(-1, -2).float())[0]
            total -= torch.log2(logits.softmax(0)[codes[place]]).item()
        slow.append(total / (len(codes) - 1))
    torch.testing.assert_close(compare.bits_each(model, texts), torch.tensor(slow))


def test_a_cell_gets_a_row_of_each_method(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "LENGTH", 5)
    monkeypatch.setattr(compare, "BUDGET", 6_000)
    cell = Cell(twin(), "lstm1", 7)
    rows = list(compare.rows_of(cell, cell.model, Passage("to be", 0.25, 0.3, 9)))
    assert [row["method"] for row in rows] == list(NAMES)
    for row in rows[:-1]:
        assert row["strength"] == pytest.approx(strength(cell, str(row["text"])), abs=1e-4)
        assert (row["relaxed"] is None) == (row["method"] not in compare.ASCENTS)
    assert rows[-1]["text"] == "to be" and rows[-1]["strength"] == 0.25


def test_the_command_goes_on_where_it_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The cells that are in the table are not computed again, and all are in it at the end."""
    monkeypatch.setattr(compare, "TABLE", tmp_path / "preferred.csv")
    compare.table.cache_clear()
    monkeypatch.setattr(compare, "cells", lambda: [3, 7])
    monkeypatch.setattr(compare, "_net", lambda weights: twin())
    monkeypatch.setattr(compare, "usual_bits", lambda: 3.0)
    monkeypatch.setattr(compare, "settle", lambda: None)
    monkeypatch.setattr(compare, "strongest_passages",
                        lambda net, layer, units, length: iter([Steps(len(units))]))  # fmt: skip
    done: list[tuple[str, int]] = []

    def rows(cell: Cell, judge: Reader, passage: Passage) -> list[dict[str, object]]:
        if len(done) == 3:
            done.append(("stopped", 0))
            raise KeyboardInterrupt
        done.append((cell.layer, cell.index))
        same = {"relaxed": None, "bits": 2.0, "read": 1, "text": "a"}
        return [{"method": name, "strength": 1.0 + (name == "beam")} | same
                for name in NAMES]  # fmt: skip

    monkeypatch.setattr(compare, "rows_of", rows)
    with pytest.raises(KeyboardInterrupt):
        compare.main()
    compare.table.cache_clear()
    compare.main()
    assert [each for each in done if each[0] != "stopped"] == [
        ("lstm1", 3),
        ("lstm1", 7),
        ("lstm2", 3),
        ("lstm2", 7),
    ] * 2
    assert len(compare.table()) == 8 * len(NAMES) and "beam wins" in capsys.readouterr().out
    compare.table.cache_clear()


class Steps:
    """What the training text gives where no text is read."""

    def __init__(self, units: int) -> None:
        self.passages = [(Passage("ab", 0.1, 0.1, 0),)] * units


@pytest.mark.parametrize("weights", ["trained", "untrained"])
def test_the_numbers_that_ship_are_those_of_their_texts(weights: str) -> None:
    """Each text read anew, by what its layer puts out."""
    model = load("text", weights=weights)
    assert isinstance(model, Reader)
    rows = compare.table()
    rows = rows[rows.weights == weights]
    for (layer, unit), own in rows.groupby(["layer", "unit"]):
        read = Cell(model, layer, unit).read(torch.stack([encode(text) for text in own.text]))[0]
        torch.testing.assert_close(read, torch.tensor(own.strength.to_numpy()).float(), atol=2e-2, rtol=1e-3)


def test_in_every_cell_that_ships_exchange_beats_ten_thousand_random_texts_and_ascent_in_most() -> None:
    rows = compare.table().pivot(index=["weights", "layer", "unit"], columns="method", values="strength")
    assert len(rows) == 4 * compare.CELLS and set(rows.columns) == set(NAMES)
    best = rows[["random passages", "random characters"]].max(axis=1)
    assert (rows["exchange"] >= best - 1e-5).all() and (rows[compare.REFINED] >= best).mean() > 0.95
    reached = [int((rows[name] > 0.999 * best).sum()) for name in ("gradient ascent", compare.REFINED, "exchange")]
    assert compare.beyond_random() == (
        f"Of 64 cells the best of 10,000 random texts is reached by gradient ascent in {reached[0]}, ascent, then "
        f"exchange in {reached[1]}, exchange in 64."
    )
    assert set(SEARCHES) <= set(rows.columns)


def test_relaxed_texts_are_as_faint_as_their_shares_are_small() -> None:
    shares = torch.zeros(1, 65, 3)
    shares[0, 0, 0], shares[0, 1, 1], shares[0, 4, 2] = 1.0, 0.5, 0.25  # newline, space, ampersand
    shares[0, 20, 1:] = 0.2
    drawn = charts.relaxed(shares)
    assert ">⏎<" in drawn and ">␣<" in drawn and ">&amp;<" in drawn
    assert drawn.index("opacity:1.00") < drawn.index("opacity:0.57") < drawn.index("opacity:0.36")
    assert 'aria-label="1 relaxed texts, their largest shares 58% on the mean: ⏎␣&amp;"' in drawn


def test_found_texts_are_text_and_have_bars() -> None:
    drawn = charts.found_texts([charts.Line("beam", "<b>\n&", 0.5, ".9"), charts.Line("exchange", "x", -0.1, "−.1")])
    assert "<code>&lt;b&gt;⏎&amp;</code>" in drawn and "--share:50.0%" in drawn and "--share:0.0%" in drawn


def twin() -> Reader:
    model = load("text", weights="untrained")
    assert isinstance(model, Reader)
    return model


def strength(cell: Cell, text: str) -> float:
    found: Tensor = cell.read(encode(text)[None])[0]
    return Found(text, found.item(), 0).strength
