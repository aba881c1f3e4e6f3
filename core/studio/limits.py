"""What a technique refuses, in sentences for the page: a recipe beyond its limits, and what nothing can climb."""

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.ascent.objectives import Objective
from core.layers import run_to

Limits = Mapping[str, tuple[float, float]]


def require_within(recipe: Any, limits: Limits) -> None:
    """Raise ValueError for a recipe that has a value beyond its limits; None is within them."""
    for name, (low, high) in limits.items():
        value = getattr(recipe, name)
        if value is not None and not low <= value <= high:
            raise ValueError(f"{name.replace('_', ' ').capitalize()} is {value:g}; it can be from {low:g} to {high:g}.")


def require_gradient(model: nn.Module, images: Float[Tensor, "n channels height width"], objective: Objective) -> None:
    """Raise ValueError where no pixel changes the objective, and for layers that the net does not have."""
    named = ", ".join(sorted(objective.layers))
    with torch.enable_grad():
        x = images.detach().clone().requires_grad_()
        score = objective(run_to(model, x, objective.layers), x).sum()
        if not score.requires_grad or not torch.autograd.grad(score, x)[0].any():
            raise ValueError(
                f"No pixel of this picture changes {named}: its gradient is zero, there is nothing to climb."
            )
