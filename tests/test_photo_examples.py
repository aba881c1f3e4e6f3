"""Real examples for the photo net: found by brute force, cut where the unit looks, credited, and small."""

import sys
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from core import photo_examples
from core.atlas import WALL, units_of
from core.data import photographers, photos
from core.examples import peak
from core.layers import record
from core.measures.receptive_field import ALL, receptive_fields
from core.models import identity, load
from core.photo_examples import Strongest, crops, survey
from core.units import Unit
from tests.nets import Shift

MEGABYTE = 2**20
README = (Path(__file__).parent.parent / "README.md").read_text()
Shown = list[tuple[str, Image.Image]]


def noise(width: int, height: int, seed: int) -> Image.Image:
    """Grey, so that red less green is nowhere large."""
    grey = np.random.default_rng(seed).integers(40, 200, (height, width, 1), np.uint8)
    return Image.fromarray(grey.repeat(3, 2))


def reds(weights: Sequence[Sequence[float]] = ((1, -1, 0), (0, 1, -1))) -> nn.Sequential:
    """conv[0] = red - green, conv[1] = green - blue, pixel by pixel."""
    conv = nn.Conv2d(3, len(weights), 1, bias=False)
    conv.weight.data = torch.tensor(weights, dtype=torch.float32)[:, :, None, None]
    return nn.Sequential(OrderedDict(conv=conv)).eval()


def strongest(net: nn.Module, shown: Shown, units: Sequence[int] = (0, 1), **asked: int) -> Strongest:
    *_, last = survey(net, shown, {"conv": units}, **asked)
    assert last.strongest is not None
    return last.strongest["conv"]


def coloured(count: int) -> Shown:
    """Photographs whose pixels are colours at random: no two crops answer alike."""
    draw = np.random.default_rng(0)
    return [(str(n), Image.fromarray(draw.integers(n, 256, (460, 700, 3), np.uint8))) for n in range(count)]


@pytest.mark.parametrize(
    ("size", "count"),
    [((223, 900), 0), ((224, 224), 1), ((447, 447), 1), ((448, 448), 1 + 4), ((300, 450), 1), ((671, 448), 1 + 4),
     ((672, 448), 1 + 6), ((1344, 896), 1 + 6 + 24), ((4000, 1000), 4 + 16 + 64)],
)  # fmt: skip
def test_crops_lie_side_by_side_at_the_scales_that_do_not_enlarge(size: tuple[int, int], count: int) -> None:
    assert crops(Image.new("RGB", size)).shape == (count, 3, 224, 224)


