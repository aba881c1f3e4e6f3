"""The shipped checkpoints keep their word: accuracy really measured, made by the recipe that is in the code."""

import dataclasses
import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from core import models
from core.data import digits
from core.data.tasks import rotations
from core.models import cards
from core.models.series import SERIES, SERIES_SEEDS
from core.training import BY_HEART, PLAIN, RECIPES, SNAPSHOT_EPOCHS, accuracy, adversarial_accuracy
from tests import references

TEST_SET = digits.test_set()
LEAST = {"dense": 98.4, "dense-video": 95.0, "cnn": 99.4, "rnn": 99.2}
MEGABYTE = 2**20
SEEDS = [f"seed-{seed}" for seed in range(5)]
OTHERS = [(kind, seed, weights) for kind, seeds in models.TRAININGS.items()
          for seed, weights in zip(seeds, models.named(kind, seeds), strict=True) if weights != "plain"]  # fmt: skip
OF_SERIES = [(name, "plain", seed, weights) for name in SERIES
          for seed, weights in enumerate(models.named("plain", SERIES_SEEDS))]  # fmt: skip
FOR_MEASURES = [(name, *other) for name in models.DIGIT_NETS for other in OTHERS] + OF_SERIES
RECIPE_OF = {"plain": PLAIN, models.RANDOM_LABELS: BY_HEART, models.ROTATIONS: PLAIN}
# Images that count: all where that takes no time, else every so many.
EVERY = dict.fromkeys(SERIES, 10) | {"dense": 1, "dense-video": 1, "cnn": 10, "rnn": 10}


def sample(name: str) -> digits.Digits:
    return digits.Digits(*(part[:: EVERY[name]] for part in TEST_SET))


def share(logits: Tensor, labels: Tensor) -> float:
    """Right answers in percent, counted one by one."""
    answers = [max(range(10), key=row.__getitem__) for row in logits.tolist()]
    return 100 * sum(map(int.__eq__, answers, labels.tolist())) / len(answers)


def nearly(percent: float, name: str, exact: float) -> object:
    """What all images say, to within four standard errors of a sample, or `exact` percent where there is none."""
    spread = 400 * math.sqrt(max(percent, 1) / 100 * (1 - min(percent, 99) / 100) / (10_000 / EVERY[name]))
    return pytest.approx(percent, abs=exact if EVERY[name] == 1 else spread)


@pytest.mark.parametrize("name", models.DIGIT_NETS)
@pytest.mark.parametrize("weights", ["plain", *SEEDS])
def test_accuracy_on_a_sample_of_the_test_images_is_the_one_in_the_metadata(name: str, weights: str) -> None:
    """By a forward pass and a count of the test's own."""
    images, labels = sample(name)
    said = models.metadata(name, weights)["accuracy"]
    logits = references.digit_net(models.load(name, weights=weights), images)["logits"][..., 0]
    assert share(logits, labels) == nearly(said, name, 0.03)  # sums differ by machine


@pytest.mark.parametrize(
    "name", ["dense", "dense-video", *(pytest.param(net, marks=pytest.mark.slow) for net in ("cnn", "rnn"))]
)
def test_accuracy_on_all_test_images_is_the_one_in_the_metadata(name: str) -> None:
    assert accuracy(models.load(name), TEST_SET) == pytest.approx(models.metadata(name)["accuracy"], abs=0.03)


