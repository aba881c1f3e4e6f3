"""Where in the corpus the cells of the net that reads text are highest and lowest, each time with what stands there."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.cells.reading import PIECE, along
from core.cells.search import LAYERS
from core.data.text import corpus, held_out_text, training_text
from core.files import write_whole
from core.models.text import Reader

SHIPPED = Path(__file__).with_suffix(".npz")
KEPT = 6  # places of each cell, at either end
BEFORE, AFTER = 60, 20  # characters of context
LENGTH = 600  # characters of a passage to read, at most: it ends with a line


@dataclass(frozen=True)
class Places:
    """A layer's outermost values and the characters of the corpus behind which they stand: highest first, then lowest.

    At least PIECE characters lie between two places of a cell's end.
    """

    places: Int[Tensor, "2 units kept"]
    values: Float[Tensor, "2 units kept"]


@dataclass(frozen=True)
class Progress:
    """How many characters are read, of how many, and at the end the places by layer."""

    done: int
    total: int
    found: Mapping[str, Places] | None = None


def outermost(model: Reader, text: str) -> Iterator[Progress]:
    """Read a text once, and find where each cell is highest and lowest: of each piece of it one place is kept."""
    each: dict[str, list[tuple[Tensor, Tensor]]] = {layer: [] for layer in LAYERS}
    for piece in along(model, text, LAYERS):
        for layer, values in piece.activations.items():
            most, where = torch.stack([values, -values]).max(2)
            each[layer].append((most, where + piece.begin))
        yield Progress(piece.begin + len(piece.text), len(text))
    yield Progress(len(text), len(text), {layer: _apart(*map(_side_by_side, zip(*found, strict=True)))
                                          for layer, found in each.items()})  # fmt: skip


def _side_by_side(pieces: tuple[Tensor, ...]) -> Tensor:
    return torch.stack(pieces, 2)


def _apart(most: Float[Tensor, "2 units pieces"], where: Int[Tensor, "2 units pieces"]) -> Places:
    """The outermost that lie far enough from each other; where there are fewer than KEPT, the last stands again."""
    order = most.argsort(stable=True, dim=2, descending=True)
    most, where = most.gather(2, order), where.gather(2, order)
    taken = torch.zeros(*most.shape[:2], KEPT, dtype=torch.long)
    for end in range(2):
        for unit, places in enumerate(where[end].tolist()):
            kept: list[int] = []
            for rank, place in enumerate(places):
                if all(abs(place - places[other]) >= PIECE for other in kept):
                    kept.append(rank)
                if len(kept) == KEPT:
                    break
            taken[end, unit] = torch.tensor([*kept, *[kept[-1]] * (KEPT - len(kept))])
    sign = torch.tensor([1.0, -1.0]).view(2, 1, 1)
    return Places(where.gather(2, taken), sign * most.gather(2, taken))


@dataclass(frozen=True)
class Passage:
    """A character of the corpus, what stands around it, the cell's value behind it, and whether it is held out."""

    before: str
    character: str
    after: str
    value: float
    place: int
    held_out: bool


def around(places: Places, unit: int, highest: bool) -> list[Passage]:
    """The passages at one end of a cell, the outermost first, none twice."""
    end, text = 0 if highest else 1, corpus()
    pairs = dict(zip(places.places[end, unit].tolist(), places.values[end, unit].tolist(), strict=True))
    return [
        Passage(text[max(0, at - BEFORE) : at], text[at], text[at + 1 : at + 1 + AFTER], value, at,
                at >= len(training_text()))
        for at, value in pairs.items()
    ]  # fmt: skip


def write(found: Mapping[str, Places]) -> None:
    """Write the places that ship."""
    parts = {f"{layer}-{name}": getattr(each, name).numpy() for layer, each in found.items()
             for name in ("places", "values")}  # fmt: skip
    content = io.BytesIO()
    np.savez_compressed(content, **{name: part.astype(np.int32 if name.endswith("places") else np.float16)
                                    for name, part in parts.items()})  # fmt: skip
    write_whole(SHIPPED, content.getvalue())
    shipped.cache_clear()


@cache
def shipped() -> Mapping[str, Places] | None:
    """The places of the trained net; None where none ship."""
    if not SHIPPED.exists():
        return None
    with np.load(SHIPPED) as file:
        return {layer: Places(torch.from_numpy(file[f"{layer}-places"]).long(),
                              torch.from_numpy(file[f"{layer}-values"]).float()) for layer in LAYERS}  # fmt: skip


@cache
def _starts() -> tuple[int, ...]:
    text = held_out_text()
    return tuple(at for at in range(len(text) - LENGTH) if at >= 2 and text[at - 2 : at] == "\n\n")


def count() -> int:
    """How many passages of the held-out text begin with a speech and have LENGTH characters."""
    return len(_starts())


def to_read(number: int) -> tuple[str, str]:
    """A passage of the held-out text that begins with a speech, by its number; and as much text before it."""
    at, text = _starts()[number], held_out_text()
    whole = text[at : at + LENGTH]
    return text[max(0, at - LENGTH) : at], whole[: whole.rindex("\n") + 1].rstrip("\n")
