"""A unit taken apart as a chart: its numbers add up, its edges' widths and colours say how much and which way."""

import re
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from core import charts
from core.charts.circuit_pictures import (
    BAR,
    SIDE,
    activation_picture,
    input_picture,
    product_picture,
    seen_picture,
)
from core.charts.circuit_tables import THIN, WIDE, numbers
from core.charts.circuits import EXCITES, INHIBITS
from core.circuits.contributions import Run, stages
from core.circuits.graph import Graph, graph
from core.data.digits import test_set as digits_of_test
from core.images import MARK
from core.layers import list_layers
from core.models import load
from tests.nets import Ramp
from tests.test_charts import tables_of

EDGES = 2  # of a framed picture, its hairlines


@cache
def ramp(k: int = 2) -> Graph:
    """Of the image (3, 1): fc = (4, 2, -3), and the first logit 4 + 2 * 2 + 0."""
    net = Ramp()
    return graph(Run(net, torch.tensor([[3.0, 1.0]]), stages(list_layers(net, (2,)), "logits")), 0, k=k)


@cache
def real(model: str, layer: str, unit: int, k: int = 5, rows: int = 3) -> Graph:
    net = load(model, weights="trained")
    run = Run(net, digits_of_test().images[[7]], stages(list_layers(net, (1, 28, 28)), layer))
    return graph(run, unit, k=k, rows=rows)


REAL = [("cnn", "relu3", 16), ("dense", "logits", 9), ("dense-video", "logits", 9), ("rnn", "lstm2", 12)]


def looks(found: Graph, **more: object) -> charts.Looks:
    picture = Image.new("RGB", (58, 58))
    pictures = {(node.stage.layer.name, node.unit): [picture] for row in found.rows for node in row}
    return charts.Looks(pictures, Image.new("RGB", (114, 114)), "the input", {}, "light", **more)  # type: ignore[arg-type]


def tables(found: Graph, chosen: str = "") -> dict[str, pd.DataFrame]:
    return tables_of(charts.circuit(found, looks(found), chosen))


def read(text: str) -> float:
    return float(text.replace("−", "-").replace("+", ""))


def test_parts_of_a_net_solved_by_hand_stand_below_it_with_what_they_contribute() -> None:
    found = tables(ramp())
    assert found["nodes"].node.tolist() == ["relu/0", "relu/1"]
    assert found["edges"].edge.tolist() == ["logits/0>relu/0", "logits/0>relu/1"]
    assert found["edges"].text.tolist() == ["+4.00", "+4.00"]
    texts = found["texts"].text.tolist()
    for words in ("logits/0", "8.00", "= shown +8.00, others +0.00", "bias +0.00", "1 others", "4.00", "= pixels +4.00",
                  "2.00", "the input"):  # fmt: skip
        assert words in texts
    fewer = tables(ramp(1))
    assert fewer["edges"].text.tolist() == ["+4.00"] and "= shown +4.00, others +4.00" in fewer["texts"].text.tolist()


@pytest.mark.parametrize("at", REAL)
def test_every_nodes_numbers_add_up_on_the_screen(at: tuple[str, str, int]) -> None:
    found = real(*at)
    for row in found.rows:
        for node in row:
            value, *terms = numbers(node)
            shown = [read(term) for line in terms for term in re.findall(r"[+−]\d+\.\d+", line)]
            total = read(re.findall(r"−?\d+\.\d+", value)[0])
            assert abs(sum(shown) - total) <= 0.006 * (len(shown) + 1), (value, terms)
            assert abs(total - node.split.value) <= 0.0051


@pytest.mark.parametrize("at", REAL)
def test_edges_and_the_rest_add_up_to_what_stands_at_the_node(at: tuple[str, str, int]) -> None:
    found = real(*at)
    lines = tables(found)["lines"]
    for row in found.rows[:-1]:
        for node in row:
            own = lines[lines.upper == charts.address(node)]
            texts = [read(text) for text in own.text]
            assert len(texts) == len(node.edges) + 1
            assert abs(sum(texts) + node.split.bias - node.split.value) <= 0.006 * len(texts)