@pytest.mark.parametrize("name", models.DIGIT_NETS)
def test_the_trained_nets_reach_their_accuracy(name: str) -> None:
    assert models.metadata(name)["accuracy"] >= LEAST[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", models.DIGIT_NETS)
@pytest.mark.parametrize("weights", ["plain", *SEEDS[1:]])
def test_accuracy_of_every_seed_on_all_test_images_is_the_one_in_the_metadata(name: str, weights: str) -> None:
    measured = accuracy(models.load(name, weights=weights), TEST_SET)
    assert measured == pytest.approx(models.metadata(name, weights)["accuracy"], abs=0.03)


@pytest.mark.parametrize("name", models.DIGIT_NETS)
@pytest.mark.parametrize("weights", ["plain", "seed-0"])
def test_under_a_signed_step_of_a_tenth_accuracy_is_the_one_in_the_metadata(name: str, weights: str) -> None:
    net, (images, labels) = models.load(name, weights=weights), sample(name)
    x = images.clone().requires_grad_()
    F.cross_entropy(net(x), labels).backward()
    assert x.grad is not None
    with torch.no_grad():
        moved = share(net((images + 0.1 * x.grad.sign()).clamp(0, 1)), labels)
    assert moved == nearly(models.metadata(name, weights)["fgsm_accuracy"], name, 0.1)
    if weights == "seed-0":
        assert moved == pytest.approx(adversarial_accuracy(net, sample(name), 0.1), abs=0.1)


@pytest.mark.parametrize("name", models.DIGIT_NETS)
def test_untrained_and_shuffled_twins_only_guess_and_the_metadata_say_how_well(name: str) -> None:
    images, labels = sample(name)
    for seed, weights in zip(models.SEEDS, models.controls(models.TWIN), strict=True):
        epoch, said = models.metadata(name, f"seed-{seed}")["accuracy_by_epoch"][0]
        assert epoch == 0 and said < 20
        measured = share(models.load(name, weights=weights)(images), labels)
        assert measured == nearly(said, name, 0.1)
    assert share(models.load(name, weights=models.SHUFFLED)(images), labels) < 30


@pytest.mark.parametrize("name", models.DIGIT_NETS)
def test_the_snapshots_have_the_accuracies_of_their_epochs(name: str) -> None:
    images, labels = sample(name)
    said = models.metadata(name)["accuracy_by_epoch"]
    snapshots = models.snapshots(name)
    assert sorted(snapshots) == sorted(f"epoch-{epoch:g}" for epoch in (*SNAPSHOT_EPOCHS, RECIPES[name].epochs))
    for snapshot in snapshots:  # an epoch has no whole number of steps in each of its parts
        epoch, expected = min(said, key=lambda pair: abs(pair[0] - float(snapshot.removeprefix("epoch-"))))
        assert epoch == pytest.approx(float(snapshot.removeprefix("epoch-")), abs=0.002)
        measured = share(models.load(name, weights=snapshot)(images), labels)
        assert measured == nearly(expected, name, 0.15)  # float16
    assert said[0][1] < 20 < said[-2][1]


@pytest.mark.parametrize("name", ["cnn", "rnn"])
def test_adversarial_training_makes_a_net_that_holds(name: str) -> None:
    held, fell = (models.metadata(name, weights)["fgsm_accuracy"] for weights in ("trained", "plain"))
    assert held > 95 > fell


@pytest.mark.parametrize("name", models.DIGIT_NETS)
def test_metadata_hold_the_recipe_seed_and_command(name: str) -> None:
    for weights, recipe in [("plain", PLAIN)] + [(f"seed-{seed}", RECIPES[name]) for seed in models.SEEDS]:
        about = models.metadata(name, weights)
        assert about["recipe"] == dataclasses.asdict(recipe)
        assert about["seed"] == (0 if weights == "plain" else int(weights[-1]))
        flag = "--plain" if weights == "plain" else f"--seed {about['seed']}"
        assert about["command"] == f"python -m core.training {name} {flag}"
        assert about["accuracy_by_epoch"][-1] == [recipe.epochs, about["accuracy"]]


@pytest.mark.parametrize(("name", "kind", "seed", "weights"), FOR_MEASURES, ids=lambda value: str(value))
def test_nets_for_measures_have_the_accuracy_recipe_and_command_of_their_metadata(
    name: str, kind: str, seed: int, weights: str
) -> None:
    """Those that learned labels by heart are tested on training images, which do not ship."""
    about, net = models.metadata(name, weights), models.load(name, weights=weights)
    assert about["command"] == f"python -m core.training {name} --{kind}" + (f" --seed {seed}" if seed else "")
    assert about["seed"] == seed and about["recipe"] == dataclasses.asdict(RECIPE_OF[kind])
    assert about["accuracy_by_epoch"][-1] == [about["recipe"]["epochs"], about["accuracy"]]
    if kind != models.RANDOM_LABELS:
        images, labels = rotations(TEST_SET, seed) if kind == models.ROTATIONS else TEST_SET
        images, labels = (part[:: EVERY[name]] for part in (images, labels))
        assert share(net(images), labels) == nearly(about["accuracy"], name, 0.1)  # float16


@pytest.mark.parametrize("name", SERIES)
def test_every_net_of_the_series_has_learned_to_read(name: str) -> None:
    for weights in models.named("plain", SERIES_SEEDS):
        assert models.metadata(name, weights)["accuracy"] > 95


def test_all_checkpoints_together_stay_small() -> None:
    size = {name: sum(path.stat().st_size for path in (models.CHECKPOINTS / name).iterdir()) for name in models.OWN
            if (models.CHECKPOINTS / name).exists()}  # fmt: skip
    assert sum(size.values()) < 20 * MEGABYTE and sum(size[name] for name in SERIES) < 8 * MEGABYTE


def test_the_cards_say_what_the_metadata_say() -> None:
    table = cards.cards().set_index("model")
    assert list(table.index) == list(models.DIGIT_NETS)
    for name, row in table.iterrows():
        first, plain, *seeds = (models.metadata(name, weights) for weights in ("trained", "plain", *SEEDS))
        ends = sorted(about["accuracy"] for about in seeds)
        starts = sorted(about["accuracy_by_epoch"][0][1] for about in seeds)
        assert row[["trained", "lowest", "highest", "plain"]].tolist() == [
            first["accuracy"], ends[0], ends[-1], plain["accuracy"]
        ]  # fmt: skip
        assert row[["lowest untrained", "highest untrained"]].tolist() == [starts[0], starts[-1]]
        assert row[["trained moved", "plain moved"]].tolist() == [first["fgsm_accuracy"], plain["fgsm_accuracy"]]
        assert (row.family, row.structure) == (models.MODELS[name].family, models.MODELS[name].title)
        assert row.parameters == sum(value.numel() for value in models.load(name).state_dict().values())


def test_the_curves_have_a_row_for_each_net_training_and_epoch() -> None:
    curves = cards.curves()
    groups = curves.groupby(["model", "training"])
    assert set(groups.groups) == {(name, kind) for name in models.DIGIT_NETS for kind in ("trained", "plain")}
    for (name, kind), rows in groups:
        assert rows[["epoch", "accuracy"]].values.tolist() == models.metadata(name, kind)["accuracy_by_epoch"]
        assert set(rows.family) == {models.MODELS[name].family}
