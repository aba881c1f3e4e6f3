"""What a net says of a picture before and after it was changed."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.answers import probabilities

Image = Float[Tensor, "1 channels height width"]


@torch.no_grad()
def answered(model: nn.Module, before: Image, after: Image) -> dict[str, float]:
    """`class_before` and `class_after`, and how likely each is to the net: `sure_before`, `sure_after`, in [0, 1]."""
    found: dict[str, float] = {}
    for when, image in (("before", before), ("after", after)):
        sure, named = probabilities(model(image))[0].max(0)
        found |= {f"class_{when}": float(named), f"sure_{when}": float(sure)}
    return found
