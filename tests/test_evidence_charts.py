"""Charts of the evidence: what stands where, how nets, twins, controls and pixels look, and what is read aloud."""

from typing import Any

import pandas as pd
import pytest

from core import charts
from core.charts.evidence import LETTER, LOOKS
from core.evidence.figures import OWN
from tests.test_charts import tables_of

NETS = [("dense", "dense", 2), ("dense-video", "dense", 2), ("cnn", "cnn", 4)]


def rows(kinds: tuple[str, ...] = ("trained", "untrained"), depths: int = 9) -> pd.DataFrame:
    found = [
        {"model": model, "family": family, "kind": kind, "layer": f"relu{depth}", "depth": depth,
         "value": depth / 10 + place / 1000, "low": depth / 10 - 0.02, "high": depth / 10 + 0.02}
        for kind in kinds for place, (model, family, last) in enumerate(NETS)
        for depth in range(1, min(last, depths) + 1)
    ]  # fmt: skip
    pixels = {"model": "dense", "family": "dense", "kind": "pixels", "layer": "pixels", "depth": 0, "value": 0.3,
              "low": 0.3, "high": 0.3}  # fmt: skip
    return pd.DataFrame([*found, pixels])


def marks(spec: charts.Spec) -> list[dict[str, Any]]:
    return [layer["mark"] for layer in spec["layer"]]


def layer(spec: charts.Spec, kind: str) -> dict[str, Any]:
    return next(part for part in spec["layer"] if part["mark"]["type"] == kind)


def test_nets_are_lines_in_their_families_colours_with_bands_and_twins_dashed() -> None:
    spec = charts.nets_by_depth(rows(), "How bent: share", "light", 300, 200)
    line, band, pixels = layer(spec, "line")["encoding"], layer(spec, "area")["encoding"], layer(spec, "rule")
    assert (line["x"]["field"], line["y"]["field"]) == ("depth", "value")
    assert [part["field"] for part in line["detail"]] == ["model", "kind"]
    colours = dict(zip(line["color"]["scale"]["domain"], line["color"]["scale"]["range"], strict=True))
    assert charts.FAMILY_COLOURS.items() <= colours.items() and OWN in colours
    dashes = dict(zip(line["strokeDash"]["scale"]["domain"], line["strokeDash"]["scale"]["range"], strict=True))
    assert dashes == {"trained": [1, 0], "untrained": [5, 4]}
    assert (band["y"]["field"], band["y2"]["field"]) == ("high", "low")
    assert pixels["data"] == {"name": "pixels"} and pixels["mark"]["strokeDash"] == [1, 3]
    tables = tables_of(spec)
    assert tables["pixels"].value.tolist() == [0.3] and "pixels" not in set(tables["lines"].kind)
    assert len(tables["lines"]) == 16


def test_names_stand_at_the_ends_of_trained_lines_and_apart() -> None:
    spec = charts.nets_by_depth(rows(), "How bent", "dark", 300, 200)
    names = tables_of(spec)["names"].set_index("model")
    assert names.depth.to_dict() == {"dense": 2, "dense-video": 2, "cnn": 4} and set(names.kind) == {"trained"}
    span = 0.42 - 0.08
    assert names.value["dense-video"] - names.value["dense"] == pytest.approx(LETTER * span / 200)
    assert names.value["cnn"] == pytest.approx(0.402)
    assert [mark["type"] for mark in marks(spec)].count("text") == 2  # one behind the other, as paper


def test_a_small_one_has_its_title_above_it_no_names_and_no_axis_across() -> None:
    spec = charts.nets_by_depth(rows(), "How bent: share", "light", 250, 50, small=True)
    assert spec["title"]["text"] == "How bent" and "text" not in [mark["type"] for mark in marks(spec)]
    assert not layer(spec, "line")["encoding"]["x"]["axis"]["labels"]
    assert tables_of(spec)["names"].empty
    assert "title" not in charts.nets_by_depth(rows(), "How bent: share", "light", 250, 50)