def test_crops_are_the_middle_of_the_photograph_in_order_and_not_resized_where_they_fit() -> None:
    picture = noise(700, 460, 0).resize((700, 460)).crop((0, 0, 700, 448))
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)
    found = crops(picture)
    assert len(found) == 1 + 6
    for place, square in enumerate(found[1:]):
        top, left = 224 * (place // 3), 14 + 224 * (place % 3)  # 700 - 3 * 224 = 28 are left over
        assert torch.equal(square, pixels[:, top : top + 224, left : left + 224])
    small = np.array(picture.resize((350, 224), Image.Resampling.LANCZOS))[:, 63:287]
    assert torch.equal(found[0], torch.from_numpy(small).permute(2, 0, 1))


def by_force(net: nn.Module, shown: Shown, unit: int, k: int, most: int) -> list[tuple[float, int, int, int]]:
    """All crops of all photographs at once, sorted; from the top, those that the photograph has room for."""
    everything = []
    for number, (_, picture) in enumerate(shown):
        values, places = record(net, crops(picture) / 255, ["conv"])["conv"][:, unit].flatten(1).max(1)
        everything += [
            (v, number, crop, p) for crop, (v, p) in enumerate(zip(values.tolist(), places.tolist(), strict=True))
        ]
    taken: list[tuple[float, int, int, int]] = []
    for one in sorted(everything, key=lambda one: -one[0]):
        if sum(other[1] == one[1] for other in taken) < most and len(taken) < k:
            taken.append(one)
    return taken


@pytest.mark.parametrize(("k", "most"), [(9, 3), (4, 1), (10, 3), (6, 2)])
def test_the_strongest_are_those_of_a_search_through_all(k: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    net, shown = reds(((0.3, -0.5, 0.2), (0.1, 0.2, 0.3), (-1, 0.4, 0.1))), coloured(5)
    monkeypatch.setattr(photo_examples, "BATCH", 3)
    found = strongest(net, shown, (2, 0), k=k, most=most)
    for row, unit in enumerate((2, 0)):
        expected = by_force(net, shown, unit, k, most)
        columns = zip(*(part[row].tolist() for part in found._parts()), strict=True)
        assert [one[1:] for one in columns] == [one[1:] for one in expected]
        assert found.values[row].tolist() == pytest.approx([one[0] for one in expected])
        assert max(Counter(found.photographs[row].tolist()).values()) <= most


def test_the_defaults_keep_nine_and_one_that_is_held_out_three_of_a_photograph() -> None:
    found = strongest(reds(), coloured(5))
    assert found.values.shape == (2, photo_examples.KEPT) == (2, 10) and photo_examples.SHOWN == 9
    assert all(max(Counter(row).values()) == 3 for row in found.photographs.tolist())
    assert (found.values[:, :-1] >= found.values[:, 1:]).all()
    assert found.first(9).values.shape == (2, 9)


def test_a_planted_patch_is_found_at_its_place_and_cut_out() -> None:
    """Nine red pixels in the third of four photographs, in its second crop at the larger scale."""
    shown = [(str(n), noise(448, 448, n)) for n in range(4)]
    shown[2][1].paste((255, 0, 0), (224 + 100, 50, 224 + 103, 53))
    found = strongest(reds(), shown)
    assert (found.photographs[0, 0], found.crops[0, 0]) == (2, 2)
    assert found.places[0, 0] == 50 * 224 + 100 and found.values[0, 0] == 1
    field = receptive_fields(reds())["conv"]
    tiles = photo_examples.patches(shown, {"conv": found.first(1)}, {"conv": field}, {"conv": 224})["conv"]
    assert tiles.shape == (2, 1, photo_examples.TILE, photo_examples.TILE, 3)
    assert (tiles[0, 0] == (255, 0, 0)).all()
    whole = photo_examples.patches(shown, {"conv": found.first(1)}, {"conv": (ALL, ALL)}, {"conv": 224})["conv"][0, 0]
    small = Image.fromarray(crops(shown[2][1])[2].permute(1, 2, 0).numpy()).resize((80, 80), Image.Resampling.LANCZOS)
    assert np.abs(whole.astype(int) - np.asarray(small)).max() <= 1


def test_at_a_crops_border_the_unit_sees_less_and_paper_stands_for_the_rest() -> None:
    """Shift sees three pixels a side; at the left border one column of them is beside the crop."""
    square = torch.zeros(1, 224, 224)
    square[:, 10, 1] = 1
    assert record(Shift(), square[None], ["conv"])["conv"][0, 0].argmax() == 10 * 224
    picture = Image.fromarray((255 * square[0]).numpy().astype(np.uint8)).convert("RGB")
    place = Strongest(*(torch.tensor([[value]]) for value in (1.0, 0, 0, 10 * 224)))
    tile = photo_examples.patches(
        [("one", picture)], {"conv": place}, {"conv": receptive_fields(Shift())["conv"]}, {"conv": 224}
    )["conv"][0, 0]
    paper = (tile == photo_examples.images.PAPER).all(2).all(0)
    assert 26 <= paper.sum() <= 28  # a third of 80 columns


def test_fewer_crops_than_are_kept_leave_paper() -> None:
    found = strongest(reds(), [("one", noise(448, 448, 0))])
    assert found.values.shape == (2, 3)


def test_no_crop_and_no_photograph_are_said() -> None:
    for shown in ([], [("small", Image.new("RGB", (223, 500)))]):
        with pytest.raises(ValueError, match="no crop to show to the net: no photograph has 224 pixels"):
            strongest(reds(), shown)


def test_progress_counts_photographs_and_their_crops() -> None:
    shown = [("a", noise(448, 448, 0)), ("small", noise(100, 100, 1)), ("b", noise(224, 300, 2))]
    steps = list(survey(reds(), shown, {"conv": [0]}))
    assert [(step.name, step.done, step.crops) for step in steps] == [
        ("a", 1, 5), ("small", 2, 0), ("b", 3, 1), ("", 3, 0)
    ]  # fmt: skip
    assert all(step.strongest is None for step in steps[:-1])


def test_the_survey_takes_one_photograph_at_a_time() -> None:
    """What is kept does not grow: each is asked for when the one before has been shown."""
    asked = []

    def endless() -> Iterator[tuple[str, Image.Image]]:
        for number in range(10**9):
            asked.append(number)
            yield str(number), noise(224, 224, number)

    for step, _ in zip(survey(reds(), endless(), {"conv": [0]}), range(12), strict=False):
        assert len(asked) == step.done


def folder(place: Path) -> Path:
    """Two pictures that are credited, below one another, a broken one, one without credit, and a text."""
    (place / "below").mkdir()
    noise(448, 448, 0).save(place / "below" / "Wine.png")
    noise(448, 448, 1).save(place / "Bridge.jpg")
    noise(448, 448, 2).save(place / "unknown.png")
    (place / "broken.jpg").write_bytes((place / "Bridge.jpg").read_bytes()[:900])
    (place / "notes.png").write_text("no picture")
    return place


def test_a_folders_pictures_are_taken_by_name_and_the_wheels_beside_them(tmp_path: Path) -> None:
    names = ("Bridge", "Wine", "broken", "notes", "cat", "grass")
    found = dict(photo_examples.photographs(folder(tmp_path), names))
    assert list(found) == ["Bridge", "Wine", "cat", "grass"]
    assert all(picture.mode == "RGB" for picture in found.values())
    assert np.array_equal(found["cat"], photos.sample("cat"))


def test_of_two_files_of_a_name_the_first_counts(tmp_path: Path) -> None:
    folder(tmp_path)
    noise(300, 300, 3).save(tmp_path / "below" / "Bridge.png")
    found = list(photo_examples.photographs(tmp_path, ["Bridge"]))
    assert [(name, picture.size) for name, picture in found] == [("Bridge", (448, 448))]


@pytest.mark.parametrize("names", [(), ("broken", "notes"), ("Bridges",)])
def test_a_folder_without_pictures_is_named(tmp_path: Path, names: Sequence[str]) -> None:
    with pytest.raises(
        ValueError, match=f"{tmp_path.name} holds no PNG, JPEG or WebP picture that stands in the table"
    ):
        list(photo_examples.photographs(folder(tmp_path), [*names, "cat"]))
    with pytest.raises(ValueError, match="holds no PNG"):
        list(photo_examples.photographs(tmp_path / "nowhere", ["cat"]))


@pytest.mark.parametrize("units", [1, 4, 7])
def test_a_sheet_is_cut_back_into_its_tiles(units: int) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (units, 9, 1, 1, 3), np.uint8)
    tiles = colours.repeat(80, 2).repeat(80, 3)
    found = photo_examples.cut(photo_examples.as_sheet(tiles), units)
    assert found.shape == tiles.shape
    assert np.abs(found[:, :, 16:64, 16:64].astype(int) - tiles[:, :, 16:64, 16:64]).mean() < 3


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The command with its own place to write, a net of two units, and two photographs."""
    (tmp_path / "photographs").mkdir()
    folder(tmp_path / "photographs")
    two = photographers.table().iloc[:2].set_axis(["Wine", "Bridge"])
    monkeypatch.setattr(photographers, "table", lambda: two)
    monkeypatch.setattr(photo_examples, "FOLDER", tmp_path / "out")
    monkeypatch.setattr(photo_examples, "WALL", ("stem", "logits"))
    monkeypatch.setattr(sys, "argv", ["photo_examples", str(tmp_path / "photographs")])
    photo_examples.shipped.cache_clear()
    photo_examples._tiles.cache_clear()
    yield tmp_path / "out"
    photo_examples.shipped.cache_clear()
    photo_examples._tiles.cache_clear()


def test_the_command_writes_what_is_read_and_the_same_again(small: Path) -> None:
    photo_examples.main()
    files = {path.name: path.read_bytes() for path in small.iterdir()}
    assert set(files) == {"stem.webp", "logits.webp", "strongest.json"}
    assert photo_examples.shipped()["photographs"] == {"Bridge": 5, "Wine": 5}
    for layer, unit in (("stem", 5), ("logits", 1)):
        found = photo_examples.examples_of(Unit("photo", layer, unit), "trained")
        assert len(found) == 6 and {one.photograph for one in found} == {"Bridge", "Wine"}
        pictures = [crops(noise(448, 448, 0)), crops(Image.open(small.parent / "photographs" / "Bridge.jpg"))]
        seen = record(load("photo"), torch.cat(pictures) / 255, [layer])[layer]
        seen = peak(seen)[:, unit]
        assert found[0].value == pytest.approx(seen.max().item(), rel=2e-3)
    photo_examples.main()
    assert {path.name: path.read_bytes() for path in small.iterdir()} == files


# What ships.


def test_every_unit_of_the_trained_atlas_has_nine_in_order_at_most_three_of_a_photograph() -> None:
    page = photo_examples.shipped()
    counts = list(page["photographs"].values())
    assert page["weights"] == identity("photo", "trained")
    assert set(page["layers"]) == set(WALL)
    for layer, found in page["layers"].items():
        assert found["units"] == units_of("photo", "trained", layer)
        for values, numbers, squares in zip(found["values"], found["from"], found["crops"], strict=True):
            assert len(values) == len(numbers) == len(squares) == photo_examples.KEPT
            assert values == sorted(values, reverse=True)
            assert max(Counter(numbers).values()) <= 3
            assert len(set(zip(numbers, squares, strict=True))) == photo_examples.KEPT
            assert all(square < counts[n] for n, square in zip(numbers, squares, strict=True))


@pytest.mark.parametrize("layer", ["stem", "block3", "block8", "block14", "logits"])
def test_shipped_examples_excite_more_than_the_median_view_of_the_samples(layer: str) -> None:
    units = units_of("photo", "trained", layer)
    seen = peak(record(load("photo"), photos.sample_views(), [layer])[layer])
    for place in range(0, len(units), max(1, len(units) // 5)):
        found = photo_examples.examples_of(Unit("photo", layer, units[place]), "trained")
        assert len(found) == 9
        assert found[-1].value > seen[:, units[place]].median()


def test_the_samples_own_crops_answer_as_shipped() -> None:
    """They are cut anew, and shown to the net; its peak is where the shipped tile, but for WebP's losses, was cut."""
    field = receptive_fields(load("photo"))["block5"]
    page, net = photo_examples.shipped(), load("photo")
    names, tested = list(page["photographs"]), 0
    for name in ("cat", "palace", "grass"):
        picture = Image.fromarray(photo_examples.WHEELS[name]()).convert("RGB")
        seen, places = record(net, crops(picture) / 255, ["block5"])["block5"].flatten(2).max(2)
        found = page["layers"]["block5"]
        for unit, values, numbers, squares in zip(
            *(found[key] for key in ("units", "values", "from", "crops")), strict=True
        ):
            examples = photo_examples.examples_of(Unit("photo", "block5", unit), "trained")
            for example, value, number, square in zip(examples, values, numbers, squares, strict=False):
                if names[number] == name == example.photograph:
                    at = Strongest(*(torch.tensor([[n]]) for n in (value, 0, square, places[square, unit])))
                    tile = photo_examples.patches([(name, picture)], {"l": at}, {"l": field}, {"l": 28})["l"][0, 0]
                    assert np.abs(tile.astype(int) - np.asarray(example.picture)).mean() < 12
                    assert seen[square, unit].item() == pytest.approx(value, rel=1e-3, abs=1e-3)
                    tested += 1
    assert tested > 5


def test_other_units_and_weights_have_no_examples() -> None:
    for address, weights in (("photo/block8/3", "untrained"), ("photo/block4/3", "trained"), ("cnn/conv3/3", "trained"),
                             ("photo/logits/0", "trained")):  # fmt: skip
        assert photo_examples.examples_of(Unit.parse(address), weights) == []


def test_what_ships_is_small() -> None:
    assert sum(path.stat().st_size for path in photo_examples.FOLDER.iterdir()) < 4 * MEGABYTE


def test_every_photograph_that_ships_is_credited() -> None:
    table, names = photographers.table(), list(photo_examples.shipped()["photographs"])
    assert sorted(names) == sorted(table.index) and table.index.is_unique
    for name in names:
        row = table.loc[name]
        assert all(row[part] for part in ("title", "author", "licence", "link", "source"))
        assert row.licence in ("CC0 1.0", "public domain", "CC BY 2.0", "CC BY 4.0", "CC BY-SA 3.0", "CC BY-SA 4.0")
        kind = row.licence.removeprefix("CC ").lower().replace(" ", "/")
        assert row.link.startswith("https://creativecommons.org/")
        assert "publicdomain" in row.link or row.link == f"https://creativecommons.org/licenses/{kind}/"
        assert (row.year == "") == (row.source != "lomiri-wallpapers")


def test_a_credit_is_a_line() -> None:
    assert photographers.credit("Kleiber_by_Lukas_Baubkus") == "Kleiber, Lukas Baubkus 2021, CC BY-SA 3.0"
    assert photographers.credit("rocket") == "rocket, SpaceX, public domain"


def test_the_readme_credits_them_all() -> None:
    assert photographers.markdown() in README
    for _, row in photographers.table().iterrows():
        assert row.author in photographers.markdown() and row.link in photographers.markdown()
