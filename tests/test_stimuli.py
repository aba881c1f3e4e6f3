"""The digit nets' stimuli: several layers at once, each as it would be alone."""

import numpy as np
import pytest
import torch

from core.models import load
from core.stimuli import RECIPE, Frame, Recipe, climb, climb_layers, from_png

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


@pytest.mark.parametrize("change", [{"budget": None}, {"blur": 0.0}, {"jitter": 0}, {"seed": 1}, {"steps": 5}])
def test_each_part_of_the_recipe_matters(change: dict[str, float | None]) -> None:
    changed = frames(Recipe(**({"steps": 6} | change)))[-1]  # type: ignore[arg-type]
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
