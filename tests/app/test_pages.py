"""Every page through Streamlit's AppTest; what only a browser can show is in tests/browser."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest

from core import atlas, photo_examples, photo_paths, telling
from core.data import canvas, digits, photographers, photos
from core.data.digits import EXAMPLE
from core.measures import neighbours
from core.relevance.orders import of_layer
from core.relevance.uses import shipped
from core.turns import Turns
from core.units import Unit
from pages.frame import navigation
from pages.inputs import nets
from tests.drawing import canvas_state, drawing
from tests.visits import EMPTY, answers, app, charts, drawn, fine, page, panel, press, said, texts, until


@pytest.mark.parametrize("page", navigation.PAGES)
def test_every_page_opens_and_says_what_it_shows(page: str) -> None:
    at = fine(app().run().switch_page(f"pages/{page}.py").run())
    assert len(at.title) == 1
    assert at.markdown[0].value.endswith(".")
    assert at.expander[-1].label == "How this is computed"


def test_a_page_that_stops_or_breaks_ends_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ran in one, and the next page comes at once, though a turn would last for an hour."""
    turns, taken = Turns(longest=3600), []

    def ended(how: Callable[[], object]) -> Callable[..., None]:
        def enter(*_: str) -> None:
            taken.append(len(turns._line))
            how()

        return enter

    monkeypatch.setattr(navigation, "turns", lambda: turns)
    for how in (st.stop, lambda: 1 // 0):
        with monkeypatch.context() as broken:
            broken.setattr(navigation, "enter", ended(how))
            app().run()
        assert not turns._line
    assert taken == [1, 1]
    fine(app().run())


@pytest.mark.parametrize(
    ("name", "values"),
    [(name, {}) for name in navigation.PAGES]
    + [("features", {"sees": "photos"}), ("attribution", {"images": "photos"}), ("neighbours", {"images": "photos"})],
)
def test_what_is_as_usual_has_no_chip(name: str, values: dict[str, object]) -> None:
    """What `more` takes for usual is what its switches begin with."""
    at = fine(page(name, **values))
    assert [button.label for button in at.button if str(button.key).startswith("chip-")] == []


def test_the_page_opens_on_an_example_which_the_first_stroke_clears() -> None:
    at = fine(app().run())
    label = str(int(digits.test_set().labels[EXAMPLE]))
    assert answers(at) == [label] * 3 and not at.info
    (said_so,) = (caption.value for caption in at.caption if "example" in caption.value)
    assert f"test image {EXAMPLE}, an {label}" in said_so
    assert not {"digit", "ink"} & set(at.query_params)
    at.session_state["canvas-0"] = canvas_state(drawing(3))
    fine(at.run())
    assert answers(at) == ["3", "3", "3"] and not any("example" in caption.value for caption in at.caption)
    torch.testing.assert_close(canvas.from_text(at.query_params["ink"]), canvas.to_input(drawing(3)), atol=0.01, rtol=0)


def test_without_a_drawing_the_page_invites() -> None:
    at = fine(press(app().run(), "Clear"))
    assert said(at) == canvas.EMPTY
    assert answers(at) == []
    assert len(charts(at)) == 1  # ten test images to begin with


def test_a_drawing_is_answered_by_three_nets() -> None:
    at = fine(drawn(drawing(3)))
    assert answers(at) == ["3", "3", "3"]
    assert not at.info
    assert len(charts(at)) == 3
    for caption in (
        "relu1 · 64 neurons",
        "relu4 · 64 maps · 3 x 3",
        "lstm2 · 64 cells · 28 rows",
        "answer after each row",
    ):
        assert caption in texts(at)


def test_the_link_holds_the_drawing_and_brings_it_back() -> None:
    first = drawn(drawing(5))
    ink = first.query_params["ink"]
    second = fine(app(ink=ink).run())
    assert answers(second) == answers(first) == ["5", "5", "5"]
    assert second.query_params["ink"] == ink
    assert charts(second) == charts(first)


def test_a_test_image_is_named_in_the_link() -> None:
    at = fine(app(digit="0").run())
    assert answers(at) == ["7", "7", "7"]
    press(at, "Show me a digit")
    number = int(at.query_params["digit"])
    assert 0 <= number < 10_000
    assert "ink" not in at.query_params
    press(at, "Clear")
    assert said(at) == canvas.EMPTY
    assert "digit" not in at.query_params


def test_strokes_go_on_top_of_a_test_image() -> None:
    at = fine(drawn(drawing(1), digit="0"))
    assert "digit" not in at.query_params
    seen = canvas.from_text(at.query_params["ink"])
    assert not np.allclose(seen, digits.test_set().images[0])
    untouched = fine(drawn(EMPTY, digit="0"))
    assert untouched.query_params["digit"] == "0"


@pytest.mark.parametrize(
    ("rgba", "words"),
    [
        (EMPTY, canvas.EMPTY),
        (np.full((280, 280, 4), (0, 0, 0, 255), np.uint8), canvas.FULL),
        (drawing(1, left=140, top=140, height=1), canvas.DOT),
        (np.maximum(*(drawing(1, left=left, height=1) for left in (40, 200))), canvas.DOTS),
        (np.full((280, 280, 4), (0, 0, 0, 128), np.uint8), canvas.FULL),
        (drawing(4, left=500), canvas.EMPTY),
    ],
    ids=["empty", "full", "dot", "two dots", "grey", "off the canvas"],
)
def test_a_bad_drawing_gets_a_sentence_and_no_answer(rgba: np.ndarray, words: str) -> None:
    at = press(app().run(), "Clear")
    at.session_state["canvas-1"] = canvas_state(rgba)
    assert said(fine(at.run())) == words
    assert answers(at) == []


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"ink": "rubbish"}, "link is damaged"),
        ({"digit": "10000"}, "numbered 0 to 9999"),
        ({"digit": "-1"}, "numbered 0 to 9999"),
        ({"digit": "<script>"}, "numbered 0 to 9999"),
    ],
)
def test_a_bad_link_gets_a_sentence(link: dict[str, str], words: str) -> None:
    at = fine(app(**link).run())
    assert words in said(at)
    assert answers(at) == []
    at.button[0].click().run()
    assert len(answers(fine(at))) == 3


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("cnn", "reads model/layer/index"),
        ("dense/fc1/0/1", "reads model/layer/index"),
        ("../../etc/passwd", "reads model/layer/index"),
        ("cnn/relu9/1", "There is no unit cnn/relu9/1; cnn has 12 conv1"),
        ("cnn/relu1/12", "There is no unit cnn/relu1/12"),
        ("dense-video/fc1/1", "of a net that is not shown"),
        ("resnet/fc1/1", "of a net that is not shown"),
    ],
)
def test_a_bad_unit_in_the_link_gets_a_sentence(address: str, words: str) -> None:
    at = fine(app(digit="0", unit=address).run())
    assert words in said(at)
    assert panel(at) == ""
    assert len(answers(at)) == 3


