"""The atlas: shipped for every unit, made by its command, whole or not at all."""

import io
import json
import shutil
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from core import atlas
from core import survey as surveys
from core.data import photos
from core.examples import peak
from core.layers import list_layers, pre_activation, record
from core.measures.receptive_field import receptive_fields
from core.models import DIGIT_NETS, find, identity, load
from core.stimuli import PHOTO_RECIPE, Recipe, suited
from core.units import Unit
from tests import references

MEGABYTE = 2**20
CLOSE = {"rel": 1e-3, "abs": 1e-3}  # numbers ship with four digits


def page(name: str, weights: str) -> dict[str, dict[str, list[float]]]:
    return json.loads((Path(atlas.__file__).parent / "atlases" / name / f"{weights}.json").read_text())["layers"]


def sheet(name: str, weights: str, layer: str) -> np.ndarray:
    kind = "webp" if name == "photo" else "png"
    with Image.open(Path(atlas.__file__).parent / "atlases" / name / f"{weights}-{layer}.{kind}") as picture:
        return np.asarray(picture)


def tile(pixels: np.ndarray, place: int) -> Tensor:
    """A picture of a sheet, (channels, side, side) in [0, 1]: sixteen stand in a row, without gaps."""
    side = pixels.shape[1] // 16
    row, column = divmod(place, 16)
    cut = pixels[row * side : row * side + side, column * side : column * side + side].reshape(side, side, -1)
    return torch.from_numpy(cut / 255).float().permute(2, 0, 1)


def five(count: int) -> list[int]:
    """The first place, the last, and three between."""
    return sorted({round(n * (count - 1) / 4) for n in range(5)})


@pytest.mark.parametrize("name", DIGIT_NETS)
@pytest.mark.parametrize("weights", atlas.EDITIONS)
def test_what_ships_for_digits_is_what_the_weights_make_of_the_pictures(name: str, weights: str) -> None:
    """Five pictures of each layer go through the net by hand; the largest sum of all test images, the survey says.

    Of several pictures of a unit the four own stand side by side.
    """
    of = "untrained" if weights.startswith("untrained") else "trained"
    net, survey = load(name, weights=of), surveys.shipped(name, of)
    assert survey is not None
    for layer, shipped in page(name, weights).items():
        many = 4 if weights == "several" else 1
        count = len(survey[layer].broken)
        assert shipped["units"] == [unit for unit in range(count) for _ in range(many)]
        pixels = sheet(name, weights, layer)
        places = five(count * many)
        with torch.no_grad():
            seen = references.digit_net(net, torch.stack([tile(pixels, place) for place in places]))[layer]
        for row, place in enumerate(places):
            unit = place // many
            assert seen[row, unit].max().item() == pytest.approx(shipped["reached"][place], **CLOSE)
            if weights == "several":
                found = atlas.several(Unit(name, layer, unit))
                assert found is not None and found[1] == shipped["reached"][4 * unit : 4 * unit + 4]
                assert torch.equal(found[0][place % 4], tile(pixels, place))
            else:
                stimulus = atlas.look_up(Unit(name, layer, unit), of, weights.removeprefix(of).removeprefix("-"))
                assert stimulus is not None and torch.equal(stimulus.image, tile(pixels, place))
                assert (stimulus.reached, stimulus.strongest) == tuple(
                    shipped[key][place] for key in ("reached", "strongest")
                )
                assert stimulus.optimum == page(name, f"{of}-bare")[layer]["reached"][place]
        assert shipped["strongest"] == pytest.approx(
            survey[layer].most.values[:, 0].repeat_interleave(many).tolist(), **CLOSE
        )
        assert atlas.units_of(name, weights, layer) == shipped["units"]
        assert atlas.strongest(name, weights, layer) == dict(zip(shipped["units"], shipped["strongest"], strict=True))


