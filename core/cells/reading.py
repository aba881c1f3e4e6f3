"""What the layers of the net that reads text put out along a long text, piece by piece."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from core.data.text import encode, one_hot
from core.layers import record
from core.models.text import Reader

PIECE = 500  # characters that are kept of a window
WARM = 100  # before those, which it reads without being asked: a state of zeros is no state of reading
AT_ONCE = 40  # windows that are read side by side


@dataclass(frozen=True)
class Piece:
    """A stretch of the text, where it begins, and the layers' activations behind each of its characters."""

    begin: int
    text: str
    activations: dict[str, Float[Tensor, "units time"]]


def along(model: Reader, text: str, layers: Sequence[str]) -> Iterator[Piece]:
    """The text in order, in pieces of PIECE characters, of which the last may be shorter.

    Before each the net has read the WARM characters that stand there, the first one from a state of zeros.
    """
    codes, first = encode(text), min(PIECE, len(text))
    if text:
        yield Piece(0, text[:first], _of(model, codes[None, :first], layers)[0])
    begins = range(PIECE, len(text) - PIECE + 1, PIECE)
    for place in range(0, len(begins), AT_ONCE):
        some = begins[place : place + AT_ONCE]
        windows = torch.stack([codes[begin - WARM : begin + PIECE] for begin in some])
        for begin, found in zip(some, _of(model, windows, layers), strict=True):
            yield Piece(begin, text[begin : begin + PIECE], {name: found[name][:, WARM:] for name in layers})
    rest = len(text) // PIECE * PIECE
    if PIECE <= rest < len(text):
        found = _of(model, codes[None, rest - WARM :], layers)[0]
        yield Piece(rest, text[rest:], {name: found[name][:, WARM:] for name in layers})


def _of(model: Reader, codes: Tensor, layers: Sequence[str]) -> list[dict[str, Tensor]]:
    found = record(model, one_hot(codes), layers)
    return [{name: found[name][row] for name in layers} for row in range(len(codes))]
