"""What the units of a map see of an image, along its rows or along its columns."""

import math
from dataclasses import dataclass

EPSILON = 1e-6  # pixels: a stride such as 1/3 is no exact number


@dataclass(frozen=True)
class Field:
    """What the units of a map see: the one in row i the pixel rows from first + i stride on, `size` of them.

    Neighbours may share a field, as they do in windows of attention or behind upsampling: then it begins at
    first + (i + phase) // shared * stride.
    """

    size: float = 1.0  # infinite where every unit sees the whole image
    stride: float = 1.0
    first: float = 0.0  # may lie before the image's first row
    shared: int = 1  # by so many neighbours
    phase: int = 0  # so many of the first ones that share a field lie before the map
    exact: bool = True  # else a bound: no unit sees more, some see less

    @property
    def regular(self) -> bool:
        """Whether each unit's field is its neighbour's, moved by the stride: what arithmetic needs."""
        return self.exact and self.shared == 1

    def behind(self, kernel: int, stride: int = 1, dilation: int = 1, padding: float = 0) -> "Field":
        """The field behind a convolution or pooling; ValueError for a field that is not regular."""
        if math.isinf(self.size):
            return self
        if not self.regular:
            raise ValueError(f"Behind a kernel of {kernel}, a field is computed from a regular one, not from {self}.")
        grown = self.size + dilation * (kernel - 1) * self.stride
        return Field(grown, stride * self.stride, self.first - padding * self.stride)

    def span(self, index: int) -> tuple[float, float]:
        """From where to where unit `index` of a map sees, beyond the image's border, too."""
        begin = self.first + (index + self.phase) // self.shared * self.stride
        return begin, begin + self.size

    def rows(self, index: int, height: int) -> tuple[int, int]:
        """The rows that unit `index` of a map sees of an image of that height: from the first to before the last."""
        if math.isinf(self.size):
            return 0, height
        begin, end = self.span(index)
        return max(0, math.floor(begin + EPSILON)), min(height, math.ceil(end - EPSILON))

    def nearest(self, row: float, count: int, height: int) -> int:
        """Of `count` units of a map, the one whose field's middle is nearest to the middle of that row of an image.

        Of neighbours that are as near it is the first. Where all see the whole image of that height, they are spread
        over it evenly.
        """
        if math.isinf(self.size):
            return min(count - 1, int((row + 0.5) / height * count))
        return min(range(count), key=lambda index: abs(sum(self.span(index)) / 2 - row - 0.5))


ALL = Field(math.inf, math.inf, 0.0)
BOUND = Field(math.inf, math.inf, 0.0, exact=False)  # some units may see less, or nothing, as positions' weights do


@dataclass(frozen=True)
class Map:
    """A tensor whose units' fields are known: down, across, and along which of its axes they lie."""

    down: Field
    across: Field
    axes: tuple[int, int] = (2, 3)
    ndim: int = 4
    after: tuple[float, float] | None = None  # pixels that paddings behind have added, down and across, where known

    @property
    def whole(self) -> bool:
        """Whether every unit sees everything."""
        return math.isinf(self.down.size) and math.isinf(self.across.size)

    @property
    def is_image(self) -> bool:
        """Whether it is laid out as convolutions want it: (batch, channels, height, width)."""
        return self.ndim == 4 and self.axes == (2, 3)


IMAGE, WHOLE = Map(Field(), Field(), after=(0.0, 0.0)), Map(ALL, ALL)


def stretched(maps: list[Map]) -> bool:
    """Whether some of these maps of one image have fewer places than others: one place that stands for a whole row.

    Of an image of n pixels a map has floor((n + after - first - size) / stride) + 1 places down or across, whatever
    kernels, strides and paddings have made it.
    """
    for axis in (0, 1):
        known = [((map_.down, map_.across)[axis], map_.after[axis]) for map_ in maps if map_.after is not None]
        more = [(after - field.first - field.size) / field.stride for field, after in known if field.regular
                and not math.isinf(field.size)]  # fmt: skip
        if more and max(more) - min(more) > 1 - EPSILON:
            return True
    return False


def met(fields: list[Field]) -> Field | None:
    """The smallest field that holds all of these, where it is moved by one stride: else None."""
    if len(set(fields)) == 1:
        return fields[0]
    if any(math.isinf(field.size) for field in fields):
        return ALL
    if not all(field.regular for field in fields) or len({field.stride for field in fields}) > 1:
        return None
    first = min(field.first for field in fields)
    return Field(max(field.first + field.size for field in fields) - first, fields[0].stride, first)
