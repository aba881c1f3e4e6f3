"""Cuts as charts: before, without the named units, without as many at random; and the share lost."""

import pandas as pd

from core import charts

SPREAD = ["named", "random", "low", "high"]


def test_a_row_has_its_value_before_and_after() -> None:
    table = pd.DataFrame([("mean", 2.0, 0.5, 1.75, 1.5, 2.5)], columns=["name", "before", *SPREAD])
    spec = charts.cut_values(table, "value of relu3/4", "cnn", "light")
    assert spec["datasets"]["cuts"].equals(table)
    assert "mean from 2 to 0.5, at random 1.75" in spec["description"]
    at = {layer["mark"]["type"]: layer["encoding"]["x"]["field"] for layer in spec["layer"]}
    assert at == {"rule": "low", "point": "random", "tick": "before", "circle": "named"}
    full = spec["layer"][-1]["mark"]
    assert full["color"] == charts.FAMILY_COLOURS["cnn"]
    assert "scale" not in spec["layer"][0]["encoding"]["x"]
    percent = charts.cut_values(table, "probability", "rnn", "dark", percent=True)
    assert percent["layer"][0]["encoding"]["x"]["scale"]["domain"] == [0, 1]


def test_the_curve_says_what_is_lost_at_k_and_at_the_end() -> None:
    table = pd.DataFrame(
        [(1, 0.2, 0.1, 0.0, 0.2), (5, 0.75, 0.25, 0.1, 0.5), (9, 1, 1, 1, 1)], columns=["cut", *SPREAD]
    )
    spec = charts.cut_curve(table, 4, "Lost", "dense", "light")
    assert spec["description"] == (
        "Lost: with 5 cut, 75% are lost with named ones, 25% with ones at random; with 9, 100% and 100%."
    )
    assert spec["datasets"]["k"].cut.tolist() == [4]
