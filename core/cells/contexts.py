"""What the last characters alone tell of a feature: the control of a cell, which has no need to remember more."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from core.data.text import ALPHABET, encode

LONGEST = 5  # characters
PRIOR = 3.0  # how many observations the mean behind a shorter context counts as; 0.3, 1 and 10 tell no more


def told_by_last(text: str, feature: Tensor, asked: str) -> Iterator[Float[np.ndarray, " time"]]:
    """At each character of `asked` the feature's mean behind its last 1, 2, ... LONGEST characters, as in `text`.

    Where a context is rare its mean is drawn to that of the context one character shorter, down to the mean of all:
    MacKay and Peto 1995, "A hierarchical Dirichlet language model".
    """
    values = feature.double().numpy()
    behind = np.full(len(text), values.mean())  # the same mean for the characters of the text ...
    found = np.full(len(asked), values.mean())  # ... and of what is asked
    for length in range(1, LONGEST + 1):
        contexts, place = np.unique(_contexts(text, length), return_inverse=True)
        count, total = np.bincount(place), np.bincount(place, values)
        shorter = np.bincount(place, behind) / count
        means = (total + PRIOR * shorter) / (count + PRIOR)
        behind = means[place]
        wanted = _contexts(asked, length)
        nearest = np.searchsorted(contexts, wanted).clip(max=len(contexts) - 1)
        found = np.where(contexts[nearest] == wanted, means[nearest], found)
        yield found


def _contexts(text: str, length: int) -> Int[np.ndarray, " time"]:
    """A number for the last characters at each place; what stands before the text is a character of its own."""
    codes = np.concatenate([np.zeros(length - 1, int), encode(text).numpy() + 1])
    whole = np.zeros(len(text), int)
    for place in range(length):
        whole = whole * (len(ALPHABET) + 1) + codes[place : place + len(text)]
    return whole
