"""The digit nets' stimuli: several layers at once, each as it would be alone."""

import io
import threading
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Generator, Tensor, nn

from core import stimuli
from core.ascent.objectives import aimed, diversity, units
from core.ascent.parametrise import Fourier, Ink, Parametrisation, Pixels
from core.ascent.priors import shipped
from core.ascent.transforms import Blur, Jitter, Warp
from core.data import photos
from core.data.canvas import to_text
from core.data.digits import test_set as mnist
from core.examples import peaks
from core.layers import record
from core.models import load
from core.stimuli import (
    OPTIMUM,
    PHOTO_RECIPE,
    RECIPE,
    RECIPES,
    WITH_PRIOR,
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
from tests.nets import Fickle

SHORT = Recipe(steps=6)
TARGETS = {"cnn/conv2": [0, 3], "dense/fc1": [2], "rnn/lstm1": [5, 6, 7]}


@cache
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
    assert (again.step, again.steps, again.reached) == (last.step, last.steps, last.reached)
    assert all(np.array_equal(again.images[place], last.images[place]) for place in TARGETS)
    with Image.open(io.BytesIO(last.to_png())) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "L", (28, 6 * 28))


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


@pytest.mark.parametrize(
    ("layer", "window", "jitter", "blur"),
    [("conv1", 5, 0, 0.0), ("conv2", 10, 1, 0.0), ("conv3", 20, 2, 0.5), ("logits", 28, 2, 0.5)],
)
def test_shaking_is_small_beside_the_window_and_what_is_not_seen_stays_paper(
    layer: str, window: int, jitter: int, blur: float
) -> None:
    """One pixel of jitter for ten of the window, and a blur where there is room for two; seen by shaken eyes."""
    net, recipe = load("cnn"), Recipe(steps=1, jitter=3)
    *_, step = climb(net, layer, [0, 1], recipe)
    rows, columns = torch.where(step.images.amax((0, 1)) > 0)
    room = min(3, window // 10)
    assert (rows.max() - rows.min() + 1, columns.max() - columns.min() + 1) == (min(window + 2 * room, 28),) * 2
    climbed, (seen,) = stimuli._gently(RECIPE, net, units(layer, [0])), stimuli._windows(net, units(layer, [1]), 1)
    assert (climbed.jitter, climbed.blur) == (jitter, blur)
    assert replace(climbed, jitter=2, blur=0.5) == RECIPE
    assert seen[0].any(0).sum() == seen[0].any(1).sum() == window
    assert stimuli._gently(Recipe(jitter=16), net, units(layer, [0])).jitter == window // 10


def test_a_unit_that_looks_into_a_corner_is_climbed_there_and_sees_nothing_else() -> None:
    """Units of 5 x 5 pixels at the corners of the map, one at two of them by halves; the other unit's is its own."""
    aims = torch.zeros(3, 28, 28)
    aims[0, 0, 0] = aims[1, 27, 27] = 1
    aims[2, 0, 0] = aims[2, 27, 27] = 0.5
    *_, step = climb(load("cnn"), "conv1", [4, 4, 4], replace(OPTIMUM, steps=3), aims.flatten(1))
    inked = step.images[:, 0] > 0
    upper, lower = torch.zeros(2, 28, 28, dtype=torch.bool)
    upper[:3, :3] = lower[25:, 25:] = True
    assert [mask.equal(seen) for mask, seen in zip(inked, (upper, lower, upper | lower), strict=True)] == [True] * 3
    elsewhere = replace(OPTIMUM, steps=3, place="centre")
    *_, centre = climb(load("cnn"), "conv1", [4], elsewhere, aims[:1].flatten(1))
    assert torch.where(centre.images[0, 0] > 0)[0].tolist() == [row for row in range(12, 17) for _ in range(5)]


def test_a_recurrent_unit_is_climbed_at_its_own_row_unless_another_is_named() -> None:
    aims = torch.zeros(1, 28)
    aims[0, 9] = 1
    for row, last in ((None, 10), (20, 20)):
        *_, step = climb(load("rnn"), "lstm1", [4], replace(OPTIMUM, steps=1, row=row), aims)
        assert (step.images[0, 0, :last] > 0).all() and (step.images[0, 0, last:] == 0).all()


def test_with_a_prior_what_a_unit_does_not_see_is_faint() -> None:
    aims = torch.zeros(1, 14, 14)
    aims[0, 7, 7] = 1
    recipe = replace(WITH_PRIOR, steps=1, jitter=0)
    *_, step = climb(load("cnn"), "conv2", [4], recipe, aims.flatten(1))
    (seen,) = stimuli._windows(load("cnn"), aimed("conv2", [4], aims.flatten(1)), 1)
    assert seen.sum() == 10 * 10
    drawn = step.images[0] / torch.where(seen > 0, 1, 0.2)
    assert drawn[seen == 0].max() > 0.2 and (step.images[0][seen == 0] <= 0.2).all()
    assert drawn.max() <= 1 + 1e-6


@pytest.mark.parametrize("prior", ["linear", "generator"])
def test_a_climb_with_a_prior_is_the_units_own_and_four_of_a_unit_differ(prior: str) -> None:
    """Alone or among others, at the same seed the same; another seed another. No picture leaves the ball."""
    recipe, net = replace(WITH_PRIOR, prior=prior, steps=4), load("dense")
    *_, alone = climb(net, "fc2", [5], recipe)
    *_, among = climb(net, "fc2", [3, 5], recipe)
    torch.testing.assert_close(among.images[1], alone.images[0], atol=1e-3, rtol=0)
    *_, other = climb(net, "fc2", [5], replace(recipe, seed=1))
    assert (other.images - alone.images).abs().max() > 0.1
    *_, four = climb(net, "fc2", [5] * 4, recipe)
    assert torch.pdist(four.images.flatten(1)).min() > 0.5


def test_a_smaller_radius_keeps_pictures_nearer_to_the_mean_digit() -> None:
    def apart(radius: float) -> float:
        recipe = replace(WITH_PRIOR, prior="linear", radius=radius, steps=16)
        *_, step = climb(load("dense"), "fc2", range(8), recipe)
        return float((step.images - shipped("linear")(torch.zeros(1, 50))).norm())

    assert apart(0.2) < 0.8 * apart(0.6) and apart(0.6) < 0.8 * apart(1.8)


def test_the_window_of_a_recurrent_unit_ends_with_its_row() -> None:
    """It reads 28 columns of the rows up to its own."""
    for seen in stimuli._windows(load("rnn"), units("lstm1", [4, 7], time=9), 2)[:, 0]:
        assert seen[:10].all() and not seen[10:].any()


def test_the_last_scores_are_the_units_own_peaks_whatever_was_climbed() -> None:
    first, *_, step = climb(load("cnn"), "conv2", [4, 9], Recipe(steps=5, minus=3, diversity=1.0, blur=0.0, jitter=0))
    (own,) = peaks(load("cnn"), step.images, "conv2")
    assert step.scores.tolist() == pytest.approx([own[0, 4].item(), own[1, 9].item()])
    (own,) = peaks(load("cnn"), first.images, "conv2")
    assert (first.step, first.scores.tolist()) != (5, pytest.approx([own[0, 4].item(), own[1, 9].item()]))


@pytest.mark.parametrize("minus", [None, 0, 2, 3])
@pytest.mark.parametrize("shun", [0.0, 0.5])
def test_what_is_climbed_is_the_unit_less_another_and_more_where_pictures_differ(
    minus: int | None, shun: float
) -> None:
    """Of three units; the fourth, which this layer lacks, is not subtracted. A state is read behind its row."""
    sequence = {"x": torch.randn(2, 3, 28, generator=Generator().manual_seed(0))}
    recipe = Recipe(minus=minus, diversity=shun, row=10)
    found = stimuli._objective("x", [1, 1], recipe, (1, 3, 28), None)(sequence, sequence["x"])
    expected = sequence["x"][:, 1, 9].clone()
    if minus in (0, 2):
        expected -= sequence["x"][:, minus, 9]
    expected += shun * diversity("x", [1, 1], time=9)(sequence, sequence["x"])
    torch.testing.assert_close(found, expected)
    maps = {"x": torch.randn(2, 3, 5, 5, generator=Generator().manual_seed(0))}
    for place, value in (("centre", maps["x"][:, 1, 2, 2]), ("mean", maps["x"][:, 1].mean((1, 2)))):
        found = stimuli._objective("x", [1, 1], Recipe(place=place), (1, 3, 5, 5), None)(maps, maps["x"])  # type: ignore[arg-type]
        torch.testing.assert_close(found, value)


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
    first, *_ = climb(load("dense"), "fc2", [0], Recipe(steps=1, budget=None, start="mean digit"))
    mean = mnist().images.mean(0)
    assert torch.corrcoef(torch.stack([first.images.flatten(), mean.flatten()]))[0, 1] > 0.95
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


@pytest.mark.parametrize(("given", "taken"), [(0, 0.01), (-3, 0.01), (7, 1.0)])
def test_a_budget_in_whole_numbers_becomes_the_nearest_that_can_be_climbed(given: int, taken: float) -> None:
    mended, (said,) = within_limits(Recipe(budget=given, steps=2))
    assert mended.budget == taken and said == f"Budget: from 0.01 to 1; {taken:g} is taken."
    *_, last = climb(load("dense"), "fc1", [0], mended)
    assert last.images.isfinite().all()


@pytest.mark.parametrize(
    ("name", "least", "most", "step"),
    [
        ("steps", 1, 1024, 1), ("lr", 0.001, 1.0, 1e-4), ("budget", 0.01, 1.0, 1e-3), ("decay", 0.0, 2.0, 0.01),
        ("jitter", 0, 32, 1), ("blur", 0.0, 4.0, 0.01), ("turn", 0.0, 45.0, 0.1), ("zoom", 0.0, 0.5, 0.01),
        ("seed", 0, 9999, 1), ("row", 1, 28, 1), ("minus", 0, 9999, 1), ("diversity", 0.0, 1000.0, 0.1),
        ("side", 28, 224, 1),
    ],
)  # fmt: skip
def test_every_value_has_its_limits(name: str, least: float, most: float, step: float) -> None:
    """What lies between is kept, also at the ends; what lies outside becomes the nearer end, in its own type."""
    for inside in (least, least + step, most - step, most):
        recipe = Recipe(**{name: inside})  # type: ignore[arg-type]
        assert within_limits(recipe) == (recipe, [])
    for outside, end in ((least - step, least), (most + step, most)):
        mended, (said,) = within_limits(Recipe(**{name: outside}))  # type: ignore[arg-type]
        assert mended == Recipe(**{name: end}) and type(getattr(mended, name)) is type(least)  # type: ignore[arg-type]
        assert said == f"{name.capitalize()}: from {least:g} to {most:g}; {end:g} is taken."


# Of what a recipe is made


def test_a_recipe_names_what_draws_and_where_it_begins() -> None:
    def made(**recipe: Any) -> Parametrisation:
        return stimuli._parametrisation(Recipe(**recipe), 3)

    shape, coloured = (3, 1, 28, 28), (3, 3, 40, 40)
    assert made() == Ink(shape, 0.27, 0.1, 0.13)
    assert made(budget=0.4) == Ink(shape, 0.27, 0.1, 0.4)
    assert made(start="noise") == Ink(shape, 0.27, 1.0, 0.13)
    assert made(start="black") == Ink(shape, 0.0, 0.1, 0.13)
    assert made(budget=None) == Pixels(shape, 0.5, 0.1)
    assert made(budget=None, start="noise") == Pixels(shape, 0.5, 1.0)
    assert made(budget=None, channels=3, side=40, start="black") == Pixels(coloured, 0.0, 0.1)
    for decay in (0.0, 0.3, 1.2):
        assert made(budget=None, decay=decay, channels=3, side=40) == Fourier(coloured, 0.5, decay, 0.01)
        assert made(budget=None, decay=decay, start="noise") == Fourier(shape, 0.5, decay, 0.1)
    cat = made(budget=None, channels=3, side=40, start="cat")
    assert isinstance(cat, Pixels) and torch.equal(
        torch.as_tensor(cat.first), photos.to_input(photos.sample("cat"), 40)
    )


def test_a_recipe_names_how_pictures_are_shaken() -> None:
    """Paper comes in behind digits; a Fourier picture is shifted in a circle, and a photo turned in grey."""

    def shaken(**recipe: Any) -> list[Any]:
        return stimuli._transforms(Recipe(**recipe))

    assert shaken() == [Blur(0.5), Jitter(2, 0.0)]
    assert shaken(blur=0.0, jitter=0) == []
    assert shaken(blur=0.0, jitter=5, decay=0.0) == [Jitter(5, None)]
    assert shaken(blur=0.0, jitter=0, turn=7.0) == [Warp(7.0, 1.0, 1.0, 0.0)]
    assert shaken(blur=1.5, jitter=0, zoom=0.2) == [Blur(1.5), Warp(0.0, 0.8, 1.2, 0.0)]
    assert stimuli._transforms(PHOTO_RECIPE) == [Jitter(8, None), Warp(10.0, 0.9, 1.1, 0.5)]


@pytest.mark.parametrize(("recipe", "ground"), [(PHOTO_RECIPE, 0.5), (replace(RECIPE, turn=20.0, zoom=0.3), 0.0)])
def test_an_even_ground_stays_even_however_it_is_shaken(recipe: Recipe, ground: float) -> None:
    """No black corners behind a turned photo, and no grey ones behind a digit."""
    even = torch.full((4, recipe.channels, 40, 40), ground)
    for number in range(5):
        shaken, generator = even, Generator().manual_seed(number)
        for transform in stimuli._transforms(recipe):
            shaken = transform(shaken, generator)
        torch.testing.assert_close(shaken, even)


def test_the_faster_type_is_timed_for_each_net_layer_and_size_and_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    timed: list[tuple[int, str, tuple[int, ...]]] = []

    def fake(model: nn.Module, images: Tensor, objective: Any) -> torch.dtype:
        (layer,) = objective.layers
        timed.append((sum(weight.numel() for weight in model.parameters()), layer, tuple(images.shape)))
        return torch.bfloat16 if layer == "0" else torch.float32

    monkeypatch.setattr(stimuli, "faster_dtype", fake)
    monkeypatch.setattr(stimuli, "_DTYPES", {})
    small, large = (nn.Sequential(nn.Conv2d(3, width, 3), nn.ReLU()) for width in (2, 5))
    asked = [(small, "0", 8), (small, "1", 8), (small, "0", 9), (large, "0", 8), (large, "1", 8)]
    for _ in range(2):
        assert [stimuli.faster_here(net, layer, side) == torch.bfloat16 for net, layer, side in asked] == [
            1,
            0,
            1,
            1,
            0,
        ]
    assert timed == [
        (weights, layer, (4, 3, side, side))
        for weights, layer, side in ((56, "0", 8), (56, "1", 8), (56, "0", 9), (140, "0", 8), (140, "1", 8))
    ]


FEW = replace(PHOTO_RECIPE, steps=2)


@cache
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


@pytest.mark.parametrize(("sees", "size"), [("digits", 64), ("photos", 8)])
def test_a_picture_does_not_hang_on_the_number_of_threads(sees: str, size: int) -> None:
    """To the last bit, at every step; and a chunk, of 64 digits or 8 photos, is what climbs alone."""
    name, layer = {"digits": ("cnn", "conv2"), "photos": ("photo", "block2")}[sees]
    recipe = replace(RECIPES[sees], steps=3)
    indices = [unit % 16 for unit in range(size)] if sees == "digits" else list(range(size))
    targets = {f"{name}/{layer}": [*sorted(indices), 16, 17]}
    one, two = (list(climb_layers({name: load(name)}, targets, recipe, threads=threads)) for threads in (1, 2))
    assert len(one) == len(two) == 4
    for before, after in zip(one, two, strict=True):
        assert before.reached == after.reached
        assert all(np.array_equal(before.images[place], after.images[place]) for place in targets)
    *_, alone = climb(load(name), layer, [16, 17], recipe)
    assert one[-1].reached[f"{name}/{layer}"][-2:] == alone.scores.tolist()


def test_the_pictures_of_a_unit_share_a_chunk() -> None:
    chunks = stimuli._chunks([0, 0, 0, 1, 1, 1, 2, 2, 2, 0, 3, 4], 2)
    assert chunks == [slice(0, 10), slice(10, 12)]
    assert stimuli._chunks([5, 6, 7, 8, 9], 2) == [slice(0, 2), slice(2, 4), slice(4, 5)]
    assert stimuli._chunks([5], 2) == [slice(0, 1)]


def test_who_stops_in_the_middle_leaves_no_thread_behind() -> None:
    steps = climb_layers({"cnn": load("cnn")}, {"cnn/conv1": [0], "cnn/conv2": [0]}, SHORT, threads=2)
    before = set(threading.enumerate())
    next(steps)
    assert len(set(threading.enumerate()) - before) == 2
    steps.close()  # type: ignore[attr-defined]
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize(
    "change",
    [{"decay": None}, {"decay": 0.5}, {"turn": 0.0}, {"zoom": 0.0}, {"jitter": 0}, {"seed": 1}, {"start": "cat"},
     {"start": "noise"}, {"start": "black"}, {"place": "centre"}, {"minus": 5}, {"lr": 0.04}],
)  # fmt: skip
def test_each_part_of_the_recipe_for_photos_matters(change: dict[str, Any]) -> None:
    changed = photo_frames(replace(FEW, **change))[-1]
    assert not np.array_equal(changed.images["photo/block2"], photo_frames(FEW)[-1].images["photo/block2"])


def test_units_that_see_little_get_small_pictures_and_are_shaken_less() -> None:
    """By what a unit sees, in pixels: up to 3 it is a filter, below 8 tiny, below 32 small."""
    filter_ = replace(PHOTO_RECIPE, side=28, lr=0.09, decay=None, jitter=0, turn=0.0, zoom=0.0)
    tiny = replace(PHOTO_RECIPE, side=56, lr=0.01, turn=0.0, zoom=0.0)
    small = replace(PHOTO_RECIPE, side=56, jitter=4, turn=5.0, zoom=0.05)
    scene = replace(PHOTO_RECIPE, lr=0.015, decay=1.2)
    fields = {1: filter_, 3: filter_, 4: tiny, 7: tiny, 7.9: tiny, 8: small, 31: small, 32: PHOTO_RECIPE,
              torch.inf: PHOTO_RECIPE}  # fmt: skip
    for field, expected in fields.items():
        assert as_dict(suited(PHOTO_RECIPE, field, True)) == pytest.approx(as_dict(expected))
        assert as_dict(suited(PHOTO_RECIPE, field, False)) == pytest.approx(as_dict(scene))
    assert suited(replace(PHOTO_RECIPE, decay=None), 3, False).decay is None
    assert as_dict(for_layer(load("photo"), "block1", PHOTO_RECIPE)) == pytest.approx(as_dict(tiny))
    assert as_dict(for_layer(load("photo"), "logits", PHOTO_RECIPE)) == pytest.approx(as_dict(scene))


def as_dict(recipe: Recipe) -> dict[str, float]:
    """Its numbers; what is None is -1."""
    values = {name: -1 if value is None else value for name, value in vars(recipe).items()}
    return {name: value for name, value in values.items() if not isinstance(value, str)}


def test_a_filter_is_climbed_with_the_learning_rate_that_suits_it() -> None:
    """Adam's first step is as long as the learning rate, three times the recipe's, wherever a pixel counts."""
    first, last = climb(load("photo"), "stem", [1], replace(PHOTO_RECIPE, steps=1))
    assert (last.images.logit() - first.images.logit()).abs().max().item() == pytest.approx(0.09, rel=0.02)


def test_of_a_net_that_cannot_be_traced_units_are_climbed_as_if_they_saw_everything() -> None:
    net = nn.Sequential(nn.Conv2d(3, 2, 3), Fickle())
    assert for_layer(net, "0", PHOTO_RECIPE) == PHOTO_RECIPE


def test_pictures_of_any_side_have_one_size() -> None:
    """A quarter of 90 is 22, half of it 45: one is enlarged by 4 or 5, the other by 2, and neither is smoothed."""
    recipe = replace(PHOTO_RECIPE, steps=1, side=90)
    *_, last = climb_layers({"photo": load("photo")}, {"photo/stem": [1], "photo/block1": [0, 3]}, recipe)
    assert [pictures.shape for pictures in last.images.values()] == [(1, 90, 90, 3), (2, 90, 90, 3)]
    again = from_png(last.to_png(), last.steps, last.reached)
    assert all(np.array_equal(again.images[place], pictures) for place, pictures in last.images.items())
    ends = np.flatnonzero((np.diff(last.images["photo/stem"][0].astype(int), axis=0) != 0).any((1, 2)))
    assert set(np.diff([-1, *ends, 89])) == {4, 5} and len(ends) == 21
    assert np.array_equal(
        last.images["photo/block1"], last.images["photo/block1"][:, ::2, ::2].repeat(2, 1).repeat(2, 2)
    )


def rhythm(image: torch.Tensor) -> float:
    """How much of a picture's power, at its heart, lies at frequency zero and at every second pixel."""
    power = torch.fft.fft2(image[:, 4:-4, 4:-4]).abs().square().sum(0)
    half = power.shape[0] // 2
    return float(power[::half, ::half].sum() / power.sum())


def test_the_stem_wants_even_colours_and_gratings_and_a_deep_unit_does_not() -> None:
    """A filter's sum is linear, and the stem takes every second place: so each place of two by two wants one colour."""
    net = load("photo")
    *_, stem = climb(net, "stem", range(0, 32, 4), replace(PHOTO_RECIPE, steps=32))
    *_, deep = climb(net, "block11", [0, 5], replace(PHOTO_RECIPE, steps=12))
    assert min(rhythm(image) for image in stem.images) > 0.97
    assert max(rhythm(image - 0.5) for image in deep.images) < 0.3


def test_bytes_are_images_again() -> None:
    for channels in (1, 3):
        images = torch.randint(0, 256, (2, channels, 5, 4)) / 255
        torch.testing.assert_close(as_images(as_bytes(images)), images)


@pytest.mark.parametrize(("name", "layer"), [("dense", "fc1"), ("dense-video", "fc1"), ("cnn", "conv1")])
def test_the_known_optimum_is_reached_by_ink_where_a_weight_is_positive_and_never_passed(name: str, layer: str) -> None:
    """Of a linear unit; a convolution's in the middle of an image of its kernel's own size."""
    net = load(name)
    known = stimuli.known_optimum(net, layer)
    assert known is not None
    weights = net.get_submodule(layer).weight
    if layer == "conv1":
        with torch.no_grad():
            best = net.conv1((weights > 0).float())[torch.arange(12), torch.arange(12), 2, 2]
    else:
        best = record(net, (weights > 0).float().view(-1, 1, 28, 28), [layer])[layer].diagonal()
    torch.testing.assert_close(known, best)
    images = torch.rand(50, 1, 28, 28, generator=Generator().manual_seed(0)).round()
    assert (torch.cat(list(peaks(net, images, layer))).amax(0) <= known).all()


@pytest.mark.parametrize("place", ["dense/fc2", "dense/logits", "cnn/conv2", "rnn/lstm1", "rnn/lstm2", "rnn/logits"])
def test_behind_the_first_layer_no_optimum_is_known(place: str) -> None:
    name, layer = place.split("/")
    assert stimuli.known_optimum(load(name), layer) is None


def test_an_aim_weighs_places_and_of_states_what_atanh_makes_of_them() -> None:
    """By hand, from two images' activations; of a neuron there is one place."""
    indices, generator = [2, 0], Generator().manual_seed(0)
    aims = torch.rand(2, 6, generator=generator)
    maps = torch.rand(2, 3, 2, 3, generator=generator)
    states = 2 * torch.rand(2, 3, 6, generator=generator) - 1
    for activation, seen in ((maps, maps.flatten(2)), (states, torch.from_numpy(np.arctanh(states.numpy())))):
        expected = [sum(float(aims[i, place] * seen[i, unit, place]) for place in range(6))
                    for i, unit in enumerate(indices)]  # fmt: skip
        assert aimed("x", indices, aims)({"x": activation}, maps).tolist() == pytest.approx(expected, abs=1e-5)
    neurons = torch.rand(2, 3, generator=generator)
    found = aimed("x", indices, torch.ones(2, 1))({"x": neurons}, maps)
    assert found.tolist() == [float(neurons[0, 2]), float(neurons[1, 0])]
