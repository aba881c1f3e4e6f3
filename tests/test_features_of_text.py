"""Features of a text, against marks that were made by hand."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.cells.features import ALL, FEATURES, Feature, is_word
from core.data.text import ALPHABET, corpus

TEXT = "KATE:\nWhy, 'tis so?\nNo! sigh-no.\n\nA b:\nHe said 'O, we'll: go.' x"


def picked(name: str) -> list[str]:
    """The stretches of the text that a feature picks out."""
    flags = FEATURES[name].of(TEXT).tolist()
    marked = "".join(character if flag else "_" for character, flag in zip(TEXT, flags, strict=True))
    return [part for part in marked.split("_") if part]


@pytest.mark.parametrize(
    ("feature", "parts"),
    [
        ("speaker's name", ["KATE", "A b"]),
        ("first line of a speech", ["Why, 'tis so?", "He said 'O, we'll: go.' x"]),
        ("question", ["KATE:\nWhy, 'tis so"]),
        ("quotation", ["O, we'll: go."]),
        ("word end", [*list("Eysoo"), "o", "A", "b", "e", "d", "O", "l", "o", "x"]),
        ("line end", [":", "?", ".", ":"]),
        ("newline", ["\n", "\n", "\n\n", "\n"]),
        ("upper case", ["KATE", "W", "N", "A", "H", "O"]),
        ("vowel", ["A", "E", "i", "o", "o", "i", "o", "A", "e", "ai", "O", "e", "o"]),
    ],
)
def test_flags_stand_where_a_reader_puts_them(feature: str, parts: list[str]) -> None:
    assert picked(feature) == parts


def test_a_line_with_a_colon_within_a_speech_names_nobody() -> None:
    assert FEATURES["speaker's name"].of("A:\nI say:\nx").nonzero().flatten().tolist() == [0]
    assert FEATURES["first line of a speech"].of("A:\nI:\nx").nonzero().flatten().tolist() == [3, 4]


def test_counts_begin_anew_where_a_reader_begins_anew() -> None:
    text = "Go, we'll.\nA-b ! c"
    assert FEATURES["position in line"].of(text).tolist() == [*range(1, 11), *range(8)]
    assert FEATURES["position in word"].of(text).tolist() == [1, 2, 0, 0, 1, 2, 3, 4, 5, 0, 0, 1, 2, 3, 0, 0, 0, 1]
    assert FEATURES["since the sentence's end"].of(text).tolist() == [*range(1, 10), 0, 1, 2, 3, 4, 5, 0, 1, 2]


@pytest.mark.parametrize("feature", ALL, ids=lambda feature: feature.name)
@given(text=st.text(ALPHABET, max_size=60))
def test_each_is_one_value_a_character(feature: Feature, text: str) -> None:
    found = FEATURES[feature.name].of(text)
    assert found.shape == (len(text),)
    assert found.dtype == (torch.long if FEATURES[feature.name].counts else torch.bool)


@pytest.mark.parametrize("feature", [each for each in ALL if not each.ahead], ids=lambda feature: feature.name)
@given(text=st.text("Ab:.'\n !?", max_size=40), more=st.text("Ab:.'\n !?", max_size=40))
def test_what_does_not_look_ahead_is_the_same_whatever_follows(feature: Feature, text: str, more: str) -> None:
    of = FEATURES[feature.name].of
    assert torch.equal(of(text + more)[: len(text)], of(text))


def test_what_they_find_in_the_corpus() -> None:
    text = corpus()
    shares = {name: float(feature.of(text).float().mean()) for name, feature in FEATURES.items() if not feature.counts}
    assert shares["quotation"] < 0.01 < min(share for name, share in shares.items() if name != "quotation")
    assert shares["newline"] == pytest.approx(text.count("\n") / len(text))
    names = FEATURES["speaker's name"].of(text)
    assert (
        "".join(c for c, flag in zip(text[:140], names[:140], strict=True) if flag) == "First CitizenAllFirst Citizen"
    )
    assert all(is_word(c) for c in "ab'Z-") and not any(is_word(c) for c in " \n3.&")
