"""The Circuits page: any unit taken apart, on any input, and what is wrong with a link."""

import re
from urllib.parse import quote

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core import atlas
from core.circuits import scores
from core.circuits.contributions import Run, stages
from core.circuits.graph import graph
from core.data.digits import EXAMPLE, test_set
from core.models import DIGIT_NETS, load
from pages.frame import clickable
from tests.visits import charts, fine, page

LINKED = ("unit", "input", "whose", "parts", "levels", "at", "edge", "turned", "times", "closer", "of", "digit", "ink",
          "photo")  # fmt: skip
TURN, STIMULUS, STRONGEST = "turn a unit", "its stimulus", "its strongest image"
FIRST = {"dense": "dense/relu2/56", "dense-video": "dense-video/logits/8", "cnn": "cnn/relu3/16",
         "rnn": "rnn/lstm2/12", "photo": "photo/block2/6"}  # fmt: skip


def circuits(**values: object) -> AppTest:
    return page("circuits", LINKED, **values)


def the_graph(at: AppTest) -> str:
    return next(chart for chart in charts(at) if "more layers" in chart or ",excites," in chart)


def nodes(at: AppTest) -> list[str]:
    """The addresses below the root, from the table beside the chart's list for the keyboard."""
    box = next(box for box in at.selectbox if box.label == clickable.OFFERS["node"])
    return list(box.options)


def take(at: AppTest, what: str, value: str) -> AppTest:
    """What a click does, by the list for the keyboard."""
    next(box for box in at.selectbox if box.label == clickable.OFFERS[what]).set_value(value)
    return fine(at.run())


def kept(at: AppTest) -> int:
    (block,) = [block.proto.body for block in at.get("html") if '<span class="share">kept' in block.proto.body]
    return int(re.findall(r'class="label">(\d+) %', block)[0])


def markdown(at: AppTest) -> str:
    return "\n".join(block.value for block in at.markdown)


def test_the_page_opens_on_a_unit_taken_apart_beside_its_controls() -> None:
    at = fine(circuits())
    unit = FIRST["cnn"]
    assert f"of the influence on `{unit}` lies on ways through these 10 units" in markdown(at)
    net = load("cnn", weights="trained")
    run = Run(net, test_set().images[[EXAMPLE]], stages(atlas.layers_of("cnn"), "relu3"))
    assert kept(at) == round(100 * graph(run, int(unit.split("/")[-1]), k=5, rows=3).kept)
    assert "relu3/16 at" in the_graph(at) and f"test image {EXAMPLE}" in the_graph(at)
    assert not at.info


@pytest.mark.parametrize("model", FIRST)
def test_every_net_opens_on_a_unit_that_its_graph_keeps_better_than_units_at_random(model: str) -> None:
    at = fine(circuits(unit=FIRST[model]))
    (said_so,) = [block.value for block in at.markdown if "As many at random keep" in block.value]
    at_random = int(re.findall(r"at random keep \*\*(\d+) %", said_so)[0])
    assert kept(at) >= 2 * at_random and kept(at) >= 40
    assert not at.info


@pytest.mark.parametrize("model", DIGIT_NETS)
def test_a_class_is_taken_apart_on_every_input(model: str) -> None:
    for shown, words in ((STIMULUS, f"what {model}/logits/3 looks for"), (STRONGEST, "excites")):
        at = fine(circuits(unit=f"{model}/logits/3", input=shown))
        assert words in the_graph(at) and "3" in the_graph(at)


def test_a_photos_unit_is_taken_apart_between_blocks_on_every_input() -> None:
    at = fine(circuits(unit="photo/logits/285", photo="cat", levels=2))
    assert "Egyptian cat" in the_graph(at) and "all 320 of block16" not in the_graph(at)
    assert "gap" in the_graph(at) and "more layers" in the_graph(at)
    at = fine(circuits(unit="photo/block2/6", input=STIMULUS))
    assert "what photo/block2/6 looks for, enlarged" in the_graph(at)