@pytest.mark.parametrize("weights", ["trained", "untrained", "trained-wall", "untrained-wall"])
def test_what_ships_for_photos_is_what_the_net_makes_of_pictures_and_of_the_sample_views(weights: str) -> None:
    """Five pictures of each layer, and all views of the sample photos, child by child through the net."""
    of, _, kind = weights.partition("-")
    net, shipped = load("photo", weights=of), page("photo", weights)
    with torch.no_grad():
        views = x = photos.sample_views()
        assert views.shape == (20, 3, 224, 224)
        for name, child in net.named_children():
            x = child(x)
            if name not in shipped:
                continue
            units, pixels = shipped[name]["units"], sheet("photo", weights, name)
            places = five(len(units))
            pictures = torch.stack([tile(pixels, place) for place in places])
            seen = pictures
            for before, module in net.named_children():
                seen = module(seen)
                if before == name:
                    break
            for row, place in enumerate(places):
                unit, reached, strongest = (shipped[name][key][place] for key in ("units", "reached", "strongest"))
                assert seen[row, unit].max().item() == pytest.approx(reached, **CLOSE)
                assert x[:, unit].max().item() == pytest.approx(strongest, **CLOSE)
                stimulus = atlas.look_up(Unit("photo", name, unit), of, kind)
                assert stimulus is not None and torch.equal(stimulus.image, pictures[row])
                assert (stimulus.reached, stimulus.strongest) == (reached, strongest)


@pytest.mark.parametrize("weights", atlas.WEIGHTS)
@pytest.mark.parametrize("name", DIGIT_NETS)
def test_every_unit_of_every_layer_has_its_stimulus(name: str, weights: str) -> None:
    for layer in list_layers(load(name), (1, 28, 28)):
        for index in (0, layer.units - 1):
            stimulus = atlas.look_up(Unit(name, layer.name, index), weights)
            assert stimulus is not None
            assert stimulus.image.shape == (1, 28, 28)
            assert stimulus.image.min() >= 0 and stimulus.image.max() <= 1


def copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped numbers in a folder of their own, where a build may write."""
    shutil.copytree(atlas.FOLDER, folder / "copy", ignore=shutil.ignore_patterns("*.png", "*.webp"))
    monkeypatch.setattr(atlas, "FOLDER", folder / "copy")
    return folder / "copy"


@pytest.mark.parametrize("name", DIGIT_NETS)
def test_the_atlas_is_that_of_the_shipped_weights_and_recipe(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(tmp_path, monkeypatch)
    for weights, edition in atlas.EDITIONS.items():
        about = json.loads((atlas.FOLDER / name / f"{weights}.json").read_text())
        untrained = weights.startswith("untrained")
        assert about["weights"] == identity(name, "untrained" if untrained else "trained")
        assert Recipe(**about["recipe"]) == edition.recipe
        assert (edition.recipe.prior == "generator") == (weights in ("trained", "untrained", "several"))
        assert next(atlas.build(name, weights), None) is None  # nothing is left to do


@pytest.mark.parametrize("change", ["weights", "recipe", "layer", "units"])
def test_a_build_begins_anew_where_weights_or_recipe_changed_and_with_the_layer_that_did(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = copied(tmp_path, monkeypatch) / "dense" / "trained.json"
    about = json.loads(path.read_text())
    if change == "layer":
        about["layers"]["fc2"]["recipe"]["steps"] += 1
    elif change == "units":
        about["layers"]["fc2"]["units"].pop()
    else:
        about[change] = "other" if change == "weights" else about["recipe"] | {"steps": 127}
    path.write_text(json.dumps(about))
    first = next(atlas.build("dense", "trained"))
    assert first == atlas.Progress("dense", "trained", "fc2" if change in ("layer", "units") else "fc1", 0, 64)
    assert json.loads(path.read_text()) == about  # as long as no layer is finished


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
    survey = surveys.shipped("cnn", "trained")
    assert survey is not None
    for unit in range(12):  # conv1 sees 5 x 5 pixels around each of its places
        seen = torch.zeros(28, 28)
        for number, place in zip(survey["conv1"].most.inputs[unit], survey["conv1"].most.places[unit], strict=True):
            row, column = divmod(int(place), 28)
            if number % 2 == 0:
                seen[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3] = 1
        for kind, most in (("", 0.2), (atlas.WITHOUT, 0.0)):
            stimulus = atlas.look_up(Unit("cnn", "conv1", unit), "trained", kind)
            assert stimulus is not None
            assert stimulus.image[0][seen == 0].max() <= most + 1 / 255 < 0.3 < stimulus.image[0][seen > 0].max()


def test_the_bare_optimum_of_a_linear_unit_is_nearly_the_known_one() -> None:
    """In [0, 1] a sum is largest where all positive weights meet ink and no negative one does."""
    for weights in atlas.WEIGHTS:
        net = load("dense", weights=weights)
        known = net.fc1.weight.clamp(min=0).sum(1) + net.fc1.bias
        found = [atlas.look_up(Unit("dense", "fc1", unit), weights) for unit in range(64)]
        shares = [stimulus.optimum / known[unit].item() for unit, stimulus in enumerate(found)
                  if stimulus is not None and stimulus.optimum is not None and not stimulus.dead]  # fmt: skip
        assert len(shares) > 60 and np.median(shares) > 0.95 and min(shares) > 0.8


def test_found_is_what_excites_the_unit_as_much_as_any_real_image_with_help_or_without() -> None:
    image = torch.zeros(1, 28, 28)
    for reached, optimum, found in ((2.0, 1.0, True), (0.5, 1.5, True), (0.5, 0.9, False), (0.9, None, False)):
        assert atlas.Stimulus(image, reached, 1.0, False, optimum).found == found


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
    monkeypatch.setattr(atlas, "EDITIONS", {"trained": atlas.Edition("trained", Recipe(steps=3))})
    first = list(islice(atlas.build("dense-video", "trained"), 6))
    assert {progress.layer for progress in first} == {"fc1", "fc2"}
    assert sorted(path.name for path in (tmp_path / "dense-video").iterdir()) == ["trained-fc1.png", "trained.json"]
    monkeypatch.setattr(atlas, "BATCH", 12)  # sixteen units are climbed in two parts
    rest = list(atlas.build("dense-video", "trained"))
    steps = [("fc2", step, 6) for step in (0, 1, 2, 3, 3, 4, 5, 6)] + [("logits", step, 3) for step in range(4)]
    assert rest == [atlas.Progress("dense-video", "trained", *step) for step in steps]
    assert list(atlas.build("dense-video", "trained")) == []
    monkeypatch.setattr(atlas, "BATCH", 64)


def test_what_is_built_is_measured_as_it_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three test images, and a picture's 256 levels: the numbers are those of what was written, in order, rounded."""
    images = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    monkeypatch.setattr(atlas, "FOLDER", tmp_path)
    short = {name: replace(edition, recipe=replace(edition.recipe, steps=3, seed=1))
             for name, edition in atlas.EDITIONS.items()}  # fmt: skip
    monkeypatch.setattr(atlas, "EDITIONS", short)
    monkeypatch.setattr(atlas, "test_set", lambda: SimpleNamespace(images=images))
    monkeypatch.setattr(sys, "argv", ["atlas", "build", "dense-video"])
    atlas.main()
    kinds = ("several", "trained", "trained-without-prior", "trained-bare")
    kinds += ("untrained", "untrained-without-prior", "untrained-bare")
    rests = ("-fc1.png", "-fc2.png", "-logits.png", ".json")
    names = [f"{weights}{rest}" for weights in kinds for rest in rests]
    assert {path.name for path in (tmp_path / "dense-video").iterdir()} == set(names)
    for weights, many in (("several", 4), ("untrained", 1)):
        about = json.loads((tmp_path / "dense-video" / f"{weights}.json").read_text())
        assert list(about["layers"]) == ["fc1", "fc2", "logits"]
        assert about["command"] == "python -m core.atlas build dense-video"
        net = load("dense-video", weights="trained" if weights == "several" else weights)
        with Image.open(tmp_path / "dense-video" / f"{weights}-fc2.png") as picture:
            assert picture.size == (16 * 28, many * 28)
            tiles = torch.stack([tile(np.asarray(picture), place) for place in range(16 * many)])
        shipped = about["layers"]["fc2"]
        assert (shipped["recipe"]["prior"], shipped["recipe"]["seed"]) == ("generator", 1)
        with torch.no_grad():
            own = references.digit_net(net, tiles)["fc2"][..., 0]
            strongest = references.digit_net(net, images)["fc2"][..., 0].amax(0)
        for place, unit in enumerate(shipped["units"]):
            assert unit == place // many
            assert shipped["reached"][place] == pytest.approx(own[place, unit].item(), rel=6e-4)
            assert shipped["strongest"][place] == pytest.approx(strongest[unit].item(), rel=6e-4)
            assert float(f"{shipped['reached'][place]:.4g}") == shipped["reached"][place]


