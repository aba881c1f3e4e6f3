"""Training that can be repeated: `python -m core.training cnn --seed 0` makes the checkpoint that ships."""

import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from core.data.augment import augment
from core.data.digits import Digits, test_set, training_set
from core.data.tasks import random_labels, rotations
from core.files import write_checkpoint
from core.models import (
    RANDOM_LABELS,
    ROTATIONS,
    TRAININGS,
    named,
    twin,
    untrained,
)
from core.models.batch_norm import fold_batch_norm, with_batch_norm
from core.models.series import SERIES

SNAPSHOT_EPOCHS = (0, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 3, 5, 8)  # and the end


@dataclass(frozen=True)
class Recipe:
    """How to train: Adam with a one-cycle learning rate, and what is asked of the net beside being right."""

    epochs: int
    learning_rate: float = 4e-3  # the peak of the cycle
    batch: int = 128
    augmentation: float = 0.0  # its strength
    epsilon: float = 0.0  # adversarial steps of this size in each pixel; ramped up over the first half
    smoothness: float = 0.0  # on squared differences of neighbouring weights of the first layer
    sparsity: float = 0.0  # on absolute weights of the first layer


PLAIN = Recipe(epochs=8)
BY_HEART = Recipe(epochs=96)  # of fewer images: as many steps
RECIPES: dict[str, Recipe] = {  # of nets that are to be read; any other is trained plainly
    "dense": Recipe(epochs=40, learning_rate=2e-3, augmentation=0.5, smoothness=6e-4, sparsity=1e-5),
    "dense-video": Recipe(epochs=20, learning_rate=1e-2, batch=64, sparsity=2e-5),
    "cnn": Recipe(epochs=12, augmentation=1.0, epsilon=0.1),
    "rnn": Recipe(epochs=16, augmentation=1.0, epsilon=0.1),
}


@dataclass(frozen=True)
class Step:
    """One step of training: how many of how many, the epochs gone by, and the loss on this batch."""

    step: int
    steps: int
    epoch: float
    loss: float


def fit(
    model: nn.Module,
    digits: Digits,
    recipe: Recipe,
    seed: int,
    asked: Callable[[nn.Module, Recipe], Tensor] | None = None,
) -> Iterator[Step]:
    """Train `model` in place, one `Step` at a time, on the CPU; the same seed gives the same weights.

    `asked` is what is added to the loss; without it `penalty`.

    Parts whose weights want no gradients stay as they are, their norms included. Who freezes one between two steps
    puts it into eval mode as well.
    """
    generator = Generator().manual_seed(seed)
    batches = math.ceil(len(digits.labels) / recipe.batch)
    steps = recipe.epochs * batches
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, total_steps=steps)
    _train(model)
    for step in range(steps):
        if step % batches == 0:
            order = torch.randperm(len(digits.labels), generator=generator)
        chosen = order[step % batches * recipe.batch :][: recipe.batch]
        images, labels = digits.images[chosen], digits.labels[chosen]
        if recipe.augmentation:
            images = augment(images, recipe.augmentation, generator)
        if recipe.epsilon:
            epsilon = recipe.epsilon * min(1.0, 2 * step / steps)
            images = adversarial(model, images, labels, epsilon, generator)
        loss = F.cross_entropy(model(images), labels) + (asked or penalty)(model, recipe)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        yield Step(step + 1, steps, (step + 1) / batches, loss.item())


def _train(model: nn.Module) -> None:
    """Training mode, but for what has weights none of which is trained."""
    model.train()
    for part in model.modules():
        wanted = [weight.requires_grad for weight in part.parameters()]
        if wanted and not any(wanted):
            part.eval()


def adversarial(
    model: nn.Module, images: Tensor, labels: Tensor, epsilon: float, generator: Generator | None = None
) -> Tensor:
    """Images changed by at most `epsilon` a pixel so that the loss grows; they stay in [0, 1].

    One signed gradient step (FGSM: Goodfellow et al. 2015, section 4). With a generator it starts from a random
    place in the box and goes 1.25 epsilon far (Wong, Rice, Kolter 2020, algorithm 3).
    """
    start, reach = torch.zeros_like(images), epsilon
    if generator is not None:
        start = epsilon * (2 * torch.rand(images.shape, generator=generator) - 1)
        reach = 1.25 * epsilon
    moved = (images + start).requires_grad_()
    (gradient,) = torch.autograd.grad(F.cross_entropy(model(moved), labels), moved)
    change = (start + reach * gradient.sign()).clamp(-epsilon, epsilon)
    return (images + change).clamp(0, 1)


