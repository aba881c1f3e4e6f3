"""n-grams: how well the last few characters alone tell the next one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data.text import ALPHABET
from core.memory.ngrams import orders, probabilities
from tests.references import witten_bell

TEXTS = st.text("ab\n", min_size=6, max_size=40)


@settings(max_examples=30, deadline=None)
@given(TEXTS, TEXTS)
def test_probabilities_are_those_of_witten_and_bell(fitted: str, read: str) -> None:
    """By counting, one context and character after the other."""
    for length, found in enumerate(probabilities(orders(fitted, 3), read)):
        expected = [witten_bell(fitted, read[place - length : place], read[place], ALPHABET)
                    for place in range(3, len(read))]  # fmt: skip
        assert found == pytest.approx(expected, abs=1e-12)


def test_they_are_probabilities_of_what_may_follow() -> None:
    found = orders("to be or not to be", 3)
    for context in ("not", " be", "xyz", "e o"):
        each = [list(probabilities(found, context + character)) for character in ALPHABET]
        assert np.sum(each, axis=0).ravel() == pytest.approx([1] * 4)


def test_what_was_always_followed_by_one_character_is_told_better_with_more_context() -> None:
    found = orders("abcabdabcabd" * 20, 6)
    bits = [-np.log2(each).mean() for each in probabilities(found, "abcabdabcabd" * 3)]
    assert bits[0] > bits[1] > bits[3] and bits[5] < 0.1


def test_the_longest_contexts_fit_their_numbers() -> None:
    """The last characters of the alphabet make the largest ones."""
    text = "zy" * 20
    assert all((order.grams >= 0).all() for order in orders(text))
    assert list(probabilities(orders(text), "zyzyzyzyz"))[-1] == pytest.approx([
        witten_bell(text, "zyzyzyzy", "z", ALPHABET)])  # fmt: skip
