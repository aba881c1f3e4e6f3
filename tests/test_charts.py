"""Tables made into Vega-Lite: what stands where, what a click selects, which colour means what."""

import base64
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from PIL import Image

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


def tables_of(spec: charts.Spec) -> dict[str, pd.DataFrame]:
    """By name; some are Arrow's."""
    return {
        name: table.to_pandas() if isinstance(table, pa.Table) else table for name, table in spec["datasets"].items()
    }


def marks(spec: charts.Spec) -> list[str]:
    return [layer["mark"]["type"] for layer in spec["layer"]]


def test_a_click_selects_a_units_address() -> None:
    (spec,) = charts.net_columns([column()], "light", WIDTH, None)
    click = next(param for param in spec["params"] if param["name"] == charts.UNIT)
    assert click["select"] == {"type": "point", "fields": ["unit"], "on": "click", "toggle": False}
    units = tables_of(spec)["units"]
    assert list(units.unit) == [f"cnn/relu1/{n}" for n in range(4)] + [f"cnn/logits/{n}" for n in range(3)]
    assert (units.right > units.left).all() and (units.bottom > units.top).all()
    assert units.right.max() <= WIDTH


def test_layers_of_the_same_depth_stand_at_the_same_height() -> None:
    shallow, deep = column("dense", "dense"), column(depth=3)
    first, second = (
        tables_of(spec)["pictures"].set_index("caption")
        for spec in charts.net_columns([shallow, deep], "light", WIDTH, None)
    )
    assert first.top["relu1 · 4 maps · 6 x 6"] == second.top["relu1 · 4 maps · 6 x 6"]
    assert first.top["logits · 3 neurons"] < second.top["logits · 3 neurons"]
    apart = second.top["logits · 3 neurons"] - second.top["relu1 · 4 maps · 6 x 6"]
    assert apart >= second.height["relu1 · 4 maps · 6 x 6"]


def test_bars_are_as_high_as_the_share_and_the_largest_is_marked() -> None:
    (spec,) = charts.net_columns([column()], "light", WIDTH, None)
    bars = tables_of(spec)["bars"]
    np.testing.assert_allclose((bars.bottom - bars.top) / charts.BARS, [0.7, 0.1, 0.2])
    assert list(bars.best) == [True, False, False]
    assert charts.FAMILY_COLOURS["cnn"] in json.dumps(spec["layer"])


def test_each_picture_has_its_scale_in_words() -> None:
    (spec,) = charts.net_columns([column()], "light", WIDTH, None)
    scales = tables_of(spec)["pictures"].scale
    assert scales[0] == ""
    assert scales[1].startswith("0 to 0.9") or scales[1] == "0 to 1"
    assert scales[2] == "±2"


def test_the_selected_unit_and_the_rows_read_are_outlined() -> None:
    reading = images.tiles(torch.rand(3, 28), 264, "light")
    net = column("rnn", "rnn", reading=reading, rows=7)
    (spec,) = charts.net_columns([net], "light", WIDTH, Unit("rnn", "relu1", 2))
    rows, unit = tables_of(spec)["outlines"].to_dict("records")
    assert rows["bottom"] - rows["top"] == 7 * images.STEP
    wanted = tables_of(spec)["units"].set_index("unit").loc["rnn/relu1/2"]
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
    assert list(tables_of(spec)["boxes"].digit) == [5, 8, 13, 21]
    assert (spec["width"], spec["height"]) == sheet.picture.size
    assert marks(spec) == ["image", "text", "rect", "rect"]


def test_a_sheet_is_shown_smaller_beside_its_captions_with_a_frame_round_what_is_selected() -> None:
    sheet = images.contact_sheet(torch.rand(4, 3, 112, 112), columns=2)
    spec = charts.clickable_sheet(sheet, charts.UNIT, ["a/b/0", "a/b/1", "a/b/2", "a/b/3"], about="Units",
                                  selected="a/b/2", shrink=2.0, captions=["top", "below"], room=50)  # fmt: skip
    assert (spec["width"], spec["height"]) == (50 + 113, 113)
    boxes, outlines = tables_of(spec)["boxes"], tables_of(spec)["outlines"]
    assert boxes.left.tolist() == [50, 107, 50, 107] and boxes.top.tolist() == [0, 0, 57, 57]
    assert outlines.values.tolist() == [[50, 57, 106, 113]]
    assert tables_of(spec)["rows"].values.tolist() == [[0, "top"], [57, "below"]]


def test_boxes_have_frames_in_the_familys_colour_beside_what_is_selected() -> None:
    sheet = images.contact_sheet(torch.rand(2, 1, 28, 28), columns=2)
    spec = charts.clickable_sheet(sheet, charts.UNIT, ["a/b/0", "a/b/1"], about="Units", selected="a/b/1", shrink=2.0,
                                  room=50, family="rnn", marks=[[4, 6, 8, 10]])  # fmt: skip
    assert tables_of(spec)["outlines"].values.tolist() == [[65, 0, 79, 14], [52, 3, 54, 5]]
    strokes = [view["mark"]["stroke"] for view in views_of(spec) if view["data"]["name"] == "outlines"]
    assert strokes == [charts.FAMILY_COLOURS["rnn"]]


def test_five_classes_have_bars_as_long_as_their_shares() -> None:
    spec = charts.shares(["a", "b"], [75.0, 10.0], "light", 200)
    assert tables_of(spec)["shares"].right.tolist() == [150, 20]