def penalty(model: nn.Module, recipe: Recipe) -> Tensor:
    """What the recipe asks of the first layer's weights, seen as one 28 x 28 picture a unit: smooth and sparse."""
    if not (recipe.smoothness or recipe.sparsity):
        return torch.zeros(())
    first = next(module for module in model.modules() if isinstance(module, nn.Linear))
    pictures = first.weight.unflatten(1, (28, 28))
    roughness = pictures.diff(dim=1).square().sum() + pictures.diff(dim=2).square().sum()
    return recipe.smoothness * roughness + recipe.sparsity * pictures.abs().sum()


@torch.no_grad()
def accuracy(model: nn.Module, digits: Digits) -> float:
    """The share of images that the model, taken as it is, gets right, in percent."""
    right = sum(
        (model(images).argmax(1) == labels).sum().item()
        for images, labels in zip(digits.images.split(1000), digits.labels.split(1000), strict=True)
    )
    return 100 * right / len(digits.labels)


def adversarial_accuracy(model: nn.Module, digits: Digits, epsilon: float) -> float:
    """The accuracy in percent when each image is moved by one FGSM step of `epsilon` against the model."""
    moved = [
        adversarial(model, images, labels, epsilon)
        for images, labels in zip(digits.images.split(1000), digits.labels.split(1000), strict=True)
    ]
    return accuracy(model, Digits(torch.cat(moved), digits.labels))


def task(name: str, seed: int, training: str) -> tuple[Recipe, Digits, Digits]:
    """How a net is trained, what it learns from, and what it is tested on: what it has not seen.

    Of random labels there is no such thing; there it is what was to be learned by heart.
    """
    digits, unseen = training_set(), test_set()
    if training == RANDOM_LABELS:
        by_heart = random_labels(digits, seed)
        return BY_HEART, by_heart, by_heart
    if training == ROTATIONS:
        return PLAIN, rotations(digits, seed), rotations(unseen, seed)
    return PLAIN if training == "plain" else RECIPES.get(name, PLAIN), digits, unseen


def make_checkpoint(name: str, seed: int, training: str, folder: Path) -> Iterator[Step]:
    """Train a model and write its checkpoint, for the trained seed 0 its snapshots too, into `folder`.

    `training` is "trained" or one of `TRAININGS`.
    """
    recipe, digits, unseen = task(name, seed, training)
    model = with_batch_norm(untrained(name, seed)).to(memory_format=torch.channels_last)  # trains nearly twice as fast
    batches = math.ceil(len(digits.labels) / recipe.batch)
    due = {round(epoch * batches): f"epoch-{epoch:g}" for epoch in SNAPSHOT_EPOCHS if epoch < recipe.epochs}
    due[recipe.epochs * batches] = f"epoch-{recipe.epochs}"
    start = twin(name, seed)  # the same weights, with norms as the first step sees them
    kept = {due[0]: start.state_dict()}
    accuracies = {0.0: accuracy(start, unseen)}
    for step in fit(model, digits, recipe, seed):
        if step.step in due or step.epoch == int(step.epoch):
            folded = fold_batch_norm(model)
            accuracies[step.epoch] = accuracy(folded, unseen)
            if step.step in due:
                kept[due[step.step]] = folded.state_dict()
        yield step
    command = f"python -m core.training {name}" + (f" --{training}" if training in TRAININGS else "")
    command += f" --seed {seed}" if seed or training not in TRAININGS else ""
    about = {
        "command": command,
        "seed": seed,
        "recipe": dataclasses.asdict(recipe),
        "accuracy": accuracies[recipe.epochs],
        "fgsm_accuracy": adversarial_accuracy(folded, unseen, epsilon=0.1),
        "accuracy_by_epoch": list(accuracies.items()),
        "torch": torch.__version__,
    }
    halved = (
        training in TRAININGS and (training, seed) != ("plain", 0)
    ) or name in SERIES  # as none is to be looked at
    weights = {key: value.half() if halved else value for key, value in folded.state_dict().items()}
    file = named(training, [seed])[0] if training in TRAININGS else f"seed-{seed}"
    write_checkpoint(weights, folder / name / f"{file}.safetensors", about)
    if seed == 0 and training not in TRAININGS:
        halves = {f"{epoch}/{key}": value.half() for epoch, net in kept.items() for key, value in net.items()}
        write_checkpoint(halves, folder / name / "snapshots.safetensors", about)
