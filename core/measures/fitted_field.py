"""One size, stride and first pixel for what the places of a map were measured to see."""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from core.measures.field import ALL, BOUND, Field

MOST_SHARED = 64  # neighbours with one field, for which it is looked


def fitted(begins: Float[Tensor, " places"], ends: Float[Tensor, " places"], side: int) -> Field:
    """The smallest field, exact if there is one, that holds what each place sees of an image of that side.

    A place that sees nothing begins at infinity. What reaches as far as any place may have been cut off there: the
    others say how it goes on.
    """
    seeing = begins.isfinite()
    if not seeing.any():
        return BOUND
    if _is_constant(begins) and _is_constant(ends) and begins[0] <= 0 and ends[0] >= side:
        return ALL
    shared, stride = _period(begins, ends, side)
    fields = [_held(begins, ends, stride, shared, phase) for phase in range(shared)]
    if shared > 1:
        fields.append(_held(begins, ends, stride / shared, 1, 0))
    best = min(fields, key=lambda field: (not field.exact, field.size))
    sees_all = all(best.rows(index, side) == (0, side) for index in range(len(begins)))
    return BOUND if sees_all and not best.exact else best


def _is_constant(values: Tensor) -> bool:
    return bool((values == values[0]).all())


def _whole_ones(begins: Tensor, ends: Tensor) -> tuple[Tensor, Tensor]:
    """Which places begin, and end, where the border of what is read cannot have cut them off."""
    seeing = begins.isfinite()
    return seeing & (begins > begins.min()), seeing & (ends < ends.max())


def _period(begins: Tensor, ends: Tensor, side: int) -> tuple[int, float]:
    """After how many places the fields are the same again, moved, and how far; 1 where they never are."""
    begun, ended = _whole_ones(begins, ends)
    for shared in range(1, min(MOST_SHARED, len(begins) // 2) + 1):
        moves = [(values[shared:] - values[:-shared])[whole[shared:] & whole[:-shared]]
                 for values, whole in ((begins, begun), (ends, ended))]  # fmt: skip
        together = torch.cat(moves)
        if min(map(len, moves)) >= shared and _is_constant(together) and together[0] > 0:
            return shared, float(together[0])
    places = (begun & ended).nonzero()[:, 0]
    if len(places) < 2:
        return 1, side / len(begins)
    last, first = int(places[-1]), int(places[0])
    return 1, max(0.0, float(begins[last] - begins[first]) / (last - first))


def _held(begins: Tensor, ends: Tensor, stride: float, shared: int, phase: int) -> Field:
    """The field of that stride that holds them all; exact if each sees it all, or sticks out at the border."""
    moved = stride * ((torch.arange(len(begins)) + phase) // shared)
    seeing = begins.isfinite()
    first = float((begins - moved)[seeing].min())
    size = float((ends - moved)[seeing].max()) - first
    field = Field(size, stride, first, shared, phase)
    low, high = float(begins.min()), float(ends.max())
    spans = torch.tensor([field.span(index) for index in range(len(begins))])
    sticks_out = (spans[:, 0] < low) | (spans[:, 1] > high)
    agree = torch.where(sticks_out, True, (spans == torch.stack([begins, ends], 1)).all(1))
    begun, ended = _whole_ones(begins, ends)
    return replace(field, exact=bool(agree.all()) and bool((begun & ended & ~sticks_out).any()))