@pytest.mark.parametrize(("channels", "side"), [(1, 28), (3, 28), (3, 56), (3, 112)])
def test_small_pictures_ship_as_they_are_and_large_photos_nearly(channels: int, side: int) -> None:
    """17 of them fill one row and begin another; from 56 pixels on a few steps of 255 may be lost."""
    rows = torch.arange(side) / side
    waves = (6 * (rows[:, None] + rows) + torch.arange(17 * channels).view(17, channels, 1, 1)).sin() / 2 + 0.5
    written = atlas._as_sheet(waves, "digits" if channels == 1 else "photos")
    with Image.open(io.BytesIO(written)) as picture:
        assert picture.format == ("PNG" if channels == 1 else "WEBP") and picture.size == (16 * side, 2 * side)
        cut = atlas._cut(np.asarray(picture), 17)
        rest = np.asarray(picture)[side:, side:]
    assert cut.shape == (17, channels, side, side)
    exact = torch.equal((255 * cut).round(), (255 * waves).round())
    assert exact == (side < 56)
    assert (cut - waves).abs().mean() < 0.02
    assert rest[16:, 16:].max() <= 4  # behind the last picture is nothing, but for what its edge leaves there


def test_a_layer_of_sums_is_the_first_of_its_depth() -> None:
    layers = list_layers(load("cnn"), (1, 28, 28))
    sums = {name: pre_activation(layers, name).name for name in ("conv2", "relu2", "pool2", "logits")}
    assert sums == {"conv2": "conv2", "relu2": "conv2", "pool2": "conv2", "logits": "logits"}


def test_the_atlases_stay_small() -> None:
    size = {path: sum(file.stat().st_size for file in path.iterdir()) for path in atlas.FOLDER.iterdir()}
    photo = size.pop(atlas.FOLDER / "photo")
    assert photo < 14 * MEGABYTE and sum(size.values()) < 2 * MEGABYTE