@pytest.mark.parametrize("logarithmic", [True, False])
def test_numbers_by_depth_keep_the_order_of_the_layers_and_dash_the_twin(logarithmic: bool) -> None:
    rows = [{"layer": layer, "weights": weights, "value": 3.0, "low": 2.0, "high": 4.0}
            for weights in ("trained", "untrained") for layer in ("stem", "block1", "a")]  # fmt: skip
    spec = charts.by_depth(pd.DataFrame(rows), "How fine", "dark", 200, logarithmic)
    band, line, _ = spec["layer"]
    assert band["encoding"]["x"]["sort"] == line["encoding"]["x"]["sort"] == ["stem", "block1", "a"]
    assert line["encoding"]["strokeDash"]["scale"]["range"] == [[1, 0], [5, 4]]
    assert [band["encoding"][place]["field"] for place in ("y", "y2")] == ["low", "high"]
    assert len(tables_of(spec)["numbers"]) == 6


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_histogram_counts_every_image(theme: images.Theme) -> None:
    peaks = np.random.default_rng(0).normal(size=500)
    spec = charts.spread(peaks, 0.25, "strongest", "rnn", theme, 280, 150)
    assert tables_of(spec)["bins"].images.sum() == 500
    assert tables_of(spec)["here"]["from"].tolist() == [0.25]
    assert charts.FAMILY_COLOURS["rnn"] in json.dumps(spec["layer"])


def test_learning_curves_are_errors_on_logarithmic_axes() -> None:
    curves = pd.DataFrame({"training": "trained", "epoch": [0.0, 1.0], "accuracy": [10.0, 99.0]})
    spec = charts.learning(curves, "cnn", "light", 300)
    rows = tables_of(spec)["curves"]
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
    bands = tables_of(spec)["numbers"].set_index(["weights", "layer"])
    assert bands.loc[("trained", "relu1"), ["lowest", "mean", "highest"]].tolist() == pytest.approx([0.5, 0.6, 0.7])
    assert bands.loc[("plain", "logits"), ["lowest", "highest"]].tolist() == pytest.approx([0.7, 0.7])
    assert "something else" not in bands.index.get_level_values(0)
    band, pixels, line, _ = spec["layer"]
    assert (band["mark"]["type"], line["mark"]["type"]) == ("area", "line")
    assert (band["encoding"]["y"]["field"], band["encoding"]["y2"]["field"]) == ("lowest", "highest")
    assert tables_of(spec)["pixels"].value.tolist() == [0.5] and pixels["mark"]["strokeDash"] == [1, 3]
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
    points, circle = tables_of(spec)["points"], tables_of(spec)["circle"]
    assert points[["real", "imaginary", "weights"]].values.tolist() == [
        [2.5, 0, "trained"], [0, 1, "trained"], [0.5, 0, "untrained"]
    ]  # fmt: skip
    np.testing.assert_allclose(circle.real**2 + circle.imaginary**2, 1)
    assert spec["layer"][-1]["encoding"]["x"]["scale"]["domain"] == [-3, 3]


def test_a_unit_that_hardly_varies_has_a_histogram_too() -> None:
    """Two neighbouring numbers of float32, between which it has no edges of forty bins."""
    values = np.array([-0.5, np.nextafter(np.float32(-0.5), np.float32(0))], np.float32)
    bins = tables_of(charts.spread(values, None, "strongest", "cnn", "light", 280, 150))["bins"]
    assert len(bins) == 40 and bins.images.sum() == 2


def test_quantiles_stand_for_all_images() -> None:
    spec = charts.spread(np.linspace(0, 1, 401), None, "strongest", "cnn", "light", 280, 150, images=10_000)
    assert tables_of(spec)["bins"].images.sum() == pytest.approx(10_000)


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
    points = tables_of(spec)["points"].set_index(["curve", "kind"])
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
    shares = tables_of(spec)["shares"].set_index("kind")
    assert shares.loc["at random", "share"].tolist() == [1.0, 0.9, 0.1]
    assert shares.loc["the image itself", "gone"].tolist() == [0.0, 0.5, 1.0]
    assert tables_of(spec)["here"].gone.tolist() == [0.25]
    assert charts.FAMILY_COLOURS["rnn"] in json.dumps(spec["layer"])


def test_gains_have_a_full_dot_where_the_control_is_beaten() -> None:
    row = {"model": "cnn", "family": "cnn", "value": 0.5, "gain": 0.1, "lower": 0.05, "upper": 0.15,
           "verdict": "beats", "control": "centre first"}  # fmt: skip
    rows = [row | {"method": method} for method in ("LRP", "saliency")]
    spec = charts.gains(pd.DataFrame(rows), ["saliency", "LRP", "DeepLift"], "light")
    zero, span, _, full = spec["layer"]
    assert tables_of(spec)["zero"].zero.tolist() == [0] and zero["mark"]["type"] == "rule"
    assert (span["encoding"]["x"]["field"], span["encoding"]["x2"]["field"]) == ("lower", "upper")
    assert full["encoding"]["opacity"] == {"condition": {"test": "datum.verdict == 'beats'", "value": 1}, "value": 0}
    assert span["encoding"]["y"]["sort"] == ["saliency", "LRP", "DeepLift"]


def test_methods_agree_in_pairs() -> None:
    table = pd.DataFrame({"a": {"a": 1.0, "b": -0.2}, "b": {"a": -0.2, "b": 1.0}})
    spec = charts.agreement(table, "light")
    pairs = tables_of(spec)["pairs"].set_index(["method", "other"]).value
    assert pairs["a", "b"] == -0.2 and pairs["b", "b"] == 1
    (cells,) = spec["layer"]
    assert cells["encoding"]["color"]["scale"]["domain"] == [-1, 1]
    assert cells["encoding"]["x"]["sort"] == cells["encoding"]["y"]["sort"] == ["a", "b"]


def worth(start: float) -> Worth:
    return Worth({"all random": 0.1}, {"deletion": [start, 0.2], "insertion": [0.1, start]}, {"logits": 0.4})


