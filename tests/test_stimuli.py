"""The digit nets' stimuli: several layers at once, each as it would be alone."""

from typing import Any

import numpy as np
import pytest
import torch

from core.data.canvas import to_text
from core.data.digits import test_set as mnist
from core.examples import peaks
from core.models import load
from core.stimuli import RECIPE, Frame, Recipe, climb, climb_layers, from_png, within_limits

SHORT = Recipe(steps=6)
TARGETS = {"cnn/conv2": [0, 3], "dense/fc1": [2], "rnn/lstm1": [5, 6, 7]}


def frames(recipe: Recipe) -> list[Frame]:
    return list(climb_layers({name: load(name) for name in ("cnn", "dense", "rnn")}, TARGETS, recipe))


def test_layers_climb_together_as_they_would_alone() -> None:
    found = frames(SHORT)
    assert [(frame.step, frame.steps) for frame in found] == [(n, 6) for n in range(7)]
    for place, indices in TARGETS.items():
        model, layer = place.split("/")
        *_, alone = climb(load(model), layer, indices, SHORT)
        assert np.array_equal(found[-1].images[place], np.rint(255 * alone.images[:, 0].numpy()).astype(np.uint8))
        assert found[-1].reached[place] == pytest.approx(alone.scores.tolist())


def test_a_frame_survives_its_png() -> None:
    last = frames(SHORT)[-1]
    again = from_png(last.to_png(), last.steps, last.reached)
    assert (again.step, again.reached) == (last.step, last.reached)
    assert all(np.array_equal(again.images[place], last.images[place]) for place in TARGETS)


@pytest.mark.parametrize(
    "change",
    [
        {"budget": None},
        {"blur": 0.0},
        {"jitter": 0},
        {"seed": 1},
        {"steps": 5},
        {"start": "noise"},
        {"start": "black"},
        {"start": "mean digit"},
        {"minus": 3},
    ],
)
def test_each_part_of_the_recipe_matters(change: dict[str, Any]) -> None:
    changed = frames(Recipe(**({"steps": 6} | change)))[-1]
    assert not np.array_equal(changed.images["dense/fc1"], frames(SHORT)[-1].images["dense/fc1"])


def test_the_budget_keeps_ink_scarce() -> None:
    def ink(budget: float | None) -> float:
        *_, step = climb(load("dense"), "logits", range(10), Recipe(steps=60, budget=budget))
        return step.images.mean().item()

    assert RECIPE.budget is not None
    assert ink(RECIPE.budget) <= RECIPE.budget + 0.01 < ink(None)


def test_units_with_a_small_window_are_not_shaken_and_see_five_pixels() -> None:
    *_, step = climb(load("cnn"), "conv1", [0, 1], Recipe(steps=3))
    rows, columns = torch.where(step.images.amax((0, 1)) > 0)
    assert (rows.max() - rows.min() + 1, columns.max() - columns.min() + 1) == (5, 5)


def test_the_last_scores_are_the_units_own_peaks_whatever_was_climbed() -> None:
    *_, step = climb(load("cnn"), "conv2", [4, 9], Recipe(steps=5, minus=3, diversity=1.0))
    (own,) = peaks(load("cnn"), step.images, "conv2")
    assert step.scores.tolist() == pytest.approx([own[0, 4].item(), own[1, 9].item()])


def test_the_mean_and_an_earlier_row_can_be_climbed() -> None:
    *_, centre = climb(load("cnn"), "conv2", [4], Recipe(steps=3))
    *_, mean = climb(load("cnn"), "conv2", [4], Recipe(steps=3, place="mean"))
    assert (mean.images > 0).sum() > (centre.images > 0).sum()
    *_, early = climb(load("rnn"), "lstm1", [4], Recipe(steps=3, row=10, jitter=0, blur=0.0))
    assert (early.images[0, 0, 10:] == 0).all() and (early.images[0, 0, :10] > 0).any()


def test_an_ascent_begins_with_a_drawing() -> None:
    drawing = mnist().images[3]
    first, *_ = climb(load("dense"), "fc2", [0], Recipe(steps=1, budget=None, start=to_text(drawing)))
    assert torch.corrcoef(torch.stack([first.images.flatten(), drawing.flatten()]))[0, 1] > 0.95
    with pytest.raises(ValueError, match="damaged"):
        next(climb(load("dense"), "fc2", [0], Recipe(start="nonsense")))


def test_pictures_of_a_unit_shun_one_another() -> None:
    def alike(diversity: float) -> float:
        *_, step = climb(load("cnn"), "conv3", [5, 5, 5], Recipe(steps=60, diversity=diversity))
        return torch.corrcoef(step.images.flatten(1)).mean().item()

    assert alike(2.0) < alike(0.0) - 0.2


def test_a_unit_that_a_layer_does_not_have_is_named_with_those_that_it_has() -> None:
    with pytest.raises(ValueError, match=r"conv1 has the units 0 to 11; \[12, 40\] are none"):
        next(climb(load("cnn"), "conv1", [3, 40, 12], RECIPE))


def test_a_recipe_out_of_range_is_brought_back_and_said() -> None:
    assert within_limits(RECIPE) == (RECIPE, [])
    mended, said = within_limits(Recipe(steps=10**9, row=-4, budget=None))
    assert mended == Recipe(steps=1024, row=1, budget=None)
    assert said == [
        "Steps: from 1 to 1024; 1024 is taken.",
        "Row: from 1 to 28; 1 is taken.",
    ]
