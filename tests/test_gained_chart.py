"""Gains as a chart: full on digits, hollow with permuted pixels, on one axis with a line at zero."""

import pandas as pd

from core import charts
from core.charts import FAMILY_COLOURS

ROWS = pd.DataFrame(
    [("300 images", "digits", 4.1, 3.5, 4.7), ("300 images", "permuted", -2.0, -3.0, -1.0),
     ("100 updates", "digits", 9.0, 8.0, 10.0), ("100 updates", "permuted", 0.5, -1.0, 2.0)],
    columns=["reading", "kind", "value", "low", "high"],
)  # fmt: skip


def test_a_reading_has_a_full_dot_on_digits_and_a_hollow_one_with_permuted_pixels() -> None:
    spec = charts.gained(ROWS, "CNN less dense", (-4, 12), "light", 296)
    assert spec["datasets"]["gains"].equals(ROWS) and spec["width"] == 296
    zero, *layers = spec["layer"]
    assert zero["mark"]["type"] == "rule" and zero["encoding"]["x"]["datum"] == 0
    kinds = [layer["transform"][0]["filter"] for layer in layers]
    assert kinds == ["datum.kind == 'digits'"] * 2 + ["datum.kind == 'permuted'"] * 2
    (one, dot), (other, ring) = layers[:2], layers[2:]
    for interval in (one, other):
        assert (interval["encoding"]["x"]["field"], interval["encoding"]["x2"]["field"]) == ("low", "high")
    assert dot["mark"]["filled"] and dot["mark"]["color"] == FAMILY_COLOURS["cnn"] and not ring["mark"]["filled"]
    assert dot["mark"]["yOffset"] == one["mark"]["yOffset"] != ring["mark"]["yOffset"] == other["mark"]["yOffset"]
    for layer in layers:  # or one of them would stretch the axis
        assert layer["encoding"]["x"]["scale"]["domain"] == [-4, 12]
        assert layer["encoding"]["y"]["sort"] == ["300 images", "100 updates"]
    assert spec["description"] == (
        "CNN less dense, in points of accuracy: 300 images, digits, +4.1 (+3.5 to +4.7); 300 images, permuted, -2 (-3 "
        "to -1); 100 updates, digits, +9 (+8 to +10); 100 updates, permuted, +0.5 (-1 to +2)."
    )
