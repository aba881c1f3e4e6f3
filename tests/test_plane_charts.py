"""A small net in the plane as charts: units in their rows, edges by their weights, points where they lie."""

import base64
import io
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image

from core import charts
from core.charts import plane
from core.data.points import Points
from core.images import PUOR
from core.plane.surfaces import Row

HALVES = torch.tensor([[-1.0, 1.0], [-1.0, 1.0]])  # purple to the left, orange to the right


def the_rows() -> list[Row]:
    """Of twenty points a threshold on each unit gets those shares right."""

    def row(name: str, values: torch.Tensor, weights: torch.Tensor | None, *right: float) -> Row:
        wrong = torch.arange(20) >= 20 * torch.tensor(right)[:, None]
        return Row(name, values, weights, wrong, [(-1.0, 1.0)] * len(right))

    return [
        row("input", HALVES.expand(2, 2, 2), None, 0.5, 0.6),
        row("hidden 1", torch.stack([HALVES, -HALVES, 0 * HALVES]), torch.tensor([[2.0, -1], [0, 0.5], [-4, 1]]),
            0.75, 0.5, 0.7),
        row("output", HALVES[None], torch.tensor([[1.0, -2, 3]]), 1.0),
    ]  # fmt: skip


def table(spec: charts.Spec, name: str) -> list[dict[str, object]]:
    return spec["datasets"][name].to_pylist() if isinstance(spec["datasets"][name], pa.Table) else []


def pixels(url: object) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(base64.b64decode(str(url).split(",")[1]))).convert("RGB"))


def test_every_unit_has_its_picture_in_its_layers_row() -> None:
    pictures = table(charts.diagram(the_rows(), "light"), "pictures")
    assert [each["unit"] for each in pictures][:3] == ["input/0", "input/1", "hidden1/0"]
    tops = [each["top"] for each in pictures]
    assert len(set(tops[:2])) == len(set(tops[2:5])) == 1 and tops[0] < tops[2] < tops[5]
    lefts = [float(str(each["left"])) for each in pictures]
    assert lefts[2] < lefts[3] < lefts[4] and lefts[5] == lefts[3]  # the output below the middle one
    assert [each["share"] for each in pictures] == [0.5, 0.6, 0.75, 0.5, 0.7, 1.0]


def test_surfaces_are_purple_below_zero_white_at_zero_and_orange_above() -> None:
    pictures = table(charts.diagram(the_rows(), "light"), "pictures")
    first, turned, zero = (pixels(pictures[place]["url"]) for place in (2, 3, 4))
    assert np.array_equal(first[:, ::-1], turned) and (zero == PUOR[127][:3]).all()
    assert int(first[0, 0, 2]) > int(first[0, 0, 0]) and int(first[0, -1, 0]) > int(first[0, -1, 2])
    assert first.shape[0] == first.shape[1] == plane.LARGE


def test_an_edge_is_as_wide_as_its_weight_is_large_on_one_scale_and_coloured_by_its_sign() -> None:
    lines = table(charts.diagram(the_rows(), "light"), "lines")
    assert len(lines) == 2 * 3 + 3
    widths = [float(str(line["width"])) for line in lines]
    assert widths == sorted(widths) and widths[-1] == plane.WIDEST and widths[0] == plane.THINNEST
    for line in lines:
        weight = float(str(line["weight"]))
        share = (float(str(line["width"])) - plane.THINNEST) / (plane.WIDEST - plane.THINNEST)
        assert share == pytest.approx(abs(weight) / 4) and line["sign"] == ("-" if weight < 0 else "+")
    assert {line["edge"]: line["weight"] for line in lines}["input/0 to hidden1/2"] == -4


def test_an_edge_joins_the_units_that_it_names() -> None:
    spec = charts.diagram(the_rows(), "light")
    boxes = {each["unit"]: each for each in table(spec, "pictures")}
    line = next(line for line in table(spec, "lines") if line["edge"] == "input/1 to hidden1/2")
    above, here = boxes["input/1"], boxes["hidden1/2"]
    assert line["left"] == (above["left"] + above["right"]) / 2 and line["top"] == above["bottom"]  # type: ignore[operator]
    assert line["right"] == (here["left"] + here["right"]) / 2 and line["bottom"] == here["top"]  # type: ignore[operator]