def guesses() -> pd.DataFrame:
    rows = [("nothing", "", 1, 4, 0.25, 0.05, 0.7), ("cnn", "cnn", 3, 4, 0.75, 0.3, 0.95)]
    return pd.DataFrame(rows, columns=["name", "family", "right", "asked", "share", "low", "high"])


@cache
def every_chart(theme: images.Theme, width: int = 300) -> dict[str, charts.Spec]:
    """One of each kind, with a little of everything in it."""
    numbers = [{"layer": layer, "weights": weights, "value": 3.0, "low": 2.0, "high": 4.0}
               for weights in ("trained", "untrained") for layer in ("conv1", "conv2")]  # fmt: skip
    curves = {"training": ["trained", "plain"], "epoch": [0.0, 40.0], "accuracy": [4.8, 99.5]}
    gain = {"method": "LRP", "model": "rnn", "family": "rnn", "value": 0.5, "gain": 0.1, "lower": 0.05, "upper": 0.2,
            "verdict": "beats", "control": "at random"}  # fmt: skip
    sheet = images.contact_sheet(torch.rand(4, 3, 20, 30), columns=2)
    reading = images.tiles(torch.rand(3, 28), 264, theme)
    (net,) = charts.net_columns([column("rnn", "rnn", reading=reading, rows=3)], theme, width, Unit("rnn", "relu1", 1))
    found = [("cnn", "cnn", worth(1.0), {kind: worth(0.9) for kind in charts.KINDS[1:]})]
    return {
        "column": net,
        "sheet": charts.clickable_sheet(sheet, charts.LAYER, list("abcd"), about="Layers", selected="b",
                                        captions=["top"], room=40, theme=theme),
        "shares": charts.shares(["a", "b", "c"], [75.0, 20.0, 5.0], theme, width),
        "by depth": charts.by_depth(pd.DataFrame(numbers), "How fine", theme, width),
        "by depth, logarithmic": charts.by_depth(pd.DataFrame(numbers), "How fine", theme, width, logarithmic=True),
        "spread": charts.spread(np.arange(80.0), 7.0, "strongest", "dense", theme, width, 120),
        "beside pixels": beside(theme),
        "eigenvalues": charts.eigenvalues({"trained": np.array([1j]), "untrained": np.array([-1j])}, "rnn", theme, 140),
        "learning": charts.learning(pd.DataFrame(curves), "cnn", theme, width),
        "trust": charts.trust_curves(found, theme),
        "falls": charts.falls({kind: [1.0, 0.1] for kind in charts.KINDS}, 0.4, "cnn", theme),
        "gains": charts.gains(pd.DataFrame([gain]), ["LRP", "saliency"], theme),
        "guesses": charts.guesses(guesses(), theme, width),
        "agreement": charts.agreement(pd.DataFrame({"a": {"a": 1.0, "b": -0.5}, "b": {"a": -0.5, "b": 1.0}}), theme),
    }  # fmt: skip