@pytest.mark.parametrize("weights", atlas.WEIGHTS)
def test_the_photo_nets_atlas_is_that_of_the_shipped_weights_and_recipes(
    weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Classes take twice the steps; of the trained net all units are there, but for most of the thousand classes."""
    copied(tmp_path, monkeypatch)
    net = load("photo", weights=weights)
    about = json.loads((atlas.FOLDER / "photo" / f"{weights}.json").read_text())
    assert about["weights"] == identity("photo", weights)
    assert next(atlas.build("photo", weights), None) is None  # nothing is left to do
    layers = ["stem", "block1", "block2", "block3", "block5", "block8", "block11", "block14", "block16", "logits"]
    assert list(about["layers"]) == layers
    fields = receptive_fields(net, (3, 112, 112))
    for name, units in zip(layers, (32, 16, 24, 24, 40, 80, 112, 192, 320, 1000), strict=True):
        shipped = about["layers"][name]
        usual = replace(PHOTO_RECIPE, steps=256 if name == "logits" else 128)
        assert Recipe(**shipped["recipe"]) == suited(usual, fields[name][0].size, mapped=name != "logits")
        if name == "logits":
            assert len(shipped["units"]) == 24
        elif weights == "trained":
            assert shipped["units"] == list(range(units))
        else:
            assert shipped["units"] == sorted({n * units // 24 for n in range(24)})


@pytest.mark.parametrize("weights", ["trained", "untrained"])
def test_what_hangs_on_the_wall_is_of_its_units_and_by_the_recipe_of_its_row(
    weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(tmp_path, monkeypatch)
    about = json.loads((atlas.FOLDER / "photo" / f"{weights}-wall.json").read_text())
    assert about["weights"] == identity("photo", weights)
    assert list(about["layers"]) == list(atlas.WALL) == list(atlas.WALL_RECIPES)
    assert next(atlas.build("photo", f"{weights}-wall"), None) is None  # nothing is left to do
    for layer in atlas.layers_of("photo"):
        if layer.name in atlas.WALL:
            shipped = about["layers"][layer.name]
            assert Recipe(**shipped["recipe"]) == atlas.WALL_RECIPES[layer.name]
            assert shipped["units"] == atlas.wall_units(layer)
            side = sheet("photo", f"{weights}-wall", layer.name).shape[1] / 16
            assert side == atlas.WALL_RECIPES[layer.name].side


def test_a_build_makes_the_walls_pictures_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows, in float32 and from their seed: as they ship, but for what the sums of another machine round."""
    monkeypatch.setattr(atlas, "FOLDER", tmp_path)
    monkeypatch.setattr(atlas, "WALL", ("stem", "block1"))
    *_, last = atlas.build("photo", "trained-wall")
    assert last == atlas.Progress("photo", "trained-wall", "block1", 256, 256)  # in two parts of 128 steps
    about = json.loads((tmp_path / "photo" / "trained-wall.json").read_text())
    for layer in ("stem", "block1"):
        with Image.open(tmp_path / "photo" / f"trained-wall-{layer}.webp") as picture:
            made = np.asarray(picture).astype(int)
        assert np.abs(made - sheet("photo", "trained-wall", layer)).mean() < 2
        reached = page("photo", "trained-wall")[layer]["reached"]
        assert about["layers"][layer]["reached"] == pytest.approx(reached, rel=0.05, abs=0.05)


def test_the_wall_finds_more_of_what_excites_its_units_than_photographs_do() -> None:
    """In each row most pictures excite their unit more than any sample photograph."""
    for layer, shipped in page("photo", "trained-wall").items():
        ahead = [made >= seen for made, seen in zip(shipped["reached"], shipped["strongest"], strict=True)]
        assert sum(ahead) >= 0.9 * len(ahead), layer


def test_the_wall_spreads_evenly_over_each_layer() -> None:
    rows, units, captions = atlas.wall("trained", 12)
    assert rows.shape == (120, 3, 148, 148)
    assert [unit.index for unit in units if unit.layer == "block16"] == [round(n * 320 / 12 - 0.5) for n in range(12)]
    assert [unit.layer for unit in units] == [layer for layer in atlas.WALL for _ in range(12)]
    assert captions[0] == "stem\nfield: 3 px" and captions[-1] == "classes\nfield: all" and len(captions) == 10
    labels = find("photo").labels
    assert [labels[unit.index] for unit in units[-12:]][:3] == ["goldfish", "hen", "peacock"]
    for place in (0, 13, 59, 119):
        stimulus = atlas.look_up(units[place], "trained", atlas.ON_WALL)
        assert stimulus is not None
        recipe = atlas.WALL_RECIPES[units[place].layer]
        assert torch.equal(rows[place], atlas.enlarged(stimulus.image[None], 148, recipe)[0])
    assert not torch.equal(atlas.wall("untrained", 12)[0], rows)


def test_what_was_climbed_pixel_by_pixel_is_enlarged_so_and_waves_smoothly() -> None:
    """A picture of two pixels, black and white: grey appears between them only where it is made of waves."""
    halves = torch.tensor([[0.0, 1.0], [0.0, 1.0]]).expand(1, 3, 2, 2)
    sharp, smooth = (atlas.enlarged(halves, 8, atlas.WALL_RECIPES[layer]) for layer in ("stem", "block1"))
    assert torch.equal(sharp, halves.repeat_interleave(4, 2).repeat_interleave(4, 3))
    assert smooth.shape == sharp.shape and smooth.min() == 0 and smooth.max() == 1
    between = smooth[0, 0, 0, 2:6]
    assert (between.diff() > 0.1).all() and (between[1] + between[2]).item() == pytest.approx(1, abs=1e-4)