def test_a_click_on_a_node_makes_it_the_root_at_its_place_and_on_the_same_image() -> None:
    at = fine(circuits(unit="cnn/relu3/16", digit="7", input=STIMULUS))
    node = nodes(at)[0]
    name, place = node.split("@")
    take(at, "node", node)
    assert at.query_params["unit"] == f"cnn/{name}"
    assert at.text_input(key="at").value == place
    assert at.query_params["whose"] == "cnn/relu3/16" and "what cnn/relu3/16 looks for" in the_graph(at)
    again = fine(circuits(unit=f"cnn/{name}", at=place, input=STIMULUS, whose="cnn/relu3/16"))
    assert the_graph(again) == the_graph(at)
    below = [each for each in nodes(again) if each.startswith("relu1")]
    take(again, "node", below[0])
    assert again.query_params["whose"] == "cnn/relu3/16"


def test_a_click_on_an_edge_opens_its_arithmetic() -> None:
    at = fine(circuits(unit="cnn/relu3/16"))
    box = next(box for box in at.selectbox if box.label == clickable.OFFERS["edge"])
    edge = next(each for each in box.options if each.startswith("relu2"))
    above, _ = edge.split(">")
    take(at, "edge", edge)
    assert at.query_params["edge"] == edge
    assert any(f"**`{above}`**" in block.value for block in at.markdown)


def test_another_net_begins_with_a_unit_of_its_own() -> None:
    at = fine(circuits(unit="cnn/relu3/16", at="3-3", edge="relu3/16>relu2/6"))
    at.segmented_control(key="net-cnn").set_value("dense")
    fine(at.run())
    assert at.query_params["unit"] == FIRST["dense"] and "edge" not in at.query_params
    assert not at.text_input(key="at").value and not at.info
    next(box for box in at.selectbox if box.label == "Layer").set_value("logits")
    fine(at.run())
    assert at.query_params["unit"] == "dense/logits/9"
    next(box for box in at.selectbox if box.label == "Unit").set_value(3)
    assert fine(at.run()).query_params["unit"] == "dense/logits/3"


def test_fewer_rows_and_more_units_change_the_graph() -> None:
    few, more, many = (fine(circuits(unit="cnn/logits/9", digit="7", levels=rows, parts=parts))
                       for rows, parts in ((1, 2), (4, 2), (4, 8)))  # fmt: skip
    assert [len(nodes(at)) for at in (few, more, many)] == [2, 8, 32]
    assert kept(more) < kept(few) and kept(more) < kept(many)


def test_with_more_units_a_row_than_there_are_all_are_shown() -> None:
    at = fine(circuits(unit="dense-video/logits/8", parts=8))
    assert len(nodes(at)) == 16 and "8 others" in the_graph(at)


def test_a_unit_that_reads_the_pixels_has_them_as_parts() -> None:
    at = fine(circuits(unit="cnn/relu1/7"))
    assert "reads the pixels themselves" in markdown(at) and "= pixels" in the_graph(at)
    at.segmented_control(key="closer").set_value(TURN)
    assert "there is no unit below it to turn" in markdown(fine(at.run()))


def test_a_silent_unit_is_said_to_be_with_what_holds_it_down() -> None:
    at = fine(circuits(unit="cnn/relu4/3", at="1-1", digit="7"))
    (words,) = [block.value for block in at.markdown if "Held down" in block.value]
    value, more = re.findall(r"pre-activation is −(\d\.\d\d), so that it would need (\d\.\d\d) more", words)[0]
    assert value == more and "Held down most by `relu3/" in words
    assert f"−{value}, activation 0.00" in the_graph(at)
    assert "is silent" not in markdown(fine(circuits(unit="cnn/relu3/16")))


def test_a_turned_unit_moves_the_root_and_the_answer() -> None:
    at = fine(circuits(unit="dense/logits/8", closer=TURN, turned="relu2/19", times="1"))
    (words,) = [block.value for block in at.markdown if "of its activation" in block.value or "times**" in block.value]
    assert "`relu2/19` at **1.0 times**" in words and "changes by **+0.00**" in words
    at.slider(key="times").set_value(0.0)
    (words,) = [block.value for block in fine(at.run()).markdown if "times**" in block.value]
    lost = re.findall(r"changes by \*\*(−\d\.\d\d)\*\*", words)[0]
    assert f"The graph predicted {lost}, the gradient over all ways {lost}" in words  # a linear layer reads it
    next(box for box in at.selectbox if box.label == "Unit of the graph").set_value("relu1/23")
    assert fine(at.run()).query_params["turned"] == "relu1/23"


