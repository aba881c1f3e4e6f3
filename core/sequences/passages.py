"""The passages of the training text behind which cells are strongest, of all that there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from core.ascent.objectives import ALMOST
from core.cells.reading import PIECE, WARM, along
from core.data.text import encode, training_text
from core.models.text import Reader
from core.sequences.cell import Cell

SCREENED = 1_000  # places of the text where a cell is strongest as it reads on, each of which is read once more
KEPT = 3


@dataclass(frozen=True)
class Passage:
    """A passage, how strong the cell is behind it from a state of zeros, and behind all that stands before it."""

    text: str
    strength: float
    in_context: float
    begin: int  # in the training text


@dataclass(frozen=True)
class Progress:
    """How far the text is read, and at the end the cells' strongest passages, the best first, none inside another."""

    done: int
    total: int
    passages: tuple[tuple[Passage, ...], ...] = ()


def strongest_passages(model: Reader, layer: str, indices: Sequence[int], length: int) -> Iterator[Progress]:
    """The best passages for these cells of a layer: the text is read once for all, and what is strong there again.

    As it is read, the net remembers what stands before a passage; so the SCREENED strongest places of each cell are
    read again from a state of zeros, where searches begin too.
    """
    text = training_text()
    strengths = torch.full((len(indices), 0), 0.0)
    places = torch.zeros(len(indices), 0, dtype=torch.long)
    for piece in along(model, text, [layer]):
        here = piece.activations[layer][list(indices)].clamp(-ALMOST, ALMOST).atanh()
        ends = torch.arange(piece.begin, piece.begin + len(piece.text)).expand(len(indices), -1)
        there = ends[0] >= length - 1
        strengths = torch.cat([strengths, here[:, there]], 1)
        strengths, kept = strengths.topk(min(SCREENED, strengths.shape[1]))
        places = torch.cat([places, ends[:, there]], 1).gather(1, kept)
        yield Progress(piece.begin + len(piece.text), len(text))
    windows = encode(text).unfold(0, length, 1)
    found = []
    for index, ends, in_context in zip(indices, places - length + 1, strengths, strict=True):
        behind = Cell(model, layer, index).read(windows[ends])[0]
        found.append(_apart(text, length, ends.tolist(), behind, in_context))
    yield Progress(len(text), len(text), tuple(found))


def _apart(
    text: str, length: int, begins: list[int], behind: torch.Tensor, before: torch.Tensor
) -> tuple[Passage, ...]:
    """The strongest that do not overlap, and are not the same text."""
    kept: list[Passage] = []
    for place in behind.argsort(descending=True, stable=True).tolist():
        begin = begins[place]
        own = text[begin : begin + length]
        if all(abs(begin - other.begin) >= length and own != other.text for other in kept):
            kept.append(Passage(own, behind[place].item(), before[place].item(), begin))
        if len(kept) == KEPT:
            break
    return tuple(kept)


def cost(length: int) -> int:
    """How many characters are read for one cell."""
    return len(training_text()) * (PIECE + WARM) // PIECE + SCREENED * length