def test_an_edge_is_as_wide_as_its_contribution_is_large_and_its_colour_is_the_sign() -> None:
    found = real("cnn", "relu3", 16)
    lines = tables(found)["lines"]
    first = lines[(lines.upper == charts.address(found.root)) & (lines.edge != "")]
    values = np.array([found.root.edges[node.unit] for node in found.rows[1]])
    widths = first.width.to_numpy()
    assert widths.max() == WIDE and ((widths - THIN) / (WIDE - THIN)) == pytest.approx(abs(values) / abs(values).max())
    both = lines[lines.edge != ""]
    assert set(both.sign) == {"excites", "inhibits"}
    assert all((sign == "inhibits") == text.startswith("−") for sign, text in zip(both.sign, both.text, strict=True))
    red, _, blue = (int(EXCITES[place : place + 2], 16) for place in (1, 3, 5))
    assert red > 2 * blue
    red, _, blue = (int(INHIBITS[place : place + 2], 16) for place in (1, 3, 5))
    assert blue > red


def test_rows_with_many_edges_have_thinner_ones() -> None:
    many, few = (tables(real("cnn", "relu3", 16, k))["lines"] for k in (8, 3))
    assert many[many.edge.str.startswith("relu2")].width.max() < few[few.edge.str.startswith("relu2")].width.max()


def test_cards_stand_in_rows_without_touching_within_the_chart() -> None:
    found = real("cnn", "relu3", 16, 8)
    spec = charts.circuit(found, looks(found))
    nodes = tables_of(spec)["nodes"]
    assert nodes.left.min() >= 0 and nodes.right.max() <= spec["width"] and nodes.bottom.max() < spec["height"]
    for _, row in nodes.groupby("top"):
        assert all(right < left for (right, _), (_, left) in pairwise(sorted(zip(row.right, row.left, strict=True))))
    tops = sorted(set(nodes.top))
    assert all(after > nodes[nodes.top == before].bottom.max() + 40 for before, after in pairwise(tops))


def test_edges_lead_from_card_to_card_and_the_last_ones_to_the_input() -> None:
    found = real("cnn", "relu3", 16)
    there = tables(found)
    nodes = there["nodes"].set_index("node")
    for line in there["lines"].itertuples():
        assert line.top < line.bottom
        if line.upper in nodes.index:
            assert nodes.left[line.upper] < line.left < nodes.right[line.upper]
        if line.lower:
            assert nodes.left[line.lower] < line.right < nodes.right[line.lower]
            assert nodes.top[line.lower] > line.bottom
    last = there["lines"][there["lines"].upper.isin([charts.address(node) for node in found.rows[-1]])]
    assert last.right.nunique() == 1 and len(last) == len(found.rows[-1])


def test_rows_that_end_above_the_pixels_say_so() -> None:
    found = real("cnn", "logits", 9, 3, 1)
    there = tables(found)
    last = there["lines"][there["lines"].sign == "more layers"]
    assert len(last) == 3 and set(last.text) == {""}
    assert sum(text.startswith("= all 48 of relu3") for text in there["texts"].text) == 3


def test_a_unit_that_reads_the_pixels_has_no_node_below_it() -> None:
    there = tables(real("cnn", "relu1", 3))
    assert not len(there["nodes"]) and not len(there["edges"]) and len(there["lines"]) == 1
    assert any(text.startswith("= pixels") for text in there["texts"].text)


def test_the_edge_of_the_link_is_marked_and_no_other() -> None:
    assert tables(ramp(), "logits/0>relu/1")["chosen"].edge.tolist() == ["logits/0>relu/1"]
    assert not len(tables(ramp())["chosen"]) and not len(tables(ramp(), "logits/0>relu/7")["chosen"])


def test_clicks_select_nodes_and_edges_and_the_keyboard_is_offered_both() -> None:
    spec = charts.circuit(ramp(), looks(ramp()))
    names = {param["name"] for param in spec["params"]}
    assert {charts.NODE, charts.EDGE} <= names
    assert charts.choices(spec, charts.NODE) == ["relu/0", "relu/1"]
    assert charts.choices(spec, charts.EDGE)[:2] == ["logits/0>relu/0", "logits/0>relu/1"]


def test_the_graph_is_described_in_words() -> None:
    said = charts.circuit(ramp(), looks(ramp()))["description"]
    assert said == (
        "logits/0 taken apart, 8.00 in all: relu/0 +4.00, relu/1 +4.00, others +0.00, bias +0.00. "
        "Below it: of relu 0, 1; at the bottom: the input."
    )


