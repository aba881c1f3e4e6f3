"""Whether a layer's activations move along when the image moves: ||T f(x) - f(T x)|| / ||f(x)||.

Cohen and Welling 2016, "Group equivariant convolutional networks", section 2, call a map f equivariant where this is
zero for some action T on its values. Here T on a map is the shift by as many of its places as the image's shift has
strides, on an LSTM's states the shift in time; a neuron has no place, so there is no way for it but to stay as it is.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from core.data.augment import warp
from core.layers import Layer, record

Images = Float[Tensor, "n channels height width"]


def shifted(images: Images, right: int, down: int) -> Images:
    """Moved by so many pixels; what leaves the image is lost, and what comes in is empty."""
    return F.pad(images, (right, -right, down, -down))


def equivariance(
    model: nn.Module, images: Images, layers: list[Layer], right: int, down: int, *, moves: bool = True
) -> dict[str, float]:
    """The error of each layer for one shift in pixels, the mean over images; NaN where no place is left to compare.

    Places within the shift of a map's border are left out. Where `moves` is False, T leaves the activations as they
    are: then the error says how much the layer notices of the shift at all.
    """
    names = [layer.name for layer in layers]
    before, after = record(model, images, names), record(model, shifted(images, right, down), names)
    return {layer.name: _error(before[layer.name], after[layer.name], images.shape[2:], right, down, moves)
            for layer in layers}  # fmt: skip


class Compared(NamedTuple):
    """A layer's activations for one image, without the batch axis."""

    expected: Tensor  # T f(x): of the image as it is, moved along
    found: Tensor  # f(T x): of the shifted image

    @property
    def apart(self) -> Tensor:
        """What the shift brought about besides moving."""
        return self.found - self.expected

    @property
    def limit(self) -> float:
        """The largest of both."""
        return float(max(self.expected.abs().max(), self.found.abs().max()))


def compared(model: nn.Module, image: Float[Tensor, "1 height width"], layer: str, right: int, down: int) -> Compared:
    """A layer's activations moved along with a shift in pixels, and those of the shifted image."""
    x = image[None]
    before, after = (record(model, each, [layer])[layer] for each in (x, shifted(x, right, down)))
    maps = _as_maps(before)
    along = _moved(maps, *_places(maps, x.shape[2:], right, down))
    return Compared(along.view_as(before)[0], after[0])


def whole(shape: tuple[int, ...], size: tuple[int, int], right: int, down: int) -> bool:
    """Whether a shift is a multiple of the stride of a layer with activations of this shape, where it has one."""
    rows, columns = (*shape[1:], 1, 1)[:2]
    return all(count == 1 or by * count % side == 0
               for count, by, side in ((rows, down, size[0]), (columns, right, size[1])))  # fmt: skip


def _places(maps: Tensor, size: tuple[int, ...], right: int, down: int) -> tuple[float, float]:
    """How many of its places to the right and down a map moves with the image; where it has one alone, none."""
    rows, columns = maps.shape[2:]
    return (right * columns / size[1] if columns > 1 else 0.0), (down * rows / size[0] if rows > 1 else 0.0)


def _error(before: Tensor, after: Tensor, size: torch.Size, right: int, down: int, moves: bool) -> float:
    maps, moved = _as_maps(before), _as_maps(after)
    rows, columns = maps.shape[2:]
    right_by, down_by = _places(maps, size, right, down)
    expected = _moved(maps, right_by, down_by) if moves else maps
    inside = (_inside(rows, down_by), _inside(columns, right_by))
    if any(side.start >= side.stop for side in inside):
        return math.nan
    cut = (slice(None), slice(None), *inside)
    apart = (expected[cut] - moved[cut]).flatten(1).norm(dim=1)
    return float((apart / maps[cut].flatten(1).norm(dim=1).clamp(min=1e-12)).mean())


def _as_maps(activation: Tensor) -> Float[Tensor, "n units rows columns"]:
    """Neurons as maps of one place, recurrent units as maps of one column, time downwards."""
    return activation[(..., *[None] * (4 - activation.ndim))]


def _moved(maps: Tensor, right: float, down: float) -> Tensor:
    """By so many places; by a part of one as linear interpolation has it."""
    if right == int(right) and down == int(down):
        return shifted(maps, int(right), int(down))
    still, one = torch.zeros(len(maps)), torch.ones(len(maps))
    return warp(maps, still, one, -right * one, -down * one)


def _inside(count: int, shift: float) -> slice:
    margin = math.ceil(abs(shift))
    return slice(margin, count - margin)
