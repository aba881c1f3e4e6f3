"""Fooling images: a picture is changed as little as it takes for a net to say something else."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd
import torch
from jaxtyping import Bool, Float, Int
from torch import Generator, Tensor, nn

from core.answers import probabilities
from core.studio.limits import require_within
from core.studio.made import Made, made
from core.studio.perturbed import NORMS, Images, Norm, Perturbed, noisy, perturb, veiled
from core.studio.smallest import Search

LIMITS: dict[str, tuple[float, float]] = {
    "target": (0, 9999), "epsilon": (1e-4, 400.0), "steps": (1, 100), "step_size": (0.01, 1.0), "seed": (0, 9999)
}  # fmt: skip
DRAWS, SEARCHED = 32, 8  # of noise: to see how often it changes the answer, and whose smallest epsilon is searched
NOISE, VEIL = "noise", "grey veil"
BATCH = 2**20  # values of pictures that a net is shown at once


@dataclass(frozen=True)
class Fooling:
    """How a net is fooled. As it stands: into any other answer, by the smallest epsilon in every pixel."""

    target: int | None = None  # a class; None is any but the present one
    norm: Norm = "Linf"
    epsilon: float | None = None  # in pixels' units for L-inf, else a Euclidean length; None is the smallest that fools
    steps: int = 10  # one is the fast gradient sign method
    step_size: float = 0.25  # a share of epsilon
    seed: int = 0  # of the noise that it is put beside


ON_PHOTOS = Fooling(epsilon=0.008)  # about 2 of 255: the smallest that fools is lost when pixels are rounded


def highest(norm: Norm, pixels: int) -> float:
    """The radius of the ball that holds every picture in [0, 1]."""
    return 1.0 if norm == "Linf" else math.sqrt(pixels)


def fool(model: nn.Module, images: Images, recipe: Fooling) -> Iterator[Made]:
    """The first image, changed, the change about grey, its largest pixel black or white, and noise of the same size.

    A record follows each batch of trials. Where an epsilon is given, it is used, and the smallest is searched as well.
    Numbers: `epsilon` of the picture shown; `smallest` that fools (infinite where none does) and `noise_smallest`, the
    lower median over SEARCHED draws (infinite where fewer than half of them ever do); `fooled` and, of the picture
    rounded to 8 bits, `rounded_fooled` (0 or 1); `noise_flips`, the share of DRAWS draws of noise that fool; `before`,
    `after`, `label` (classes: the first answer, the last, and the one aimed at or reached); `share`, the probability of
    the last; by step, `of_before` and `of_label`, their probabilities; `linf`, the largest change of a pixel. Raises
    ValueError for a recipe beyond LIMITS, a class that the net does not have or that it says already, and a net without
    a gradient.
    """
    image = images[:1]
    said = _checked(model, image, recipe)
    before = int(said[0])
    search = Search(1, image.numel(), highest(recipe.norm, image.numel()))
    noise = Search(SEARCHED, image.numel(), search.highest)
    best, epsilon, last = None, 0.0, search.rounds + noise.rounds + 1
    for step, radii in enumerate(search.radii(), 1):
        trials = radii.shape[1]
        tried = attack(model, image.expand(trials, -1, -1, -1), said.expand(trials), radii[0], recipe)
        chosen = int(search.note(radii, _fools(tried.logits[-1], before, recipe)[None])[0])
        if chosen >= 0 or search.found.isinf().all():
            best, epsilon = _only(tried, chosen), float(radii[0, chosen])
        assert best is not None
        yield _record(step, last, image, best, epsilon, before, recipe)
    if recipe.epsilon is not None:
        epsilon = recipe.epsilon
        best = attack(model, image, said, torch.tensor([epsilon]), recipe)
    assert best is not None
    copies = image.expand(SEARCHED, -1, -1, -1)
    for step, _ in enumerate(
        noise_trials(model, copies, torch.full((SEARCHED,), before), recipe, noise), search.rounds
    ):
        yield _record(step, last, image, best, epsilon, before, recipe)
    yield _record(
        last, last, image, best, epsilon, before, recipe,
        smallest=float(search.found[0]),
        rounded_fooled=float(_fools(logits_of(model, rounded(best.images)), before, recipe)[0]),
        noise_flips=_noise_flips(model, image, epsilon, before, recipe),
        noise_smallest=float(noise.found.quantile(0.5, interpolation="lower")),
    )  # fmt: skip


def _checked(model: nn.Module, image: Images, recipe: Fooling) -> Int[Tensor, " n"]:
    """What the net says of the images."""
    require_within(recipe, LIMITS)
    if recipe.norm not in NORMS:
        raise ValueError(f"There is no norm {recipe.norm!r}; there are {', '.join(NORMS)}.")
    most = highest(recipe.norm, image[0].numel())
    if recipe.epsilon is not None and recipe.epsilon > most:
        raise ValueError(f"Epsilon is {recipe.epsilon:g}; in {recipe.norm} no picture is further away than {most:.4g}.")
    with torch.enable_grad():
        x = image.detach().clone().requires_grad_()
        logits = model(x)
        moves = logits.requires_grad and bool(torch.autograd.grad(logits.square().sum(), x)[0].any())
    said = logits.detach().argmax(1)
    if recipe.target is not None and recipe.target >= logits.shape[1]:
        raise ValueError(f"There is no class {recipe.target}; the net's classes are 0 to {logits.shape[1] - 1}.")
    if recipe.target is not None and recipe.target in said.tolist():
        raise ValueError("The net gives this answer already; choose another class for it to say.")
    if not moves:
        raise ValueError("No pixel changes what the net says: its gradient is zero, and there is no step to take.")
    return said


def attack(
    model: nn.Module, images: Images, before: Int[Tensor, " n"], radii: Float[Tensor, " n"], recipe: Fooling
) -> Perturbed:
    """The recipe's steps within each image's own radius: away from the answers before, or towards its target."""
    labels = before if recipe.target is None else torch.full_like(before, recipe.target)
    return perturb(model, images, labels, radii, recipe.norm, targeted=recipe.target is not None, steps=recipe.steps,
                   step_size=recipe.step_size)  # fmt: skip


def _fools(logits: Float[Tensor, "n classes"], before: int | Tensor, recipe: Fooling) -> Bool[Tensor, " n"]:
    said = logits.argmax(-1).cpu()
    return said != before if recipe.target is None else said == recipe.target


def _only(tried: Perturbed, number: int) -> Perturbed:
    """One of several; -1 is the last."""
    return Perturbed(tried.images[number][None], tried.logits[:, number][:, None])


def _record(
    step: int, steps: int, image: Images, best: Perturbed, epsilon: float, before: int, recipe: Fooling,
    **numbers: float,
) -> Made:  # fmt: skip
    change = best.images - image
    shares = probabilities(best.logits[:, 0].float()).cpu()
    after = int(shares[-1].argmax())
    if recipe.target is not None:
        label = recipe.target
    else:  # where it is not fooled, the runner-up
        label = next(each for each in shares[-1].argsort(descending=True).tolist() if each != before)
    noise = noisy(image, torch.tensor([epsilon]), recipe.norm, Generator().manual_seed(recipe.seed))
    shown = torch.cat([best.images, magnified(change), noise])
    return made(
        step, steps, shown, epsilon=epsilon, before=float(before), after=float(after), label=float(label),
        share=float(shares[-1, after]), fooled=float(_fools(best.logits[-1], before, recipe)[0]),
        of_before=shares[:, before].tolist(), of_label=shares[:, label].tolist(), linf=float(change.abs().max()),
        **numbers,
    )  # fmt: skip


def magnified(change: Images) -> Images:
    """A change about grey, so large that its largest pixel is black or white."""
    return 0.5 + 0.5 * change / change.abs().max().clamp(min=torch.finfo(change.dtype).tiny)


def rounded(images: Images) -> Images:
    """As files hold them, in 8 bits a pixel."""
    return (images * 255).round() / 255


def _noise_flips(model: nn.Module, image: Images, epsilon: float, before: int, recipe: Fooling) -> float:
    """How often noise of that size fools."""
    generator = Generator().manual_seed(recipe.seed)
    drawn = noisy(image.expand(DRAWS, -1, -1, -1), torch.full((DRAWS,), epsilon), recipe.norm, generator)
    return float(_fools(logits_of(model, drawn), before, recipe).float().mean())


def noise_trials(
    model: nn.Module, images: Images, before: Int[Tensor, " n"], recipe: Fooling, search: Search
) -> Iterator[Search]:
    """Along one direction of noise for each image, how far it has to go: the search after each batch of trials."""
    for radii in search.radii():
        happens = []
        for column in radii.T:
            noise = noisy(images, column, recipe.norm, Generator().manual_seed(recipe.seed))
            happens.append(_fools(logits_of(model, noise), before, recipe))
        search.note(radii, torch.stack(happens, 1))
        yield search


@torch.no_grad()
def logits_of(model: nn.Module, images: Images) -> Float[Tensor, "n classes"]:
    """The logits, batch by batch."""
    return torch.cat([model(part) for part in images.split(max(1, BATCH // images[0].numel()))])


def beside(nets: Mapping[str, nn.Module], image: Images, recipe: Fooling, epsilon: float) -> dict[str, Images]:
    """At one epsilon: the pictures that fool each net, noise and, in L-inf, a grey veil, by their names."""
    found = {}
    for name, model in nets.items():
        said = logits_of(model, image).argmax(1)
        found[name] = attack(model, image, said, torch.tensor([epsilon]), recipe).images
    return found | unguided(image, recipe, epsilon)


def unguided(image: Images, recipe: Fooling, epsilon: float) -> dict[str, Images]:
    """Changes of that size that follow no gradient."""
    noise = noisy(image, torch.tensor([epsilon]), recipe.norm, Generator().manual_seed(recipe.seed))
    return {NOISE: noise} | ({VEIL: veiled(image, epsilon)} if recipe.norm == "Linf" else {})


def sizes(image: Images, pictures: Mapping[str, Images], norm: Norm) -> tuple[float, float]:
    """The smallest and the largest change from the image, in that norm."""
    changes = [(each - image).flatten() for each in pictures.values()]
    found = [float(change.abs().max() if norm == "Linf" else change.norm()) for change in changes]
    return min(found), max(found)


def transfer(nets: Mapping[str, nn.Module], images: Images, pictures: Mapping[str, Images]) -> pd.DataFrame:
    """What each net says of the images and of each net's pictures of them (picture, net, image, before, after, share).

    `share` is the probability of the answer after.
    """
    rows = []
    for net, model in nets.items():
        before = logits_of(model, images).argmax(1).tolist()
        for name, changed in pictures.items():
            shares, after = probabilities(logits_of(model, changed)).max(1)
            for image, said in enumerate(zip(before, after.tolist(), shares.tolist(), strict=True)):
                rows.append((name, net, image, *said))
    return pd.DataFrame(rows, columns=["picture", "net", "image", "before", "after", "share"])