@pytest.mark.parametrize("name", ["digit", "unit"])
def test_a_link_cannot_put_links_or_pictures_on_the_page(name: str) -> None:
    at = fine(app(**{"digit": "0", name: "![x](http://host/x.png) [Click](http://host)" + 500 * "9"}).run())
    (info,) = at.info
    assert "![" not in info.value
    assert "](" not in info.value
    assert len(info.value) < 300


def test_a_link_without_a_digit_in_its_ink_is_not_answered() -> None:
    for image, words in ((torch.zeros(1, 28, 28), canvas.EMPTY), (torch.ones(1, 28, 28), canvas.FULL)):
        at = fine(app(ink=canvas.to_text(image)).run())
        assert said(at) == words
        assert answers(at) == []


def test_the_twin_the_plain_net_and_the_snapshots_take_the_trained_nets_place() -> None:
    at = app(digit="0").run()
    trained = texts(at)
    for weights in ("plain", "untrained", "trained"):
        at.session_state["weights"] = weights
        fine(at.run())
        assert (texts(at) == trained) == (weights == "trained")
    at.select_slider(key="epochs").set_value("0").run()
    assert texts(fine(at)) != trained
    press(at, "After epochs: 0")  # its chip takes it back
    assert texts(fine(at)) == trained and at.select_slider(key="epochs").value == "end"


def test_the_recurrent_net_can_be_stopped_early() -> None:
    at = app(digit="0").run()
    at.slider(key="rows").set_value(9).run()
    assert "input · 9 x 28 pixels" in texts(fine(at))
    assert "lstm1 · 64 cells · 9 rows" in texts(at)
    assert answers(at)[:2] == ["7", "7"]


def test_dense_video_takes_the_dense_column() -> None:
    at = app(digit="0").run()
    at.session_state["dense"] = "dense-video"
    assert "sigmoid2 · 16 neurons" in texts(fine(at.run()))


@pytest.mark.parametrize(
    ("view", "there", "not_there"), [("pre-activations", "conv2 ·", "relu2 ·"), ("activations", "relu2 ·", "conv2 ·")]
)
def test_pre_activations_activations_or_every_layer_can_be_shown(view: str, there: str, not_there: str) -> None:
    at = app(digit="0").run()
    at.session_state["layers"] = view
    shown = texts(fine(at.run()))
    assert there in shown
    assert not_there not in shown


