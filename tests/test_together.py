"""A picture put together: with all parts it is the unit's own, with some the unit is never asked."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from core.ascent import Step
from core.circuits.contributions import Run, stages
from core.circuits.together import beside_own, put_together
from core.data.digits import test_set as mnist
from core.layers import list_layers, record
from core.models import load
from core.stimuli import RECIPE, climb

SHORT = replace(RECIPE, steps=6)
PLACES: list[tuple[str, str, tuple[int, ...]]] = [
    ("cnn", "relu3", (2, 4)), ("cnn", "logits", ()), ("dense", "relu2", ()), ("dense-video", "logits", ()),
]  # fmt: skip


def run_of(model: str, layer: str) -> tuple[nn.Module, Run]:
    net = load(model)
    return net, Run(net, mnist().images[[7]], stages(list_layers(net, (1, 28, 28)), layer))


@pytest.mark.parametrize(("model", "layer", "place"), PLACES)
def test_all_units_together_climb_the_units_own_objective_less_its_bias(
    model: str, layer: str, place: tuple[int, ...]
) -> None:
    net, run = run_of(model, layer)
    split = run.split(run.stages[-1], 3, place)
    steps = list(beside_own(net, run, 3, place, [range(len(split.parts))], SHORT))
    for step in steps[:3]:  # later ones drift apart, as rounding errors grow
        assert float(step.scores[0]) == pytest.approx(float(step.scores[1]) + split.bias, abs=1e-3)
        assert torch.allclose(step.images[0], step.images[1], atol=1e-3)
    assert torch.allclose(steps[-1].scores[0], steps[-1].scores[1], atol=0.02)


def test_the_own_stimulus_is_climbed_at_the_place_whatever_the_recipe_says() -> None:
    net, run = run_of("cnn", "relu3")
    aim = torch.zeros(1, 49)
    aim[0, 2 * 7 + 4] = 1
    *_, alone = climb(net, "conv3", [3], SHORT, aim)
    *_, beside = beside_own(net, run, 3, (2, 4), [[0]], replace(SHORT, place="centre"))
    assert torch.equal(alone.images[0], beside.images[0]) and alone.scores[0] == beside.scores[0]


def last(steps: list[Step]) -> Step:
    return steps[-1]


def test_each_picture_is_climbed_by_its_own_units_alone() -> None:
    net, run = run_of("cnn", "relu3")
    weights = run.weights(run.stages[-1], 3, (2, 4))
    both = last(list(put_together(net, "relu2", weights, [[0, 5], [7]], "conv3", 3, SHORT)))
    for row, units in enumerate(([0, 5], [7])):
        others = torch.ones(24).bool()
        others[units] = False
        changed = weights.clone()
        changed[others] = 0
        alone = last(list(put_together(net, "relu2", changed, [range(24)] * 2, "conv3", 3, SHORT)))
        assert torch.allclose(alone.images[row], both.images[row], atol=1e-3)
    peaks = record(net, both.images, ["conv3"])["conv3"][:, 3].flatten(1).amax(1)
    assert torch.allclose(both.scores, peaks, atol=1e-5)


def test_photos_are_climbed_at_the_side_that_the_weights_lie_on() -> None:
    net = nn.Sequential()
    net.add_module("conv1", nn.Conv2d(3, 4, 3, padding=1))
    net.add_module("relu1", nn.ReLU())
    net.add_module("conv2", nn.Conv2d(4, 2, 3, padding=1))
    net.eval().requires_grad_(False)
    run = Run(net, torch.rand(1, 3, 32, 32), stages(list_layers(net, (3, 32, 32)), "conv2"))
    recipe = replace(RECIPE, channels=3, side=32, budget=None, decay=1.0, blur=0.0, steps=3)
    step = last(list(beside_own(net, run, 1, (5, 6), [[0, 1], [2]], recipe)))
    assert step.images.shape == (3, 3, 32, 32)
