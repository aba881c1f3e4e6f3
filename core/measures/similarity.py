"""Similarity: whether two layers, or two nets, hold images at the same distances from each other."""

from collections.abc import Mapping

import pandas as pd
from jaxtyping import Float
from torch import Tensor

LEAST = 4  # images: the estimator divides by n - 3


def similarity(first: Float[Tensor, "n ..."], second: Float[Tensor, "n ..."]) -> float:
    """The linear CKA of two sets of activations of the same images, from unbiased estimates of HSIC: at most 1.

    1 where one is the other, turned, scaled and shifted; about 0, on either side of it, where they have nothing in
    common; NaN where one of them never changes. Kornblith et al. 2019, "Similarity of neural network representations
    revisited", equation 4: HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)), K = X X'. Their estimate of HSIC, equation 3,
    grows with the number of units; here it is that of Song et al. 2012, "Feature selection via dependence
    maximization", equation 5, as in Nguyen et al. 2021, "Do wide and deep networks learn the same things?", equation 3,
    but over all images at once. Each is unbiased, their ratio is not quite. Raises ValueError for fewer than 4 images,
    or sets of unlike size.
    """
    if len(first) != len(second):
        raise ValueError(f"Similarity is of two answers to the same images, not to {len(first)} and {len(second)}.")
    return float((direction(first) * direction(second)).sum())


def similarities(activations: Mapping[str, Float[Tensor, "n ..."]]) -> pd.DataFrame:
    """The similarity of each pair, by their names, both ways and with themselves: columns first, second and cka."""
    directions = {name: direction(activation) for name, activation in activations.items()}
    rows = [(one, other, float((its * of_other).sum())) for one, its in directions.items()
            for other, of_other in directions.items()]  # fmt: skip
    return pd.DataFrame(rows, columns=["first", "second", "cka"])


def direction(activation: Float[Tensor, "n ..."]) -> Float[Tensor, "n n"]:
    """The Gram matrix of the images, U-centred, at length 1: the product of two of them is their CKA.

    Székely and Rizzo 2014, "Partial distance correlation with methods for dissimilarities", whose product over
    n (n - 3) is Song's estimate: rows and columns have the sum 0 without the diagonal, which is 0.
    """
    n = len(activation)
    if n < LEAST:
        raise ValueError(f"Similarity needs {LEAST} images at least, and there are {n}.")
    apart = activation.flatten(1) - activation.flatten(1).mean(0)
    gram = (apart @ apart.T).double().fill_diagonal_(0)
    sums = gram.sum(0) / (n - 2)
    gram += sums.sum() / (n - 1) - sums - sums[:, None]
    gram.fill_diagonal_(0)
    return gram / gram.norm()
