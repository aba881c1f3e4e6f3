"""Training: repeatable, and each of its parts against a slow reference."""

import dataclasses
import json
import math
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Generator, nn

from core import models, training
from core.data import digits, tasks
from core.data.augment import augment
from core.data.text import held_out_text
from core.models.batch_norm import with_batch_norm
from core.process import seeded
from core.training import Recipe, Step, commands
from core.training import text as of_text
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


class Notes(nn.Linear):
    """A linear net that notes what it is shown."""

    def __init__(self, inputs: int) -> None:
        super().__init__(inputs, 10)
        self.seen: list[torch.Tensor] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen.append(x.detach().clone())
        return super().forward(x.flatten(1))


def test_training_is_adam_under_a_one_cycle_rate() -> None:
    """Against both written out, on a linear net."""
    images = torch.rand(300, 5, generator=Generator().manual_seed(1))
    with seeded(2):
        net = Notes(5)
    weights = np.hstack([net.weight.detach().numpy(), net.bias.detach().numpy()[:, None]]).astype(float)
    net.train(False)
    list(training.fit(net, digits.Digits(images, FEW.labels), Recipe(epochs=3, learning_rate=0.02, batch=110), seed=4))
    assert net.training and [len(batch) for batch in net.seen] == 3 * [110, 110, 80]
    place = {tuple(row.tolist()): number for number, row in enumerate(images)}
    batches = [(batch.numpy(), FEW.labels[[place[tuple(row.tolist())] for row in batch]].numpy()) for batch in net.seen]
    expected = references.adam_one_cycle(weights, batches, peak=0.02)
    found = np.hstack([net.weight.detach().numpy(), net.bias.detach().numpy()[:, None]])
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_adversarial_steps_grow_over_the_first_half() -> None:
    """Images are shown twice: to find the step, and to learn. Grey ones have room for it on both sides."""
    net = Notes(784)
    grey = digits.Digits(torch.full((300, 1, 28, 28), 0.5), FEW.labels)
    list(training.fit(net, grey, Recipe(epochs=2, epsilon=0.12), seed=0))
    reached = [float((batch - 0.5).abs().max()) for batch in net.seen[1::2]]
    assert reached == pytest.approx([0, 0.04, 0.08, 0.12, 0.12, 0.12], abs=1e-6)
    assert len(net.seen) == 12


def test_images_are_augmented_by_the_recipes_strength_from_the_seed() -> None:
    net, generator = Notes(784), Generator().manual_seed(6)
    next(training.fit(net, FEW, Recipe(epochs=1, augmentation=0.7), seed=6))
    order = torch.randperm(300, generator=generator)
    assert torch.equal(net.seen[0], augment(FEW.images[order[:128]], 0.7, generator))


@pytest.mark.parametrize("name", models.DIGIT_NETS)
def test_a_net_learns(name: str) -> None:
    net, few = with_batch_norm(models.untrained(name, 0)), digits.Digits(*(part[:60] for part in FEW))
    epochs = {"dense": 20, "dense-video": 150, "cnn": 20, "rnn": 60}[name]
    recipe = Recipe(epochs=epochs, learning_rate=1e-2, batch=30)
    list(training.fit(net, few, recipe, seed=0))
    assert training.accuracy(net.eval(), few) > 90


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


def test_a_random_start_goes_a_quarter_further_from_a_place_in_the_box() -> None:
    """Wong, Rice, Kolter 2020, algorithm 3: uniform in the box, then 1.25 epsilon sign(gradient), cut."""
    with seeded(0):
        model = nn.Sequential(nn.Flatten(), nn.Linear(12, 3)).double()
    images, labels = 0.3 + 0.4 * torch.rand(2, 1, 3, 4, dtype=torch.double), torch.tensor([0, 2])
    moved = training.adversarial(model, images, labels, 0.1, Generator().manual_seed(5))
    start = 0.1 * (2 * torch.rand(images.shape, generator=Generator().manual_seed(5)) - 1)
    sign = (references.fgsm(model, images + start, labels, 1e-3) - images - start).sign()
    expected = images + (start + 0.125 * sign).clamp(-0.1, 0.1)
    torch.testing.assert_close(moved, expected)
    assert ((moved - images).abs() < 0.0999).any()  # not all are at the border


