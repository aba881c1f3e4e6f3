"""A place in the image, named in the link, and the unit of each layer that lies there: in a map, or behind a row."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from core import charts
from core.layers import Layer
from core.measures.receptive_field import ALL, Field
from pages.frame import link
from pages.frame.notice import notice

GRID = 28  # rows and columns by which places are named, in photos, too
MIDDLE = 13


@dataclass(frozen=True)
class Spot:
    """A place in an image, whatever its size: a row and a column of GRID, from zero."""

    row: int = MIDDLE
    column: int = MIDDLE

    def __str__(self) -> str:
        return f"{self.row + 1}-{self.column + 1}"


@dataclass(frozen=True)
class Cell:
    """What lies nearest to one place of a layer: rows and columns of GRID, from the first to before the last."""

    place: tuple[int, ...]
    rows: tuple[int, int]
    columns: tuple[int, int]

    def spot(self, before: Spot) -> Spot:
        """The one in its middle; where it is a whole row, in the column of the one before."""
        return Spot(sum(self.rows) // 2, sum(self.columns) // 2 if len(self.place) == 2 else before.column)


def chosen_spot() -> Spot:
    """The link's, or else the middle; what is wrong with it is said."""
    text = link.get(charts.PLACE)
    if not text:
        return Spot()
    if re.fullmatch("[0-9]{1,2}-[0-9]{1,2}", text):
        row, column = (int(part) - 1 for part in text.split("-"))
        if 0 <= row < GRID and 0 <= column < GRID:
            return Spot(row, column)
    notice(
        f"A place reads row-column, each from 1 to {GRID}, as in 14-9; the link asks for {text[:60]!r}.",
        ":material/search_off:",
    )
    return Spot()


def place_at(spot: Spot, layer: Layer, fields: tuple[Field, Field], side: int) -> tuple[int, ...]:
    """The place of a layer that lies at a spot of an image so many pixels wide."""
    return tuple(
        _nearest(axis, count, side)[at]
        for axis, count, at in zip(_axes(layer, fields), layer.shape[1:], (spot.row, spot.column), strict=False)
    )


def cells(layer: Layer, fields: tuple[Field, Field], side: int) -> Iterator[Cell]:
    """The cells of all places that lie nearest to some spot; a dense layer has none."""
    axes = _axes(layer, fields)
    groups = [_groups(_nearest(axis, count, side)) for axis, count in zip(axes, layer.shape[1:], strict=True)]
    if len(groups) == 1:
        yield from (Cell((place,), rows, (0, GRID)) for place, rows in groups[0].items())
    elif groups:
        for row, rows in groups[0].items():
            for column, columns in groups[1].items():
                yield Cell((row, column), rows, columns)


def in_words(place: tuple[int, ...]) -> str:
    """Where a place is, counted from one."""
    return ", ".join(f"{axis} {index + 1}" for axis, index in zip(("row", "column"), place, strict=False))


def _axes(layer: Layer, fields: tuple[Field, Field]) -> tuple[Field, ...]:
    """What the places of a layer see: down and across of a map; of a recurrent layer, evenly spread, down."""
    return fields if len(layer.shape) == 3 else (ALL,) * (len(layer.shape) - 1)


@cache
def _nearest(axis: Field, count: int, side: int) -> tuple[int, ...]:
    """Of each row of GRID the place of a layer."""
    return tuple(axis.nearest((row + 0.5) / GRID * side - 0.5, count, side) for row in range(GRID))


def _groups(nearest: tuple[int, ...]) -> dict[int, tuple[int, int]]:
    """Of each place the rows of GRID that are its own."""
    return {place: (nearest.index(place), nearest.index(place) + nearest.count(place)) for place in nearest}