def test_how_well_graphs_predict_in_general_is_what_the_shipped_scores_say() -> None:
    at = fine(circuits(unit="cnn/relu3/16", closer=TURN))
    (words,) = [block.value for block in at.markdown if block.value.startswith("In general")]
    table = pd.read_csv(scores.TABLE).query("measure == 'R²' and model == 'cnn' and weights == 'trained' and row == 0")
    means = table.groupby("by").value.mean()
    for by in ("edges, k = 5", "edges, k = 15", "gradient"):
        assert f"{means[by]:.2f}" in words
    assert "In general, over" not in markdown(fine(circuits(unit="photo/block2/6", closer=TURN)))


def test_the_untrained_twin_is_taken_apart_too() -> None:
    at = fine(circuits(unit="cnn/relu3/16", of="untrained"))
    assert kept(at) != kept(fine(circuits(unit="cnn/relu3/16"))) and "twin's own graph" not in markdown(at)


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"unit": "cnn/relu3/99"}, "There is no unit"), ({"unit": "x"}, "address reads"),
        ({"unit": "lenet/conv1/0"}, "lenet"), ({"at": "99-1"}, "The places of cnn/relu3/16 are 1 to 7 by 1 to 7"),
        ({"at": "0-1"}, "The places of"), ({"at": "x"}, "The places of"), ({"at": "٣-1"}, "The places of"),
        ({"unit": "dense/relu2/3", "at": "1"}, "a neuron, which has no places"),
        ({"edge": "relu9/1>x"}, "The graph has no edge"), ({"digit": "x"}, "test images are numbered"),
        ({"unit": "photo/block2/6", "photo": "own"}, "Choose a photo"),
        ({"unit": "cnn/relu3/16", "input": STIMULUS, "of": "shuffled"}, "has not been computed"),
        ({"whose": "cnn/relu3/999", "input": STIMULUS}, "There is no unit"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_link_gets_a_sentence_and_the_page_lives_on(link: dict[str, str], words: str) -> None:
    at = fine(circuits(**link))
    assert any(words in info.value.replace("\\", "") for info in at.info)
    assert at.segmented_control(key=f"net-{link.get('unit', 'cnn').split('/')[0]}" if "photo" in link.get("unit", "")
                                or "dense" in link.get("unit", "") else "net-cnn")  # fmt: skip


@pytest.mark.parametrize("model", ["cnn", "dense", "rnn", "dense-video"])
def test_an_empty_image_is_taken_apart_into_biases(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fine(circuits())  # as a page it can be imported
    from pages.graphs import choose
    from pages.inputs.canvas import Drawing

    nothing = Drawing(0 * test_set().images[0], None, "Nothing")
    monkeypatch.setattr(choose, "drawing", lambda: nothing)
    at = fine(circuits(unit=FIRST[model]))
    assert "Nothing" in the_graph(at) and not at.info


def test_without_a_photo_in_the_link_it_is_that_of_the_page_photo() -> None:
    at = fine(circuits(unit="photo/block2/6"))
    assert at.query_params["photo"] == "cat"
    at = fine(circuits(unit="photo/block2/6", **{"last-photo": "rocket"}))
    assert at.query_params["photo"] == "rocket" and "the photo rocket" in the_graph(at)


@pytest.mark.parametrize("unit", ["cnn/conv1/3", "dense/fc1/0"])
def test_a_units_panel_leads_here(unit: str) -> None:
    at = fine(page("weights", ("unit",), unit=unit))
    (there,) = [each for each in at.get("page_link") if "Take it apart" in each.proto.label]
    assert f"unit={quote(unit, safe='')}" in there.proto.query_string
