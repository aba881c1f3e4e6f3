"""Recurrent nets beside each other as charts: a line a net, chance beside it, what vanished on a logarithmic axis."""

import math
from typing import Any

import pandas as pd

from core import charts
from core.charts import vanishing
from core.vanishing.nets import NETS


def layers(spec: charts.Spec, mark: str) -> list[dict[str, Any]]:
    return [layer for layer in spec["layer"] if layer["mark"]["type"] == mark]


CURVES = pd.DataFrame({
    "net": ["RNN", "RNN", "LSTM", "LSTM"], "update": [0, 25, 0, 25], "loss": [math.nan, 0.2, math.nan, 0.1],
    "error": [0.9, 0.17, 0.18, math.nan],
})  # fmt: skip


def test_every_net_has_a_colour_of_its_own() -> None:
    assert list(vanishing.NET_COLOURS) == list(NETS) and len(set(vanishing.NET_COLOURS.values())) == len(NETS)
    assert vanishing.NET_COLOURS["LSTM"] == charts.FAMILY_COLOURS["rnn"]
    spec = charts.unseen_errors(CURVES, 1 / 6, "error", "light")
    scale = layers(spec, "line")[0]["encoding"]["color"]["scale"]
    assert scale["domain"] == ["RNN", "LSTM"] and scale["range"] == [
        vanishing.NET_COLOURS[net] for net in scale["domain"]
    ]


def test_errors_stand_beside_chance_and_what_is_far_above_it_at_the_roof() -> None:
    spec = charts.unseen_errors(CURVES, 1 / 6, "mean squared error", "light")
    drawn, roof = spec["datasets"]["lines"].drawn.tolist(), vanishing.ROOF / 6
    assert drawn == [roof, 0.17, 0.18, roof]
    assert spec["datasets"]["chance"].chance.tolist() == [1 / 6]
    assert layers(spec, "line")[0]["encoding"]["y"]["scale"]["domain"] == [0, roof]
    assert "chance is 0.167: RNN from 0.9 to 0.17" in spec["description"]


def test_losses_that_are_no_number_are_left_out() -> None:
    spec = charts.training_losses(CURVES, "dark")
    assert spec["datasets"]["lines"].loss.tolist() == [0.2, 0.1]
    assert layers(spec, "line")[0]["encoding"]["y"]["scale"]["type"] == "log"


def test_influences_are_dashed_before_training_and_zeros_are_left_out() -> None:
    table = pd.DataFrame({
        "net": ["GRU"] * 4, "distance": [0, 1, 0, 1], "value": [1.0, 1e-9, math.inf, 0.0],
        "when": [charts.BEFORE] * 2 + [charts.AFTER] * 2,
    })  # fmt: skip
    spec = charts.influences(table, "light")
    assert spec["datasets"]["lines"].value.tolist() == [1.0, 1e-9]
    (line,) = layers(spec, "line")
    dashes = line["encoding"]["strokeDash"]["scale"]
    assert dict(zip(dashes["domain"], dashes["range"], strict=True)) == {charts.BEFORE: [4, 3], charts.AFTER: [1, 0]}
    assert line["encoding"]["y"]["scale"]["type"] == "log" and "GRU from 1 to 1e-09" in spec["description"]


def test_errors_by_length_have_a_bar_from_the_best_seed_to_the_worst() -> None:
    table = pd.DataFrame(
        {"net": ["RNN", "RNN"], "length": [10, 20], "value": [0.1, 1.0], "low": [0.0, 0.5], "high": [0.2, 3.0]}
    )
    spec = charts.errors_by_length(table, 0.1, "numbers", "dark")
    assert spec["datasets"]["lines"].high.tolist() == [0.2, vanishing.ROOF]
    assert spec["datasets"]["chance"].level.tolist() == [1.0, 0.1]
    bars = [layer for layer in layers(spec, "rule") if "y2" in layer["encoding"]]
    assert (bars[0]["encoding"]["y"]["field"], bars[0]["encoding"]["y2"]["field"]) == ("low", "high")
