"""The steps that fool a net, by Captum's robustness module; and noise of the same size."""

import warnings
from typing import Any, Literal, NamedTuple

import torch
from captum.robust import FGSM, PGD
from jaxtyping import Float, Int
from torch import Generator, Tensor, nn

Norm = Literal["Linf", "L2"]
NORMS: tuple[Norm, ...] = ("Linf", "L2")
Images = Float[Tensor, "n channels height width"]
PASSES = 4  # of what noise loses at the ends of the range, each makes up for most

warnings.filterwarnings("ignore", category=UserWarning, module="captum")  # it announces each input that it marks


class Perturbed(NamedTuple):
    """Pictures in [0, 1], and what the net says of each before every step and after the last."""

    images: Images
    logits: Float[Tensor, "steps n classes"]


def shortfall(logits: Float[Tensor, "n classes"], labels: Int[Tensor, " n"]) -> Float[Tensor, " n"]:
    """By how much a class's logit lies below the highest other one (Carlini, Wagner 2017, f6 without its clipping).

    Cross-entropy's gradient is exactly 0 in float32 where a net is sure of itself; that of the margin never vanishes.
    """
    own = logits.gather(1, labels[:, None])
    others = logits.scatter(1, labels[:, None], -torch.inf)
    return others.amax(1) - own[:, 0]


class _AlongGradient(FGSM):  # type: ignore[misc]  # Captum's types are unknown
    """A step along the gradient, of that Euclidean length, over the pixels that can still go that way.

    Captum steps along the gradient's sign in L2's ball as well, which is not the steepest way there.
    """

    def __init__(self, forward: Any, loss: Any, low: Images, high: Images) -> None:
        super().__init__(forward, loss)
        self.low, self.high = low, high

    def _perturb(self, inputs: Any, grads: Any, epsilon: float, targeted: bool, masks: Any) -> tuple[Tensor, ...]:
        (x,), (gradient,) = inputs, grads
        way = -gradient if targeted else gradient
        way = way * ~((way < 0) & (x <= self.low) | (way > 0) & (x >= self.high))
        length = way.flatten(1).norm(dim=1).clamp(min=torch.finfo(way.dtype).tiny)
        return (x + epsilon * way / length.view(-1, 1, 1, 1),)


def perturb(
    model: nn.Module, images: Images, labels: Int[Tensor, " n"], radii: Float[Tensor, " n"], norm: Norm, *,
    targeted: bool, steps: int, step_size: float,
) -> Perturbed:  # fmt: skip
    """Away from the labels, or towards them, within each picture's own radius and the range [0, 1].

    Projected gradient descent (Madry et al. 2018, section 2.1) without a random start; one step as large as the radius
    is the fast gradient sign method (Goodfellow, Shlens, Szegedy 2015, section 4). `step_size` is a share of the
    radius. Captum knows one radius a batch: so the ball that it sees has radius 1, and the pixels are scaled.
    """
    radius = radii.to(images)[:, None, None, None]
    low, high = -images / radius, (1 - images) / radius
    seen: list[Tensor] = []

    def forward(change: Images) -> Float[Tensor, "n classes"]:
        logits = model(images + radius * change)
        seen.append(logits.detach())
        return logits

    attack = PGD(forward, shortfall)
    attack.bound = lambda change: change.clamp(low, high)
    if norm == "L2":
        attack.fgsm = _AlongGradient(forward, shortfall, low, high)
    attack.fgsm.zero_thresh = 0.0  # it counts gradients below 1e-6 as none, whatever the scale of the logits
    change = attack.perturb(torch.zeros_like(images), 1.0, step_size, steps, labels, targeted=targeted, norm=norm)
    found = (images + radius * change).clamp(0, 1)
    with torch.no_grad():
        seen.append(model(found))
    return Perturbed(found, torch.stack(seen))


def noisy(images: Images, radii: Float[Tensor, " n"], norm: Norm, generator: Generator) -> Images:
    """Random signs at that size in every pixel, or Gaussian noise of that Euclidean length, within [0, 1].

    As in `perturb`, a pixel goes as far as its range allows; in L2 the others go further for it.
    """
    drawn = torch.randn(images.shape, generator=generator).to(images)
    radius = radii.to(images)[:, None, None, None]
    if norm == "Linf":
        return (images + radius * drawn.sign()).clamp(0, 1)
    for _ in range(PASSES):
        length = drawn.flatten(1).norm(dim=1).clamp(min=torch.finfo(drawn.dtype).tiny)[:, None, None, None]
        drawn = (images + radius / length * drawn).clamp(0, 1) - images
    return images + drawn


def veiled(images: Images, epsilon: float) -> Images:
    """Every pixel that much nearer to grey, and nothing drawn: in L-inf, this is as large as any change."""
    return images + (0.5 - images).clamp(-epsilon, epsilon)
