"""Charts of images that move: answers, layers' errors, accuracies over shifts, and learning curves."""

from itertools import pairwise
from typing import Any

import pandas as pd
import pytest

from core import charts
from core.charts.marks import FAMILY_COLOURS

FAMILIES = {"cnn-3": "cnn", "cnn-3 unshared": "cnn", "dense-2": "dense"}


def answer() -> pd.DataFrame:
    return pd.DataFrame({
        "value": [-1, 0, 1], "probability": [0.1, 0.9, 0.6], "answer": ["3", "8", "8"], "kept": [False, True, True],
    })  # fmt: skip


def errors() -> pd.DataFrame:
    found = {"relu1": (0.0, 0.2, 0.0), "pool1": (0.0, 0.3, float("nan"))}
    rows = [(layer, 1, shift, error, shift % 2 == 0) for layer, own in found.items() for shift, error in enumerate(own)]
    return pd.DataFrame(rows, columns=["layer", "depth", "shift", "error", "whole"])


def accuracies() -> pd.DataFrame:
    rows = [(weights, direction, shift, value - shift, value - shift - 1, value - shift + 1)
            for weights, value in (("trained", 99.0), ("plain", 98.0), ("untrained", 12.0))
            for direction in ("right", "down") for shift in range(3)]  # fmt: skip
    return pd.DataFrame(rows, columns=["weights", "direction", "shift", "value", "low", "high"])


def learnt() -> pd.DataFrame:
    ends = {"dense-2": 70.0, "cnn-3": 71.0, "cnn-3 unshared": 71.5}
    rows = [(net, images, value + images / 100, value, value + 5, 5) for net, value in ends.items()
            for images in (100, 300)]  # fmt: skip
    return pd.DataFrame(rows, columns=["net", "images", "value", "low", "high", "seeds"])


def layers(spec: charts.Spec, **mark: Any) -> list[dict[str, Any]]:
    return [layer for layer in spec["layer"] if all(layer["mark"].get(key) == value for key, value in mark.items())]


def test_an_answer_is_quiet_while_it_is_kept_and_in_the_familys_colour_where_it_is_another() -> None:
    spec = charts.answer_curve(answer(), "8", 1, "pixels to the right", "cnn, plain", "cnn", "light", 300)
    kept, other = layers(spec, type="text")
    assert kept["transform"] == [{"filter": "datum.kept"}] and other["transform"] == [{"filter": "!datum.kept"}]
    assert other["mark"]["color"] == FAMILY_COLOURS["cnn"] != kept["mark"]["color"]
    assert spec["datasets"]["now"].value.tolist() == [1] and spec["datasets"]["curve"].equals(answer())
    (line,) = layers(spec, type="line")
    assert line["encoding"]["y"]["scale"]["domain"] == [0, 1] and spec["width"] == 300
    assert spec["description"] == (
        "cnn, plain: the probability of its answer to the unmoved image, 8, over pixels to the right, from 0.1 to 0.6; "
        "at 1 it is 0.6, and the answer 8. The answers, in order: 3 8 8."
    )


def test_the_chosen_layer_stands_out_and_its_points_are_full_at_whole_strides() -> None:
    spec = charts.error_curves(errors(), "pool1", 2, "pixels down", "cnn, plain", "cnn", "dark", 300)
    data = spec["datasets"]
    assert data["others"].layer.unique().tolist() == ["relu1"] and data["chosen"].layer.unique().tolist() == ["pool1"]
    assert data["chosen"]["shift"].tolist() == [0, 1]  # where no place is left there is no number
    assert data["name"]["shift"].tolist() == [1] and data["now"]["shift"].tolist() == [2]
    thin, thick = layers(spec, type="line")
    assert thin["mark"]["strokeWidth"] < thick["mark"]["strokeWidth"] and "opacity" in thin["encoding"]
    (points,) = layers(spec, type="point")
    fill = points["encoding"]["fill"]
    assert fill["condition"] == {"test": "datum.whole", "value": FAMILY_COLOURS["cnn"]}
    assert fill["value"] != FAMILY_COLOURS["cnn"]
    assert "relu1 0.00 0.20 0.00; pool1 0.00 0.30." in spec["description"]