def test_the_penalty_is_on_the_first_layers_roughness_and_size() -> None:
    model = models.untrained("dense", 0)
    pictures = model.fc1.weight.detach().view(64, 28, 28)
    recipe = Recipe(epochs=1, smoothness=0.5, sparsity=0.25)
    expected = 0.5 * references.roughness(pictures.numpy()) + 0.25 * pictures.abs().sum().item()
    assert training.penalty(model, recipe).item() == pytest.approx(expected, rel=1e-4)
    assert training.penalty(model, Recipe(epochs=1)).item() == 0
    smooth, sparse = (
        training.penalty(model, Recipe(epochs=1, **one)).item() for one in ({"smoothness": 0.5}, {"sparsity": 0.25})
    )
    assert min(smooth, sparse) > 0 and smooth + sparse == pytest.approx(expected, rel=1e-4)


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
    steps = list(training.make_checkpoint("cnn", 0, "trained", tmp_path))
    assert len(steps) == 6
    assert sorted(path.name for path in (tmp_path / "cnn").iterdir()) == ["seed-0.safetensors", "snapshots.safetensors"]
    monkeypatch.setattr(models, "CHECKPOINTS", tmp_path)
    models.snapshots.cache_clear()
    about = models.metadata("cnn")
    assert about["command"] == "python -m core.training cnn --seed 0"
    assert [epoch for epoch, _ in about["accuracy_by_epoch"]][-2:] == [1, 2]
    assert models.snapshots("cnn") == ("epoch-0.125", "epoch-0.25", "epoch-0.5", "epoch-1", "epoch-2")
    with safe_open(tmp_path / "cnn" / "snapshots.safetensors", "pt") as file:
        assert {file.get_tensor(key).dtype for key in file.keys()} == {torch.float16}  # noqa: SIM118
        assert json.loads(file.metadata()["seed"]) == 0
    start = models.load("cnn", weights="untrained").conv1.weight
    torch.testing.assert_close(models.load("cnn", weights="epoch-0.125").conv1.weight, start, atol=1e-3, rtol=2e-3)
    assert training.accuracy(models.load("cnn"), FEW) == about["accuracy"]
    torch.testing.assert_close(
        models.load("cnn", weights="epoch-2")(FEW.images), models.load("cnn")(FEW.images), atol=0.05, rtol=0.05
    )
    models.snapshots.cache_clear()