@pytest.mark.parametrize(
    ("address", "joined"),
    [("dense/relu1/5", ["fc2"]), ("cnn/relu3/7", ["pool2", "conv4"]), ("rnn/lstm2/0", ["lstm1", "logits"]),
     ("cnn/logits/7", ["relu4"])],
)  # fmt: skip
def test_a_units_panel_shows_what_it_does_over_the_test_set(address: str, joined: list[str]) -> None:
    at = fine(app(digit="0", unit=address).run())
    assert panel(at) == address
    signed = address in ("rnn/lstm2/0", "cnn/logits/7")
    # Three nets, the histogram, nine images; nine more where it matters; those that it likes least; two rows for each
    # layer that it is joined to.
    hidden = not address.startswith("cnn/logits")
    assert len(charts(at)) == 5 + hidden + signed + 2 * len(joined)
    for layer in joined:
        assert any(f"**{layer}**" in caption.value for caption in at.caption)
    assert any("of the strongest seen: more than for" in block.value for block in at.markdown)
    assert any(caption.value.startswith("The 9 test images") for caption in at.caption)
    next(button for button in at.button if button.label == "Close").click().run()
    assert len(charts(fine(at))) == 3
    assert panel(at) == ""
    assert "unit" not in at.query_params


@pytest.mark.parametrize("address", ["dense/relu1/5", "cnn/pool1/3", "rnn/lstm1/2"])
def test_a_first_layers_unit_shows_its_weights_and_several_pictures(address: str) -> None:
    captions = [caption.value for caption in fine(app(digit="0", unit=address).run()).caption]
    assert any(caption.startswith(("Its weights · ±", "What its gates read of a row")) for caption in captions)
    assert any("had to differ from each other" in caption for caption in captions)


def test_other_weights_are_surveyed_once_and_kept_and_their_joined_units_are_named(empty_store: Path) -> None:
    at = app(digit="0", unit="cnn/relu2/5").run()
    assert list(empty_store.iterdir()) == []  # the shipped survey answers
    at.session_state["weights"] = "plain"
    fine(at.run())
    assert any("of the strongest seen" in block.value for block in at.markdown)
    assert len(list(empty_store.iterdir())) == 2
    assert any("excite it: `pool1/" in caption.value for caption in at.caption)


@pytest.mark.parametrize(
    ("address", "of"), [("dense/relu1/5", "relu1"), ("cnn/conv3/7", "relu3"), ("cnn/pool2/3", "relu2"),
                        ("rnn/lstm1/2", "lstm1")]
)  # fmt: skip
def test_a_panel_shows_what_a_unit_is_used_for_beside_what_it_fires_for(address: str, of: str) -> None:
    at = fine(app(digit="0", unit=address).run())
    captions, unit = [caption.value for caption in at.caption], Unit.parse(address)
    found = shipped(unit.model, "trained")
    answers = nets.test_answers(unit.model, "trained", 28)[unit.layer]
    assert found is not None
    fires, used = answers.strongest(unit.index, 9).tolist(), found[of].used_for(unit.index)[0].tolist()
    place = captions.index("The 9 test images that excite it most")
    assert captions[place + 1] == "The 9 in which it matters most for the answer"
    shared = 100 * len(set(fires) & set(used)) / 9
    assert captions[place + 2].startswith(f"{shared:.0f} % of the first are among the second")
    assert captions[place + 3] == of_layer(unit.model, "trained", of)
    offered = [[int(option) for option in box.options] for box in at.selectbox if box.label == "Take a test image"]
    assert fires in offered and used in offered


def test_where_no_relevance_ships_the_panel_says_of_which_it_does() -> None:
    at = app(digit="0", unit="dense/relu2/5", weights="shuffled").run()
    assert any(caption.value.endswith("measured for trained, plain, untrained weights, not for shuffled.")
               for caption in fine(at).caption)  # fmt: skip
    at = app(digit="0", unit="rnn/lstm2/5", rows="20").run()
    assert any(caption.value.endswith("measured for whole images only.") for caption in fine(at).caption)
    at = app(digit="0", unit="dense/fc1/1").run()  # behind its ReLU it is silent
    assert any(caption.value == "It adds to no answer" for caption in fine(at).caption)
    at = app(digit="0", unit="dense/logits/5").run()
    assert not any("matters most" in caption.value for caption in fine(at).caption)


def test_a_dead_units_panel_says_that_nothing_excites_it() -> None:
    at = fine(app(digit="0", unit="dense/relu1/1").run())
    assert any(block.value == "No test image excites it." for block in at.markdown)
    assert any("silent, whatever it is shown" in caption.value for caption in at.caption)
    assert len(charts(at)) == 3


