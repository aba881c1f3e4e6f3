"""Tables made into Vega-Lite: what stands where, what a click selects, which colour means what."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from core import charts, images
from core.layers import Layer
from core.trust.examine import Worth
from core.units import Unit

WIDTH = 276


def column(model: str = "cnn", family: str = "cnn", depth: int = 2, **more: Any) -> charts.Column:
    layers = [
        (Layer("relu1", "relu", (4, 6, 6), 1), images.tiles(torch.rand(4, 6, 6), 264, "light")),
        (Layer("logits", "linear", (3,), depth), images.tiles(torch.tensor([1.0, -2.0, 0.5]), 264, "light")),
    ]
    picture = images.paper(torch.rand(1, 28, 28), 3)
    return charts.Column(
        model, family, picture, "input · 28 x 28 pixels", tuple(layers), ("a", "b", "c"), (0.7, 0.1, 0.2), **more
    )


def marks(spec: charts.Spec) -> list[str]:
    return [layer["mark"]["type"] for layer in spec["layer"]]


def test_a_click_selects_a_units_address() -> None:
    (spec,) = charts.net_columns([column()], "light", WIDTH, None)
    click = next(param for param in spec["params"] if param["name"] == charts.UNIT)
    assert click["select"] == {"type": "point", "fields": ["unit"], "on": "click", "toggle": False}
    units = spec["datasets"]["units"]
    assert list(units.unit) == [f"cnn/relu1/{n}" for n in range(4)] + [f"cnn/logits/{n}" for n in range(3)]
    assert (units.right > units.left).all() and (units.bottom > units.top).all()
    assert units.right.max() <= WIDTH


def test_layers_of_the_same_depth_stand_at_the_same_height() -> None:
    shallow, deep = column("dense", "dense"), column(depth=3)
    first, second = (
        spec["datasets"]["pictures"].set_index("caption")
        for spec in charts.net_columns([shallow, deep], "light", WIDTH, None)
    )
    assert first.top["relu1 · 4 maps · 6 x 6"] == second.top["relu1 · 4 maps · 6 x 6"]
    assert first.top["logits · 3 neurons"] < second.top["logits · 3 neurons"]
    apart = second.top["logits · 3 neurons"] - second.top["relu1 · 4 maps · 6 x 6"]
    assert apart >= second.height["relu1 · 4 maps · 6 x 6"]


def test_bars_are_as_high_as_the_share_and_the_largest_is_marked() -> None:
    (spec,) = charts.net_columns([column()], "light", WIDTH, None)
    bars = spec["datasets"]["bars"]
    np.testing.assert_allclose((bars.bottom - bars.top) / charts.BARS, [0.7, 0.1, 0.2])
    assert list(bars.best) == [True, False, False]
    assert charts.FAMILY_COLOURS["cnn"] in json.dumps(spec["layer"])


def test_each_picture_has_its_scale_in_words() -> None:
    (spec,) = charts.net_columns([column()], "light", WIDTH, None)
    scales = spec["datasets"]["pictures"].scale
    assert scales[0] == ""
    assert scales[1].startswith("0 to 0.9") or scales[1] == "0 to 1"
    assert scales[2] == "±2"


def test_the_selected_unit_and_the_rows_read_are_outlined() -> None:
    reading = images.tiles(torch.rand(3, 28), 264, "light")
    net = column("rnn", "rnn", reading=reading, rows=7)
    (spec,) = charts.net_columns([net], "light", WIDTH, Unit("rnn", "relu1", 2))
    rows, unit = spec["datasets"]["outlines"].to_dict("records")
    assert rows["bottom"] - rows["top"] == 7 * images.STEP
    wanted = spec["datasets"]["units"].set_index("unit").loc["rnn/relu1/2"]
    assert (unit["left"], unit["bottom"]) == (wanted.left, wanted.bottom)


def test_filling_a_chart_leaves_the_kept_specification_alone() -> None:
    net = column()
    (first,) = charts.net_columns([net], "light", WIDTH, None)
    wanted = json.dumps(first["layer"])
    first["layer"][0]["mark"]["color"] = "red"
    (second,) = charts.net_columns([net], "light", WIDTH, None)
    assert json.dumps(second["layer"]) == wanted


def test_a_gallery_selects_the_images_number() -> None:
    sheet = images.contact_sheet(torch.rand(4, 1, 28, 28), columns=2, scale=2)
    spec = charts.gallery(sheet, [5, 8, 13, 21])
    assert list(spec["datasets"]["boxes"].digit) == [5, 8, 13, 21]
    assert (spec["width"], spec["height"]) == sheet.picture.size
    assert marks(spec) == ["image", "text", "rect", "rect"]


def test_a_sheet_is_shown_smaller_beside_its_captions_with_a_frame_round_what_is_selected() -> None:
    sheet = images.contact_sheet(torch.rand(4, 3, 112, 112), columns=2)
    spec = charts.clickable_sheet(sheet, charts.UNIT, ["a/b/0", "a/b/1", "a/b/2", "a/b/3"], selected="a/b/2",
                                  shrink=2.0, captions=["top", "below"], room=50)  # fmt: skip
    assert (spec["width"], spec["height"]) == (50 + 113, 113)
    boxes, outlines = spec["datasets"]["boxes"], spec["datasets"]["outlines"]
    assert boxes.left.tolist() == [50, 107, 50, 107] and boxes.top.tolist() == [0, 0, 57, 57]
    assert outlines.values.tolist() == [[50, 57, 106, 113]]
    assert spec["datasets"]["rows"].values.tolist() == [[0, "top"], [57, "below"]]


def test_five_classes_have_bars_as_long_as_their_shares() -> None:
    spec = charts.shares(["a", "b"], [75.0, 10.0], "light", 200)
    assert spec["datasets"]["shares"].right.tolist() == [150, 20]


@pytest.mark.parametrize("logarithmic", [True, False])
def test_numbers_by_depth_keep_the_order_of_the_layers_and_dash_the_twin(logarithmic: bool) -> None:
    rows = [{"layer": layer, "weights": weights, "value": 3.0, "low": 2.0, "high": 4.0}
            for weights in ("trained", "untrained") for layer in ("stem", "block1", "a")]  # fmt: skip
    spec = charts.by_depth(pd.DataFrame(rows), "dark", 200, logarithmic)
    band, line, _ = spec["layer"]
    assert band["encoding"]["x"]["sort"] == line["encoding"]["x"]["sort"] == ["stem", "block1", "a"]
    assert line["encoding"]["strokeDash"]["scale"]["range"] == [[1, 0], [5, 4]]
    assert [band["encoding"][place]["field"] for place in ("y", "y2")] == ["low", "high"]
    assert len(spec["datasets"]["numbers"]) == 6


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_histogram_counts_every_image(theme: images.Theme) -> None:
    peaks = np.random.default_rng(0).normal(size=500)
    spec = charts.spread(peaks, 0.25, "strongest", "rnn", theme, 280, 150)
    assert spec["datasets"]["bins"].images.sum() == 500
    assert spec["datasets"]["here"]["from"].tolist() == [0.25]
    assert charts.FAMILY_COLOURS["rnn"] in json.dumps(spec["layer"])


def test_learning_curves_are_errors_on_logarithmic_axes() -> None:
    curves = pd.DataFrame({"training": "trained", "epoch": [0.0, 1.0], "accuracy": [10.0, 99.0]})
    spec = charts.learning(curves, "cnn", "light", 300)
    rows = spec["datasets"]["curves"]
    assert rows.error.tolist() == [90, 1]
    assert rows.epoch.min() > 0
    assert spec["layer"][0]["encoding"]["y"]["scale"]["type"] == "log"


def beside(theme: images.Theme = "light") -> charts.Spec:
    """A net's chart with two seeds of each kind that has several, and a kind that it does not show."""
    rows = [{"layer": "pixels", "depth": 0, "weights": "pixels", "value": 0.5, "numbers": 9}]
    for depth, layer in enumerate(["relu1", "logits"], 1):
        for kind in ("trained", "plain", "untrained", "shuffled", "pixels projected", "something else"):
            for value in (0.5 + depth / 10,) if kind == "plain" else (0.4 + depth / 10, 0.6 + depth / 10):
                rows.append({"layer": layer, "depth": depth, "weights": kind, "value": value, "numbers": 3})
    rows += [{"layer": "logits", "depth": 2, "weights": "layer below projected", "value": 0.3, "numbers": 3}]
    return charts.beside_pixels(pd.DataFrame(rows), "share", "rnn", theme, 200)


