"""Which real images excite a unit, and how strongly."""

import math
from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from core.layers import record
from core.measures.receptive_field import Field

BATCH = 250
FAINT = 0.2  # of the ink


def peak(activation: Float[Tensor, "batch units *place"]) -> Float[Tensor, "batch units"]:
    """Each unit's strongest value for each input: over its map, over time, or the one that it has."""
    return activation.flatten(2).amax(2) if activation.ndim > 2 else activation


def peaks(model: nn.Module, images: Tensor, layer: str, size: int = BATCH) -> Iterator[Float[Tensor, "batch units"]]:
    """The peaks of every unit of a layer for the images, so many at a time."""
    for batch in images.split(size):
        yield peak(record(model, batch, [layer])[layer])


def window(fields: tuple[Field, Field], place: tuple[int, int], size: tuple[int, int]) -> tuple[slice, slice]:
    """The rows and columns of an image of that size that the unit at a place of a map sees; fewer at the border."""
    down, across = (slice(*field.rows(index, end)) for field, index, end in zip(fields, place, size, strict=True))
    return down, across


def seen(fields: tuple[Field, Field], place: tuple[int, ...], size: tuple[int, int]) -> tuple[slice, slice]:
    """The rows and columns of an image that a unit of any net can see: of a recurrent one, those that it has read.

    `place` is (row, column) of a map, (row,) of a recurrent layer, () of a dense one, which sees everything.
    """
    if len(place) == 2:
        return window(fields, (place[0], place[1]), size)
    return slice(0, place[0] + 1 if place else size[0]), slice(0, size[1])


def patch(
    image: Float[Tensor, "channels height width"], fields: tuple[Field, Field], place: tuple[int, int]
) -> Float[Tensor, "channels rows columns"]:
    """What the unit at that row and column of a map sees of an image."""
    down, across = window(fields, place, (image.shape[1], image.shape[2]))
    return image[:, down, across]


def whole_patch(
    image: Float[Tensor, "channels height width"], fields: tuple[Field, Field], place: tuple[int, int]
) -> Float[Tensor, "channels rows columns"]:
    """The same, of one size at all places of a map: where the window sticks out of the image there is nothing, 0."""
    down, across = fields
    room = math.ceil(max(down.size, across.size))
    top, left = (room + math.floor(field.span(index)[0]) for field, index in zip(fields, place, strict=True))
    return F.pad(image, (room,) * 4)[:, top : top + math.ceil(down.size), left : left + math.ceil(across.size)]


def faded(image: Float[Tensor, "1 height width"], seen: tuple[slice, slice]) -> Float[Tensor, "1 height width"]:
    """A digit whose ink is faint where it is not seen."""
    shown = FAINT * image
    shown[:, seen[0], seen[1]] = image[:, seen[0], seen[1]]
    return shown


def most_different(peaks: Float[Tensor, "n units"], k: int) -> list[int]:
    """The k units whose answers to the same inputs are least alike, in the order of their numbers.

    The one that varies most is taken first, then again and again the one whose strongest correlation, of either sign,
    with those taken is weakest (farthest-first traversal, Gonzalez 1985). Units that never change are left for last.
    """
    spread = peaks.std(0)
    alike = torch.corrcoef(peaks.T).abs().view(len(spread), len(spread))  # of one unit torch makes a single number
    alike[:, spread == 0] = 2  # more than any correlation
    taken = [int(spread.argmax())]
    while len(taken) < min(k, len(spread)):
        nearest = alike[taken].nan_to_num(0).amax(0)  # the strongest correlation with those taken
        nearest[taken] = torch.inf
        taken.append(int(nearest.argmin()))
    return sorted(taken)


def first_of_each(labels: Int[Tensor, " n"]) -> Int[Tensor, " classes"]:
    """For each label in ascending order, where it stands for the first time."""
    return torch.stack([(labels == label).nonzero()[0, 0] for label in labels.unique()])
