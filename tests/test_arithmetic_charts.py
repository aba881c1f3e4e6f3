"""Products, terms and gates as charts: readable numbers, partners that share a number, a total that is the sum."""

import numpy as np
import pytest

from core import charts
from core.charts.arithmetic import HEAD, NAMES, NUMBERS, READABLE, WIDTH, short
from core.charts.gates import ROOM


@pytest.mark.parametrize(
    ("value", "most", "text"),
    [(0, 4, "0"), (0.344, 4, ".34"), (-1.23, 4, "−1.2"), (15.2, 4, "15"), (-0.004, 4, "0"), (0.004, 5, ".004"),
     (0.083, 4, ".08"), (0.083, 5, ".083"), (-0.0996, 5, "−.10"), (0.996, 4, "1.0"), (9.96, 4, "10"), (0.5, 5, ".50"),
     (-0.0001, 5, "0")],
)  # fmt: skip
def test_a_number_in_a_cell_is_short_and_never_a_zero_with_a_sign(value: float, most: int, text: str) -> None:
    assert short(value, most) == text and len(text) <= most


def grids(rows: int, columns: int) -> list[charts.Grid]:
    rng = np.random.default_rng(0)
    values, weights = rng.normal(size=(2, rows, columns))
    return [charts.Grid(name, part, float(np.abs(part).max()))
            for name, part in (("a", values), ("b", weights), ("c", values * weights))]  # fmt: skip


@pytest.mark.parametrize(("rows", "columns"), [(3, 3), (5, 5), (7, 7), (28, 28)])
def test_products_fit_a_phone_and_partners_share_a_number(rows: int, columns: int) -> None:
    three = grids(rows, columns)
    spec = charts.products(three, np.ones((rows, columns), bool), "about", "light")
    cells = spec["datasets"]["cells"]
    assert cells.right.max() <= WIDTH and spec["width"] == WIDTH and cells.bottom.max() <= spec["height"]
    assert (cells.groupby("cell").size() == 3).all() and len(cells) == 3 * rows * columns
    for _, partners in cells.groupby("cell"):
        assert partners.said.nunique() == 1
    middle = three[0].values.size // 2
    value, weight = three[0].values.flat[middle], three[1].values.flat[middle]
    said = f"{value:.3g} × {weight:.3g} = {value * weight:.3g}".replace("-", "−")
    assert cells.said[cells.cell == middle].tolist() == [said] * 3
    assert (cells.number != "").all() == ((cells.right - cells.left).min() >= READABLE)
    (hover,) = spec["params"]
    assert hover["select"]["fields"] == ["cell"] and hover["select"]["on"] == "pointerover"


def test_equal_cells_of_three_grids_lie_at_equal_places_of_their_grids() -> None:
    cells = charts.products(grids(5, 5), np.ones((5, 5), bool), "about", "dark")["datasets"]["cells"]
    corners = cells[cells.cell == 0]
    moved = cells[cells.cell == 7]
    assert (moved.left.to_numpy() - corners.left.to_numpy()).tolist() == [2 * (cells.right - cells.left).iloc[0]] * 3
    assert corners.top.tolist() == [HEAD] * 3


def test_cells_outside_have_a_colour_of_their_own_and_zero_is_white() -> None:
    inside = np.array([[False, True], [True, True]])
    grid = [charts.Grid("a", np.array([[0.0, 0.0], [1.0, -1.0]]), 1.0)] * 3
    cells = charts.products(grid, inside, "about", "light")["datasets"]["cells"]
    colours = cells.groupby("cell").colour.first()
    assert colours[1] == "#f7f7f7" and colours[0] not in colours[1:].tolist() and colours[2] != colours[3]


def test_a_list_has_a_label_a_row() -> None:
    spec = charts.products(grids(6, 1), np.ones((6, 1), bool), "about", "light", [f"relu1/{n}" for n in range(6)])
    words, cells = spec["datasets"]["words"], spec["datasets"]["cells"]
    labels = words[words["align"] == "right"]
    middles = (cells.top + cells.bottom)[:6] / 2
    assert labels.text.tolist() == [f"relu1/{n}" for n in range(6)] and labels.y.tolist() == middles.tolist()
    assert cells.right.max() <= WIDTH


def test_terms_stand_from_zero_and_the_total_is_their_sum() -> None:
    spec = charts.addends(["relu1/3", "20 others", "bias"], [0.5, -0.75, 0.125], "pre-activation", "light", "relu1/3")
    terms = spec["datasets"]["terms"].set_index("name")
    assert terms.said["pre-activation"] == "−0.125" and terms.said["relu1/3"] == "+0.500"
    long = terms.right - terms.left
    assert long["20 others"] == pytest.approx(6 * long["bias"]) and long["relu1/3"] == pytest.approx(4 * long["bias"])
    assert (terms.left >= terms.zero - 1e-9)[["relu1/3", "bias"]].all() and terms.right["20 others"] == terms.zero.iloc[
        0
    ]
    assert terms.left.min() == pytest.approx(NAMES) and terms.right.max() == pytest.approx(WIDTH - NUMBERS)
    assert terms.colour["relu1/3"] == terms.colour["bias"] != terms.colour["20 others"]
    assert terms.weight.tolist() == ["bold", "normal", "normal", "bold"]
    assert "−0.750" in spec["description"] and "-0.125" in spec["description"]


def test_a_sum_of_nothing_is_drawn_too() -> None:
    terms = charts.addends(["bias"], [0.0], "pre-activation", "dark")["datasets"]["terms"]
    assert terms.said.tolist() == ["+0.000", "+0.000"] and (terms.left == terms.right).all()


def test_a_gate_has_a_row_and_its_cells_light_up_together() -> None:
    columns = [charts.Grid(name, np.array([[0.1], [0.2], [-0.3], [0.4]]), 1.0) for name in ("W x", "V h", "b", "z")]
    spec = charts.gate_table(columns, ["i", "f", "g", "o"], "about", "light")
    cells = spec["datasets"]["cells"]
    assert cells.groupby("cell").top.nunique().tolist() == [1] * 4 and cells.right.max() <= WIDTH
    assert cells.said[cells.cell == 2].tolist() == [f"g: {name} = -0.3" for name in ("W x", "V h", "b", "z")]


@pytest.mark.parametrize("count", [28, 64])
def test_strips_have_a_line_each_and_columns_share_a_number(count: int) -> None:
    lines = [charts.Grid(name, np.linspace(-1, 1, count)[None], 1.0) for name in "abcde"]
    cells = charts.strips(lines, [f"{n}" for n in range(count)], "about", "light")["datasets"]["cells"]
    assert cells.groupby("cell").left.nunique().tolist() == [1] * count and cells.right.max() <= WIDTH
    assert (cells.left >= ROOM).all() and cells.said[cells.cell == 9].tolist() == ["9"] * 5


def test_a_bar_a_row_of_the_image_counted_from_1() -> None:
    spec = charts.over_steps(np.array([0.5, -0.5, 0.0]), "about", "light")
    steps = spec["datasets"]["steps"]
    assert steps.row.tolist() == [1, 2, 3] and steps.colour[0] != steps.colour[1]


def test_what_was_asked_for_is_bold() -> None:
    inside = np.ones((3, 3), bool)
    words = charts.products(grids(3, 3), inside, "about", "light", bold="a")["datasets"]["words"]
    assert words.text[words.weight == "bold"].tolist() == ["a"]
    plain = charts.products(grids(3, 3), inside, "about", "light")["datasets"]["words"]
    assert (plain.weight == "normal").all()
