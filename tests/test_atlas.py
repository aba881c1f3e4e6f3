"""The atlas: shipped for every unit, made by its command, whole or not at all."""

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch

from core import atlas
from core.examples import peak
from core.layers import list_layers, pre_activation, record
from core.models import DIGIT_NETS, identity, load
from core.stimuli import PHOTO_RECIPE, RECIPE, Recipe, for_layer
from core.units import Unit

MEGABYTE = 2**20


@pytest.mark.parametrize("weights", atlas.WEIGHTS)
@pytest.mark.parametrize("name", DIGIT_NETS)
def test_every_unit_of_every_layer_has_its_stimulus(name: str, weights: str) -> None:
    for layer in list_layers(load(name), (1, 28, 28)):
        for index in (0, layer.units - 1):
            stimulus = atlas.look_up(Unit(name, layer.name, index), weights)
            assert stimulus is not None
            assert stimulus.image.shape == (1, 28, 28)
            assert stimulus.image.min() >= 0 and stimulus.image.max() <= 1


@pytest.mark.parametrize("address", ["dense/fc1/5", "dense/logits/3", "cnn/conv1/2", "cnn/conv4/20", "rnn/lstm2/9"])
def test_the_shipped_picture_reaches_what_its_numbers_say(address: str) -> None:
    unit = Unit.parse(address)
    stimulus = atlas.look_up(unit, "trained")
    assert stimulus is not None
    value = peak(record(load(unit.model), stimulus.image[None], [unit.layer])[unit.layer])[0, unit.index]
    assert value.item() == pytest.approx(stimulus.reached, rel=0.02, abs=0.02)  # the picture has 256 levels


@pytest.mark.parametrize("name", DIGIT_NETS)
def test_the_atlas_is_that_of_the_shipped_weights_and_recipe(name: str) -> None:
    for weights in (*atlas.WEIGHTS, atlas.SEVERAL):
        about = json.loads((atlas.FOLDER / name / f"{weights}.json").read_text())
        several = weights == atlas.SEVERAL
        assert about["weights"] == identity(name, "trained" if several else weights)
        assert Recipe(**about["recipe"]) == replace(RECIPE, diversity=atlas.APART if several else 0.0)
        assert list(atlas.build(name, weights)) == []  # nothing is left to do


def test_the_picture_of_a_unit_behind_a_relu_is_that_of_its_sum() -> None:
    sums, behind = (atlas.look_up(Unit("cnn", layer, 7), "trained") for layer in ("conv3", "pool3"))
    assert sums is not None
    assert behind is not None
    assert torch.equal(sums.image, behind.image)


def test_a_layer_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(ValueError, match="no layer 'conv9'; there are conv1, relu1"):
        atlas.look_up(Unit("cnn", "conv9", 0), "trained")


@pytest.mark.parametrize("address", ["cnn/relu3/7", "dense/fc2/0", "rnn/lstm2/63"])
def test_several_pictures_of_a_unit_differ_and_reach_what_their_numbers_say(address: str) -> None:
    unit = Unit.parse(address)
    found = atlas.several(unit)
    assert found is not None
    pictures, reached = found
    assert pictures.shape == (atlas.VARIETY, 1, 28, 28) and len(reached) == atlas.VARIETY
    sums = pre_activation(list_layers(load(unit.model), (1, 28, 28)), unit.layer).name
    values = peak(record(load(unit.model), pictures, [sums])[sums])[:, unit.index]
    torch.testing.assert_close(values, torch.tensor(reached), rtol=0.02, atol=0.02)
    apart = torch.pdist(pictures.flatten(1))
    assert apart.min() > 0.5


def test_of_photo_nets_and_layers_without_an_atlas_there_are_not_several() -> None:
    assert atlas.several(Unit("photo", "block3", 1)) is None


def test_no_stimulus_was_computed_for_other_weights() -> None:
    assert atlas.look_up(Unit("cnn", "conv3", 7), "plain") is None


def test_trained_units_want_more_than_any_test_image_and_ink_only_where_they_see() -> None:
    pages = json.loads((atlas.FOLDER / "cnn" / "trained.json").read_text())["layers"]
    ratios = torch.tensor(pages["conv4"]["reached"]) / torch.tensor(pages["conv4"]["strongest"])
    assert ratios.median() > 1
    for layer, window in (("conv1", 5), ("conv2", 12)):  # conv2 sees 10 pixels, and is shaken by one
        stimulus = atlas.look_up(Unit("cnn", layer, 0), "trained")
        assert stimulus is not None
        rows, columns = torch.where(stimulus.image[0] > 0)
        assert max(rows.max() - rows.min(), columns.max() - columns.min()) + 1 <= window


