"""Charts of what a recurrent net keeps: lines of steps, time constants, curves over lags, means with intervals."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch

from core import charts, images
from core.charts.marks import FAMILY_COLOURS
from core.charts.memory import CELL, ROOM, WIDE_CELL
from core.images import MAGNITUDE_ENDS

TITLES = ("state after row", "row of the digit", "influence")


def triangle(read: int) -> np.ndarray:
    values = np.tril(np.arange(1.0, 785).reshape(28, 28))
    values[np.triu_indices(28, 1)] = np.nan
    values[read:] = np.nan
    return values


def test_cells_lie_in_lines_and_what_is_not_there_is_left_out() -> None:
    spec = charts.by_step(triangle(5), [str(row) for row in range(1, 29)], 5, TITLES, "about", "light", 784.0)
    cells = spec["datasets"]["cells"]
    assert len(cells) == 15 and spec["description"] == "about"
    last = cells[(cells.step == 5) & (cells.column == "3")].iloc[0]
    assert last.value == 4 * 28 + 3 and (last.left, last.top) == (ROOM + 2 * CELL, 4 * CELL)
    assert (last.right - last.left, last.bottom - last.top) == (CELL, CELL)
    (layer,) = [layer for layer in spec["layer"] if layer.get("data", {}).get("name") == "cells"]
    scale = layer["encoding"]["color"]["scale"]
    assert scale["domain"] == [0, 784] and scale["range"][0] == f"#{bytes(MAGNITUDE_ENDS['light'][0]).hex()}"


def test_few_columns_are_wide_and_named_and_of_many_every_seventh_is() -> None:
    shares = np.full((28, 10), 0.1)
    few = charts.by_step(shares, list("0123456789"), 3, ("after row", "answer", "share"), "about", "dark", 1.0)
    words = few["datasets"]["words"]
    assert few["datasets"]["cells"].left.max() == ROOM + 9 * WIDE_CELL
    assert words[words["align"] == "center"].text.tolist() == [*"0123456789", "answer"]
    many = charts.by_step(triangle(28), [str(row) for row in range(1, 29)], 3, TITLES, "about", "dark", 1.0)
    named = many["datasets"]["words"]
    assert named[named["align"] == "center"].text.tolist() == ["1", "7", "14", "21", "28", TITLES[1]]


@pytest.mark.parametrize("now", [1, 14, 28])
def test_the_step_that_was_read_last_is_framed_at_one_height_everywhere(now: int) -> None:
    digit = images.paper(torch.zeros(1, 28, 28), CELL)
    specs = [charts.steps_read(digit, 28, now, "a digit", "light"),
             charts.by_step(triangle(28), list(map(str, range(28))), now, TITLES, "about", "light", 1.0)]  # fmt: skip
    for spec in specs:
        frame: pa.Table = spec["datasets"]["now"]
        assert frame["top"][0].as_py() == CELL * (now - 1) - 1 and frame["bottom"][0].as_py() == CELL * now + 1
    assert specs[0]["height"] == specs[1]["height"]
    unread = specs[0]["datasets"]["unread"]
    assert unread["top"][0].as_py() == now * CELL and unread["bottom"][0].as_py() == 28 * CELL


def test_time_constants_are_counted_and_the_fastest_and_slowest_are_in_the_last_bars() -> None:
    spec = charts.time_constants(np.array([0.1, 2.0, 2.0, 900.0]), np.full(3, 1.5), "characters", "about", "light", 300)
    bars, outline = spec["datasets"]["bars"], spec["datasets"]["outline"]
    assert bars.units.sum() == 4 and bars.units.iloc[0] == bars.units.iloc[-1] == 1 and bars.units.max() == 2
    assert outline.units.sum() == 3 and len(outline) == len(bars) + 1
    assert "time constant (characters)" in str(spec)
    dashed = [layer["mark"] for layer in spec["layer"] if layer["mark"]["type"] == "line"]
    assert dashed[0]["strokeDash"] == [5, 4]


def curves() -> pd.DataFrame:
    return pd.DataFrame([(kind, lag, value / (1 + lag), 0.0, 1.0) for kind, value in
                         (("trained", 0.9), ("untrained", 0.8), ("present row", 1.0)) for lag in range(3)],
                        columns=["weights", "at", "value", "low", "high"])  # fmt: skip


def test_curves_look_as_everywhere_and_what_is_no_kind_of_weights_is_dotted_and_grey() -> None:
    spec = charts.over_lags(curves(), "rows back", "R²", 1.0, "light", 300, chance=0.1)
    (line,) = [layer for layer in spec["layer"] if layer["mark"]["type"] == "line"]
    dash, colour = line["encoding"]["strokeDash"]["scale"], line["encoding"]["color"]["scale"]
    looks = dict(zip(dash["domain"], zip(dash["range"], colour["range"], strict=True), strict=True))
    assert looks["untrained"] == ([5, 4], FAMILY_COLOURS["rnn"]) and looks["trained"][0] == [1, 0]
    assert looks["present row"][0] == [1, 3] and looks["present row"][1] != FAMILY_COLOURS["rnn"]
    assert "R², over rows back: " in spec["description"] and "trained from 0.9 to 0.3" in spec["description"]
    assert spec["datasets"]["chance"].value.tolist() == [0.1]
    assert charts.over_lags(curves(), "rows back", "R²", 1.0, "light", 300)["datasets"]["chance"].empty


def test_means_stand_in_their_order_with_their_intervals_and_controls_are_hollow() -> None:
    table = pd.DataFrame([("b", "rnn", "trained", 3.0, 2.0, 4.0), ("a", "rnn", "untrained", 1.0, 0.5, 1.5)],
                         columns=["name", "family", "weights", "value", "low", "high"])  # fmt: skip
    spec = charts.intervals(table, "rows", (0, 5), "light", 300)
    dots = spec["datasets"]["dots"]
    assert dots.trained.tolist() == [True, False] and set(dots.colour) == {FAMILY_COLOURS["rnn"]}
    assert spec["layer"][0]["encoding"]["y"]["sort"] == ["b", "a"]
    assert spec["description"] == "rows, means of five seeds with 95 % intervals: b 3; a 1."
    several = charts.intervals(table.assign(family=["rnn", "cnn"]), "rows", (0, 5), "light", 300)
    assert several["height"] > spec["height"]
