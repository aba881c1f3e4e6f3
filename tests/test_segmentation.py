"""What grows out of a saliency map: the thing whose colour it lies on, and nothing else."""

import pytest
import torch

from core.segmentation import segment


def test_a_few_salient_pixels_grow_to_the_whole_square() -> None:
    photo = torch.full((3, 224, 224), 0.2)
    photo[:, 60:160, 80:180] = torch.tensor([0.9, 0.4, 0.1])[:, None, None]
    rows, columns = torch.meshgrid(torch.arange(224.0), torch.arange(224.0), indexing="ij")
    importance = torch.exp(-((rows - 110) ** 2 + (columns - 120) ** 2) / (2 * 20**2))  # a part of it, off its middle
    thing = torch.zeros(224, 224, dtype=torch.bool)
    thing[60:160, 80:180] = True
    found = segment(photo, importance)
    union, both = (found | thing).sum(), (found & thing).sum()
    assert float(both / union) > 0.9


def test_a_map_without_differences_gets_a_sentence() -> None:
    with pytest.raises(ValueError, match="the same of every pixel"):
        segment(torch.rand(3, 224, 224), torch.ones(224, 224))
