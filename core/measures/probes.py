"""Linear probes: how well a linear classifier reads the class off a layer."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.measures.held_out import split

WEAKNESSES = (1.0, 10.0, 100.0)  # of the penalty, where the activations' mean squared length is 1
MOST = 2000  # iterations: all converge
RANK = 1e-6  # of the largest eigenvalue: less is rounding


def probe(activation: Float[Tensor, "n ..."], labels: Int[Tensor, " n"]) -> float:
    """The share of held-out images whose class a linear classifier reads off a layer: see `read`."""
    held = split(len(labels))[1]
    return float((read(activation, labels) == labels[held]).double().mean())


def read(activation: Float[Tensor, "n ..."], labels: Int[Tensor, " n"]) -> Int[Tensor, " held"]:
    """The class that a linear classifier reads off a layer for each held-out image; an axis a unit, place and time.

    Alain and Bengio 2016, "Understanding intermediate layers using linear classifier probes": the softmax
    of a linear map, here with a penalty on its squared weights, that is chosen by the log loss on a part of what is
    learned from, and at the minimum itself (L-BFGS), where they stop a descent. Of the images themselves it is the best
    linear classifier. Layers with more numbers have an advantage: see `projected`. Raises ValueError where those that
    are learned from are all of one class.
    """
    from sklearn.linear_model import LogisticRegressionCV  # 60 MB, and the app never needs it

    learned, held = split(len(labels))
    classes = labels[learned].unique().tolist()
    if len(classes) < 2:
        raise ValueError(f"A probe needs two classes at least, and all images are of class {classes}.")
    points, numbers = _few(activation.flatten(1), learned).numpy(), labels.numpy()
    parts = tuple(part.numpy() for part in split(len(learned)))
    fit = LogisticRegressionCV(Cs=WEAKNESSES, l1_ratios=(0,), cv=[parts], scoring="neg_log_loss", max_iter=MOST,
                               use_legacy_attributes=False)  # fmt: skip
    return torch.from_numpy(fit.fit(points[learned], numbers[learned]).predict(points[held]))


def _few(points: Float[Tensor, "n numbers"], learned: Int[Tensor, " learned"]) -> Float[Tensor, "n fewer"]:
    """The same turned, shifted and scaled, within what those that are learned from span, which changes no fit."""
    apart = points - points[learned].mean(0)
    length = apart[learned].square().sum(1).mean().sqrt()
    apart = apart / length if length > 0 else apart
    if apart.shape[1] <= len(learned):
        return apart
    products = (apart @ apart[learned].T).double()
    sizes, directions = torch.linalg.eigh(products[learned])
    there = sizes > RANK * sizes[-1]
    return (products @ directions[:, there] / sizes[there].sqrt()).float() if there.any() else apart[:, :1]


def projected(activation: Float[Tensor, "n ..."], numbers: int, seed: int = 0) -> Float[Tensor, "n numbers"]:
    """The activations at so many numbers each, by a random projection from a seed, which hardly changes distances.

    The lemma is Johnson's and Lindenstrauss's of 1984; here each weight is normal, of variance 1 / numbers. Raises
    ValueError for fewer activations than that: they would only be repeated.
    """
    from sklearn.random_projection import GaussianRandomProjection

    points = activation.flatten(1)
    if points.shape[1] < numbers:
        raise ValueError(f"{points.shape[1]} activations cannot be projected to {numbers} dimensions.")
    return torch.from_numpy(GaussianRandomProjection(numbers, random_state=seed).fit_transform(points.numpy())).float()