@pytest.mark.parametrize(("unit", "linear", "found"), [
    ("dense/relu1/5", True, True), ("cnn/conv4/7", False, True), ("dense-video/logits/3", False, False),
])  # fmt: skip
def test_a_panel_shows_the_picture_with_and_without_a_prior_and_the_optimum_and_how_well_it_tells(
    unit: str, linear: bool, found: bool
) -> None:
    dense = {"dense": "dense-video"} if "video" in unit else {}
    said = [caption.value for caption in fine(app(digit="0", unit=unit, **dense).run()).caption]
    for kind in ("what it looks for", "without a prior", "bare optimum"):
        shares = [caption for caption in said if caption.startswith(kind)]
        assert len(shares) == 2 and all(share.endswith(" x") for share in shares)  # of the net and of its twin
        assert ("not found" in shares[0]) != found or kind == "without a prior"
    told = [caption for caption in said if "times the best test image" in caption]
    assert len(told) == 2 and all("by chance 50 %" in caption for caption in told)
    assert all(("% of what is possible" in caption) == linear for caption in told)
    own = telling.told(Unit.parse(unit), "trained")
    assert own is not None and f"in {100 * own.picture:.0f} % of pairs" in told[0]


def test_a_recurrent_unit_is_compared_with_images_cut_at_the_same_row() -> None:
    at = fine(app(digit="0", unit="rnn/lstm2/3").run())
    whole = [block.value for block in at.markdown if "strongest activation" in block.value]
    at.slider(key="rows").set_value(9).run()
    cut = [block.value for block in at.markdown if "strongest activation" in block.value]
    assert "cut behind row 9" in cut[0]
    assert whole[0].split("more than")[1] != cut[0].split("more than")[1]


def test_the_page_says_which_test_image_it_shows() -> None:
    at = fine(app(digit="0").run())
    assert any(caption.value == "Test image 0, a 7" for caption in at.caption)


def features() -> AppTest:
    return app().run().switch_page("pages/features.py").run()


def until_done(at: AppTest) -> AppTest:
    return until(at, lambda at: any(slider.key == "scrub" for slider in at.select_slider))


def test_an_ascent_runs_to_its_end_and_is_kept(empty_store: Path) -> None:
    at = features()
    at.session_state["models"], at.session_state["steps"] = ["dense"], 32
    press(fine(at.run()), "Start")
    until_done(at)
    assert not [button for button in at.button if button.label.startswith(("Start", "Cancel"))]
    assert len(charts(at)) == 3  # fc1, fc2, logits
    shares = [block.proto.body for block in at.get("html") if 'class="shares"' in block.proto.body]
    assert "silent" in shares[0]  # dense/fc1/1
    assert [path.suffix for path in sorted(empty_store.iterdir())] == [".content", ".json"]
    at.select_slider(key="scrub").set_value(3).run()
    assert not [block for block in at.get("html") if 'class="shares"' in block.proto.body]
    st.cache_resource.clear()  # as after a restart
    again = features()
    again.session_state["models"], again.session_state["steps"] = ["dense"], 32
    again.run()
    for _ in range(50):
        if charts(again):
            break
        time.sleep(0.1)
        again.run()
    assert len(charts(fine(again))) == 3


def test_an_ascent_can_be_cancelled_and_begun_again(empty_store: Path) -> None:
    at = features()
    at.session_state["models"], at.session_state["steps"] = ["rnn"], 512
    press(at.run(), "Start")
    assert "Start" not in labels(at)
    press(at, "Cancel")
    until(at, lambda at: "Start" in labels(at))
    assert list(empty_store.iterdir()) == []


def test_without_a_net_the_page_asks_for_one() -> None:
    at = features()
    at.session_state["models"] = []
    assert fine(at.run()).info[0].value == "Choose a net, and a layer."


