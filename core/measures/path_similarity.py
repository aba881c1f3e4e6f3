"""Path similarity: whether the layers before a unit compute on its picture as on the images that excite it."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from core.layers import record

Ranks = Float[Tensor, "n numbers"]


def ranks(model: nn.Module, layer: str, images: Tensor) -> Ranks:
    """Where each number of a layer stands among all of them, brought to mean 0 and length 1; a row an image.

    The product of two rows is Spearman's rank correlation. A layer that answers with one number everywhere has none: 0.
    """
    return ranked(record(model, images, [layer])[layer])


def ranked(activation: Float[Tensor, "n units *place"]) -> Ranks:
    """The same of activations that are at hand."""
    from scipy.stats import rankdata  # 30 MB, and the app never needs it

    found = rankdata(activation.flatten(1).numpy(), axis=1)
    found -= found.mean(1, keepdims=True)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return torch.from_numpy(found / np.where(lengths > 0, lengths, 1)).float()


def likeness(picture: Ranks, strongest: Ranks, others: Ranks) -> tuple[float, float, float]:
    """How like the unit's strongest images are: the pictures, these images to each other, and any other images.

    Each a mean of rank correlations; no image is compared with itself.
    """
    among = strongest @ strongest.T
    apart = ~torch.eye(len(strongest), dtype=torch.bool)
    return (
        float((picture @ strongest.T).mean()),
        float(among[apart].mean()),
        float((strongest @ others.T).mean()),
    )


def path_similarity(found: Float[Tensor, "units 3"]) -> float:
    """1: the pictures are as like the strongest images as these are to each other; 0: as any other image.

    Geirhos et al. 2024, section 4, who compare classes; here units are, and their means over units are put in relation,
    because one unit's strongest images may be no more like each other than like any others.
    """
    picture, among, others = found.mean(0).tolist()
    return (picture - others) / (among - others)


def resampled(found: Float[Tensor, "units 3"], times: int = 2000) -> tuple[float, float]:
    """The 95 % percentile bootstrap interval of the path similarity over units; the same for the same numbers."""
    rows = torch.randint(len(found), (times, len(found)), generator=Generator().manual_seed(0))
    again = torch.tensor([path_similarity(found[drawn]) for drawn in rows], dtype=torch.float64)
    low, high = again.quantile(torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    return low, high
