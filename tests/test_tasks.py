"""Tasks without classes, on a few images."""

import torch

from core.data.digits import Digits, test_set
from core.data.tasks import MEMORISED, random_labels, rotations

DIGITS = Digits(*(part[:6000] for part in test_set()))


def test_random_labels_are_others_and_as_many_of_each() -> None:
    found = random_labels(DIGITS, 1)
    assert torch.equal(found.images, DIGITS.images[:MEMORISED]) and len(found.labels) == MEMORISED
    assert torch.equal(found.labels.bincount(), DIGITS.labels[:MEMORISED].bincount())
    assert 0.07 < (found.labels == DIGITS.labels[:MEMORISED]).float().mean() < 0.13
    assert torch.equal(found.labels, random_labels(DIGITS, 1).labels)
    assert not torch.equal(found.labels, random_labels(DIGITS, 2).labels)


def test_an_image_is_turned_by_as_many_quarters_as_its_label_says() -> None:
    found = rotations(Digits(DIGITS.images[:200], DIGITS.labels[:200]), 3)
    assert set(found.labels.tolist()) == {0, 1, 2, 3}
    for image, turned, quarters in zip(DIGITS.images, found.images, found.labels.tolist(), strict=False):
        for _ in range(quarters):  # a quarter: what was right is above
            image = image.transpose(1, 2).flip(1)
        assert torch.equal(turned, image)
    assert not torch.equal(found.labels, rotations(Digits(DIGITS.images[:200], DIGITS.labels[:200]), 4).labels)