def labels(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def shown_units(at: AppTest) -> list[str]:
    return [caption.value for caption in at.caption if " · unit" in caption.value]


def test_units_can_be_named(empty_store: Path) -> None:
    at = features()
    at.session_state["only"], at.session_state["steps"] = "cnn/relu2/7 cnn/conv2/3, rnn/lstm1/0", 8
    press(at.run(), "Start")
    until_done(at)
    assert shown_units(at) == ["conv2 · units 7, 3", "lstm1 · unit 0"]


@pytest.mark.parametrize(
    ("only", "words"),
    [
        ("cnn/conv3/99", "There is no unit cnn/conv3/99; cnn has 12 conv1"),
        ("cnn/conv9/1", "There is no unit cnn/conv9/1; cnn has 12 conv1"),
        ("lstm/conv9/1", "There is no model 'lstm'; there are dense"),
        ("photo/block3/1", "photo/block3/1 is not of a net for digits"),
        ("conv3 12", "A unit's address reads model/layer/index"),
        (" ".join(f"rnn/lstm1/{n}" for n in range(49)), "At most 48 units by name"),
    ],
)
def test_a_unit_that_does_not_exist_gets_a_sentence(only: str, words: str) -> None:
    at = features()
    at.session_state["only"] = only
    assert words in said(fine(at.run()))
    assert "Start" not in labels(at)


@pytest.mark.parametrize("number", ["1e309", "-1e309", "inf", "nan"])
@pytest.mark.parametrize("field", ["steps", "seed", "first", "minus", "behind"])
def test_a_number_without_end_in_the_link_is_as_if_it_were_not_there(field: str, number: str) -> None:
    at = fine(page("features", (field,), **{field: number}))
    assert field not in at.query_params and at.button


@pytest.mark.parametrize("text", ["inf", "nan", "Infinity"])
def test_a_word_that_reads_as_a_number_without_end_stays_in_its_field(text: str) -> None:
    at = features()
    at.text_input(key="only").set_value(text)
    at.query_params["only"] = text  # as the browser sends it with the next run
    assert "model/layer/index" in said(fine(at.run()))
    assert at.text_input(key="only").value == text


def test_steps_out_of_range_are_brought_back_and_said() -> None:
    at = features()
    at.session_state["steps"] = 10**7
    assert "Steps: from 1 to 1024; 1024 is taken." in said(fine(at.run()))
    assert "Start" in labels(at)


def test_the_usual_choice_shows_what_ships_before_anything_is_pressed(empty_store: Path) -> None:
    """With a caption below each picture; with another recipe nothing is there yet."""
    at = features()
    fine(at.run())
    assert any("These ship with the app" in caption.value for caption in at.caption)
    shares = [block.proto.body for block in at.get("html") if 'class="shares"' in block.proto.body]
    assert len(shares) == len(shown_units(at)) > 3 and all(row.count("<span>") == 6 for row in shares)
    at.session_state["prior"] = "none"
    fine(at.run())
    assert any("press Start" in caption.value and "ship" not in caption.value for caption in at.caption)
    assert not [block for block in at.get("html") if 'class="shares"' in block.proto.body]


@pytest.mark.parametrize(("key", "value"), [("which", "most active on my drawing"), ("start", "my drawing")])
def test_what_needs_a_drawing_finds_it(key: str, value: str, empty_store: Path) -> None:
    at = app(digit="7").run().switch_page("pages/features.py").run()
    at.session_state["prior"] = "none"
    at.session_state["models"], at.session_state["steps"], at.session_state[key] = ["dense"], 8, value
    fine(at.run())
    assert at.query_params["digit"] in ("7", ["7"])
    press(at, "Start")
    until_done(at)
    active = [caption.split("units ")[1] for caption in shown_units(at)]
    if key == "which":
        logits = int(active[-1].split(", ")[0])
        assert logits == 9  # test image 7 is a 9


def test_the_most_different_units_and_several_pictures_of_each(empty_store: Path) -> None:
    at = features()
    at.session_state["models"], at.session_state["steps"] = ["dense"], 8
    at.session_state["which"], at.session_state["variants"] = "most different", 2
    press(at.run(), "Start")
    until_done(at)
    units = shown_units(at)[0].split("units ")[1].split(", ")
    assert len(set(units)) == 6 and units != [str(n) for n in range(6)]
    shares = [block.proto.body for block in at.get("html") if 'class="shares"' in block.proto.body]
    assert shares[0].count("<span>") == 12


def test_the_nets_page_shows_every_net_with_its_numbers() -> None:
    at = fine(app().run().switch_page("pages/nets.py").run())
    assert list(at.dataframe[0].value["model"]) == ["dense", "dense-video", "cnn", "rnn"]
    assert len(charts(at)) == 4


def photo_page(**link: str) -> AppTest:
    return page("photo", tuple(link), **link)


def test_the_photo_page_opens_with_the_wall_and_its_numbers() -> None:
    at = fine(photo_page())
    wall = next(chart for chart in charts(at) if "photo/block8/" in chart)
    for row in atlas.WALL:
        assert wall.count(f"photo/{row}/") == 12
    assert "block14\nfield: 659 px" in wall
    assert sum("untrained" in chart and "block14" in chart for chart in charts(at)) == 3
    assert "How to read the wall" in "".join(block.value for block in at.markdown)


@pytest.mark.parametrize("of", ["trained", "untrained"])
def test_the_trained_wall_says_whether_its_pictures_are_processed_like_photographs(of: str) -> None:
    captions = [caption.value for caption in photo_page(of=of).caption]
    (hung,) = (caption for caption in captions if "Each row has a recipe of its own" in caption)
    assert hung.endswith(photo_paths.sentence()) == (of == "trained")


def test_of_shuffled_weights_there_is_no_wall_and_a_sentence_says_so() -> None:
    at = fine(photo_page(of="shuffled"))
    assert any("The wall hangs for the trained net" in caption.value for caption in at.caption)


def test_a_sample_is_answered_and_shown_layer_by_layer() -> None:
    at = fine(photo_page(photo="cat", layer="block5"))
    answer = next(chart for chart in charts(at) if "Egyptian cat" in chart)
    assert answer.count("\n") == 6  # a head and five classes
    assert "photo/block5/39" in texts(at)
    assert "block16\n320 · 7 x 7" in texts(at)
    assert any("block5 · 40 maps · 28 x 28" in caption.value for caption in at.caption)


@pytest.mark.parametrize(
    "unit", ["photo/block8/7", "photo/logits/285", "photo/block8.expand/3", "alexnet/features.3/2"]
)
def test_a_photo_nets_unit_has_a_panel(unit: str) -> None:
    net = unit.split("/")[0]
    at = fine(photo_page(photo="cat", net=net, of="untrained" if net == "alexnet" else "trained", unit=unit,
                         layer=unit.split("/")[1]))  # fmt: skip
    assert panel(at) == unit
    assert any("What excites it most among the photos" in caption.value for caption in at.caption)
    shipped = unit in ("photo/block8/7", "photo/logits/285")
    assert any("what it looks for" in caption.value for caption in at.caption) == shipped
    ask, *others = (link.proto for link in at.get("page_link"))
    assert [other.label for other in others] == ["What is it built of? Take it apart"] * (net == "photo")
    assert ask.label.startswith("More pictures" if shipped else "What does it look for?")
    assert f"only={unit.replace('/', '%2F')}" in ask.query_string and "variants=3" in ask.query_string
    assert any("Where it answers in this photo" in caption.value for caption in at.caption) == ("logits" not in unit)


@pytest.mark.parametrize(
    ("unit", "of", "folder"),
    [("photo/block8/7", "trained", False), ("photo/block8/7", "untrained", False), ("photo/block8/7", "trained", True),
     ("photo/block4/7", "trained", False)],
)  # fmt: skip
def test_a_unit_of_the_trained_wall_has_nine_crops_with_their_credits_unless_a_folder_is_named(
    unit: str, of: str, folder: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(photos.FOLDER_VARIABLE, raising=False)
    if folder:
        photos.sample("cat").save(tmp_path / "cat.jpg")
        monkeypatch.setenv(photos.FOLDER_VARIABLE, str(tmp_path))
        st.cache_resource.clear()
    at = fine(photo_page(photo="cat", unit=unit, of=of))
    (caption,) = (one for one in at.caption if "What excites it most among the photos" in one.value)
    ships = (unit, of, folder) == ("photo/block8/7", "trained", False)
    assert ("crops of 23, at most three of one" in caption.value) == ships
    crops = photo_examples.examples_of(Unit.parse("photo/block8/7"), "trained")
    lines = [f"{place}. {photographers.credit(crop.photograph)}" for place, crop in enumerate(crops, 1)]
    assert caption.help == ("\n".join(lines) if ships else "")
    assert max(len(block.proto.imgs) for block in at.get("image")) == (1 if folder else 9)
    said = [one.value for one in at.caption if one.value.startswith("trained: what it looks for")]
    assert any("photo below" in text for text in said) == ships
    if ships:
        stimulus = atlas.look_up(Unit.parse(unit), of)
        assert stimulus is not None
        assert f"excites it {stimulus.reached / crops[0].value:.2g} times as much as the best photo below" in said[0]
    if folder:
        st.cache_resource.clear()


def test_a_unit_of_the_wall_opens_without_a_photo() -> None:
    at = fine(photo_page(unit="photo/block14/8"))
    assert panel(at) == "photo/block14/8"
    assert "Where it answers" not in "".join(caption.value for caption in at.caption)


@pytest.mark.parametrize("unit", ["photo/block14/8", "photo/stem/0"])
def test_a_picture_of_the_wall_opens_at_full_size_beside_its_twins(unit: str) -> None:
    """With its recipe, and what it reaches beside the best shipped crop; of a twin beside the best sample photo."""
    at = fine(photo_page(unit=unit))
    (button,) = (button for button in at.button if button.label == "Full size")
    before, captions = len(at.get("image")), len(at.caption)
    fine(button.click().run())
    assert len(at.get("image")) == before + 2
    *_, own, twin, recipe = (caption.value for caption in at.caption)
    assert len(at.caption) == captions + 3
    stimulus = atlas.look_up(Unit.parse(unit), "trained", atlas.ON_WALL)
    assert stimulus is not None
    best = photo_examples.examples_of(Unit.parse(unit), "trained")[0].value
    assert own.startswith("trained") and f"{stimulus.reached / best:.2g} times as much as the best photo" in own
    assert twin.startswith("untrained: excites it") and twin.endswith("times as much as the best sample photo")
    made = atlas.WALL_RECIPES[unit.split("/")[1]]
    assert f"enlarged from {made.side} pixels" in recipe and f"{made.steps} steps of Adam at {made.lr:g}" in recipe
    assert ("pixel by pixel" in recipe) == ("not shaken" in recipe) == ("stem" in unit)


def test_what_no_picture_lifts_above_zero_is_said_in_numbers_not_in_multiples() -> None:
    at = photo_page(unit="photo/stem/28")
    (button,) = (button for button in at.button if button.label == "Full size")
    assert any(
        "trained: reaches -3.69, the best photo -3.69" in text.value for text in fine(button.click().run()).caption
    )


@pytest.mark.parametrize(("unit", "of"), [("photo/block14/9", "trained"), ("photo/block4/7", "trained"),
                                          ("photo/block14/8", "shuffled")])  # fmt: skip
def test_what_does_not_hang_on_the_wall_has_no_full_size(unit: str, of: str) -> None:
    assert all(button.label != "Full size" for button in photo_page(unit=unit, of=of).button)


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"photo": "dog"}, "There is no sample photo 'dog'"),
        ({"photo": "own"}, "a photo that only its visitor had"),
        ({"photo": "cat", "unit": "photo/block9/999"}, "There is no unit photo/block9/999"),
        ({"photo": "cat", "unit": "nonsense"}, "A unit's address reads"),
    ],
)
def test_a_damaged_link_to_a_photo_gets_a_sentence(link: dict[str, str], words: str) -> None:
    assert words in said(fine(photo_page(**link)))


