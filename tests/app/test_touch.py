"""On the Evidence page, a unit to touch: what it can see and what moves it, in digits and in photos."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from core.data.digits import EXAMPLE
from core.data.digits import test_set as mnist
from core.layers import list_layers, record
from core.measures.effective_field import effective_field, fewest
from core.measures.receptive_field import ALL, receptive_fields
from core.models import load
from core.units import Unit
from pages.fields.places import GRID, Spot, cells, place_at
from tests.visits import charts, fine, page, said

LINKED = ("place", "unit-dense", "unit-cnn", "unit-rnn", "unit-photo", "digit", "photo")


def evidence(**values: object) -> AppTest:
    return page("evidence", (*LINKED, "touch"), touch="true", **values)


def sentences(at: AppTest) -> list[str]:
    return [block.value for block in at.markdown if "can see" in block.value and block.value.startswith("`")]


def units(at: AppTest) -> list[Unit]:
    return [Unit.parse(sentence.split("`")[1]) for sentence in sentences(at)]


def sizes(at: AppTest) -> list[str]:
    """How many pixels each net's unit can see."""
    return [re.findall(r"\*\*(.*) pixels", sentence)[0] for sentence in sentences(at)]


def held(at: AppTest, weights: str) -> list[int]:
    """In how few pixels most of what moves each unit lies."""
    found = [re.match(rf"{weights}: 90 % in ([\d,]+) pixels", caption.value) for caption in at.caption]
    return [int(match[1].replace(",", "")) for match in found if match]


def test_the_page_opens_with_a_unit_of_each_net_and_what_moves_it() -> None:
    at = fine(evidence())
    assert [unit.layer for unit in units(at)] == ["fc2", "conv2", "lstm2"]
    assert sizes(at) == ["28 x 28", "10 x 10", "14 x 28"]
    assert held(at, "untrained") == [] and not any("enlarged" in caption.value for caption in at.caption)
    places = {"fc2": (), "conv2": (6, 6), "lstm2": (13,)}
    for unit, count in zip(units(at), held(at, "trained"), strict=True):
        field = effective_field(
            load(unit.model), mnist().images[[EXAMPLE]], unit.layer, [unit.index], places[unit.layer]
        )
        assert count == int(fewest(field))
    assert not set(LINKED) & set(at.query_params)


@pytest.mark.parametrize(
    ("depth", "layers", "seen"),
    [
        (1, ["fc1", "conv1", "lstm1"], ["28 x 28", "5 x 5", "14 x 28"]),
        (3, ["logits", "conv3", "logits"], ["28 x 28", "20 x 20", "28 x 28"]),
        (4, ["logits", "conv4", "logits"], ["28 x 28"] * 3),
        (5, ["logits"] * 3, ["28 x 28"] * 3),
    ],
)
def test_depths_are_aligned_and_deeper_maps_see_more(depth: int, layers: list[str], seen: list[str]) -> None:
    at = fine(evidence(depth=depth))
    assert [unit.layer for unit in units(at)] == layers
    assert sizes(at) == seen
    growth = [caption.value for caption in at.caption if caption.value.startswith("By depth")]
    assert growth[0] == "By depth: **28 x 28** from fc1 on"
    assert growth[1].replace("*", "") == "By depth: 5 x 5 · 10 x 10 · 20 x 20 · 28 x 28 · 28 x 28"
    assert [re.findall(r"\*\*(.*?)\*\*", line) for line in growth] == [[size] for size in seen]


def test_the_link_names_place_and_unit_and_a_unit_of_another_layer_waits() -> None:
    at = fine(evidence(place="2-28", digit="7", **{"unit-cnn": "cnn/conv2/3", "unit-dense": "dense/fc1/3"}))
    assert str(units(at)[1]) == "cnn/conv2/3" and units(at)[0].layer == "fc2"
    assert [sentence.split(" can see")[0].split("`")[2] for sentence in sentences(at)] == [
        "", " at row 1, column 14", " behind row 2",
    ]  # fmt: skip
    assert sizes(at) == ["28 x 28", "6 x 6", "2 x 28"]  # cut by the image's corner
    assert at.query_params["unit-dense"] == "dense/fc1/3"
    at.slider(key="depth").set_value(1)
    assert str(units(fine(at.run()))[0]) == "dense/fc1/3"


def test_the_unit_shown_answers_most_at_the_place() -> None:
    """In the corner, where others do than in the digit."""
    _, cnn, rnn = units(fine(evidence(place="1-1")))
    for unit, place in ((cnn, (0, 0)), (rnn, (0,))):
        seen = record(load(unit.model), mnist().images[[EXAMPLE]], [unit.layer])[unit.layer][0]
        here = seen[(slice(None), *place)]
        assert here[unit.index] == here.max() and int(seen.flatten(1).amax(1).argmax()) != unit.index


def test_a_place_is_chosen_from_a_list_and_a_row_leaves_the_column() -> None:
    at = fine(evidence(place="9-20"))
    at.selectbox(key="keys-touch-rnn-trained-0").set_value("row 3")
    fine(at.run())
    assert at.query_params["place"] == "3-20"
    at.selectbox(key="keys-touch-cnn-trained-1").set_value("row 1, column 2")
    fine(at.run())
    assert "at row 1, column 2 can see **6 x 8 pixels**" in sentences(at)[1]


