"""The panels of the page Circuits by themselves: the arithmetic, the scissors, the picture put together."""

import math
import re

import pytest
from streamlit.testing.v1 import AppTest

from core.circuits.contributions import Run, stages
from core.circuits.graph import graph
from core.data.digits import EXAMPLE
from core.data.digits import test_set as mnist
from core.layers import list_layers, record
from core.models import load
from core.units import Unit
from tests.visits import charts, until


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


def test_the_scissors_say_what_a_cut_of_the_named_units_does() -> None:
    at = drawn("scissors", k=5)
    unit, answer, _ = (block.value for block in at.markdown)
    before, named, drawn_, *_ = numbers(unit)
    assert "Without its 5 named units **`relu3/4`** falls" in unit and named < drawn_ < before
    shares = [int(share) for share in re.findall(r"(-?\d+)\s%", unit.replace("−", "-"))]
    assert shares[0] == round(100 * (1 - named / before)) and shares[2] <= shares[1] <= shares[3]
    assert "The answer stays **9**, whose probability goes from 99" in answer
    sure = drawn("scissors", "cnn/relu3/16", EXAMPLE).markdown[1].value
    assert "whose probability stays at **100" in sure and "goes" not in sure
    assert any(caption.value.startswith("It depends on the assumption") for caption in at.caption)
    assert any("16 test images" in caption.value for caption in at.caption) and len(at.get("vega_lite_chart")) == 4


def test_the_named_units_are_those_of_the_graph_and_the_switch_says_what_takes_their_place() -> None:
    def script(fill: str) -> None:
        import torch

        from core.circuits.cuts import cut
        from core.units import Unit
        from pages.graphs import scissors
        from pages.graphs.situation import Situation
        from pages.inputs import nets

        s = Situation(Unit("cnn", "relu3", 4), "trained", nets.test_images().images[[7]], None, 3, 3, "light")
        named = [node.unit for node in s.graph.rows[1]]
        filling = s.means["relu2"] if fill == "their mean" else torch.zeros(24, 14, 14)
        left = cut(s.net, s.image, "relu2", [named], filling, ["relu3"])["relu3"][0, 4]
        import streamlit as st

        st.session_state["expected"] = float(left[s.graph.root.place])
        st.session_state["fill"] = fill
        scissors.scissors(s)

    for fill in ("their mean", "zero"):
        at = AppTest.from_function(script, default_timeout=60, kwargs={"fill": fill}).run()
        assert not at.exception
        assert numbers(at.markdown[0].value)[1] == round(at.session_state["expected"], 2)


def test_a_unit_that_reads_the_image_has_nothing_to_cut() -> None:
    at = drawn("scissors", "cnn/conv1/3")
    assert "is built of is pixels" in at.markdown[0].value and not at.get("vega_lite_chart")


def silent_unit(digit: int) -> str:
    answers = record(load("cnn"), mnist().images[[digit]], ["relu4"])["relu4"][0].flatten(1).amax(1)
    return f"cnn/relu4/{int((answers == 0).nonzero()[0])}"


def test_named_units_that_inhibit_are_counted() -> None:
    def counted(root: str) -> int:
        words = re.search(r"\((\d+) of which inhibits? it\)", drawn("scissors", root, k=8).markdown[0].value)
        return int(words[1]) if words else 0

    def inhibiting(root: str) -> int:
        unit = Unit.parse(root)
        net = load(unit.model)
        run = Run(net, mnist().images[[7]], stages(list_layers(net, (1, 28, 28)), unit.layer))
        return sum(value < 0 for value in graph(run, unit.index, k=8).root.edges.values())

    found = [counted(root) for root in ("cnn/relu3/4", "dense/relu2/50", "rnn/lstm2/9")]
    assert found == [inhibiting(root) for root in ("cnn/relu3/4", "dense/relu2/50", "rnn/lstm2/9")] and max(found) > 0


def test_a_silent_unit_has_no_response_to_lose() -> None:
    at = drawn("scissors", silent_unit(7))
    assert "It is not above zero here, so there is no response to lose" in at.markdown[0].value
    assert len(at.get("vega_lite_chart")) == 2


def finished(at: AppTest) -> AppTest:
    return until(at, lambda at: any("put together from" in block.value for block in at.markdown))


@pytest.mark.parametrize("root", ["cnn/relu3/4", "rnn/lstm2/9", "dense/logits/9"])
def test_the_picture_put_together_comes_by_itself_beside_random_ones_and_the_twins(root: str) -> None:
    at = finished(drawn("assembled", root, k=4))
    (words,) = [block.value for block in at.markdown if "put together from" in block.value]
    trained, twin = words.split("\n\n")
    assert trained.startswith("**Trained**: put together from 4 named units") and twin.startswith(
        "**The untrained twin**"
    )
    said = [caption.value.replace("−", "-") for caption in at.caption]
    own, *reached = [each for each in said if re.match(r"-?[\d.]+(,|$)", each)][:5]
    shares = [int(share) for share in re.findall(r"(-?\d+)\s%", trained.replace("−", "-"))]
    assert len(reached) == 4 and [f"{shares[0]}\u00a0%" in reached[0], float(own) > 0] == [True, True]
    drawn_ = [int(re.findall(r"(-?\d+)\s%", each)[0]) for each in reached[1:]]
    assert (shares[2], shares[3]) == (min(drawn_), max(drawn_)) and shares[2] <= shares[1] <= shares[3]
    assert ("more than any of them" in trained) == (shares[0] > max(drawn_))
    assert len(at.get("image")) == 10 and not any(button.label == "Put it together" for button in at.button)


def test_without_a_prior_is_another_job() -> None:
    at = finished(drawn("assembled", k=4))
    first = [block.value for block in at.markdown if "put together from" in block.value]
    at.segmented_control(key="together").set_value("without a prior").run()
    at = finished(at)
    assert [block.value for block in at.markdown if "put together from" in block.value] != first


def test_of_pixels_nothing_is_put_together_and_a_silent_unit_is_said_to_be_silent() -> None:
    assert "nothing to climb" in drawn("assembled", "cnn/relu1/3").markdown[0].value
    assert "On this input it is not above zero" in drawn("assembled", silent_unit(7)).markdown[0].value