def test_a_click_selects_a_unit_and_the_chosen_one_has_a_frame() -> None:
    spec = charts.diagram(the_rows(), "light", "hidden1/2")
    assert charts.choices(spec, charts.UNIT) == [
        "input/0", "input/1", "hidden1/0", "hidden1/1", "hidden1/2", "output/0",
    ]  # fmt: skip
    assert [each["unit"] for each in table(spec, "pictures") if each["chosen"]] == ["hidden1/2"]
    assert not any(each["chosen"] for each in table(charts.diagram(the_rows(), "light"), "pictures"))
    (frame,) = [layer for layer in spec["layer"] if layer.get("transform") == [{"filter": "datum.chosen"}]]
    assert frame["mark"]["type"] == "rect" and frame["mark"]["strokeWidth"] > 0
    clicks = [layer for layer in spec["layer"] if layer.get("params") or layer["mark"].get("cursor") == "pointer"]
    assert len(clicks) == 1 and [tip["field"] for tip in clicks[0]["encoding"]["tooltip"]] == ["unit", "share"]


def test_a_net_of_zeros_has_thin_edges_and_a_wide_one_small_pictures() -> None:
    none = [row if row.weights is None else replace(row, weights=0 * row.weights) for row in the_rows()]
    assert {line["width"] for line in table(charts.diagram(none, "dark"), "lines")} == {plane.THINNEST}
    assert plane.side((8, 2)) == plane.side(()) == plane.LARGE and plane.side((2, 9)) == plane.SMALL


def test_the_layers_names_stand_beside_them_with_the_best_of_their_units() -> None:
    spec = charts.diagram(the_rows(), "light")
    assert [each["text"] for each in table(spec, "texts")][2:4] == ["hidden 1", "best 75 %"]
    assert "hidden 1, 3 units, the best gets 75 % right" in spec["description"]


POINTS = Points(torch.tensor([[0.0, 0.0], [1.0, 0.5]]), torch.tensor([0, 1]))


def test_points_lie_where_they_are_and_wrong_ones_are_ringed() -> None:
    spec = charts.surface(HALVES, POINTS, [True, False], 2.0, "light")
    one, other = table(spec, "points")
    assert (one["x"], one["y"]) == (plane.SURFACE / 2, plane.SURFACE / 2)
    assert (other["x"], other["y"]) == (plane.SURFACE * 3 / 4, plane.SURFACE * 3 / 8)
    assert [each["wrong"] for each in (one, other)] == [True, False] and other["class"] == "1"
    assert spec["description"].startswith("The surface of the output over the plane, with 2 points, of which 1 lie on")
    other_one = charts.surface(HALVES, POINTS, [True, False], 2.0, "light", None, "hidden1/0")
    assert other_one["description"].startswith("The surface of hidden1/0 over")
    assert len(pixels(table(spec, "picture")[0]["url"])) == plane.SURFACE


def test_a_click_selects_a_place_where_there_are_some() -> None:
    places = {f"{x}, {y}": (x, y) for x in (-1.0, 0.0, 1.0) for y in (-1.0, 0.0, 1.0)}
    assert charts.choices(charts.surface(HALVES, POINTS, [False] * 2, 2.0, "light"), charts.PLACE) == []
    spec = charts.surface(None, POINTS, [False] * 2, 2.0, "light", places)
    assert charts.choices(spec, charts.PLACE) == list(places)
    boxes = {each[charts.PLACE]: each for each in table(spec, "places")}
    half = plane.SURFACE / 8
    middle = plane.SURFACE / 2
    assert [boxes["0.0, 1.0"][side] for side in ("left", "top", "right", "bottom")] == [
        middle - half, middle - 2 * half - half, middle + half, middle - 2 * half + half,
    ]  # fmt: skip


def test_losses_have_a_line_each_and_one_at_the_epoch_that_is_shown() -> None:
    falling = [1.0 / (1 + epoch) for epoch in range(1001)]
    spec = charts.losses({"training": falling, "test": falling[::-1]}, 40, "dark")
    curves, now = spec["datasets"]["curves"], spec["datasets"]["now"]
    assert now.epoch.tolist() == [40] and set(curves.kind) == {"training", "test"}
    training = curves[curves.kind == "training"]
    assert training.epoch.min() == 0 and training.epoch.max() == 1000 and len(training) <= plane.POINTS + 2
    assert all(training.loss == [falling[epoch] for epoch in training.epoch])
    assert "training from 1 to" in spec["description"]
    assert "test" not in charts.losses({"training": falling}, 0, "dark")["description"]
