"""How well the last few characters alone foretell the next one: n-grams, the rival of every net that reads text."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64

from core.data.text import ALPHABET, encode

MOST = 8  # characters of context: with the next one they make a number below 2 ** 63


@dataclass(frozen=True)
class Order:
    """Of all contexts of one length: how often each stands in a text, with which next characters, of how many kinds."""

    contexts: Int64[np.ndarray, " contexts"]  # in order
    counts: Int64[np.ndarray, " contexts"]
    kinds: Int64[np.ndarray, " contexts"]
    grams: Int64[np.ndarray, " grams"]  # context and next character, in order
    gram_counts: Int64[np.ndarray, " grams"]


def orders(text: str, most: int = MOST) -> list[Order]:
    """The counts of contexts of 0 to `most` characters."""
    return [_order(_codes(text), length) for length in range(most + 1)]


def _order(codes: Int64[np.ndarray, " time"], length: int) -> Order:
    grams, counts = np.unique(_numbers(codes, length + 1), return_counts=True)
    contexts, first, kinds = np.unique(grams // len(ALPHABET), return_index=True, return_counts=True)
    return Order(contexts, np.add.reduceat(counts, first), kinds, grams, counts)


def probabilities(found: list[Order], text: str) -> Iterator[Float[np.ndarray, " characters"]]:
    """Of each context length what each character's probability was, of those that have the longest context before them.

    By interpolation (Witten and Bell 1991, method C): where a context h stands c(h) times, with t(h) kinds of next
    characters, p(x | h) = (c(hx) + t(h) p(x | h')) / (c(h) + t(h)), h' being h without its first character; below
    the empty context all characters are alike.
    """
    codes, longest = _codes(text), len(found) - 1
    last = np.full(len(codes) - longest, 1 / len(ALPHABET))
    for length, order in enumerate(found):
        grams = _numbers(codes, length + 1)[longest - length :]
        seen, kinds = (_looked_up(order.contexts, values, grams // len(ALPHABET)) for values in
                       (order.counts, order.kinds))  # fmt: skip
        both = _looked_up(order.grams, order.gram_counts, grams)
        last = np.where(seen > 0, (both + kinds * last) / np.maximum(seen + kinds, 1), last)
        yield last


def _codes(text: str) -> Int64[np.ndarray, " time"]:
    return encode(text).numpy()


def _numbers(codes: Int64[np.ndarray, " time"], length: int) -> Int64[np.ndarray, " stretches"]:
    """Each stretch of so many characters as one number, the last one being its last digit."""
    numbers = np.zeros(len(codes) - length + 1, np.int64)
    for place in range(length):
        numbers = numbers * len(ALPHABET) + codes[place : place + len(numbers)]
    return numbers


def _looked_up(keys: np.ndarray, values: np.ndarray, asked: np.ndarray) -> np.ndarray:
    places = np.searchsorted(keys, asked).clip(max=len(keys) - 1)
    return np.where(keys[places] == asked, values[places], 0)