NAMES = list(every_chart("light"))
SAID = {
    "column": "rnn, from the top down: input · 28 x 28 pixels, then the layers relu1, logits. It answers a with 70 %.",
    "sheet": "Layers: a, b, c, d",
    "shares": "The likeliest classes: a 75 %, b 20 %, c 5 %.",
    "by depth": "How fine, layer by layer, from conv1 to conv2: trained from 3 to 3; untrained from 3 to 3.",
    "spread": "Histogram of the strongest over 80 test images, from 0 to 79; the line stands at 7.",
    "eigenvalues": "Eigenvalues in the complex plane, with the unit circle: trained 0 of 1 outside it; "
    "untrained 0 of 1 outside it.",
    "learning": "Test errors over training: trained from 95.2 to 95.2 %; plain from 0.5 to 0.5 %.",
    "trust": "How far the maps can be trusted, the curves' means: cnn deletion 0.60, cnn insertion 0.55, "
    "cnn weights random 0.70.",
    "falls": "The share while the ink is deleted, most important first from 1 to 0.1; the image itself from 1 to 0.1; "
    "at random from 1 to 0.1; the line stands at 40%.",
    "gains": "Gains over the best control with their intervals; 1 of 1 beat it: LRP in rnn.",
    "guesses": "How many answers were right, with 95 % intervals, beside chance: nothing 1 of 4; cnn 3 of 4.",
    "agreement": "Rank correlations, the least first: a and b -0.50.",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_says_in_words_what_it_shows(name: str) -> None:
    said = every_chart("light")[name]["description"]
    assert said == SAID.get(name, said) and len(said) > 10


def test_of_many_pictures_the_first_and_the_last_are_named() -> None:
    sheet = images.contact_sheet(torch.rand(12, 1, 28, 28), columns=4)
    assert charts.gallery(sheet, range(12))["description"] == f"Test images: {', '.join(map(str, range(12)))}"
    sheet = images.contact_sheet(torch.rand(13, 1, 28, 28), columns=4)
    assert charts.gallery(sheet, range(13))["description"] == "Test images: 13, from 0 to 12"


def test_what_is_not_there_is_said_too() -> None:
    assert charts.trust_curves([], "light")["description"].endswith("means: not found yet.")
    gain = {"method": "LRP", "model": "rnn", "family": "rnn", "value": 0.5, "gain": 0.1, "lower": 0.05, "upper": 0.2,
            "verdict": "does not beat", "control": "at random"}  # fmt: skip
    assert charts.gains(pd.DataFrame([gain]), ["LRP"], "light")["description"].endswith("0 of 1 beat it: none.")
    assert charts.spread(np.arange(80.0), None, "distance", "", "light", 280, 120)["description"].endswith("to 79.")


def views_of(spec: charts.Spec) -> list[charts.Spec]:
    """What is drawn: marks, of all the panels."""
    inner, data = spec.get("layer") or spec.get("hconcat"), {"data": spec["data"]} if "data" in spec else {}
    return [view for part in inner for view in views_of(data | part)] if inner else [spec]


def encodings_of(spec: charts.Spec) -> list[tuple[charts.Spec, str, dict[str, Any]]]:
    found = []
    for view in views_of(spec):
        for channel, encoding in view["encoding"].items():
            found += [(view, channel, one) for one in (encoding if isinstance(encoding, list) else [encoding])]
    return found


def rows_of(spec: charts.Spec, view: charts.Spec) -> pd.DataFrame:
    return tables_of(spec)[view["data"]["name"]]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_encoded_is_in_the_table(name: str) -> None:
    spec = every_chart("light")[name]
    for view, channel, encoding in encodings_of(spec):
        made = [change["as"] for change in view.get("transform", []) if "as" in change]
        if "field" in encoding:
            assert encoding["field"] in [*rows_of(spec, view).columns, *made], (channel, encoding)
        else:
            assert {"value", "datum", "condition"} & set(encoding), (channel, encoding)
        told = re.findall(r"datum\.(\w+)", json.dumps([view.get("transform"), encoding.get("condition")]))
        assert set(told) <= set(rows_of(spec, view).columns)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_colours_are_those_of_the_palette_and_theme(name: str, theme: images.Theme) -> None:
    spec = {key: value for key, value in every_chart(theme)[name].items() if key != "datasets"}
    neutral = {colours[theme] for colours in (charts.marks.TEXT, charts.marks.QUIET, charts.marks.FAINT)}
    found = set(re.findall(r"#[0-9a-fA-F]{6}", json.dumps(spec)))
    assert found <= neutral | {*charts.FAMILY_COLOURS.values(), charts.marks.HOVER}


@pytest.mark.parametrize("name", NAMES)
def test_everything_lies_within_its_scale(name: str) -> None:
    """Scales in pixels run over the whole chart, and are neither rounded nor made to begin at zero."""
    spec = every_chart("dark")[name]
    for view, channel, encoding in encodings_of(spec):
        scale = encoding.get("scale") or {}
        if channel in ("x", "y") and encoding.get("type") == "quantitative" and "domain" in scale:
            fields = {encoding["field"], view["encoding"].get(f"{channel}2", {}).get("field")}
            values = rows_of(spec, view)[[field for field in rows_of(spec, view) if field in fields]]
            assert scale.get("clamp") or ((values >= scale["domain"][0]) & (values <= scale["domain"][1])).all(
                axis=None
            )
            if "range" in scale and name != "eigenvalues":
                size = spec["width" if channel == "x" else "height"]
                assert scale == {"domain": [0, size], "range": [0, size], "nice": False, "zero": False}


@pytest.mark.parametrize("name", NAMES)
def test_ticks_lie_within_their_scale_at_round_numbers(name: str) -> None:
    """In order, and with one or two digits, or a word instead."""
    for _, channel, encoding in encodings_of(every_chart("light")[name]):
        axis, scale = encoding.get("axis") or {}, encoding.get("scale") or {}
        if channel in ("x", "y") and "values" in axis:
            low, high = scale["domain"]
            assert all(low <= value <= high for value in axis["values"])
            assert axis["values"] == sorted(set(axis["values"]))
            rest = axis["values"][1:] if "labelExpr" in axis else axis["values"]
            assert all(float(f"{value:.2g}") == value for value in rest), rest


def dashes_of(spec: Any) -> Iterator[list[float]]:
    """All that a specification says of dashes, anywhere."""
    if isinstance(spec, dict):
        said = spec.get("strokeDash")
        if isinstance(said, dict):
            yield from (said.get("scale") or {}).get("range", [])
        elif said is not None:
            yield said
    for part in spec.values() if isinstance(spec, dict) else spec if isinstance(spec, list) else ():
        yield from dashes_of(part)


@pytest.mark.parametrize("name", NAMES)
def test_a_dash_is_drawn_and_so_is_the_gap_behind_it(name: str) -> None:
    """A dash of 0 pixels is nothing; without a gap a line is solid, which is written as one dash."""
    for dashes in dashes_of({key: part for key, part in every_chart("light")[name].items() if key != "datasets"}):
        assert len(dashes) % 2 == 0 and all(length >= 1 for length in dashes[::2])
        assert dashes == [1, 0] or all(length >= 2 for length in dashes[1::2])


@pytest.mark.parametrize("name", NAMES)
def test_lines_letters_and_shades_have_sensible_sizes(name: str) -> None:
    """Two sizes of letters and one for names; nothing thicker than a frame; a shade is a share."""
    for view in views_of(every_chart("light")[name]):
        mark = view["mark"]
        assert mark.get("fontSize", 12) in (11, 12, 13)
        assert 1 <= mark.get("strokeWidth", 1) <= 3
        assert all(0 <= mark.get(kind, 1) <= 1 for kind in ("opacity", "fillOpacity"))
        assert all(0 <= value <= 1 for channel in ("opacity", "fillOpacity")
                   for value in (view["encoding"].get(channel, {}).get("scale") or {}).get("range", []))  # fmt: skip


def test_boxes_are_seen_under_the_pointer_only() -> None:
    for name, selects in (("column", "unit"), ("sheet", "layer")):
        spec = every_chart("light")[name]
        boxes = views_of(spec)[-1]
        assert boxes["mark"] == {
            "type": "rect",
            "fillOpacity": 0,
            "fill": "white",
            "stroke": "#E69F00",
            "cursor": "pointer",
        }
        width = boxes["encoding"]["strokeWidth"]
        assert width == {"condition": {"param": "hover", "value": 2, "empty": False}, "value": 0}
        assert boxes["encoding"]["tooltip"]["field"] == selects
        click, hover = spec["params"]
        assert click["select"] == {"type": "point", "fields": [selects], "on": "click", "toggle": False}
        assert hover["select"] == {"type": "point", "fields": [selects], "on": "pointerover", "clear": "pointerout"}
        frame = views_of(spec)[-2]
        assert (frame["mark"]["fillOpacity"], frame["data"]["name"]) == (0, "outlines") and frame["mark"][
            "strokeWidth"
        ] >= 2


def test_a_column_is_stacked_with_room_for_captions_and_none_overlap() -> None:
    """Bars, their labels, then pictures with a line of 18 pixels above each and 16 below; units lie within."""
    spec = every_chart("light")["column"]
    tables = tables_of(spec)
    pictures = tables["pictures"]
    assert pictures.left.tolist() == [12] * len(pictures)
    assert pictures.top[0] == charts.BARS + 18 + 16 + 18
    assert (pictures.caption_at == pictures.top - 9).all()
    below = pictures.top + pictures.height
    gaps = (pictures.top.values[1:] - below.values[:-1]).tolist()
    assert gaps[:-1] == [16 + 18] * (len(gaps) - 1) and gaps[-1] == 16 + 2 * 18
    assert spec["height"] == below.iloc[-1] + 18
    for number, layer in ((1, "relu1"), (2, "logits")):
        units = tables["units"][tables["units"].unit.str.contains(layer)]
        picture = pictures.loc[number]
        assert units.left.min() == picture.left and units.top.min() == picture.top
        assert units.right.max() <= picture.left + picture.width and units.bottom.max() <= picture.top + picture.height
    classes = tables["units"].tail(3).reset_index(drop=True)
    bars, labels = tables["bars"].reset_index(drop=True), tables["labels"].reset_index(drop=True)
    assert bars[["left", "right"]].equals(classes[["left", "right"]]) and set(bars.bottom) == {charts.BARS}
    assert labels["at"].tolist() == [*(classes.bottom + 9), *[charts.BARS + 9] * 3]
    assert labels.label.tolist() == list("abcabc") and bars.percent.tolist() == pytest.approx([70, 10, 20])


def test_a_columns_legend_stands_at_its_right_end_beside_the_captions() -> None:
    spec = every_chart("light", width=290)["column"]
    *_, scale, ramp = [view for view in views_of(spec) if view["data"]["name"] == "pictures"]
    assert ramp["encoding"]["x"] == {"value": 290} and ramp["mark"]["align"] == scale["mark"]["align"] == "right"
    gap = 290 - ramp["mark"]["width"] - scale["encoding"]["x"]["value"]
    assert 4 <= gap <= 8
    assert scale["transform"] == ramp["transform"] == [{"filter": "datum.legend != ''"}]
    legends = tables_of(spec)["pictures"].legend
    assert (
        legends[0] == ""
        and legends[1] != legends[2]
        and all(legend.startswith("data:image/png") for legend in legends[1:])
    )
    picture = Image.open(io.BytesIO(base64.b64decode(legends[1].split(",")[1])))
    assert picture.size == (ramp["mark"]["width"], ramp["mark"]["height"]) == (36, 6)
    spine, stops = views_of(spec)[2:4]
    assert spine["encoding"]["x"] == stops["encoding"]["x"] and 0 < spine["encoding"]["x"]["value"] < 12


def test_depths_begin_below_the_highest_stack_of_any_net() -> None:
    """Two layers of one depth stand one below the other; the next depth begins behind them in every net."""
    pair = column()
    (first, tiles), (last, logits) = pair.layers
    layers = ((first, tiles), (replace(first, name="pool1"), tiles), (last, logits))
    twice = replace(pair, model="dense", layers=layers, reading=tiles, rows=2)
    one, two = (tables_of(spec)["pictures"] for spec in charts.net_columns([pair, twice], "light", WIDTH, None))
    assert one.top[1] == two.top[1] and one.top[2] == two.top[3]
    assert two.top[2] - two.top[1] == tiles.picture.height + 34 == two.top[3] - two.top[2]
    assert two.top[4] - two.top[3] == logits.picture.height + 34 + 18
    assert "outlines" in tables_of(charts.net_columns([pair], "light", WIDTH, None)[0])
    assert len(tables_of(charts.net_columns([pair], "light", WIDTH, None)[0])["outlines"]) == 0
    assert charts.picture_width(WIDTH) == WIDTH - 12


def test_a_share_is_a_name_above_a_bar() -> None:
    """Each in 34 pixels; the first, likeliest, has the family's colour."""
    spec = charts.shares(list("abc"), [75.0, 20.0, 5.0], "light", 200)
    table = tables_of(spec)["shares"]
    assert (
        table.text.diff()[1:].tolist() == table.top.diff()[1:].tolist() == table.bottom.diff()[1:].tolist() == [34, 34]
    )
    assert (table.text < table.top).all() and (table.bottom - table.top == 7).all() and set(table.left) == {0}
    assert table.text[0] > 13 / 2 and table.text[0] + 13 / 2 < table.top[0]  # letters of 13 pixels
    assert (spec["width"], spec["height"]) == (200, 3 * 34) and table.bottom.max() < 102
    bars, name, share = views_of(spec)
    assert [bool(top < 20) for top in table.top] == [True, False, False]
    first = {"test": "datum.top < 20", "value": charts.FAMILY_COLOURS["cnn"]}
    assert bars["encoding"]["fill"] == {"condition": first, "value": charts.marks.QUIET["light"]}
    assert (name["encoding"]["x"], share["encoding"]["x"]) == ({"value": 0}, {"value": 200})
    assert 100 < name["mark"]["limit"] < 200 - 5 * 7  # room for "12.3 %"


def test_a_sheet_is_as_large_as_its_pixels_say() -> None:
    sheet = images.contact_sheet(torch.rand(4, 3, 30, 50), columns=2)
    plain = charts.clickable_sheet(sheet, charts.PHOTO, list("abcd"), about="")
    assert (plain["width"], plain["height"]) == sheet.picture.size
    image, text = views_of(plain)[:2]
    assert (image["mark"]["width"], image["mark"]["height"]) == sheet.picture.size
    assert tables_of(plain)["picture"].left.tolist() == [0] and tables_of(plain)["picture"].top.tolist() == [0]
    assert len(tables_of(plain)["outlines"]) == len(tables_of(plain)["rows"]) == 0
    assert text["encoding"]["x"] == {"value": 0} and text["mark"]["lineBreak"] == "\n"
    half = charts.clickable_sheet(
        sheet, charts.PHOTO, list("abcd"), about="", shrink=2, room=30, captions=["one", "two"]
    )
    np.testing.assert_allclose(tables_of(half)["boxes"].left, tables_of(plain)["boxes"].left / 2 + 30)
    np.testing.assert_allclose(tables_of(half)["boxes"].bottom, tables_of(plain)["boxes"].bottom / 2)
    assert tables_of(half)["picture"].left.tolist() == [30] and half["height"] == round(plain["height"] / 2)
    assert tables_of(half)["rows"].top.tolist() == sorted(set(tables_of(half)["boxes"].top))
    # a PNG keeps every pixel; what is shrunk need not
    kinds = [tables_of(spec)["picture"].url[0].split(";")[0] for spec in (plain, half)]
    assert kinds[0] == "data:image/png" and kinds[1] != kinds[0]


def test_a_histogram_has_an_axis_where_there_is_room_and_counts_what_lies_in_each_bin() -> None:
    values = np.arange(400.0)
    low, high = (charts.spread(values, None, "strongest", "cnn", "light", 280, height) for height in (119, 120))
    axes = [views_of(spec)[0]["encoding"]["y"]["axis"] for spec in (low, high)]
    assert axes[0] is None and axes[1]["title"] == "test images"
    bins = low["datasets"]["bins"]
    assert len(bins) == 40 and set(bins.images) == {10}
    assert (
        bins["from"][0] == 0
        and bins["to"].iloc[-1] == 399
        and (bins["to"][:-1].values == bins["from"][1:].values).all()
    )
    assert views_of(low)[0]["encoding"]["y2"] == {"datum": 0}
    other = charts.spread(values, 1.0, "strongest", "torchvision", "dark", 280, 120)
    assert views_of(other)[1]["mark"]["color"] == charts.marks.QUIET["dark"]


def test_learning_curves_show_the_start_and_have_room_to_a_third_of_a_percent() -> None:
    curves = pd.DataFrame({"training": "plain", "epoch": [0.0, 1 / 16, 40.0], "accuracy": [5.0, 99.7, 100.0]})
    spec = charts.learning(curves, "dense", "light", 300)
    rows = tables_of(spec)["curves"]
    assert rows.epoch.tolist() == [1 / 32, 1 / 16, 40] and rows.error.tolist() == pytest.approx([95, 0.3, 0.01])
    line, points = views_of(spec)
    x, y = line["encoding"]["x"], line["encoding"]["y"]
    assert x["scale"] == {"type": "log", "domain": [1 / 32, 48], "nice": False}
    assert y["scale"] == {"type": "log", "domain": [0.3, 100], "nice": False}
    for encoding in (x, y):
        low, high = encoding["scale"]["domain"]
        ticks = encoding["axis"]["values"]
        assert all(low <= tick <= high for tick in ticks) and ticks == sorted(ticks)
        steps = [after / before for before, after in pairwise(ticks)]
        assert all(1.9 < step < 8.1 for step in steps)
    assert x["axis"]["values"][0] == 1 / 32 and "datum.value < 0.04 ? 'start'" in x["axis"]["labelExpr"]
    assert x["axis"]["values"][1] > 0.04 and x["axis"]["grid"] is False
    strength = line["encoding"]["opacity"]["scale"]
    assert strength["domain"] == ["trained", "plain"] and strength["range"][0] == 1 > strength["range"][1] > 0.2
    assert points["encoding"]["opacity"]["scale"] == strength


def test_numbers_by_depth_have_all_layers_names_and_round_ticks() -> None:
    spec, logarithmic = every_chart("light")["by depth"], every_chart("light")["by depth, logarithmic"]
    for one in (spec, logarithmic):
        band, line, points = views_of(one)
        axis = line["encoding"]["x"]["axis"]
        assert (axis["labelAngle"], axis["labelOverlap"], axis["grid"]) == (-45, False, False)
        assert line["encoding"]["y"]["field"] == points["encoding"]["y"]["field"] == "value"
        ends = band["encoding"]["fillOpacity"]["scale"]
        assert ends["domain"] == ["trained", "untrained"] and 1 > ends["range"][0] > ends["range"][1] > 0
        strength = line["encoding"]["opacity"]["scale"]["range"]
        assert strength[0] == 1 > strength[1] > 0.3 and points["encoding"]["opacity"]["scale"]["range"] == strength
    scale = views_of(logarithmic)[1]["encoding"]["y"]["scale"]
    assert scale == {"type": "log", "nice": False, "domain": [1, 1000]}
    assert views_of(logarithmic)[1]["encoding"]["y"]["axis"]["values"] == [1, 10, 100, 1000]
    assert views_of(spec)[1]["encoding"]["y"]["scale"] == {"zero": True}


def test_the_plane_is_square_and_its_circle_closed() -> None:
    spec = every_chart("light")["eigenvalues"]
    level, upright, twin, trained, circle = views_of(spec)
    assert spec["width"] == spec["height"] == 140
    for view in (twin, trained, circle):
        x, y = view["encoding"]["x"]["scale"], view["encoding"]["y"]["scale"]
        assert x["domain"] == y["domain"] == [-1, 1] and x["range"] == y["range"][::-1] == [0, 140]
        assert not x["nice"] and not y["nice"]
    order = tables_of(spec)["circle"].order
    assert order.iloc[0] == 0 and order.iloc[-1] == pytest.approx(2 * np.pi) and len(order) == 65
    assert circle["encoding"]["order"]["field"] == "order"
    assert (level["encoding"]["y"]["field"], upright["encoding"]["x"]["field"]) == ("zero", "zero")
    assert tables_of(spec)["zero"].zero.tolist() == [0]
    wide = charts.eigenvalues({"trained": np.array([1.2 - 0.5j])}, "rnn", "light", 140)
    assert views_of(wide)[2]["encoding"]["x"]["scale"]["domain"] == [-2, 2]
    tests = [view["transform"][0]["filter"] for view in (twin, trained)]
    assert tests == ["datum.weights == 'untrained'", "datum.weights != 'untrained'"]
    assert 0 < twin["mark"]["opacity"] < trained["mark"]["opacity"] <= 1


def test_three_panels_show_how_far_a_method_can_be_trusted() -> None:
    spec = every_chart("dark")["trust"]
    assert [panel["title"] for panel in spec["hconcat"]] == ["deletion", "insertion", "weights random"]
    for number, (panel, curve) in enumerate(zip(spec["hconcat"], ("deletion", "insertion", "stages"), strict=True)):
        line, dots = panel["layer"]
        assert line["transform"] == dots["transform"] == [{"filter": f"datum.curve == '{curve}'"}]
        x, y = line["encoding"]["x"], line["encoding"]["y"]
        assert x["scale"]["domain"] == [0, 1] and y["scale"] == {"domain": [-0.2, 1], "clamp": True}
        assert x["axis"]["values"] == y["axis"]["values"] == [0, 0.5, 1]
        assert y["axis"]["labels"] == y["axis"]["ticks"] == (number == 0)  # one axis for all three
        assert line["encoding"]["strokeDash"]["scale"] == {"domain": charts.KINDS, "range": [[1, 0], [6, 3], [1, 3]]}
        assert line["encoding"]["detail"]["field"] == "model"
        seen, large = dots["mark"]["opacity"], dots["mark"]["size"]
        assert (seen, large < 20) == ((1, True) if curve == "stages" else (0, False))  # else they are for the pointer
        assert (panel["width"], panel["height"]) == (88, 84)
    assert spec["resolve"] == {"scale": {"color": "shared"}}
    points = tables_of(spec)["points"]
    own = points[(points.curve == "deletion") & (points.kind == charts.KINDS[0])]
    assert own.step.tolist() == ["0 % of the ink", "100 % of the ink"] and own["at"].tolist() == [0, 1]
    stages = points[(points.curve == "stages") & (points.kind == charts.KINDS[0])]
    assert stages.step.tolist() == ["nothing random", "logits and all behind it random"]
    assert stages[["at", "value"]].values.tolist() == [[0, 1], [1, 0.4]]


def test_shares_of_a_fall_and_gains_are_on_axes_that_hold_them() -> None:
    here, lines = views_of(every_chart("light")["falls"])
    assert here["encoding"]["x"] == lines["encoding"]["x"] and here["mark"]["type"] == "rule"
    for channel in "xy":
        encoding = lines["encoding"][channel]
        assert encoding["scale"]["domain"] == [0, 1] and encoding["axis"]["values"] == [0, 0.5, 1]
        assert encoding["axis"]["format"] == "%"
    assert lines["encoding"]["x"]["axis"]["grid"] is False and lines["encoding"]["y"]["scale"]["clamp"] is True
    spec = every_chart("light")["gains"]
    zero, span, dot, full = views_of(spec)
    assert spec["height"] == 24 * 2 and dot["mark"]["filled"] is False and dot["mark"]["size"] == full["mark"]["size"]
    assert dot["encoding"]["x"]["field"] == full["encoding"]["x"]["field"] == "gain"
    assert dot["encoding"]["yOffset"]["field"] == "model" and dot["encoding"]["y"]["scale"]["domain"] == [
        "LRP",
        "saliency",
    ]
    assert span["encoding"]["x"]["axis"]["format"] == "+.1f" and zero["mark"]["strokeDash"] == [1, 3]


def test_what_agrees_has_square_cells_and_all_names() -> None:
    spec = every_chart("light")["agreement"]
    assert spec["width"] == spec["height"] == {"step": 22}
    (cells,) = views_of(spec)
    for channel in "xy":
        axis = cells["encoding"][channel]["axis"]
        assert axis["labelOverlap"] is False and axis["domain"] is False and axis["ticks"] is False
    assert cells["encoding"]["x"]["axis"]["labelAngle"] == -45
    assert cells["encoding"]["color"]["scale"]["scheme"] == "purpleorange"


def test_bands_and_points_of_a_kind_of_weights_follow_how_much_it_counts() -> None:
    """What one looks at is thickest, with the largest points; where one seed is, there is no band."""
    for theme in ("light", "dark"):
        looks = charts.measured.LOOKS[theme]
        assert all(looks["trained"].point > look.point for kind, look in looks.items() if kind != "trained")
        assert all(looks["trained"].width >= look.width and look.strength <= 1 for look in looks.values())
        assert replace(looks["untrained"], dash=()) == replace(looks["shuffled"], dash=())  # they differ in dashes only
        assert looks["plain"].band == 0 and looks["plain"].width < looks["untrained"].width < looks["trained"].width
        assert all(0.1 < look.band <= looks["trained"].band < 0.5 for kind, look in looks.items() if kind != "plain")
        assert all(look.strength > 0.5 for look in looks.values()) and looks["trained"].strength == 1
    band, pixels, line, points = views_of(beside())
    assert band["encoding"]["fillOpacity"]["scale"]["range"] == [
        look.band for look in charts.measured.LOOKS["light"].values()
    ]
    assert points["encoding"]["size"]["scale"]["range"] == [
        look.point for look in charts.measured.LOOKS["light"].values()
    ]
    assert points["mark"]["opacity"] == 1 and line["encoding"]["y"]["scale"] == pixels["encoding"]["y"]["scale"]
    assert line["encoding"]["y"]["scale"]["domain"] == [0, 1] and line["encoding"]["x"]["axis"]["grid"] is False


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_means_the_same_looks_the_same_in_every_chart(theme: images.Theme) -> None:
    """Trained nets' lines are as thick, twins' are dashed alike, pixels and chance dotted, names tilted."""
    specs = every_chart(theme)
    text = json.dumps(
        {name: {key: value for key, value in spec.items() if key != "datasets"} for name, spec in specs.items()}
    )
    assert {int(angle) for angle in re.findall(r'"labelAngle": (-?\d+)', text)} == {-45}
    looks = charts.measured.LOOKS[theme]
    depth, learning, below, fall = (
        views_of(specs[name]) for name in ("by depth", "learning", "beside pixels", "falls")
    )
    assert depth[1]["mark"]["strokeWidth"] == learning[0]["mark"]["strokeWidth"] == looks["trained"].width == 2
    dashes = depth[1]["encoding"]["strokeDash"]["scale"]
    assert dict(zip(dashes["domain"], map(tuple, dashes["range"]), strict=True)) == {
        kind: looks[kind].dash for kind in ("trained", "untrained")
    }
    dotted = [*looks["pixels projected"].dash], [*looks["layer below projected"].dash], below[1]["mark"]["strokeDash"]
    dotted += (
        views_of(specs["gains"])[0]["mark"]["strokeDash"],
        fall[1]["encoding"]["strokeDash"]["scale"]["range"][2],
    )
    assert list(dotted) == [[1, 3]] * 5
    assert below[1]["mark"]["strokeWidth"] == looks["pixels projected"].width == looks["layer below projected"].width
    assert depth[2]["mark"]["size"] == views_of(specs["gains"])[2]["mark"]["size"]
    assert fall[1]["mark"]["strokeWidth"] == views_of(specs["trust"])[0]["mark"]["strokeWidth"]
    assert specs["learning"]["height"] == specs["beside pixels"]["height"] > specs["by depth"]["height"] > 120
    assert specs["by depth"]["height"] == specs["by depth, logarithmic"]["height"]
    frames = [views_of(specs[name])[-2]["mark"]["strokeWidth"] for name in ("column", "sheet")]
    assert frames[0] < frames[1]  # pictures are larger on a sheet
    assert views_of(specs["spread"])[1]["mark"]["strokeWidth"] == frames[1]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_guesses_stand_on_a_scale_from_none_to_all_with_chance_in_the_middle(theme: images.Theme) -> None:
    spec = charts.guesses(guesses(), theme, 280)
    table = tables_of(spec)["guesses"]
    assert table["count"].tolist() == ["1 of 4", "3 of 4"]
    assert table.colour.tolist() == [charts.marks.TEXT[theme], charts.FAMILY_COLOURS["cnn"]]
    chance, interval, dot, count = spec["layer"]
    assert rows_of(spec, chance).share.tolist() == [0.5] and chance["mark"]["strokeDash"]
    ends = interval["encoding"]
    assert (ends["x"]["field"], ends["x2"]["field"], dot["encoding"]["x"]["field"]) == ("low", "high", "share")
    assert {tuple(view["encoding"]["x"]["scale"]["domain"]) for view in (chance, interval, dot)} == {(0, 1)}
    assert count["encoding"]["text"]["field"] == "count"
    names = dot["encoding"]["y"]
    assert names["sort"] == ["nothing", "cnn"] and names["axis"]["labelOverlap"] is False
    assert spec["height"] >= 30 * 2 + 50


def test_what_can_be_clicked_is_known_from_the_chart() -> None:
    (net,) = charts.net_columns([column()], "light", WIDTH, None)
    units = charts.choices(net, charts.UNIT)
    assert units[0].endswith("/relu1/0") and units[-1].endswith("/logits/2") and len(units) == len(set(units))
    sheet = images.contact_sheet(torch.rand(4, 1, 28, 28), columns=2)
    assert charts.choices(charts.gallery(sheet, [5, 8, 13, 21]), charts.IMAGE) == [5, 8, 13, 21]
    assert charts.choices(charts.gallery(sheet, [5, 8, 13, 21]), charts.UNIT) == []


def test_over_training_a_line_a_layer_and_the_start_has_a_place() -> None:
    rows = [("conv1", 1, 0.0, 0.5), ("conv1", 1, 2.0, 0.9), ("conv2", 2, 0.0, 0.2), ("conv2", 2, 2.0, 0.8)]
    table = pd.DataFrame(rows, columns=["layer", "depth", "epoch", "value"])
    spec = charts.over_training(table, "Similarity", "cnn", "light", 200, 100)
    assert spec["description"] == "Similarity, over training: conv1 from 0.5 to 0.9; conv2 from 0.2 to 0.8."
    assert spec["datasets"]["steps"].epoch.min() == 1 / 32
    line = next(layer for layer in spec["layer"] if layer["mark"]["type"] == "line")
    assert line["mark"]["color"] == charts.FAMILY_COLOURS["cnn"] and line["encoding"]["x"]["scale"]["type"] == "log"
