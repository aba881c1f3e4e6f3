"""The effective receptive field: by which pixels of what it can see a unit is moved, and how much."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.layers import run_to

BATCH = 100  # images
LEAST = 1 - 0.9545  # of the peak, by which Luo et al. count a pixel: two standard deviations hold 95.45 %


def effective_field(
    model: nn.Module,
    images: Float[Tensor, "n channels height width"],
    layer: str,
    units: Sequence[int],
    place: Sequence[int] | None = None,
) -> Float[Tensor, "units height width"]:
    """The mean, over images, of how large a unit's gradient is at each pixel, channels added up.

    Luo et al. 2016, "Understanding the effective receptive field in deep convolutional neural networks":
    that of the unit at its map's centre, or behind the last row; or else at a `place`, (row, column) of a map, (row,)
    of a recurrent layer. They leave out the absolute value, which keeps images from cancelling each other out. Raises
    ValueError for a place that the layer does not have.
    """
    fields = torch.zeros(len(units), *images.shape[2:])
    for batch in images.split(BATCH):
        x = batch.clone().requires_grad_()
        activation = run_to(model, x, [layer])[layer]
        here: tuple[slice | int, ...] = (slice(None), slice(None), *_place(layer, activation.shape[2:], place))
        there = activation[here]
        for number, unit in enumerate(units):
            (gradient,) = torch.autograd.grad(there[:, unit].sum(), x, retain_graph=True)
            fields[number] += gradient.abs().sum((0, 1))
    return fields / len(images)


def _place(layer: str, there: Sequence[int], place: Sequence[int] | None) -> tuple[int, ...]:
    """A place of a layer with so many along each axis."""
    if place is None:
        return (there[0] // 2, there[1] // 2) if len(there) == 2 else tuple(side - 1 for side in there)
    if len(place) != len(there) or not all(0 <= index < side for index, side in zip(place, there, strict=True)):
        raise ValueError(
            f"{layer} has no place {tuple(place)}; it has {' x '.join(map(str, there)) or 'none: it gives one value'}."
        )
    return tuple(place)


def radius(fields: Float[Tensor, "units height width"]) -> Float[Tensor, " units"]:
    """How far a field's gradient lies from its centre, in pixels: the root of the mean squared distance.

    Luo et al. 2016: of kernels that are stacked, the variances are added up. A field of nothing is NaN.
    """
    shares = fields / fields.sum((1, 2), keepdim=True)
    total = torch.zeros(len(fields))
    for axis in (1, 2):
        places = torch.arange(float(fields.shape[axis]))
        along = shares.sum(3 - axis)
        mean = (along * places).sum(1, keepdim=True)
        total += (along * (places - mean).square()).sum(1)
    return total.sqrt()


def area(fields: Float[Tensor, "units height width"]) -> Float[Tensor, " units"]:
    """How many pixels have more than 4.55 % of the largest gradient; a field of nothing is NaN.

    Luo et al. 2016, who give the root of it as the size, and take the share of the gradient in the centre: of a trained
    unit that need not be large.
    """
    peak = fields.amax((1, 2), keepdim=True)
    counts = (fields > LEAST * peak).sum((1, 2)).float()
    return torch.where(peak[:, 0, 0] > 0, counts, torch.nan)


def fewest(fields: Float[Tensor, "units height width"], share: float = 0.9) -> Float[Tensor, " units"]:
    """How many pixels it takes, the strongest first, to hold that share of a field; a field of nothing is NaN."""
    strongest = fields.flatten(1).double().sort(1, descending=True).values
    total = strongest.sum(1, keepdim=True)
    counts = 1 + (strongest.cumsum(1) < share * total).sum(1).float()
    return torch.where(total[:, 0] > 0, counts, torch.nan)
