"""Caricature: a picture in which a layer's answer to another one is exaggerated."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Generator, Tensor, nn

from core.ascent import Step, ascend
from core.ascent.objectives import Objective, Scores, energy
from core.ascent.parametrise import Fourier
from core.ascent.transforms import Jitter
from core.layers import run_to
from core.studio.answers import answered
from core.studio.beside import Beside, paired
from core.studio.limits import require_gradient, require_within
from core.studio.made import Made, made

Images = Float[Tensor, "n channels height width"]
STARTS = ("noise", "image")
FLOOR = 0.1  # of the cosine, so that what points elsewhere is climbed, too; as in
# https://github.com/tensorflow/lucid/blob/master/lucid/optvis/objectives.py
FAINTEST = 1e-12  # of a layer's square
NOISE = 0.01  # of a start's waves


@dataclass(frozen=True)
class Caricature:
    """Which layer's answer is exaggerated, and how. As it stands, for photos."""

    layer: str = "block12"
    exponent: float = 1.0  # of the cosine: how much the direction counts beside the length
    strength: float = 3.0  # how far each wave of the picture can move, of which one of 1 is strong
    steps: int = 96
    jitter: int = 8  # pixels
    start: str = "noise"  # one of STARTS
    seed: int = 0


RECIPES = {
    "photos": Caricature(),
    "digits": Caricature("relu4", exponent=4.0, strength=6.0, jitter=1),
}  # by what a model sees
LIMITS: dict[str, tuple[float, float]] = {
    "exponent": (0.0, 16.0), "strength": (0.01, 10.0), "steps": (1, 1000), "jitter": (0, 64), "seed": (0, 9999),
}  # fmt: skip


def exaggerated(layer: str, exponent: float) -> Objective:
    """Of the first half of a batch, how far each activation a goes along its fellow's b in the second half.

    (a . b / |b|^2) max(cos(a, b), FLOOR)^exponent: the layer's Euclidean length counts, and the direction.
    """

    def score(ours: Tensor, theirs: Tensor) -> Scores:
        ours, theirs = ours.flatten(1), theirs.flatten(1)
        along = (ours * theirs).sum(1) / theirs.square().sum(1).clamp(min=FAINTEST)
        return along * F.cosine_similarity(ours, theirs).clamp(min=FLOOR) ** exponent

    return paired(layer, score)


def caricature(model: nn.Module, images: Images, recipe: Caricature) -> Iterator[Made]:
    """A picture whose activation goes far along that of the first image: from it, or from grey and noise.

    As in Lucid (Olah et al. 2018, "The Building Blocks of Interpretability") it climbs (phi(x) . phi(x0)) cos(phi(x),
    phi(x0))^exponent. Numbers at the end: `length`, the activation's length in units of the original's; `cosine`
    between the two; and what `answered` tells. Raises ValueError for a recipe beyond LIMITS, a start that there is not,
    and a layer that there is not, or that has no gradient.
    """
    image = images[:1]
    require_within(recipe, LIMITS)
    if recipe.start not in STARTS:
        raise ValueError(f"There is no start {recipe.start!r}; there are {', '.join(STARTS)}.")
    require_gradient(model, image, energy(recipe.layer))
    for step in climb(model, image, recipe):
        numbers = _numbers(model, image, step.images, recipe.layer) if step.step == step.steps else {}
        yield made(step.step, step.steps, step.images, **numbers)


def climb(model: nn.Module, images: Images, recipe: Caricature) -> Iterator[Step]:
    """The ascent of several images, each towards its own."""
    batch, channels, height, width = images.shape
    from_image = recipe.start == "image"
    start = Fourier((batch, channels, height, width), images if from_image else 0.5, noise=0.0 if from_image else NOISE)
    for step in ascend(
        model,
        exaggerated(recipe.layer, recipe.exponent),
        parametrise=Beside(start, images),
        transforms=[Jitter(recipe.jitter, None)],
        steps=recipe.steps,
        lr=recipe.strength / recipe.steps,
        generator=Generator().manual_seed(recipe.seed),
    ):
        yield replace(step, images=step.images[: len(images)], scores=step.scores[: len(images)])


@torch.no_grad()
def compared(
    model: nn.Module, images: Images, others: Images, layer: str
) -> tuple[Float[Tensor, " n"], Float[Tensor, " n"]]:
    """How long the images' activations are in units of the others', and the cosines between them."""
    ours, theirs = (run_to(model, each, [layer])[layer].flatten(1) for each in (images, others))
    return ours.norm(dim=1) / theirs.norm(dim=1), F.cosine_similarity(ours, theirs)


def _numbers(model: nn.Module, image: Images, drawn: Images, layer: str) -> dict[str, float]:
    length, cosine = compared(model, drawn, image, layer)
    return {"length": float(length), "cosine": float(cosine)} | answered(model, image, drawn)