def test_errors_of_all_nets_have_one_axis_unless_one_is_larger() -> None:
    def top(factor: float) -> float:
        table = errors().assign(error=errors().error * factor)
        spec = charts.error_curves(table, "pool1", 2, "pixels down", "cnn, plain", "cnn", "dark", 300)
        return layers(spec, type="point")[0]["encoding"]["y"]["scale"]["domain"][1]

    assert top(1) == top(3) == 1.5 and top(6) == 2.0


def test_accuracies_have_a_panel_a_direction_trained_thick_plain_thin_untrained_dashed() -> None:
    spec = charts.accuracy_by_shift(accuracies(), "rnn", "rnn", "light", 300)
    assert [panel["layer"][0]["encoding"]["x"]["title"] for panel in spec["hconcat"]] == [
        "pixels to the right", "pixels down",
    ]  # fmt: skip
    for panel, direction in zip(spec["hconcat"], ("right", "down"), strict=True):
        band, line, _ = panel["layer"]
        assert line["transform"] == [{"filter": f"datum.direction == '{direction}'"}]
        assert (band["encoding"]["y"]["field"], band["encoding"]["y2"]["field"]) == ("low", "high")
        looks = {name: line["encoding"][name]["scale"] for name in ("strokeDash", "strokeWidth", "opacity")}
        assert all(scale["domain"] == ["trained", "plain", "untrained"] for scale in looks.values())
        dashes = looks["strokeDash"]["range"]
        assert dashes[0] == dashes[1] == [1, 0] != dashes[2]
        assert looks["strokeWidth"]["range"][0] > looks["strokeWidth"]["range"][1]
        assert looks["opacity"]["range"][2] < looks["opacity"]["range"][0]
        assert line["encoding"]["y"]["scale"]["domain"] == [0, 100]
    assert spec["description"].startswith(
        "rnn: accuracy over a shift from 0 to 2 pixels: trained, right, from 99 to 97 %; trained, down, from 99"
    )


def test_of_two_nets_of_one_family_the_second_is_dashed() -> None:
    spec = charts.learning_curves(learnt(), FAMILIES, "images", "training images", True, 60, "light", 400)
    (line,) = layers(spec, type="line")
    colours, dashes = line["encoding"]["color"]["scale"], line["encoding"]["strokeDash"]["scale"]
    assert colours["domain"] == dashes["domain"] == list(FAMILIES)
    assert colours["range"] == [FAMILY_COLOURS["cnn"]] * 2 + [FAMILY_COLOURS["dense"]]
    assert dashes["range"][0] == dashes["range"][2] == [1, 0] != dashes["range"][1]
    assert line["encoding"]["x"]["scale"]["type"] == "log" and line["encoding"]["x"]["field"] == "images"
    for layer in spec["layer"]:  # or one of them would stretch the axis to zero
        assert layer["encoding"]["y"]["scale"]["domain"] == [60, 100]
    assert spec["title"]["text"] == "digits with permuted pixels: accuracy in %"
    assert "dense-2 from 71 to 73 %" in spec["description"]


def test_over_shifts_the_axis_is_linear() -> None:
    table = learnt().rename(columns={"images": "shift"})
    for logarithmic, kind in ((False, "linear"), (True, "log")):
        spec = charts.learning_curves(table, FAMILIES, "shift", "pixels down", False, 60, "light", 400, logarithmic)
        axes = [layer["encoding"]["x"] for layer in spec["layer"]]
        assert all(axis["scale"]["type"] == kind and axis["field"] == "shift" for axis in axes)


def test_names_stand_at_the_ends_and_apart() -> None:
    names = charts.learning_curves(learnt(), FAMILIES, "images", "images", False, 60, "light", 400)["datasets"]["names"]
    assert names.images.unique().tolist() == [300]
    assert names.net.tolist() == ["cnn-3 unshared", "cnn-3", "dense-2"]
    places = names.place.tolist()
    gaps = [high - low for high, low in pairwise(places)]
    assert places[0] == names.value.iloc[0] and min(gaps) == pytest.approx(40 * 13 / 220)


@pytest.mark.parametrize("missing", ["dense-2", "cnn-3"])
def test_a_net_without_numbers_yet_is_left_out(missing: str) -> None:
    table = learnt().query("net != @missing")
    spec = charts.learning_curves(table, FAMILIES, "images", "images", False, 60, "light", 400)
    scale = layers(spec, type="line")[0]["encoding"]["color"]["scale"]
    assert scale["domain"] == [name for name in FAMILIES if name != missing] and missing not in [
        part.split(" from ")[0].split(": ")[-1] for part in spec["description"].split("; ")
    ]