@pytest.mark.parametrize(
    ("arguments", "file"),
    [
        (["--seed", "3"], "seed-3"), (["--plain"], "plain"), (["--plain", "--seed", "2"], "plain-2"),
        (["--random-labels"], "random-labels"), (["--rotations", "--seed", "1"], "rotations-1"),
    ],
)  # fmt: skip
def test_the_command_makes_one_checkpoint_and_snapshots_of_the_trained_seed_0_only(
    arguments: list[str], file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it says of itself is measured anew: how it began, ended, and holds under a step of a tenth."""
    monkeypatch.setattr(training, "training_set", lambda: FEW)
    monkeypatch.setattr(training, "test_set", lambda: FEW)
    trained, plain = Recipe(epochs=3, batch=25, sparsity=1e-4), Recipe(epochs=2, batch=25)
    monkeypatch.setitem(training.RECIPES, "dense", trained)
    monkeypatch.setattr(training, "PLAIN", plain)
    monkeypatch.setattr(training, "BY_HEART", plain)
    seed = int(file[-1]) if file[-1].isdigit() else 0
    digits_of = {"random-labels": tasks.random_labels, "rotations-1": tasks.rotations}.get(file, lambda few, _: few)
    few = digits_of(FEW, seed)
    monkeypatch.setattr("sys.argv", ["training", "dense", *arguments, "--folder", str(tmp_path)])
    commands.main()
    (path,) = (tmp_path / "dense").iterdir()
    assert path.name == f"{file}.safetensors"
    about, net = models.metadata("dense", str(path)), models.load("dense", weights=str(path))
    recipe = trained if file == "seed-3" else plain
    assert (about["seed"], about["recipe"]) == (seed, dataclasses.asdict(recipe))
    assert about["command"] == f"python -m core.training dense {' '.join(arguments)}"
    begin = models.load("dense", weights=f"untrained-{seed}" if seed else "untrained")
    assert about["accuracy_by_epoch"][0] == [0, training.accuracy(begin, few)]
    whole = [epoch for epoch, _ in about["accuracy_by_epoch"] if epoch == int(epoch)]
    parts = [epoch for epoch, _ in about["accuracy_by_epoch"] if 0 < epoch < 1]
    assert whole == list(range(recipe.epochs + 1)) and parts == [1 / 12, 2 / 12, 3 / 12, 6 / 12]
    expected = models.untrained("dense", seed)
    list(training.fit(expected, few, recipe, seed))
    weight, halved = expected.fc1.weight.detach(), file not in ("seed-3", "plain")
    torch.testing.assert_close(net.fc1.weight, weight.half().float() if halved else weight)
    expected.eval()
    assert about["accuracy_by_epoch"][-1][1] == about["accuracy"] == training.accuracy(expected, few)
    assert about["fgsm_accuracy"] == training.adversarial_accuracy(expected, few, 0.1)
    assert about["torch"] == torch.__version__


def test_measuring_accuracy_needs_no_gradients() -> None:
    enabled: list[bool] = []
    net = models.untrained("dense", 0)
    net.register_forward_hook(lambda *_: enabled.append(torch.is_grad_enabled()))
    training.accuracy(net, FEW)
    assert enabled == [False]


def test_accuracy_does_not_depend_on_how_images_are_split() -> None:
    model, many = models.load("dense-video"), digits.Digits(*(part[:2500] for part in digits.test_set()))
    parts = [
        training.accuracy(model, digits.Digits(*(part[at : at + 500] for part in many))) for at in range(0, 2500, 500)
    ]
    assert training.accuracy(model, many) == pytest.approx(sum(parts) / 5)
    held = [
        training.adversarial_accuracy(model, digits.Digits(*(part[at : at + 500] for part in many)), 0.1)
        for at in range(0, 2500, 500)
    ]
    assert training.adversarial_accuracy(model, many, 0.1) == pytest.approx(sum(held) / 5, abs=0.1)


def test_a_broken_off_training_leaves_no_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "training_set", lambda: FEW)
    monkeypatch.setattr(training, "test_set", lambda: FEW)
    for _ in islice(training.make_checkpoint("dense", 0, "plain", tmp_path), 2):
        pass
    assert list(tmp_path.rglob("*")) == []


def test_the_net_that_reads_text_has_one_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["training", "text", "--plain", "--folder", str(tmp_path)])
    with pytest.raises(SystemExit):
        commands.main()
    assert "text has one training, without --plain." in capsys.readouterr().err


def test_the_command_makes_the_text_nets_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says of itself is measured anew, of the halved weights that ship; snapshots are of seed 0 alone."""
    text = held_out_text()[:1000]
    monkeypatch.setattr(of_text, "training_text", lambda: text)
    monkeypatch.setattr(of_text, "held_out_text", lambda: text[:400])
    recipe = of_text.TextRecipe(epochs=2, streams=4, window=30)
    monkeypatch.setattr(of_text, "TextRecipe", lambda: recipe)
    for seed in (0, 1):
        monkeypatch.setattr("sys.argv", ["training", "text", "--seed", str(seed), "--folder", str(tmp_path)])
        commands.main()
    assert sorted(path.name for path in (tmp_path / "text").iterdir()) == [
        "seed-0.safetensors", "seed-1.safetensors", "snapshots.safetensors"]  # fmt: skip
    monkeypatch.setattr(models, "CHECKPOINTS", tmp_path)
    models.snapshots.cache_clear()
    assert models.snapshots("text") == ("epoch-0.25", "epoch-1")
    path = str(tmp_path / "text" / "seed-1.safetensors")
    about, net = models.metadata("text", path), models.load("text", weights=path)
    assert (about["command"], about["seed"]) == ("python -m core.training text --seed 1", 1)
    assert (about["recipe"], [epoch for epoch, _ in about["bits_by_epoch"]]) == (dataclasses.asdict(recipe), [0, 1, 2])
    assert about["bits"] == pytest.approx(of_text.bits(net, text[:400]))
    with safe_open(path, "pt") as file:
        assert {file.get_tensor(key).dtype for key in file.keys()} == {torch.float16}  # noqa: SIM118
    early, late = (models.load("text", weights=weights).logits.weight for weights in ("epoch-0.25", "epoch-1"))
    start, end = models.load("text", weights="untrained").logits.weight, models.load("text").logits.weight
    assert (early - start).norm() < (late - start).norm() < (end - start).norm()
    models.snapshots.cache_clear()
