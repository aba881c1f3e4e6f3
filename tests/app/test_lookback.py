"""The part on text below its first screen: what moves the state, how the cell works, and numbers over many texts."""

import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest
from torch import Generator

from core.cells.passages import to_read
from core.data.text import encode, held_out_text, one_hot
from core.memory import contexts, of_text
from core.memory.contexts import places
from core.memory.influence import influence, occlusion
from core.memory.unrolled import all_unrolled, time_constants
from core.models import load
from core.models.text import Reader
from pages.frame import clickable
from pages.lookback.moved import BEFORE, WINDOW
from pages.texts.choose import FIRST
from tests.app.test_texts import markdown, opened
from tests.visits import fine


def net(weights: str = "trained") -> Reader:
    found = load("text", weights=weights)
    assert isinstance(found, Reader)
    return found


def tables(at: AppTest, name: str) -> list[pd.DataFrame]:
    """Every chart's table of that name, from the top."""
    found = [part for chart in at.get("vega_lite_chart") for part in chart.proto.datasets if part.name == name]
    return [pa.ipc.open_stream(io.BytesIO(part.data.data)).read_pandas() for part in found]


def read_until(place: int) -> str:
    """What the net has read when it stands behind that character of the first passage."""
    before, text = to_read(FIRST)
    return (before + text)[: len(before) + place + 1][-BEFORE - WINDOW :]


@pytest.mark.parametrize("how", ["gradient", "one character blanked"])
def test_the_triangle_is_the_influence_of_the_last_characters_each_line_on_its_own_scale(how: str) -> None:
    at = opened(behind="40", moved_by=how)
    read = one_hot(encode(read_until(40))[None])
    found = (
        influence(net(), read, WINDOW, 8, Generator().manual_seed(0)) if how == "gradient" else occlusion(net(), read)
    )
    triangle = found["lstm2"][0, -WINDOW:, -WINDOW:]
    (cells,) = tables(at, "cells")
    assert len(cells) == WINDOW * (WINDOW + 1) / 2
    last = cells[cells.step == WINDOW].value.to_numpy()
    assert last == pytest.approx((triangle[-1] / triangle[-1].max()).numpy(), abs=1e-4)
    back = WINDOW - 1 - int((triangle[-1] >= triangle[-1].max() / np.e).nonzero().min())
    assert f"stands **{back} {'character' if back == 1 else 'characters'}** back" in markdown(at)


def test_the_influence_of_a_short_text_is_of_all_of_it() -> None:
    at = opened(text_is="my own", text="To be")
    (cells,) = tables(at, "cells")
    assert len(cells) == 3 * 4 / 2  # up to the chosen one, in the middle


@pytest.mark.parametrize("weights", ["trained", "shuffled"])
def test_how_long_cells_keep_is_said_beside_the_twins(weights: str) -> None:
    at = opened(tracks="a cell by its number", cell_layer="lstm1", cell_number="7", text_weights=weights)
    read = one_hot(places(held_out_text(), 20)[:, :-1])
    own, twin = (
        time_constants(all_unrolled(net(name), read)["lstm1"].forget).numpy() for name in (weights, "untrained")
    )
    said = markdown(at)
    assert f"within **{np.median(own):.1f} characters**" in said and f"it is {np.median(twin):.1f} and" in said
    assert f"`text/lstm1/7` keeps for {own[7]:.1f}." in said


def test_a_click_on_a_cell_takes_it() -> None:
    at = opened()
    (offered,) = [box for box in at.selectbox if box.label == clickable.OFFERS["unit"]]
    fine(offered.set_value("text/lstm2/200").run())
    assert at.number_input(key="cell-number").value == 200
    assert "`text/lstm2/200` keeps for" in markdown(at)


def test_what_holds_over_many_texts_is_said_with_its_numbers() -> None:
    said = markdown(opened())
    assert contexts.sentence() in said and of_text.sentence() in said
