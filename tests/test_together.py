"""core.circuits.together: a unit's picture from the units that it reads."""

import pytest
import torch
from torch import nn

from core.ascent.objectives import units, weighted
from core.circuits.contributions import Run, stages
from core.circuits.together import beside_own, put_together
from core.data import digits
from core.layers import list_layers, record
from core.models import load
from core.stimuli import OPTIMUM, RECIPE, WITH_PRIOR, climb, replace

LAST = {"dense": "fc2", "dense-video": "fc2", "cnn": "conv4", "rnn": "logits"}


def run_of(name: str) -> Run:
    model, x = load(name), digits.test_set().images[84:85]
    return Run(model, x, stages(list_layers(model, x.shape[1:]), LAST[name]))


@pytest.mark.parametrize("name", LAST)
def test_with_all_units_it_is_the_units_own_objective_less_its_bias(name: str) -> None:
    """In an affine stage, for any image: at a map's centre, as there the unit's own objective looks."""
    run = run_of(name)
    stage, images = run.stages[-1], digits.test_set().images[:6]
    place = tuple(side // 2 for side in stage.sums.shape[1:])
    weights, split = run.weights(stage, 3, place), run.split(stage, 3, place)
    seen = record(load(name), images, [stage.reads, stage.sums.name])
    own = units(stage.sums.name, [3] * 6)(seen, images)
    assert torch.allclose(weighted(stage.reads, weights.expand(6, *weights.shape))(seen, images), own - split.bias,
                          atol=1e-4)  # fmt: skip


@pytest.mark.parametrize("recipe", [replace(OPTIMUM, steps=12), replace(WITH_PRIOR, steps=6)])
def test_with_all_units_it_is_the_units_own_picture(recipe: object) -> None:
    run = run_of("dense")
    stage = run.stages[-1]
    *_, parts = put_together(load("dense"), stage.reads, run.weights(stage, 3, ()), [range(64)], "fc2", 3, recipe)
    *_, own = climb(load("dense"), "fc2", [3], recipe)
    assert torch.allclose(parts.images, own.images, atol=1e-4)
    assert torch.allclose(parts.scores, own.scores, atol=1e-3)


def test_only_the_named_units_are_asked() -> None:
    """The weights of units that are not named may be anything: the pictures are the same."""
    run = run_of("dense")
    stage, recipe = run.stages[-1], replace(OPTIMUM, steps=5)
    weights = run.weights(stage, 3, ())
    named = weights.argsort(descending=True)[:8].tolist()
    *_, first = put_together(load("dense"), "relu1", weights, [named], "fc2", 3, recipe)
    other = weights.clone()
    other[[unit for unit in range(64) if unit not in named]] = 9.0
    *_, second = put_together(load("dense"), "relu1", other, [named], "fc2", 3, recipe)
    assert torch.equal(first.images, second.images)


def test_each_picture_has_its_own_set_and_the_score_is_the_units_own_peak() -> None:
    run = run_of("cnn")
    stage, recipe = run.stages[-1], replace(OPTIMUM, steps=8)
    weights, split = run.weights(stage, 3, (1, 1)), run.split(stage, 3, (1, 1))
    named = split.by_unit.argsort(descending=True)[:6].tolist()
    *_, last = put_together(load("cnn"), stage.reads, weights, [named, [0], named], "conv4", 3, recipe)
    assert not torch.equal(last.images[0], last.images[1])
    peaks = record(load("cnn"), last.images, ["conv4"])["conv4"][:, 3].flatten(1).amax(1)
    assert torch.allclose(last.scores, peaks, atol=1e-5)


def test_equal_sets_begin_and_end_alike() -> None:
    """Within a prior, too, where pictures of one unit would else begin with different drawings."""
    run = run_of("dense")
    stage, recipe = run.stages[-1], replace(WITH_PRIOR, steps=2)
    *_, last = put_together(load("dense"), stage.reads, run.weights(stage, 3, ()), [[1, 5], [1, 5]], "fc2", 3, recipe)
    assert torch.equal(last.images[0], last.images[1])


SHORT = replace(RECIPE, steps=6)
PLACES: list[tuple[str, str, tuple[int, ...]]] = [
    ("cnn", "relu3", (2, 4)), ("cnn", "logits", ()), ("dense", "relu2", ()), ("dense-video", "logits", ()),
]  # fmt: skip


def run_at(name: str, layer: str) -> Run:
    model, x = load(name), digits.test_set().images[7:8]
    return Run(model, x, stages(list_layers(model, x.shape[1:]), layer))


@pytest.mark.parametrize(("name", "layer", "place"), PLACES)
def test_beside_its_own_stimulus_all_units_climb_the_same_less_the_bias(
    name: str, layer: str, place: tuple[int, ...]
) -> None:
    run = run_at(name, layer)
    split = run.split(run.stages[-1], 3, place)
    steps = list(beside_own(load(name), run, 3, place, [range(len(split.parts))], SHORT))
    for step in steps[:3]:  # later ones drift apart, as rounding errors grow
        assert float(step.scores[0]) == pytest.approx(float(step.scores[1]) + split.bias, abs=1e-3)
        assert torch.allclose(step.images[0], step.images[1], atol=1e-3)
    assert torch.allclose(steps[-1].scores[0], steps[-1].scores[1], atol=0.02)


def test_the_own_stimulus_is_climbed_at_the_place_whatever_the_recipe_says() -> None:
    net, run = load("cnn"), run_at("cnn", "relu3")
    aim = torch.zeros(1, 49)
    aim[0, 2 * 7 + 4] = 1
    *_, alone = climb(net, "conv3", [3], SHORT, aim)
    *_, beside = beside_own(net, run, 3, (2, 4), [[0]], replace(SHORT, place="centre"))
    assert torch.equal(alone.images[0], beside.images[0]) and alone.scores[0] == beside.scores[0]


def test_photos_are_climbed_at_the_side_that_the_weights_lie_on() -> None:
    net = nn.Sequential()
    net.add_module("conv1", nn.Conv2d(3, 4, 3, padding=1))
    net.add_module("relu1", nn.ReLU())
    net.add_module("conv2", nn.Conv2d(4, 2, 3, padding=1))
    net.eval().requires_grad_(False)
    run = Run(net, torch.full((1, 3, 32, 32), 0.5), stages(list_layers(net, (3, 32, 32)), "conv2"))
    recipe = replace(RECIPE, channels=3, side=32, budget=None, decay=1.0, blur=0.0, steps=3)
    *_, step = beside_own(net, run, 1, (5, 6), [[0, 1], [2]], recipe)
    assert step.images.shape == (3, 3, 32, 32)
