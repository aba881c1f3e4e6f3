"""The reach of each element of a tensor: the first and last rows and columns of the image that it depends on."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from core.measures.field import WHOLE, Field, Map
from core.measures.fitted_field import fitted
from core.measures.known_fields import Window

# The first row, minus the end of the rows, the first column, minus the end of the columns: where reaches meet, the
# least of each counts. What depends on nothing has infinity.
Reach = tuple[Tensor, Tensor, Tensor, Tensor]


def spread(state: Map, shape: Sequence[int], size: tuple[int, int]) -> Reach:
    """The reach of every element of a map of that shape, of an image of that size."""
    parts = []
    for field, axis, side in zip((state.down, state.across), state.axes, size, strict=True):
        whole = math.isinf(field.size)
        spans = [(0.0, float(side)) if whole else field.span(index) for index in range(shape[axis])]
        for sign, values in zip((1, -1), zip(*spans, strict=True), strict=True):
            along = [-1 if place == axis else 1 for place in range(len(shape))]
            parts.append((sign * torch.tensor(values)).view(along).expand(*shape).contiguous())
    return _four(parts)


def least(reaches: Sequence[Reach], shape: Sequence[int]) -> Reach:
    """The reach of what each place of a tensor of that shape becomes where several tensors meet."""
    met = [torch.stack([part.broadcast_to(shape) for part in parts]).amin(0) for parts in zip(*reaches, strict=True)]
    return _four(met)


def swept(reach: Reach, windows: tuple[Window, Window], shape: Sequence[int]) -> Reach:
    """The reach behind windows that sweep over images; of all channels, as most of them are mixed."""
    (rows, down, tall, top, _), (columns, across, wide, left, _) = windows
    parts = []
    for part in reach:
        padded = F.pad(-part.amin(1, keepdim=True), (left, columns * wide + across, top, rows * tall + down),
                       value=-math.inf)  # fmt: skip
        padded = padded[..., max(0, -top) :, max(0, -left) :] if min(top, left) < 0 else padded
        pooled = -F.max_pool2d(padded, (rows, columns), (down, across), dilation=(tall, wide))
        parts.append(pooled[..., : shape[2], : shape[3]].expand(*shape).contiguous())
    return _four(parts)


def mixed(reach: Reach, shape: Sequence[int]) -> Reach:
    """The reach behind what mixes the last axis."""
    return _four([part.amin(-1, keepdim=True).expand(*shape).contiguous() for part in reach])


def described(reach: Reach, size: tuple[int, int]) -> Map | Reach:
    """The map that this reach is, if one describes it exactly, or else the reach itself."""
    axes = [_axes(reach[0], reach[1]), _axes(reach[2], reach[3])]
    if [len(found) for found in axes] == [1, 1] and axes[0] < axes[1]:
        down = fitted(*_along(reach[0], reach[1], axes[0][0]), size[0])
        across = fitted(*_along(reach[2], reach[3], axes[1][0]), size[1])
        if down.exact and across.exact and math.isfinite(down.size + across.size):
            return Map(down, across, (axes[0][0], axes[1][0]), reach[0].ndim)
    sees_all = all((start <= 0).all() and (end <= -side).all()
                   for start, end, side in zip(reach[::2], reach[1::2], size, strict=True))  # fmt: skip
    return WHOLE if sees_all else reach


def bounded(reach: Reach, size: tuple[int, int]) -> tuple[Field, Field]:
    """The smallest fields, down and across, that hold what the places of a map reach; without a map, what all do."""
    down, across = (2, 3) if reach[0].ndim == 4 else (None, None)
    return (
        fitted(*_along(reach[0], reach[1], down), size[0]),
        fitted(*_along(reach[2], reach[3], across), size[1]),
    )


def _axes(start: Tensor, end: Tensor) -> list[int]:
    """Along which axes what is reached differs."""
    return [axis for axis in range(start.ndim)
            if any((part != part.narrow(axis, 0, 1)).any() for part in (start, end))]  # fmt: skip


def _along(start: Tensor, end: Tensor, axis: int | None) -> tuple[Tensor, Tensor]:
    """From where to where the places along an axis reach, or all of them together."""
    if axis is None:
        return start.amin()[None], -end.amin()[None]
    others = [other for other in range(start.ndim) if other != axis]
    return start.amin(others), -end.amin(others)


def _four(parts: Sequence[Tensor]) -> Reach:
    first, second, third, fourth = parts
    return first, second, third, fourth
