"""Nonlinearity: how much of what a unit puts out is no linear function of the image."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.measures.constant import constant
from core.measures.held_out import split

PLACES = 5  # along each axis of a map, evenly spread: all are targets of one fit, and neighbours say the same
STRENGTHS = tuple(10.0**power for power in range(-9, 2))  # of the ridge, as shares of the pixels' mean variance
RANK = 1e-6  # of the largest singular value: less is a direction in which no image differs
OUTSIDE = 1e-6  # of an image's size: as much of it may lie where none that is learned from differs


def nonlinearity(
    images: Float[Tensor, "n ..."], activation: Float[Tensor, "n units *place"]
) -> Float[Tensor, " units"]:
    """1 - R^2 of each unit's best linear fit from the pixels, on images that are held out.

    0 is a linear unit, as all pre-activations of a first layer are, and 1 one of which the pixels say nothing linearly;
    a fit that does worse than the mean gives more. The fit is a ridge regression (Hoerl and Kennard 1970, "Ridge
    regression: biased estimation for nonorthogonal problems": a strength is added to the diagonal of X'X), its strength
    chosen for each unit on a part of what is learned from. A unit's places share their sums of squares, each about its
    own mean. Images with something where none that is learned from has anything are left out: of that no fit can know.
    Units that never change are NaN. Raises ValueError unless more images are fitted than they have dimensions, as even
    a linear unit could not be found again, and some that are held out lie within them.
    """
    pixels, targets = images.flatten(1).double(), _places(activation.double())
    learned, held = split(len(pixels))
    fitted, chosen = learned[split(len(learned))[0]], learned[split(len(learned))[1]]
    fit = _Fit.of(pixels[fitted], targets[fitted])
    chosen, held = (part[fit.knows(pixels[part])] for part in (chosen, held))
    if not len(chosen) or not len(held):
        raise ValueError(f"None of the images that are held out lies where the {len(fitted)} that are fitted differ.")
    lost = torch.stack([fit.missed(pixels[chosen], targets[chosen], torch.full((targets.shape[1],), strength))
                        for strength in STRENGTHS])  # fmt: skip
    best = torch.tensor(STRENGTHS)[lost.argmin(0)]
    spread = (targets[held] - targets[held].mean(0)).square().sum((0, 2))
    found = fit.missed(pixels[held], targets[held], best) / spread
    return torch.where(constant(targets[fitted]) | constant(targets[held]), torch.nan, found).float()


def _places(activation: Float[Tensor, "n units *place"]) -> Float[Tensor, "n units places"]:
    """The values at a few places, evenly spread along each axis, the first and the last among them."""
    for axis in range(2, activation.ndim):
        size = activation.shape[axis]
        activation = activation.index_select(axis, torch.linspace(0, size - 1, min(size, PLACES)).round().long())
    return activation.flatten(2) if activation.ndim > 2 else activation[..., None]


@dataclass(frozen=True)
class _Fit:
    """Ridge regressions of all targets, from one singular value decomposition of the pixels."""

    pixels: Float[Tensor, " pixels"]  # their mean
    targets: Float[Tensor, "units places"]  # theirs
    sizes: Float[Tensor, " rank"]  # singular values
    directions: Float[Tensor, "pixels rank"]
    products: Float[Tensor, "rank units places"]  # of the left singular vectors and the targets
    unit: float  # the strength that is 1: the pixels' mean sum of squares

    @classmethod
    def of(cls, pixels: Float[Tensor, "n pixels"], targets: Float[Tensor, "n units places"]) -> "_Fit":
        """Raises ValueError where images are no more than what they differ in."""
        left, sizes, right = torch.linalg.svd(pixels - pixels.mean(0), full_matrices=False)
        there = sizes > RANK * sizes[0]
        if len(pixels) <= int(there.sum()) + 1:
            raise ValueError(
                f"Nonlinearity needs more images than they have dimensions: {len(pixels)} are fitted, and they differ "
                f"in {int(there.sum())}. Expected are more of them, or smaller ones."
            )
        products = torch.einsum("nr,nup->rup", left[:, there], targets)
        unit = float(sizes.square().sum()) / pixels.shape[1]
        return cls(pixels.mean(0), targets.mean(0), sizes[there], right[there].T, products, unit)

    def knows(self, pixels: Float[Tensor, "m pixels"]) -> Bool[Tensor, " m"]:
        """Which images lie where those that are fitted differ."""
        apart = pixels - self.pixels
        outside = apart - apart @ self.directions @ self.directions.T
        return outside.norm(dim=1) <= OUTSIDE * apart.norm(dim=1)

    def missed(
        self, pixels: Float[Tensor, "m pixels"], targets: Float[Tensor, "m units places"],
        strengths: Float[Tensor, " units"],
    ) -> Float[Tensor, " units"]:  # fmt: skip
        """The sum of squares that the fits leave, each unit's of its own strength."""
        gains = self.sizes[:, None] / (self.sizes.square()[:, None] + self.unit * strengths)
        weights = (gains[..., None] * self.products).flatten(1)
        said = ((pixels - self.pixels) @ self.directions @ weights).view_as(targets)
        return (targets - self.targets - said).square().sum((0, 2))
