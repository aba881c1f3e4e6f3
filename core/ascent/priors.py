"""Priors: images as the training digits are, so that an ascent cannot leave what nets have seen.

Each stands for images by few numbers, which over the training images have mean 0 and standard deviation 1. Both were
fitted by `python -m core.ascent.priors`, on training images only.
"""

import dataclasses
import json
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import torch
import torch.nn.functional as F
from jaxtyping import Float
from safetensors import safe_open
from safetensors.torch import save
from torch import Generator, Tensor, nn
from tqdm import tqdm

from core.ascent.parametrise import Images
from core.data.digits import training_set
from core.files import write_whole
from core.process import seeded, settle

FOLDER = Path(__file__).parent / "priors"
FITTED = 50_000  # training images; the other 10,000 tell what is left out
COMPONENTS, STEEPNESS = 50, 8.0
LATENT, HIDDEN, MAPS = 24, 256, (32, 16)
Points = Float[Tensor, "batch numbers"]


class Prior(Protocol):
    """From points to images in [0, 1]; differentiable."""

    numbers: int  # of a point

    def __call__(self, points: Points) -> Images:
        """The images that the points stand for."""


class Linear(nn.Module):
    """The mean of the training images and their principal components, in units of their standard deviation.

    logistic(8 (x - 1/2)) brings what they add up to into [0, 1].
    """

    mean: Tensor
    components: Tensor

    def __init__(self, numbers: int = COMPONENTS) -> None:
        super().__init__()
        self.numbers = numbers
        self.register_buffer("mean", torch.zeros(28 * 28))
        self.register_buffer("components", torch.zeros(numbers, 28 * 28))

    def forward(self, points: Points) -> Images:
        """The images of the points."""
        added = self.mean + points @ self.components
        return (STEEPNESS * (added - 0.5)).sigmoid().unflatten(1, (1, 28, 28))

    def points(self, images: Images) -> Points:
        """The nearest points, before the logistic function."""
        return (images.flatten(1) - self.mean) @ self.components.T / self.components.square().sum(1)


class Decoder(nn.Module):
    """The decoder of a variational autoencoder (Kingma and Welling 2014): two linear layers, three convolutions.

    Nguyen, Dosovitskiy, Yosinski, Brox, Clune 2016 climb the codes of such a generator.
    """

    def __init__(self, numbers: int = LATENT) -> None:
        super().__init__()
        self.numbers = numbers
        self.hidden, self.maps = nn.Linear(numbers, HIDDEN), nn.Linear(HIDDEN, MAPS[0] * 7 * 7)
        self.up1 = nn.ConvTranspose2d(MAPS[0], MAPS[1], 4, 2, 1)
        self.up2 = nn.ConvTranspose2d(MAPS[1], MAPS[1], 4, 2, 1)
        self.out = nn.Conv2d(MAPS[1], 1, 3, padding=1)

    def logits(self, points: Points) -> Images:
        """The images before the logistic function."""
        maps = F.relu(self.maps(F.relu(self.hidden(points)))).unflatten(1, (MAPS[0], 7, 7))
        return self.out(F.relu(self.up2(F.relu(self.up1(maps)))))

    def forward(self, points: Points) -> Images:
        """The images of the points."""
        return self.logits(points).sigmoid()


def _encoder(numbers: int) -> nn.Sequential:
    """From images to the mean and the logarithm of the variance of their points."""
    return nn.Sequential(
        nn.Conv2d(1, MAPS[1], 4, 2, 1), nn.ReLU(), nn.Conv2d(MAPS[1], MAPS[0], 4, 2, 1), nn.ReLU(), nn.Flatten(),
        nn.Linear(MAPS[0] * 7 * 7, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2 * numbers),
    )  # fmt: skip


PRIORS: dict[str, type[Linear | Decoder]] = {"linear": Linear, "generator": Decoder}


def fit_linear(images: Images, numbers: int = COMPONENTS) -> Linear:
    """The principal components of the images, by their covariance."""
    prior, flat = Linear(numbers), images.flatten(1).double()
    apart = flat - flat.mean(0)
    variances, axes = torch.linalg.eigh(apart.T @ apart / len(flat))  # ascending
    prior.mean.copy_(flat.mean(0))
    prior.components.copy_((axes * variances.clamp(min=0).sqrt()).T.flip(0)[:numbers])
    return prior


