"""The page Memory: its first screen, its switches, its cells, and what the link may say."""

import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from core.answers import answers_by_row
from core.data.digits import EXAMPLE
from core.data.digits import test_set as read_test_set
from core.memory import sentences
from core.memory.influence import influence, occlusion
from core.memory.unrolled import all_unrolled
from core.models import load
from core.models.rnn import RNN
from pages.frame import clickable
from tests.visits import charts, fine, page, panel, said

IMAGE = read_test_set().images[EXAMPLE]


def memory_page(**link: object) -> AppTest:
    return page("memory", tuple(link), **link)


def words(at: AppTest) -> str:
    return "\n".join(part.value for part in (*at.markdown, *at.caption))


def net(weights: str = "trained") -> RNN:
    found = load("rnn", weights=weights)
    assert isinstance(found, RNN)
    return found


def table(at: AppTest, chart: int, name: str) -> pd.DataFrame:
    """A chart's table of that name, of the charts from the top."""
    found = next(part for part in at.get("vega_lite_chart")[chart].proto.datasets if part.name == name)
    frame: pd.DataFrame = pa.ipc.open_stream(io.BytesIO(found.data.data)).read_pandas()
    return frame


def grid(at: AppTest, chart: int) -> dict[tuple[int, str], float]:
    cells = table(at, chart, "cells")
    return {(step, column): value for step, column, value in zip(cells.step, cells.column, cells.value, strict=True)}


def answer(at: AppTest) -> str:
    (head,) = [block.proto.body for block in at.get("html") if 'class="label"' in block.proto.body]
    return head.split('class="label">')[1].split("<")[0]


def test_the_first_screen_is_a_digit_half_read_with_its_influences_and_its_answer_so_far() -> None:
    at = fine(memory_page())
    answers = answers_by_row(net(), IMAGE)
    assert answer(at) == str(int(answers[13].argmax())) and at.slider(key="read").value == 14
    found = influence(net(), IMAGE[None])["lstm2"][0]
    cells = grid(at, 1)
    assert len(cells) == 14 * 15 / 2 and max(step for step, _ in cells) == 14
    for step, row in ((14, 7), (14, 14), (3, 1)):
        assert cells[step, str(row)] == pytest.approx(float(found[step - 1, row - 1] / found[step - 1].max()), rel=1e-3)
    forming = grid(at, 2)
    assert len(forming) == 140 and forming[14, "3"] == pytest.approx(float(answers[13, 3]), abs=1e-5)
    most = int(found[13, :14].argmax()) + 1
    assert f"Row **{most}** moves this state most" in words(at)
    for sentence in (sentences.horizons, sentences.capacities, sentences.delays, sentences.orders):
        assert sentence() in words(at)
    assert at.expander[-1].label == "How this is computed"


@pytest.mark.parametrize(("layer", "weights", "rows"), [("lstm1", "untrained", 28), ("lstm2", "shuffled", 3),
                                                        ("lstm1", "plain", 9)])  # fmt: skip
def test_layer_weights_and_rows_come_from_the_link(layer: str, weights: str, rows: int) -> None:
    at = fine(memory_page(layer=layer, of=weights, read=rows, scale="all rows"))
    found = influence(net(weights), IMAGE[None])[layer][0]
    cells = grid(at, 1)
    assert len(cells) == rows * (rows + 1) / 2
    assert cells[rows, str(rows)] == pytest.approx(float(found[rows - 1, rows - 1]), rel=1e-3)
    assert answer(at) == str(int(answers_by_row(net(weights), IMAGE)[rows - 1].argmax()))


def test_influence_is_also_measured_by_blanking_a_row() -> None:
    at = fine(memory_page(influence="one row blanked", scale="all rows", read=28))
    found = occlusion(net(), IMAGE[None])["lstm2"][0]
    assert grid(at, 1)[20, "9"] == pytest.approx(float(found[19, 8]), rel=1e-3)