def test_a_layer_that_does_not_exist_is_another(empty_store: Path) -> None:
    assert "photo/block4/0" in texts(fine(photo_page(photo="cat", layer="conv99")))


def test_a_net_without_its_weights_says_so_and_shows_its_twin() -> None:
    at = fine(photo_page(photo="coffee", net="resnet18"))
    assert "The weights of resnet18 are not on this machine" in said(at)
    assert "Below stands its untrained twin" in said(at)
    assert any(button.label == "Download the weights" for button in at.button)
    assert any(caption.value == "What resnet18, untrained, takes it for" for caption in at.caption)


def test_an_ascent_in_the_photo_net(empty_store: Path) -> None:
    at = features()
    at.session_state["sees"], at.session_state["steps"] = "photos", 4
    at.session_state["only"] = "photo/block2/3, photo/logits/1"
    press(at.run(), "Start")
    until_done(at)
    assert shown_units(at) == ["block2 · unit 3", "logits · unit 1"]


def test_what_is_most_active_on_a_photo_finds_it(empty_store: Path) -> None:
    at = photo_page(photo="cat").switch_page("pages/features.py").run()
    at.session_state["sees"], at.session_state["which-photo"] = "photos", "most active on my photo"
    at.session_state["steps"], at.session_state["layers-photo"] = 2, ["logits"]
    press(fine(at.run()), "Start")
    until_done(at)
    assert shown_units(at)[0].startswith("logits · units ")
    assert at.query_params["photo"] in ("cat", ["cat"])