def test_numbers_by_depth_have_a_band_from_the_lowest_to_the_highest_seed() -> None:
    spec = beside()
    bands = spec["datasets"]["numbers"].set_index(["weights", "layer"])
    assert bands.loc[("trained", "relu1"), ["lowest", "mean", "highest"]].tolist() == pytest.approx([0.5, 0.6, 0.7])
    assert bands.loc[("plain", "logits"), ["lowest", "highest"]].tolist() == pytest.approx([0.7, 0.7])
    assert "something else" not in bands.index.get_level_values(0)
    band, pixels, line, _ = spec["layer"]
    assert (band["mark"]["type"], line["mark"]["type"]) == ("area", "line")
    assert (band["encoding"]["y"]["field"], band["encoding"]["y2"]["field"]) == ("lowest", "highest")
    assert spec["datasets"]["pixels"].value.tolist() == [0.5] and pixels["mark"]["strokeDash"] == [1, 3]
    assert line["encoding"]["x"]["sort"] == ["relu1", "logits"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_kind_of_control_has_a_look_of_its_own(theme: images.Theme) -> None:
    encoding = beside(theme)["layer"][2]["encoding"]
    scales = {channel: encoding[channel]["scale"] for channel in ("color", "strokeDash", "strokeWidth", "opacity")}
    assert {scale["type"] for scale in scales.values()} == {"ordinal"}  # of others only the ends of a range count
    looks = {}
    for place, kind in enumerate(scales["color"]["domain"]):
        looks[kind] = {channel: scale["range"][place] for channel, scale in scales.items()}
    assert len({json.dumps(look) for look in looks.values()}) == len(looks) == 6
    assert looks["trained"]["strokeDash"] == looks["plain"]["strokeDash"] == [1, 0]
    assert looks["trained"]["strokeWidth"] > looks["plain"]["strokeWidth"]
    for twin in ("untrained", "shuffled"):
        assert looks[twin]["opacity"] < looks["trained"]["opacity"] and looks[twin]["strokeDash"] != [1, 0]
    assert looks["pixels projected"]["color"] == charts.marks.QUIET[theme]
    assert looks["trained"]["color"] == looks["layer below projected"]["color"] == charts.FAMILY_COLOURS["rnn"]


def test_eigenvalues_stand_in_a_plane_that_holds_them_and_the_unit_circle() -> None:
    values = {"trained": np.array([2.5 + 0j, 1j]), "untrained": np.array([0.5 + 0j])}
    spec = charts.eigenvalues(values, "rnn", "light", 140)
    points, circle = spec["datasets"]["points"], spec["datasets"]["circle"]
    assert points[["real", "imaginary", "weights"]].values.tolist() == [
        [2.5, 0, "trained"], [0, 1, "trained"], [0.5, 0, "untrained"]
    ]  # fmt: skip
    np.testing.assert_allclose(circle.real**2 + circle.imaginary**2, 1)
    assert spec["layer"][-1]["encoding"]["x"]["scale"]["domain"] == [-3, 3]


def test_quantiles_stand_for_all_images() -> None:
    spec = charts.spread(np.linspace(0, 1, 401), None, "strongest", "cnn", "light", 280, 150, images=10_000)
    assert spec["datasets"]["bins"].images.sum() == pytest.approx(10_000)


def test_numbers_below_zero_have_room() -> None:
    rows = pd.DataFrame([{"layer": "logits", "depth": 1, "weights": "untrained", "value": -0.1, "numbers": 10}])
    spec = charts.beside_pixels(rows, "silhouette", "cnn", "light", 200)
    assert spec["layer"][2]["encoding"]["y"]["scale"]["domain"] == [-0.2, 1]


def test_what_is_found_of_a_method_stands_beside_the_image_itself_and_a_random_order() -> None:
    curves = {"deletion": [1.0, 0.2, 0.0], "insertion": [0.0, 0.9, 1.0], "deletion, signed": [1.0, 1.0, 1.0]}
    worth = Worth({"all random": -0.1}, curves, {"logits": 0.6, "conv1": -0.1})
    values = {"the image itself": 0.5, "at random": 0.8, "centre first": 0.7}
    beside = {name: Worth({}, {"deletion": [1.0, value, 0.0]}) for name, value in values.items()}
    spec = charts.trust_curves([("cnn", "cnn", worth, beside), ("rnn", "rnn", Worth({}, {}, {}), {})], "dark")
    points = spec["datasets"]["points"].set_index(["curve", "kind"])
    first, image, random = charts.KINDS
    for kind, values in ((first, [1.0, 0.2, 0.0]), (image, [1.0, 0.5, 0.0]), (random, [1.0, 0.8, 0.0])):
        assert points.loc[("deletion", kind), "value"].tolist() == values
    assert points.loc[("insertion", first), "at"].tolist() == [0.0, 0.5, 1.0]
    stages = points.loc[("stages", first)]
    assert stages["at"].tolist() == [0.0, 0.5, 1.0] and stages.value.tolist() == [1.0, 0.6, -0.1]
    assert stages.step.tolist()[-1] == "conv1 and all behind it random"
    assert set(points.model) == {"cnn"} and len(spec["hconcat"]) == len(charts.trust.TITLES)


def test_the_fall_of_an_answer_has_a_line_where_one_is() -> None:
    curves = dict(zip(charts.KINDS, ([1.0, 0.3, 0.1], [1.0, 0.6, 0.1], [1.0, 0.9, 0.1]), strict=True))
    spec = charts.falls(curves, 0.25, "rnn", "light")
    shares = spec["datasets"]["shares"].set_index("kind")
    assert shares.loc["at random", "share"].tolist() == [1.0, 0.9, 0.1]
    assert shares.loc["the image itself", "gone"].tolist() == [0.0, 0.5, 1.0]
    assert spec["datasets"]["here"].gone.tolist() == [0.25]
    assert charts.FAMILY_COLOURS["rnn"] in json.dumps(spec["layer"])


def test_gains_have_a_full_dot_where_the_control_is_beaten() -> None:
    row = {"model": "cnn", "family": "cnn", "value": 0.5, "gain": 0.1, "lower": 0.05, "upper": 0.15,
           "verdict": "beats", "control": "centre first"}  # fmt: skip
    rows = [row | {"method": method} for method in ("LRP", "saliency")]
    spec = charts.gains(pd.DataFrame(rows), ["saliency", "LRP", "DeepLift"], "light")
    zero, span, _, full = spec["layer"]
    assert spec["datasets"]["zero"].zero.tolist() == [0] and zero["mark"]["type"] == "rule"
    assert (span["encoding"]["x"]["field"], span["encoding"]["x2"]["field"]) == ("lower", "upper")
    assert full["encoding"]["opacity"] == {"condition": {"test": "datum.verdict == 'beats'", "value": 1}, "value": 0}
    assert span["encoding"]["y"]["sort"] == ["saliency", "LRP", "DeepLift"]


def test_methods_agree_in_pairs() -> None:
    table = pd.DataFrame({"a": {"a": 1.0, "b": -0.2}, "b": {"a": -0.2, "b": 1.0}})
    spec = charts.agreement(table, "light")
    pairs = spec["datasets"]["pairs"].set_index(["method", "other"]).value
    assert pairs["a", "b"] == -0.2 and pairs["b", "b"] == 1
    (cells,) = spec["layer"]
    assert cells["encoding"]["color"]["scale"]["domain"] == [-1, 1]
    assert cells["encoding"]["x"]["sort"] == cells["encoding"]["y"]["sort"] == ["a", "b"]
