"""Other tasks on the same images: what a net learns when there is no class in it to learn."""

import torch
from torch import Generator

from core.data.digits import Digits

MEMORISED = 5_000  # images whose random labels a small net can learn by heart


def random_labels(digits: Digits, seed: int) -> Digits:
    """The first images with each other's labels: all that can be learned is which image got which.

    Zhang et al. 2017, "Understanding deep learning requires rethinking generalization", section 2.1.
    """
    labels = digits.labels[:MEMORISED]
    return Digits(
        digits.images[:MEMORISED], labels[torch.randperm(len(labels), generator=Generator().manual_seed(seed))]
    )


def rotations(digits: Digits, seed: int) -> Digits:
    """Each image turned by none to three quarters, which is its label: no person has to give one.

    Gidaris, Singh, Komodakis 2018, "Unsupervised representation learning by predicting image rotations".
    """
    quarters = torch.randint(4, (len(digits.labels),), generator=Generator().manual_seed(seed))
    images = torch.stack(
        [image.rot90(turn, (1, 2)) for image, turn in zip(digits.images, quarters.tolist(), strict=True)]
    )
    return Digits(images, quarters)
