"""The thousand classes of ImageNet (Russakovsky et al. 2015)."""

from functools import cache
from pathlib import Path


@cache
def imagenet_labels() -> tuple[str, ...]:
    """Their names in the usual order, as torchvision has them; to import it takes seconds, and 130 MB."""
    return tuple(Path(__file__).with_suffix(".txt").read_text().splitlines())
