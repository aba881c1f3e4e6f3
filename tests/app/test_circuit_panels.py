"""The panels of the page Circuits by themselves: the arithmetic, the scissors, the picture put together."""

import math
import re

import pytest
from streamlit.testing.v1 import AppTest

from tests.visits import charts


def drawn(panel: str, root: str = "cnn/relu3/4", digit: int = 7, k: int = 5, **more: object) -> AppTest:
    """A panel for a unit on a test image; `more` goes to the panel."""

    def script(panel: str, root: str, digit: int, k: int, more: dict[str, object]) -> None:
        import importlib

        from core.units import Unit
        from pages.graphs.situation import Situation
        from pages.inputs import nets

        image = nets.test_images().images[[digit]]
        situation = Situation(Unit.parse(root), "trained", image, None, k, 3, "light")
        getattr(importlib.import_module(f"pages.graphs.{panel}"), panel)(situation, **more)

    at = AppTest.from_function(script, default_timeout=60, kwargs={
        "panel": panel, "root": root, "digit": digit, "k": k, "more": more,
    }).run()  # fmt: skip
    assert not at.exception
    return at


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"[+-]?\d+\.\d+", text.replace("−", "-"))]


def terms(at: AppTest) -> dict[str, float]:
    """The terms by name, as they are displayed, and the total."""
    (table,) = [text for text in charts(at) if "pre-activation" in text]
    rows = [row.split(",") for row in table.splitlines() if re.search(r",[+−]\d+\.\d{3},", row)]
    return {row[1]: next(numbers(cell)[0] for cell in row if re.fullmatch(r"[+−]\d+\.\d{3}", cell)) for row in rows}


@pytest.mark.parametrize(
    ("unit", "layer", "index", "place"),
    [("cnn/relu3/4", "relu3", 4, "at row"), ("dense/logits/9", "logits", 9, ""),
     ("dense-video/logits/9", "logits", 9, ""), ("rnn/logits/9", "logits", 9, ""),
     ("cnn/conv1/3", "relu1", 3, "at row")],
)  # fmt: skip
def test_what_is_displayed_adds_up_to_the_pre_activation(unit: str, layer: str, index: int, place: str) -> None:
    at = drawn("arithmetic", unit, layer=layer, unit=index, part=None)
    shown = terms(at)
    total = shown.pop("pre-activation")
    assert "bias" in shown and sum(shown.values()) == pytest.approx(total, abs=0.0005 * len(shown) + 1e-9)
    (about, squashed) = (block.value for block in at.markdown)
    assert f"`{layer}/{index}`" in about and place in about
    assert numbers(squashed)[0] == pytest.approx(total, abs=0.0006)


def test_the_part_that_was_clicked_is_shown_whichever_it_is() -> None:
    for part in (0, 11, 23):
        at = drawn("arithmetic", layer="relu3", unit=4, part=part)
        assert f"relu2/{part}" in terms(at) and any(f"relu2/{part} pooled" in text for text in charts(at))
    assert "averaged over 2 x 2 places (**pool2**)" in at.markdown[0].value


def test_a_unit_that_does_not_stand_in_the_graph_is_named() -> None:
    at = drawn("arithmetic", layer="relu3", unit=5, part=None)
    assert at.info[0].value.startswith("relu3/5 does not stand in this graph") and not at.get("vega_lite_chart")


@pytest.mark.parametrize("layer", ["lstm1", "lstm2"])
def test_a_cells_equations_hold_with_the_numbers_put_in(layer: str) -> None:
    def script(layer: str) -> None:
        from core.units import Unit
        from pages.graphs.arithmetic import arithmetic
        from pages.graphs.situation import Situation
        from pages.inputs import nets

        s = Situation(Unit("rnn", "logits", 9), "trained", nets.test_images().images[[7]], None, 5, 3, "light")
        node = next(node for row in s.graph.rows for node in row if node.stage.layer.name == layer)
        arithmetic(s, layer, node.unit, 30)

    at = AppTest.from_function(script, default_timeout=60, kwargs={"layer": layer}).run()
    assert not at.exception
    words = next(block.value for block in at.markdown if block.value.startswith("Memory"))
    forget, before, write, new, memory, out, again, state = numbers(words)
    assert memory == again == pytest.approx(forget * before + write * new, abs=0.003)
    assert abs(state) == pytest.approx(abs(out) * abs(math.tanh(memory)), abs=0.002)
    assert any(caption.value.startswith("What **lstm1/30** has added") for caption in at.caption) == (layer == "lstm2")
