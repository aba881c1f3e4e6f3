"""The charts of fooling images say in words what they show, and mark what is fooled."""

import pandas as pd
import pytest

from core import charts
from core.charts.marks import FAMILY_COLOURS, QUIET
from core.images import Theme

THEMES: list[Theme] = ["light", "dark"]


@pytest.mark.parametrize("theme", THEMES)
def test_confidences_are_two_lines_with_their_names(theme: Theme) -> None:
    spec = charts.confidences([0.9, 0.5, 0.1], [0.05, 0.4, 0.8], ("8", "3"), "cnn, trained", "cnn", theme, 300)
    said = "cnn, trained: over the steps, the probability of 8 goes from 0.9 to 0.1, that of 3 from 0.05 to 0.8."
    assert spec["description"] == said
    curves = spec["datasets"]["curves"]
    assert curves[curves.answer == "3"].probability.tolist() == [0.05, 0.4, 0.8]
    assert curves.step.tolist() == [0, 1, 2, 0, 1, 2]
    colours = spec["layer"][0]["encoding"]["color"]["scale"]
    assert dict(zip(colours["domain"], colours["range"], strict=True)) == {
        "before": QUIET[theme], "label": FAMILY_COLOURS["cnn"]}  # fmt: skip


@pytest.mark.parametrize(("before", "label"), [(0.5, 0.5), (0.49, 0.51), (0.001, 0.002), (0.0, 1.0)])
def test_names_of_lines_that_end_side_by_side_lie_apart(before: float, label: float) -> None:
    spec = charts.confidences([1.0, before], [0.0, label], ("8", "3"), "cnn", "cnn", "light", 300)
    low, high = sorted(spec["datasets"]["names"].place)
    assert high - low >= 0.1 and low >= 0 and high <= 1


@pytest.mark.parametrize("theme", THEMES)
def test_a_table_of_transfers_keeps_its_order_and_names_who_is_fooled(theme: Theme) -> None:
    rows = [("rnn", "cnn", 3, 0.6, True), ("noise", "cnn", 8, 0.9, False), ("rnn", "dense", 8, 0.9, False)]
    table = pd.DataFrame(rows, columns=["picture", "net", "label", "share", "flipped"])
    spec = charts.transfers(table, "Answers at ε 0.2", theme, 700)
    assert spec["description"] == "Answers at ε 0.2: rnn fools cnn (3)."
    encoding = spec["layer"][0]["encoding"]
    assert encoding["x"]["sort"] == ["cnn", "dense"] and encoding["y"]["sort"] == ["rnn", "noise"]
    none = charts.transfers(table[~table.flipped], "Answers", theme, 700)
    assert none["description"] == "Answers: no picture fools a net."