def neighbours_page(**link: str) -> AppTest:
    return page("neighbours", tuple(link), **link)


def test_the_neighbours_page_opens_on_an_example_and_shows_the_numbers() -> None:
    at = fine(neighbours_page())
    assert any(f"An example: test image {EXAMPLE}" in caption.value for caption in at.caption)
    assert sum("of 12" in block.value for block in at.markdown) == 7
    shown = [chart for chart in charts(at) if "untrained" in chart and "logits" in chart]
    assert len(shown) == 3
    for kind in ("trained", "plain", "shuffled", "pixels projected", "layer below projected"):
        assert all(kind in chart for chart in shown)
    said_there = "".join(block.value for block in at.markdown)
    for sentence in (neighbours.headline, neighbours.dimensions, neighbours.rise):
        assert sentence(models=("dense", "cnn", "rnn")) in said_there


@pytest.mark.parametrize("of", ["untrained", "shuffled"])
def test_the_neighbours_of_either_twin_have_their_shares(of: str) -> None:
    at = fine(neighbours_page(digit="7", of=of))
    assert sum("on the mean, " in block.value for block in at.markdown) == 7


def test_neighbours_in_pixels_and_two_spaces_of_three_nets() -> None:
    at = fine(neighbours_page(digit="7"))
    captions = [caption.value for caption in at.caption]
    for space in ("pixels · 784 numbers", "relu1 · 64 numbers", "relu3 · 2,352 numbers", "lstm1 · 1,792 numbers"):
        assert space in captions
    sentences = [block.value for block in at.markdown if "of 12" in block.value]
    assert len(sentences) == 7 and all("are 9s; on the mean, " in sentence for sentence in sentences)
    galleries = [chart for chart in charts(at) if "digit" in chart]
    assert len(galleries) == 7 and not any(",7\n" in chart for chart in galleries)  # not the image itself
    fine(press(at, "Show me a digit"))
    assert at.query_params["digit"] != ["7"]


