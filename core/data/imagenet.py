"""The thousand classes of ImageNet (Russakovsky et al. 2015)."""

from functools import cache


@cache
def imagenet_labels() -> tuple[str, ...]:
    """Their names in the usual order, as torchvision ships them with its weights."""
    from torchvision.models import ResNet18_Weights  # takes seconds to import

    return tuple(ResNet18_Weights.DEFAULT.meta["categories"])
