"""Dimension: along how many directions a layer's answers vary."""

from jaxtyping import Float
from torch import Tensor


def dimension(activation: Float[Tensor, "n ..."]) -> float:
    """The participation ratio of the eigenvalues of the activations' covariance: from 1 to the number of units.

    d where d of them are equal and the others 0. Gao et al. 2017, "A theory of multineuronal dimensionality, dynamics
    and measurement": (sum of eigenvalues)^2 / sum of eigenvalues^2. Of n images it is n - 1 at most, and too low. An
    axis a unit, a place and a time. NaN where nothing changes. Raises ValueError for fewer than two images.
    """
    if len(activation) < 2:
        raise ValueError(f"The dimension is of two images at least, and there are {len(activation)}.")
    apart = activation.flatten(1) - activation.flatten(1).mean(0)
    products = apart @ apart.T if len(apart) < apart.shape[1] else apart.T @ apart  # they share their eigenvalues
    products = products.double()
    return float(products.trace().square() / products.square().sum())