def test_a_drawings_neighbours_are_said_to_agree_with_each_other() -> None:
    drawn_at = drawn(drawing(3))
    at = fine(drawn_at.switch_page("pages/neighbours.py").run())
    sentences = [block.value for block in at.markdown if "of 12" in block.value]
    assert any("are 3s" in sentence for sentence in sentences)


@pytest.mark.parametrize("digit", ["99999", "x", "-1"])
def test_a_damaged_link_to_a_neighbours_image_gets_a_sentence(digit: str) -> None:
    assert "test images are numbered 0 to 9999" in said(fine(neighbours_page(digit=digit)))


@pytest.mark.parametrize(
    "net", ["squeezenet1_1", *(pytest.param(name, marks=pytest.mark.slow) for name in ("vit_b_32", "maxvit_t"))]
)
def test_nets_of_other_kinds_are_shown_too(net: str) -> None:
    at = fine(photo_page(photo="cat", net=net, of="untrained"))
    assert any(caption.value == f"What {net}, untrained, takes it for" for caption in at.caption)
    layer = next(caption.value for caption in at.caption if " maps · " in caption.value).split(" ")[0]
    at = fine(photo_page(photo="cat", net=net, of="untrained", layer=layer, unit=f"{net}/{layer}/1"))
    assert panel(at) == f"{net}/{layer}/1"


def test_more_pictures_than_a_visitor_may_ask_for_get_a_sentence() -> None:
    at = features()
    at.session_state["sees"], at.session_state["count"], at.session_state["variants"] = "photos", 18, 6
    assert "more than 144 pictures" in said(fine(at.run()))


def test_a_named_unit_of_a_net_without_its_weights_is_climbed_in_its_twin() -> None:
    at = features()
    at.session_state["sees"], at.session_state["only"] = "photos", "squeezenet1_1/features.3.squeeze/2"
    fine(at.run())
    assert "weights of squeezenet1_1 are not on this machine" in said(at)
    assert {"Download the weights", "Start"} <= set(labels(at))
    at = features()
    at.session_state["sees"], at.session_state["net"] = "photos", "squeezenet1_1"
    at.session_state["only"] = "photo/block2/3"
    assert not fine(at.run()).info


def test_a_photos_neighbours_in_pixels_and_two_layers() -> None:
    at = app().run()
    at.query_params["images"], at.query_params["photo"] = "photos", "cat"
    at = fine(at.switch_page("pages/neighbours.py").run())
    captions = [caption.value for caption in at.caption]
    for space in ("pixels · 150,528 numbers", "block7 · 15,680 numbers", "head · 62,720 numbers"):
        assert space in captions
    assert sum(caption.startswith("The nearest first: cosine distances") for caption in captions) == 3


def test_photos_neighbours_begin_with_an_example_and_say_that_a_folder_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = app().run()
    at.query_params["images"] = "photos"
    at = fine(at.switch_page("pages/neighbours.py").run())
    assert sum(" numbers" in caption.value for caption in at.caption) == 3
    monkeypatch.setenv("LAYERSCOPE_PHOTOS", str(tmp_path))
    st.cache_resource.clear()
    at.query_params["photo"] = "cat"
    assert "holds no PNG, JPEG or WebP" in said(fine(at.run()))
    photos.sample("cat").save(tmp_path / "only.png")
    st.cache_resource.clear()
    captions = [caption.value for caption in fine(at.run()).caption]
    assert captions.count("There is no other photo in the set.") == 3
    monkeypatch.undo()
    st.cache_resource.clear()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("draw", {"weights": "shuffled", "digit": "7", "unit": "cnn/relu2/3"}),
        ("features", {"of": "shuffled", "digit": "7", "which": "most active on my drawing"}),
        ("attribution", {"of": "shuffled", "digit": "7", "methods-digits": ["saliency"]}),
        ("neighbours", {"of": "shuffled", "digit": "7"}),
        ("maps", {"of": "shuffled", "models": ["dense"]}),
        ("weights", {"of": "shuffled"}),
        ("photo", {"of": "shuffled", "photo": "cat"}),
    ],
)
def test_every_page_shows_the_shuffled_twin(name: str, values: dict[str, object], empty_store: Path) -> None:
    at = fine(page(name, ("digit", "unit", "photo"), **values))
    assert any("shuffled" in str(control.options) and "shuffled" in str(control.value) for control in at.button_group)
