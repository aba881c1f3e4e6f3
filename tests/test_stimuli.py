"""The digit nets' stimuli: several layers at once, each as it would be alone."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.data.canvas import to_text
from core.data.digits import test_set as mnist
from core.examples import peaks
from core.models import load
from core.stimuli import (
    PHOTO_RECIPE,
    RECIPE,
    Frame,
    Recipe,
    as_bytes,
    as_images,
    climb,
    climb_layers,
    for_layer,
    from_png,
    suited,
    within_limits,
)

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


FEW = replace(PHOTO_RECIPE, steps=4)


def photo_frames(recipe: Recipe) -> list[Frame]:
    return list(climb_layers({"photo": load("photo")}, {"photo/stem": [1], "photo/block2": [0, 3]}, recipe))


def test_photos_are_climbed_in_colour_and_enlarged_to_one_size() -> None:
    last = photo_frames(FEW)[-1]
    assert {place: images.shape for place, images in last.images.items()} == {
        "photo/stem": (1, 112, 112, 3),
        "photo/block2": (2, 112, 112, 3),
    }
    stem = last.images["photo/stem"]
    assert np.array_equal(stem[:, ::4, ::4].repeat(4, 1).repeat(4, 2), stem)
    again = from_png(last.to_png(), last.steps, last.reached)
    assert all(np.array_equal(again.images[place], images) for place, images in last.images.items())
    assert np.array_equal(photo_frames(FEW)[-1].images["photo/block2"], last.images["photo/block2"])


@pytest.mark.parametrize(
    "change",
    [{"decay": None}, {"turn": 0.0, "zoom": 0.0}, {"jitter": 0}, {"seed": 1}, {"start": "cat"}, {"start": "noise"},
     {"start": "black"}, {"place": "centre"}, {"minus": 5}],
)  # fmt: skip
def test_each_part_of_the_recipe_for_photos_matters(change: dict[str, Any]) -> None:
    changed = photo_frames(replace(FEW, **change))[-1]
    assert not np.array_equal(changed.images["photo/block2"], photo_frames(FEW)[-1].images["photo/block2"])


def test_units_that_see_little_get_small_pictures_and_are_shaken_less() -> None:
    assert suited(PHOTO_RECIPE, 100, True) == PHOTO_RECIPE
    filter_, tiny, small = (suited(PHOTO_RECIPE, field, True) for field in (3, 7, 19))
    assert (filter_.side, tiny.side, small.side) == (28, 56, 56)
    assert (filter_.jitter, filter_.decay, tiny.turn, small.turn) == (0, None, 0, 5)
    assert suited(PHOTO_RECIPE, torch.inf, False).decay == 1.2
    assert for_layer(load("photo"), "block1", PHOTO_RECIPE) == tiny


def rhythm(image: torch.Tensor) -> float:
    """How much of a picture's power, at its heart, lies at frequency zero and at every second pixel."""
    power = torch.fft.fft2(image[:, 4:-4, 4:-4]).abs().square().sum(0)
    half = power.shape[0] // 2
    return float(power[::half, ::half].sum() / power.sum())


def test_the_stem_wants_even_colours_and_gratings_and_a_deep_unit_does_not() -> None:
    """A filter's sum is linear, and the stem takes every second place: so each place of two by two wants one colour."""
    net = load("photo")
    *_, stem = climb(net, "stem", range(0, 32, 4), PHOTO_RECIPE)
    *_, deep = climb(net, "block11", [0, 5], replace(PHOTO_RECIPE, steps=48))
    assert min(rhythm(image) for image in stem.images) > 0.97
    assert max(rhythm(image - 0.5) for image in deep.images) < 0.3


def test_bytes_are_images_again() -> None:
    for channels in (1, 3):
        images = torch.randint(0, 256, (2, channels, 5, 4)) / 255
        torch.testing.assert_close(as_images(as_bytes(images)), images)