def test_every_cells_output_and_gates_are_drawn_in_the_order_that_is_asked_for() -> None:
    now = all_unrolled(net(), IMAGE[None])["lstm2"]
    heads = ("output · ±", "cell state · ±", "candidate · ±1", "input gate · 0 to 1", "forget gate · 0 to 1",
             "output gate · 0 to 1")  # fmt: skip
    at = fine(memory_page())
    captions = [caption.value for caption in at.caption]
    assert all(any(caption.startswith(head) for caption in captions) for head in heads)
    assert f"output · ±{float(now.state.abs().max()):.3g}" in captions
    assert table(at, 3, "boxes").unit.tolist() == [f"rnn/lstm2/{unit}" for unit in range(64)]
    busy = now.state[0].abs().mean(0).argsort(descending=True).tolist()
    at.segmented_control(key="sort").set_value("activity").run()
    for chart in range(3, 9):
        assert table(fine(at), chart, "boxes").unit.tolist() == [f"rnn/lstm2/{unit}" for unit in busy]
    at.segmented_control(key="sort").set_value("time constant").run()
    slow = table(fine(at), 3, "boxes").unit.tolist()
    assert sorted(slow) == sorted(f"rnn/lstm2/{unit}" for unit in busy) and slow[0] != f"rnn/lstm2/{busy[0]}"


def test_the_rows_that_are_read_are_framed_in_every_picture() -> None:
    at = fine(memory_page(read=20))
    for chart in range(3, 9):
        assert table(at, chart, "outlines").bottom.max() == 4 * 20 - 1.5


def test_a_click_on_a_unit_opens_it() -> None:
    at = fine(memory_page())
    next(box for box in at.selectbox if box.label == clickable.OFFERS["unit"]).set_value("rnn/lstm2/5")
    at.run()
    assert panel(fine(at)) == "rnn/lstm2/5" and at.query_params["unit"] == "rnn/lstm2/5"
    assert panel(fine(memory_page(unit="rnn/lstm1/3", of="untrained"))) == "rnn/lstm1/3"


def test_time_constants_stand_beside_the_twins() -> None:
    at = fine(memory_page(layer="lstm1"))
    assert table(at, 9, "bars").units.sum() == table(at, 9, "outline").units.sum() == 64
    forget = all_unrolled(net(), read_test_set().images[::50])["lstm1"].forget
    assert f"**{np.median((-1 / forget.mean((0, 1)).log()).numpy()):.1f} rows**" in words(at)


def test_the_curves_are_those_of_the_layer_and_the_control() -> None:
    first, second = (fine(memory_page(layer=layer)) for layer in ("lstm1", "lstm2"))
    assert set(table(first, 12, "lines").weights) == {"trained", "plain", "untrained", "shuffled", "present row"}
    assert charts(first)[12:15] != charts(second)[12:15] and charts(first)[15] == charts(second)[15]


def test_another_digit_is_another_picture_and_the_same_numbers() -> None:
    first, second = fine(memory_page()), fine(memory_page(digit=7))
    assert charts(first)[:9] != charts(second)[:9] and charts(first)[9:] == charts(second)[9:]


def test_before_there_is_ink_no_row_moves_a_state_by_blanking() -> None:
    at = fine(memory_page(influence="one row blanked", read=2))
    assert "No row so far moves the state of `lstm2`" in words(at)


@pytest.mark.parametrize("digit", ["10000", "-1", "x", "![x](http://host/x.png)"])
def test_a_digit_that_is_not_there_gets_a_sentence_and_the_rest_stays(digit: str) -> None:
    at = fine(memory_page(digit=digit))
    assert said(at).startswith("The test images are numbered") and len(charts(at)) == 6
    assert at.expander[-1].label == "How this is computed"


@pytest.mark.parametrize(("name", "value"), [
    ("layer", "logits"), ("of", "epoch-3"), ("read", "0"), ("read", "x"), ("influence", "<b>"), ("sort", "9"),
])  # fmt: skip
def test_what_cannot_be_chosen_is_as_if_it_were_not_there(name: str, value: str) -> None:
    assert charts(fine(memory_page(**{name: value}))) == charts(fine(memory_page()))


@pytest.mark.parametrize("unit", ["rnn/lstm2/64", "rnn/nowhere/0", "lenet/conv1/0", "🦑"])
def test_a_unit_that_is_not_there_gets_a_sentence(unit: str) -> None:
    at = fine(memory_page(unit=unit))
    assert said(at) and panel(at) == ""
