"""Where cells are highest and lowest in a text, on a net whose cells count."""

import itertools

import pytest
import torch

from core.cells import passages
from core.cells.features import FEATURES
from core.cells.passages import AFTER, BEFORE, KEPT, LENGTH, Places, around, outermost, to_read
from core.cells.reading import PIECE, along
from core.data.text import corpus, held_out_text, training_text
from tests.readers import IN_LINE, IN_SENTENCE, counting_reader

TEXT = corpus()[:6200]


@pytest.fixture(scope="module")
def found() -> dict[str, Places]:
    *steps, last = outermost(counting_reader(), TEXT)
    assert [step.done for step in steps] == [*range(PIECE, 6001, PIECE), 6200] and not any(step.found for step in steps)
    assert last.found is not None and (last.done, last.total) == (6200, 6200)
    return dict(last.found)


def test_a_counting_cell_is_highest_in_long_lines_and_lowest_in_new_ones(found: dict[str, Places]) -> None:
    counts = FEATURES["position in line"].of(TEXT)
    highest, lowest = found["lstm1"].places[:, IN_LINE]
    assert counts[highest[0]] == counts.max() and (counts[lowest] == 0).all()
    assert FEATURES["since the sentence's end"].of(TEXT)[found["lstm1"].places[1, IN_SENTENCE, 0]] > 200


def test_values_are_the_cells_own_in_order_and_places_lie_apart(found: dict[str, Places]) -> None:
    values = torch.cat([piece.activations["lstm2"] for piece in along(counting_reader(), TEXT, ["lstm2"])], 1)
    for unit in (0, 77, 255):
        for end, sign in ((0, 1), (1, -1)):
            places, own = found["lstm2"].places[end, unit], found["lstm2"].values[end, unit]
            assert torch.allclose(values[unit, places], own) and (sign * own.diff() <= 0).all()
            assert own[0] == (values[unit].max() if end == 0 else values[unit].min())
            assert all(abs(a - b) >= PIECE for a, b in itertools.combinations(places.tolist(), 2))
            assert len(places) == KEPT


def test_a_passage_stands_in_its_context_and_says_whether_it_is_held_out() -> None:
    split = len(training_text())
    places = torch.tensor([[[3, 5000, split - 1, split, split, split]]]).expand(2, 1, KEPT)
    first, second, *_, trained, held = around(Places(places, torch.arange(KEPT).expand(2, 1, KEPT)), 0, highest=True)
    assert (first.before, first.character, first.after) == ("Fir", "s", corpus()[4 : 4 + AFTER])
    assert second.before + second.character + second.after == corpus()[5000 - BEFORE : 5001 + AFTER]
    assert not trained.held_out and held.held_out and held.place == split


def test_a_short_text_has_fewer_places_than_are_kept() -> None:
    *_, last = outermost(counting_reader(), "To be.\n")
    assert last.found is not None
    assert len(around(last.found["lstm1"], IN_LINE, highest=True)) == 1


def test_what_is_written_is_what_ships(
    found: dict[str, Places], tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passages, "SHIPPED", tmp_path / "places.npz")  # type: ignore[operator]
    passages.shipped.cache_clear()
    assert passages.shipped() is None
    passages.write(found)
    again = passages.shipped()
    passages.shipped.cache_clear()
    assert again is not None
    for layer, each in found.items():
        assert torch.equal(again[layer].places, each.places)
        assert torch.allclose(again[layer].values, each.values, atol=1e-3)


def test_passages_to_read_are_held_out_and_begin_with_a_speech() -> None:
    for number in (0, passages.count() // 2, passages.count() - 1):
        before, text = to_read(number)
        assert before + text in held_out_text() and LENGTH - 80 < len(text) <= LENGTH and before.endswith("\n\n")
        assert ":\n" in text[:40] and held_out_text()[held_out_text().index(before + text) + len(before + text)] == "\n"