def test_the_twins_pictures_stand_beside_with_the_same_line() -> None:
    at = fine(evidence(twin=True, depth=3))
    here, image = units(at), mnist().images[[EXAMPLE]]
    assert len(held(at, "trained")) == len(held(at, "untrained")) == 3
    field = effective_field(load("cnn", weights="untrained"), image, "conv3", [here[1].index], (3, 3))
    assert held(at, "untrained")[1] == int(fewest(field))
    places = [chart for chart in charts(at) if "row 1, column 1" in chart]
    assert len(places) == 2  # in both one can click; the other nets' answers have no place


def test_what_does_not_move_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from pages.fields import column

    monkeypatch.setattr(column, "_field", lambda *_: mnist().images[0, 0] * 0)
    at = fine(evidence())
    assert sum(caption.value == "trained: nothing moves it here" for caption in at.caption) == 3


def test_a_photos_layers_see_more_and_more_and_what_is_small_is_enlarged() -> None:
    at = fine(evidence(images="photos"))
    assert sizes(at) == ["35 x 35"] and units(at)[0].layer == "block4"
    assert any("enlarged 4 times" in caption.value for caption in at.caption)
    assert any("The 24 of 40 units that answer most here" in caption.value for caption in at.caption)
    at.select_slider(key="layer").set_value("block10")
    fine(at.run())
    assert sizes(at) == ["224 x 224"] and not any("enlarged" in caption.value for caption in at.caption)
    (growth,) = (caption.value for caption in at.caption if caption.value.startswith("By depth"))
    assert growth.endswith("211 x 211 · **224 x 224** from block10 on") and growth.startswith("By depth: 3 x 3 · 7 x 7")
    at.select_slider(key="layer").set_value("logits")
    assert "(Egyptian cat) can see" in sentences(fine(at.run()))[0]


def test_a_photos_unit_that_answers_little_is_shown_when_it_is_named() -> None:
    least = fine(evidence(images="photos", layer="head", **{"unit-photo": "photo/head/3"}))
    assert str(units(least)[0]) == "photo/head/3"
    assert sum("photo/head/3\n" in chart for chart in charts(least)) == 1


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("place", "29-1", "from 1 to 28"), ("place", "0-4", "from 1 to 28"), ("place", "٣-4", "from 1 to 28"),
        ("place", "3-4-5", "from 1 to 28"), ("unit-cnn", "cnn/conv2/24", "There is no unit"),
        ("unit-rnn", "cnn/conv2/2", "of a net that is not shown"), ("unit-dense", "x", "address reads"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_link_is_said_and_the_usual_is_shown(name: str, value: str, words: str) -> None:
    at = fine(evidence(**{name: value}))
    assert words in said(at)
    assert sizes(at) == ["28 x 28", "10 x 10", "14 x 28"]


@pytest.mark.parametrize("digit", ["99999", "x"])
def test_a_damaged_link_to_an_image_gets_a_sentence(digit: str) -> None:
    at = fine(evidence(digit=digit))
    assert "test images are numbered 0 to 9999" in said(at) and sentences(at) == []


def test_without_its_photo_a_link_gets_a_sentence() -> None:
    at = fine(evidence(images="photos", photo="own"))
    assert "photos stay in the session" in said(at) and sentences(at) == []


@pytest.mark.parametrize("model", ["cnn", "rnn", "dense", "photo"])
def test_cells_share_the_image_out_and_each_ones_spot_is_its_place(model: str) -> None:
    side = 224 if model == "photo" else 28
    shape = (3 if model == "photo" else 1, side, side)
    net = load(model, weights="untrained")
    known = {} if model == "rnn" else receptive_fields(net, shape)
    for layer in list_layers(net, shape):
        fields = known.get(layer.name, (ALL, ALL))
        covered = []
        for cell in cells(layer, fields, side):
            spots = [Spot(row, column) for row in range(*cell.rows) for column in range(*cell.columns)]
            covered += spots
            assert {place_at(spot, layer, fields, side) for spot in spots} == {cell.place}
            assert cell.spot(Spot(5, 17)) in spots
            assert all(index < count for index, count in zip(cell.place, layer.shape[1:], strict=True))
            if len(layer.shape) == 2:
                assert cell.spot(Spot(5, 17)).column == 17
        everywhere = [Spot(row, column) for row in range(GRID) for column in range(GRID)]
        assert sorted(covered, key=str) == (sorted(everywhere, key=str) if len(layer.shape) > 1 else [])


def test_a_spot_of_a_photo_is_the_middle_of_its_square() -> None:
    net = load("photo", weights="untrained")
    stem, fields = list_layers(net, (3, 224, 224))[0], receptive_fields(net)["stem"]
    for row in range(GRID):
        for field, index in zip(fields, place_at(Spot(row, row), stem, fields, 224), strict=True):
            assert abs(sum(field.span(index)) / 2 - 8 * (row + 0.5)) <= 1