def colours(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB"))[1:-1, 1:-1].astype(int)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_neurons_bar_is_as_high_as_its_share(value: float) -> None:
    picture = colours(activation_picture(torch.tensor(2 * value), (), 2.0, "light"))
    assert picture.shape[:2] == (SIDE, BAR)
    assert (picture[:, 0].sum(1) < 100).sum() == round(SIDE * value)


def test_below_zero_the_bar_is_purple() -> None:
    red, _, blue = colours(activation_picture(torch.tensor(-1.0), (), 1.0, "light"))[-1, 0]
    assert blue > red


@pytest.mark.parametrize(
    ("shape", "place"), [((28, 28), (20, 3)), ((7, 7), (0, 6)), ((112, 112), (60, 111)), ((28,), (27,))]
)
def test_the_place_of_a_map_is_framed(shape: tuple[int, ...], place: tuple[int, ...]) -> None:
    picture = colours(activation_picture(torch.ones(shape), place, 1.0, "light"))
    framed = (picture == np.array(MARK)).all(2).nonzero()
    assert len(framed[0])
    middle = (framed[0].min() + framed[0].max() + 1) / 2
    assert abs(middle - (place[0] + 0.5) * SIDE / shape[0]) <= 4
    if len(shape) == 2:
        assert abs((framed[1].min() + framed[1].max() + 1) / 2 - (place[1] + 0.5) * SIDE / shape[1]) <= 4


def test_a_product_picture_shows_the_seen_pixels_orange_and_purple() -> None:
    parts = torch.zeros(1, 28, 28)
    parts[0, 10, 10], parts[0, 12, 12], parts[0, 0, 0] = 1.0, -1.0, 9.0
    picture = colours(product_picture(parts, (slice(9, 14), slice(9, 14))))
    cell = picture.shape[0] // 5
    assert picture.shape[0] == 5 * cell and cell == SIDE // 5
    middle = [picture[int((place + 0.5) * cell), int((place + 0.5) * cell)] for place in (1, 3, 0)]
    assert middle[0][0] > 2 * middle[0][2] and middle[1][2] > middle[1][0] and middle[2].min() > 240


def test_what_is_seen_is_cut_out_where_it_is_small_and_nothing_where_it_is_all() -> None:
    image = torch.zeros(1, 28, 28)
    image[0, 5, 5] = 1
    assert seen_picture(image, (slice(0, 28), slice(0, 28))) is None
    small = seen_picture(image, (slice(4, 7), slice(4, 7)))
    assert small is not None and small.width == 3 * (SIDE // 3) + EDGES
    assert colours(small)[SIDE // 2, SIDE // 2].sum() < 100
    whole = seen_picture(image, (slice(0, 28), slice(0, 5)))
    assert whole is not None and whole.width == 56 + EDGES
    assert colours(whole)[11, 11].sum() > 300  # faint: it is not seen


def test_the_input_has_a_frame_round_what_each_unit_sees() -> None:
    picture = colours(input_picture(torch.zeros(1, 28, 28), [(slice(4, 8), slice(10, 20))], 112, "#0072B2"))
    framed = (picture == np.array([0, 0x72, 0xB2])).all(2).nonzero()
    assert (framed[0].min(), framed[0].max(), framed[1].min(), framed[1].max()) == (16, 31, 40, 79)


def test_what_a_unit_does_stands_beside_what_was_predicted() -> None:
    curves = {charts.MEASURED: [1.0, 2.0, 4.0], charts.BY_GRAPH: [0.0, 2.0, 4.0], charts.BY_GRADIENT: [1.5, 2.0, 2.5]}
    spec = charts.steered(curves, [0.0, 1.0, 2.0], 0.5, "pre-activation", "cnn", "light")
    there = tables_of(spec)
    assert there["now"].times.tolist() == [0.5]
    assert there["curves"].groupby("kind", sort=False).value.apply(list).to_dict() == curves
    assert "measured from 1 to 4; predicted by the graph from 0 to 4" in spec["description"]


def test_the_answer_before_and_after_names_what_moves() -> None:
    spec = charts.before_and_after(["2", "3", "4"], [10.0, 90.0, 0.1], [60.0, 40.0, 0.2], "rnn", "dark")
    assert spec["description"] == "The answer: 2 from 10 to 60 %, 3 from 90 to 40 %."
    shares = tables_of(spec)["shares"]
    assert shares.before.tolist() == [10, 90, 0.1] and shares.after.tolist() == [60, 40, 0.2]