def test_silent_units_are_called_dead() -> None:
    found = [atlas.look_up(Unit("dense", "relu1", index), "trained") for index in range(64)]
    dead = [index for index, stimulus in enumerate(found) if stimulus is not None and stimulus.dead]
    weights = load("dense").fc1.weight.abs().amax(1)
    assert dead
    assert all(weights[index] < 0.05 for index in dead)
    assert not atlas.Stimulus(torch.zeros(1, 28, 28), -1.0, -1.0, rectified=False).dead


@pytest.mark.parametrize(
    ("place", "rectified"),
    [("dense/fc1", True), ("cnn/pool3", True), ("cnn/logits", False), ("rnn/lstm2", False), ("dense-video/fc1", False)],
)
def test_only_a_unit_behind_a_relu_can_be_silent(place: str, rectified: bool) -> None:
    assert atlas.is_rectified(*place.split("/")) == rectified
    assert atlas.silent(rectified, -1.0, -2.0) == rectified
    assert not atlas.silent(rectified, -1.0, 0.5)


def test_a_build_that_was_broken_off_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atlas, "FOLDER", tmp_path)
    monkeypatch.setattr(atlas, "RECIPES", {"digits": Recipe(steps=3)})
    first = list(islice(atlas.build("dense-video", "trained"), 6))
    assert {progress.layer for progress in first} == {"fc1", "fc2"}
    assert sorted(path.name for path in (tmp_path / "dense-video").iterdir()) == ["trained-fc1.png", "trained.json"]
    rest = list(atlas.build("dense-video", "trained"))
    assert {progress.layer for progress in rest} == {"fc2", "logits"}


def test_a_layer_of_sums_is_the_first_of_its_depth() -> None:
    layers = list_layers(load("cnn"), (1, 28, 28))
    sums = {name: pre_activation(layers, name).name for name in ("conv2", "relu2", "pool2", "logits")}
    assert sums == {"conv2": "conv2", "relu2": "conv2", "pool2": "conv2", "logits": "logits"}


def test_the_atlases_stay_small() -> None:
    size = {path: sum(file.stat().st_size for file in path.iterdir()) for path in atlas.FOLDER.iterdir()}
    photo = size.pop(atlas.FOLDER / "photo")
    assert photo < 6 * MEGABYTE and sum(size.values()) < 1.5 * MEGABYTE


@pytest.mark.parametrize("weights", atlas.WEIGHTS)
def test_the_photo_nets_atlas_is_that_of_the_shipped_weights_and_recipes(weights: str) -> None:
    net = load("photo", weights=weights)
    about = json.loads((atlas.FOLDER / "photo" / f"{weights}.json").read_text())
    assert about["weights"] == identity("photo", weights)
    assert list(about["layers"]) == list(atlas.WALL)
    assert list(atlas.build("photo", weights)) == []  # nothing is left to do
    for name, page in about["layers"].items():
        usual = replace(PHOTO_RECIPE, steps=atlas.CLASS_STEPS) if name == "logits" else PHOTO_RECIPE
        assert Recipe(**page["recipe"]) == for_layer(net, name, usual)


@pytest.mark.parametrize("weights", atlas.WEIGHTS)
@pytest.mark.parametrize("layer", atlas.WALL)
def test_the_shipped_photo_stimuli_reach_what_their_numbers_say(layer: str, weights: str) -> None:
    net, chosen = load("photo", weights=weights), atlas.units_of("photo", weights, layer)[:4]
    images = atlas.pictures("photo", weights, layer)[:4]
    assert images.shape[1] == 3 and images.min() >= 0 and images.max() <= 1
    values = peak(record(net, images, [layer])[layer])
    for n, index in enumerate(chosen):
        stimulus = atlas.look_up(Unit("photo", layer, index), weights)
        assert stimulus is not None
        assert torch.equal(stimulus.image, images[n])
        assert values[n, index].item() == pytest.approx(stimulus.reached, rel=1e-2, abs=1e-2)


def test_the_wall_spreads_evenly_over_each_layer() -> None:
    rows, units, captions = atlas.wall("trained", 12)
    assert rows.shape == (120, 3, 112, 112)
    assert [unit.index for unit in units if unit.layer == "block16"] == [round(n * 320 / 12 - 0.5) for n in range(12)]
    assert len(captions) == len(atlas.WALL)
    assert captions[0] == "stem\nsees 3 px" and captions[-1] == "classes\nsees all"
