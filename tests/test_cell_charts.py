"""Cells beside their controls, and the uncertainty along a text, as charts."""

from typing import get_args

import numpy as np
import pandas as pd
import pytest

from core import charts
from core.charts.cells import LEAST, LETTER, NONE, SHAPES, TRACKS
from core.images import Theme

KINDS = [kind for kind in SHAPES if kind not in (TRACKS, NONE)]
TABLE = pd.DataFrame(
    [(feature, kind, value, value - 0.02, value + 0.02)
     for feature, own in (("word end", TRACKS), ("vowel", NONE))
     for kind, value in [(own, 0.9), *((kind, 0.6) for kind in KINDS)]],
    columns=["feature", "kind", "value", "low", "high"],
)  # fmt: skip


@pytest.mark.parametrize("theme", get_args(Theme))
def test_a_feature_has_a_row_and_a_click_takes_it(theme: Theme) -> None:
    spec = charts.beside_controls(TABLE, "AUC", "vowel", theme)
    assert charts.choices(spec, charts.FEATURE) == ["word end", "vowel"]
    assert spec["datasets"]["rows"].chosen.tolist() == [False, True]
    assert spec["params"][0]["select"]["fields"] == [charts.FEATURE]
    assert spec["description"] == f"The best cells' AUC: word end 0.90, {TRACKS}; vowel 0.90, {NONE}."


@pytest.mark.parametrize(("title", "low"), [("AUC", 0.5), ("rank correlation", 0.0)])
def test_the_axis_begins_at_chance(title: str, low: float) -> None:
    points = charts.beside_controls(TABLE, title, "", "light")["layer"][-1]["encoding"]
    assert points["x"]["scale"]["domain"] == [low, 1]
    assert points["shape"]["scale"] == {"domain": list(SHAPES), "range": list(SHAPES.values())}


@pytest.mark.parametrize("length", [1, 30, 2000])
def test_the_line_is_as_long_as_the_text(length: int) -> None:
    text, bits = ("a\n " * length)[:length], np.linspace(0, 6, length)
    spec = charts.uncertainty(text, bits, length // 2, "dark")
    assert spec["width"] == max(LEAST, LETTER * length)
    assert charts.choices(spec, charts.PLACE) == list(range(length))
    assert spec["datasets"]["here"][charts.PLACE].tolist() == [length // 2]
    assert set(spec["datasets"]["line"].character) <= {"a", "⏎", "␣"}
    assert f"{bits.mean():.2f} bits on the mean" in spec["description"]
