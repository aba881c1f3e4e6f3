"""Sparsity: whether a few numbers hold most of the size, or all of them a little."""

import math

from jaxtyping import Float
from torch import Tensor


def sparsity(values: Float[Tensor, "*rows numbers"]) -> Float[Tensor, "*rows"]:
    """Of each row, from 0, where all are equally large, to 1, where one alone is not 0; whatever the scale and sign.

    Hoyer 2004, "Non-negative matrix factorization with sparseness constraints": (sqrt(n) - L1 / L2) /
    (sqrt(n) - 1). A row an image says how many units answer it; a row a unit, how many images it answers. Rows of
    zeros are NaN. Raises ValueError for a single number.
    """
    root = math.sqrt(values.shape[-1])
    if root < math.sqrt(2):
        raise ValueError(f"Sparsity needs two numbers at least, and there are {values.shape[-1]}.")
    return (root - values.abs().sum(-1) / values.norm(dim=-1)) / (root - 1)
