"""Selectivity: how much a single unit says of the class."""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from core.measures.constant import constant


def class_selectivity(
    activation: Float[Tensor, "n units *place"], labels: Int[Tensor, " n"]
) -> Float[Tensor, " units"]:
    """Of each unit, from 0, where all classes excite it alike, to 1, where one alone does; a map by its mean.

    Morcos et al. 2018, "On the importance of single directions for generalization": (a - b) / (a + b) of
    the highest mean activity a of a class, and the mean b of the others, here each class alike, whatever its size.
    Units that are silent are NaN. Raises ValueError where activations are negative, which have no such share, and for
    fewer than two classes.
    """
    if bool((activation < 0).any()):
        raise ValueError("Class selectivity is of activations that are never negative: eta_squared is of any.")
    means = _by_class(by_mean(activation), labels)
    highest = means.amax(0)
    others = (means.sum(0) - highest) / (len(means) - 1)
    return ((highest - others) / (highest + others)).float()


def eta_squared(activation: Float[Tensor, "n units *place"], labels: Int[Tensor, " n"]) -> Float[Tensor, " units"]:
    """The share of each unit's variance that lies between the classes, from 0 to 1; a map by its mean.

    Pearson's correlation ratio, squared (Fisher 1925, "Statistical methods for research workers"): the sum over
    classes of n_c (m_c - m)^2, over the sum of (x - m)^2. Of k classes that mean nothing it is (k - 1) / (n - 1), on
    the mean. Units that never change are NaN. Raises ValueError for fewer than two classes.
    """
    values = by_mean(activation)
    means, counts = _by_class(values, labels), labels.unique(return_counts=True)[1].double()
    mean = values.mean(0)
    between = (counts[:, None] * (means - mean).square()).sum(0)
    found = between / (values - mean).square().sum(0)
    return torch.where(constant(values), torch.nan, found).float()


def by_mean(activation: Float[Tensor, "n units *place"]) -> Float[Tensor, "n units"]:
    """One number a unit and image, in float64: of a map, or over time, the mean."""
    return activation.double().flatten(2).mean(2) if activation.ndim > 2 else activation.double()


def _by_class(values: Float[Tensor, "n units"], labels: Int[Tensor, " n"]) -> Float[Tensor, "classes units"]:
    """The mean of each class, of those that there are."""
    classes, numbers = labels.unique(return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"Selectivity needs two classes at least, and all images are of class {classes.tolist()}.")
    members = F.one_hot(numbers).double()
    return members.T @ values / members.sum(0)[:, None]