@dataclass(frozen=True)
class Recipe:
    """How the autoencoder is trained: Adam with a one-cycle learning rate."""

    epochs: int = 12
    learning_rate: float = 2e-3  # the peak of the cycle
    batch: int = 128
    seed: int = 0


@dataclass(frozen=True)
class Step:
    """One step of training: how many of how many, and the loss on this batch; at the end encoder and decoder."""

    step: int
    steps: int
    loss: float
    nets: tuple[nn.Sequential, Decoder] | None = None


def fit_generator(images: Images, recipe: Recipe, numbers: int = LATENT) -> Iterator[Step]:
    """Train an autoencoder: binary cross-entropy of the pixels and, in nats, how far its points are from normal ones.

    Kingma and Welling 2014, equation 10. The same seed gives the same weights.
    """
    generator = Generator().manual_seed(recipe.seed)
    with seeded(recipe.seed):
        encoder, decoder = _encoder(numbers), Decoder(numbers)
    parameters = [*encoder.parameters(), *decoder.parameters()]
    batches = math.ceil(len(images) / recipe.batch)
    steps = recipe.epochs * batches
    optimizer = torch.optim.Adam(parameters, lr=recipe.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, total_steps=steps)
    for step in range(steps):
        if step % batches == 0:
            order = torch.randperm(len(images), generator=generator)
        seen = images[order[step % batches * recipe.batch :][: recipe.batch]]
        mean, log_variance = encoder(seen).chunk(2, dim=1)
        points = mean + (log_variance / 2).exp() * torch.randn(mean.shape, generator=generator)
        pixels = F.binary_cross_entropy_with_logits(decoder.logits(points), seen, reduction="sum")
        apart = (mean.square() + log_variance.exp() - 1 - log_variance).sum() / 2
        loss = (pixels + apart) / len(seen)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        yield Step(step + 1, steps, loss.item(), (encoder, decoder) if step + 1 == steps else None)


@cache
def shipped(name: str) -> Linear | Decoder:
    """The prior of that name, frozen. Raises KeyError for another."""
    with seeded():  # what is built draws weights, though others take their place
        prior = PRIORS[name]()
    with safe_open(_path(name), "pt") as file:
        prior.load_state_dict({key: file.get_tensor(key).float() for key in file.keys()})  # noqa: SIM118
    return prior.eval().requires_grad_(False)


def about(name: str) -> dict[str, float | str]:
    """What is known of a shipped prior: its command, and the root mean squared error of unseen images made by it."""
    with safe_open(_path(name), "pt") as file:
        return {key: json.loads(value) for key, value in sorted(file.metadata().items())}


def drawings(name: str, count: int, seed: int = 0) -> Images:
    """So many images that a shipped prior draws at random."""
    prior = shipped(name)
    return prior(torch.randn(count, prior.numbers, generator=Generator().manual_seed(seed)))


def _path(name: str) -> Path:
    return FOLDER / f"{name}.safetensors"


def error(images: Images, made: Images) -> float:
    """The root mean squared difference of pixels."""
    return float((images - made).square().mean().sqrt())


def _write(name: str, prior: Linear | Decoder, unseen: Images, made: Images, recipe: Mapping[str, object]) -> None:
    known = {"command": "python -m core.ascent.priors", "images": FITTED, "error": round(error(unseen, made), 4),
             "recipe": recipe, "torch": torch.__version__}  # fmt: skip
    halves = {key: value.half().contiguous() for key, value in prior.state_dict().items()}
    write_whole(_path(name), save(halves, {key: json.dumps(value) for key, value in known.items()}))


def make(images: Images) -> Iterator[Step]:
    """Fit both priors to the first FITTED images, and write them with what they leave out of the others."""
    fitted, unseen = images[:FITTED], images[FITTED:]
    linear = fit_linear(fitted)
    _write("linear", linear, unseen, linear(linear.points(unseen)), {"numbers": COMPONENTS})
    recipe = Recipe()
    for step in fit_generator(fitted, recipe):
        yield step
    assert step.nets is not None
    encoder, decoder = step.nets
    with torch.no_grad():
        made = decoder(encoder(unseen)[:, :LATENT])
    _write("generator", decoder, unseen, made, dataclasses.asdict(recipe))


def main() -> None:
    """Fit the priors, with a progress bar."""
    settle()
    with tqdm(unit="step", file=sys.stderr, mininterval=5) as bar:
        for step in make(training_set().images):
            bar.total = step.steps
            bar.set_postfix_str(f"loss {step.loss:.1f}", refresh=False)
            bar.update()


if __name__ == "__main__":
    main()
