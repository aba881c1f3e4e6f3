"""Tiny Shakespeare, its alphabet, and what becomes of a text that somebody writes."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.data import text as texts
from core.data.text import ALPHABET, MOST, Written, corpus, decode, encode, one_hot, readable

WRITTEN = st.text(st.characters(codec="utf-8"), max_size=50)


def test_the_corpus_is_split_into_what_is_trained_on_and_what_is_held_out() -> None:
    assert len(corpus()) == 1_115_394
    assert texts.training_text() + texts.held_out_text() == corpus()
    assert len(texts.held_out_text()) == len(corpus()) // texts.HELD_OUT
    assert corpus().startswith("First Citizen:\nBefore we proceed any further, hear me speak.\n")


def test_the_alphabet_is_what_the_corpus_is_written_in() -> None:
    assert "".join(sorted(set(corpus()))) == ALPHABET and len(ALPHABET) == 65


@given(st.text(ALPHABET))
def test_decode_undoes_encode(text: str) -> None:
    codes = encode(text)
    assert codes.dtype == torch.long and codes.shape == (len(text),)
    assert decode(codes) == text


@given(st.lists(st.integers(0, len(ALPHABET) - 1)))
def test_encode_undoes_decode(codes: list[int]) -> None:
    assert encode(decode(torch.tensor(codes, dtype=torch.long))).tolist() == codes


def test_what_is_not_in_the_alphabet_is_named() -> None:
    with pytest.raises(ValueError, match="has no '1', 'é'; see `readable`"):
        encode("café 1é")


def test_one_hot_has_time_last() -> None:
    found = one_hot(encode("b\nZb")[None])
    assert found.shape == (1, 65, 4) and found.dtype == torch.float
    assert found.argmax(1).tolist() == [encode("b\nZb").tolist()] and (found.sum(1) == 1).all()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", ""),
        ("Plain text, as it stands:\nall of it!", "Plain text, as it stands:\nall of it!"),
        ("“Où est-il?” — ‘naïve’…", "'Ou est-il?' -- 'naive'..."),
        ("e\u0301 and é", "e and e"),
        ("Straße, Æsop, ﬁn, Ⅷ", "Strasse, Aesop, fin, VIII"),
        ("(so) [it] is", ",so, ,it, is"),
        ("3 of 12", "3 of ??"),
        ("a\tb\r\nc\u2028d\u00a0e", "a b\nc\nd e"),
        ("fun 🎉!", "fun ?!"),
        ("👩\u200d👩\u200d👧 ❤\ufe0f", "??? ?"),
        ("שלום \u202eab", "???? ab"),
        ("ﷺ", "?"),
        ("`so´", "'so'"),
        ("a\u0300\u0301\u0302\u0303b\x00\x07", "ab"),
        ("<b>&amp;</b>", "?b?&amp;??b?"),
    ],
)  # fmt: skip
def test_what_somebody_writes_is_brought_into_the_alphabet(written: str, read: str) -> None:
    assert readable(written).text == read


@given(WRITTEN)
def test_all_of_it_can_be_read_and_reading_it_again_changes_nothing(text: str) -> None:
    found = readable(text)
    encode(found.text)
    assert readable(found.text) == Written(found.text, {}, 0)


@given(st.text(ALPHABET, max_size=50))
def test_what_is_in_the_alphabet_stays(text: str) -> None:
    assert readable(text) == Written(text, {}, 0)


@given(WRITTEN)
def test_what_was_replaced_is_said(text: str) -> None:
    found = readable(text)
    assert not set(found.replaced) & set(ALPHABET)
    assert all(set(instead) <= set(ALPHABET) for instead in found.replaced.values())
    if set(text) <= set(ALPHABET):
        assert not found.replaced
    assert readable("é2é").replaced == {"é": "e", "2": "?"}


@given(st.text(st.sampled_from("a…Ⅷ—🎉"), max_size=30), st.integers(0, 20))
def test_no_more_is_read_than_was_asked_for(text: str, most: int) -> None:
    """Also where a character becomes several; what is cut off and what is read make the whole."""
    found = readable(text, most)
    assert len(found.text) <= most
    kept = text[: len(text) - found.cut]
    assert readable(kept).text == found.text
    if found.cut:
        assert len(readable(text[: len(kept) + 1]).text) > most


def test_a_hundred_kilobytes_are_cut() -> None:
    found = readable("word " * 20_000)
    assert found.text == ("word " * 20_000)[:MOST] and found.cut == 100_000 - MOST