def test_other_controls_look_unlike_each_other_and_unlike_twins() -> None:
    kinds = ("trained", "untrained", "purity, random", "purity, independent", OWN)
    spec = charts.nets_by_depth(rows(kinds), "Purity", "light", 300, 200)
    scale = layer(spec, "line")["encoding"]["strokeDash"]["scale"]
    dashes = dict(zip(scale["domain"], map(tuple, scale["range"]), strict=True))
    assert list(dashes) == list(kinds) and dashes[OWN] == dashes["trained"]
    assert len(set(dashes.values())) == len(kinds) - 1


def test_of_one_layer_each_net_has_points_side_by_side() -> None:
    spec = charts.nets_by_depth(rows(("trained", "untrained", "edges, shuffled"), 1), "Edges", "light", 300, 200)
    points = layer(spec, "point")["encoding"]
    assert points["x"]["field"] == "place" and points["x"]["sort"] == ["dense", "dense-video", "cnn"]
    assert points["xOffset"]["field"] == "kind" and points["shape"]["scale"]["range"] == ["circle", "circle", "diamond"]
    assert "line" not in [mark["type"] for mark in marks(spec)] and tables_of(spec)["names"].empty
    assert points["fillOpacity"]["condition"]["test"].count("trained") == 1
    assert points["stroke"]["field"] == "family" and points["stroke"]["scale"] == points["color"]["scale"]


def test_where_one_net_has_one_layer_alone_all_layers_stand_side_by_side() -> None:
    """Its controls could not be seen as lines. A measurement that has just begun changes nothing."""
    whole = rows(("trained", "untrained"), 2)
    one = whole[(whole.model != "dense") | (whole.depth == 2)]
    assert charts.side_by_side(one) and not charts.side_by_side(whole)
    points = layer(charts.nets_by_depth(one, "Kept", "light", 300, 200), "point")["encoding"]
    first, *others = points["x"]["sort"]
    layers = dict(zip(whole.depth, whole.layer, strict=True))
    assert first == f"dense {layers[2]}" and f"cnn {layers[1]}" in others and f"cnn {layers[2]}" in others
    small = charts.nets_by_depth(one, "Kept", "light", 300, 60, small=True)
    assert "line" in [mark["type"] for mark in marks(small)]
    begun = pd.concat([whole, whole[whole.depth == 1].head(1).assign(model="yours", kind=OWN)])
    assert not charts.side_by_side(begun)


def test_what_is_not_seen_is_read_aloud() -> None:
    said = charts.nets_by_depth(rows(), "How bent: share", "light", 300, 200)["description"]
    assert said.startswith("How bent: share, by depth: dense trained from 0.1 to 0.2;") and said.endswith("pixels 0.3.")
    assert "cnn untrained from 0.102 to 0.402" in said
    empty = charts.nets_by_depth(rows().head(0), "How bent", "light", 300, 200)
    assert empty["description"] == "How bent, by depth: not measured yet."


def series(families: tuple[str, ...] = ("dense", "rnn", "cnn")) -> pd.DataFrame:
    found = [
        {"model": f"{family}-{layers}", "family": family, "kind": kind, "layer": f"relu{depth}", "depth": depth,
         "value": depth / 10, "low": 0.0, "high": 1.0, "layers": layers}
        for family in families for layers in (2, 3) for kind in ("trained", "untrained")
        for depth in range(1, layers + 1)
    ]  # fmt: skip
    return pd.DataFrame(found)


def test_depth_series_have_a_panel_a_family_on_one_scale_the_deeper_the_darker() -> None:
    spec = charts.series_by_depth(series(), "How bent", "light")
    panels = spec["hconcat"]
    assert [panel["title"] for panel in panels] == [
        "dense, 2 to 3 layers", "cnn, 2 to 3 layers", "rnn, 2 to 3 layers",
    ]  # fmt: skip
    assert spec["resolve"]["scale"]["y"] == "shared"
    twin, own, _ = panels[1]["layer"]
    assert own["encoding"]["opacity"]["field"] == "layers" and own["encoding"]["opacity"]["scale"]["range"] == [0.3, 1]
    assert twin["mark"]["strokeDash"] == [5, 4] and "untrained" in str(twin["transform"])
    assert len(tables_of(spec)["lines"]) == 30
    assert len(charts.series_by_depth(series(("rnn",)), "How bent", "dark")["hconcat"]) == 1


def test_every_kind_has_a_look_of_its_own() -> None:
    assert len({str(look) for look in LOOKS.values()}) == len(LOOKS)
