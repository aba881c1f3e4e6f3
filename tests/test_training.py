"""Training: repeatable, and each of its parts against a slow reference."""

import math
from itertools import islice
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Generator, nn

from core import models, training
from core.data import digits
from core.models.batch_norm import with_batch_norm
from core.training import Recipe, Step
from tests import references
from tests.nets import Ramp

FEW = digits.Digits(*(part[:300] for part in digits.test_set()))
FULL = Recipe(epochs=2, batch=128, augmentation=1.0, epsilon=0.1)


def test_the_same_seed_gives_the_same_weights_and_another_gives_others() -> None:
    nets = [with_batch_norm(models.untrained("cnn", 0)) for _ in range(3)]
    for net, seed in zip(nets, (0, 0, 1), strict=True):
        list(islice(training.fit(net, FEW, FULL, seed), 3))
    first, again, other = (net.state_dict() for net in nets)
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["conv1.0.weight"], other["conv1.0.weight"])


def test_every_step_says_how_far_it_is() -> None:
    steps = list(training.fit(models.untrained("dense", 0), FEW, Recipe(epochs=2), seed=0))
    assert [(step.step, step.steps, step.epoch) for step in steps] == [(n, 6, n / 3) for n in range(1, 7)]
    assert steps[0].loss == pytest.approx(math.log(10), abs=0.2)
    assert isinstance(steps[0], Step)


def test_every_image_is_seen_once_an_epoch() -> None:
    seen: list[float] = []

    class Sees(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen.extend(x[:, 0].tolist())
            return super().forward(x)

    images = torch.arange(300.0).view(300, 1)
    list(training.fit(Sees(1, 10), digits.Digits(images, FEW.labels), Recipe(epochs=2, batch=128), seed=0))
    assert sorted(seen[:300]) == sorted(seen[300:]) == list(range(300))
    assert seen[:300] != seen[300:]


@pytest.mark.parametrize("name", models.DIGIT_NETS)
def test_a_net_learns(name: str) -> None:
    net = with_batch_norm(models.untrained(name, 0))
    recipe = Recipe(epochs=60 if name in ("rnn", "dense-video") else 20, learning_rate=2e-2, batch=100)
    list(training.fit(net, FEW, recipe, seed=0))
    assert training.accuracy(net.eval(), FEW) > 90


def test_fgsm_is_the_signed_gradient_step() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 3)).double()
    images, labels = torch.rand(2, 1, 3, 4, dtype=torch.double), torch.tensor([0, 2])
    moved = training.adversarial(model, images, labels, 0.1)
    torch.testing.assert_close(moved, references.fgsm(model, images, labels, 0.1))
    assert all(weight.grad is None for weight in model.parameters())


def test_a_random_start_stays_in_the_box_and_raises_the_loss() -> None:
    model = models.load("cnn", weights="plain")
    moved = training.adversarial(model, FEW.images, FEW.labels, 0.1, Generator().manual_seed(0))
    assert (moved - FEW.images).abs().max() <= 0.1 + 1e-6
    assert moved.min() >= 0 and moved.max() <= 1
    losses = [F.cross_entropy(model(images), FEW.labels) for images in (FEW.images, moved)]
    assert losses[1] > losses[0]


def test_the_penalty_is_on_the_first_layers_roughness_and_size() -> None:
    model = models.untrained("dense", 0)
    pictures = model.fc1.weight.detach().view(64, 28, 28)
    recipe = Recipe(epochs=1, smoothness=0.5, sparsity=0.25)
    expected = 0.5 * references.roughness(pictures.numpy()) + 0.25 * pictures.abs().sum().item()
    assert training.penalty(model, recipe).item() == pytest.approx(expected, rel=1e-4)
    assert training.penalty(model, Recipe(epochs=1)).item() == 0


def test_accuracy_is_the_share_of_right_answers_in_percent() -> None:
    """Ramp answers 0 where x1 + x2 + 2 (x1 - x2) exceeds 1."""
    points = torch.tensor([[1.0, 1.0], [3.0, 1.0], [0.0, 0.0], [0.2, 0.1]])
    assert training.accuracy(Ramp(), digits.Digits(points, torch.tensor([0, 0, 1, 0]))) == 75


def test_a_checkpoint_holds_the_net_its_snapshots_and_how_it_was_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "training_set", lambda: FEW)
    monkeypatch.setattr(training, "test_set", lambda: FEW)
    monkeypatch.setitem(training.RECIPES, "cnn", FULL)
    steps = list(training.make_checkpoint("cnn", 0, False, tmp_path))
    assert len(steps) == 6
    assert sorted(path.name for path in (tmp_path / "cnn").iterdir()) == ["seed-0.safetensors", "snapshots.safetensors"]
    monkeypatch.setattr(models, "CHECKPOINTS", tmp_path)
    models.snapshots.cache_clear()
    about = models.metadata("cnn")
    assert about["command"] == "python -m core.training cnn --seed 0"
    assert [epoch for epoch, _ in about["accuracy_by_epoch"]][-2:] == [1, 2]
    assert models.snapshots("cnn")[-1] == "epoch-2"
    assert training.accuracy(models.load("cnn"), FEW) == about["accuracy"]
    torch.testing.assert_close(
        models.load("cnn", weights="epoch-2")(FEW.images), models.load("cnn")(FEW.images), atol=0.05, rtol=0.05
    )
    models.snapshots.cache_clear()


def test_a_broken_off_training_leaves_no_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "training_set", lambda: FEW)
    monkeypatch.setattr(training, "test_set", lambda: FEW)
    for _ in islice(training.make_checkpoint("dense", 0, True, tmp_path), 2):
        pass
    assert list(tmp_path.rglob("*")) == []
