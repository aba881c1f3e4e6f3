"""The shipped checkpoints keep their word: accuracy really measured, made by the recipe that is in the code."""

import dataclasses

import pytest

from core import models
from core.data import digits
from core.models import cards
from core.training import PLAIN, RECIPES, SNAPSHOT_EPOCHS, accuracy, adversarial_accuracy

TEST_SET = digits.test_set()
LEAST = {"dense": 98.4, "dense-video": 95.0, "cnn": 99.4, "rnn": 99.2}
MEGABYTE = 2**20


@pytest.mark.parametrize("name", models.DIGIT_NETS)
@pytest.mark.parametrize(
    "weights",
    ["plain", "seed-0", *(pytest.param(f"seed-{seed}", marks=pytest.mark.slow) for seed in models.SEEDS if seed)],
)
def test_accuracy_on_the_test_images_is_the_one_in_the_metadata(name: str, weights: str) -> None:
    measured = accuracy(models.load(name, weights=weights), TEST_SET)
    assert measured == pytest.approx(models.metadata(name, weights)["accuracy"], abs=0.03)  # sums differ by machine


@pytest.mark.parametrize("name", models.DIGIT_NETS)
def test_the_trained_nets_reach_their_accuracy(name: str) -> None:
    assert accuracy(models.load(name), TEST_SET) >= LEAST[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", models.DIGIT_NETS)
def test_untrained_and_shuffled_twins_only_guess_and_the_metadata_say_how_well(name: str) -> None:
    for seed, weights in zip(models.SEEDS, models.controls(models.TWIN), strict=True):
        measured = accuracy(models.load(name, weights=weights), TEST_SET)
        assert measured < 20
        said = models.metadata(name, f"seed-{seed}")["accuracy_by_epoch"][0]
        assert said == [0, pytest.approx(measured, abs=0.1)]
    assert accuracy(models.load(name, weights=models.SHUFFLED), TEST_SET) < 30


@pytest.mark.slow
@pytest.mark.parametrize("name", models.DIGIT_NETS)
def test_accuracy_grows_over_the_snapshots(name: str) -> None:
    values = [accuracy(models.load(name, weights=snapshot), TEST_SET) for snapshot in models.snapshots(name)]
    assert len(values) == len({*SNAPSHOT_EPOCHS, RECIPES[name].epochs})
    assert values[0] < 20 < values[-2]
    assert values[-1] == pytest.approx(accuracy(models.load(name), TEST_SET), abs=0.1)  # float16


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cnn", "rnn"])
def test_adversarial_training_makes_a_net_that_holds(name: str) -> None:
    held, fell = (
        adversarial_accuracy(models.load(name, weights=weights), TEST_SET, 0.1) for weights in ("trained", "plain")
    )
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


def test_all_checkpoints_together_stay_small() -> None:
    assert sum(path.stat().st_size for path in models.CHECKPOINTS.rglob("*.safetensors")) < 20 * MEGABYTE


def test_the_cards_say_what_the_metadata_say() -> None:
    table = cards.cards().set_index("model")
    assert list(table.index) == list(models.DIGIT_NETS)
    assert (table.lowest <= table.trained).all()
    assert (table.trained <= table.highest).all()
    assert table.parameters["cnn"] == 46_826
    curves = cards.curves()
    last = curves[(curves.model == "rnn") & (curves.training == "trained")].iloc[-1]
    assert last.accuracy == table.trained["rnn"]
