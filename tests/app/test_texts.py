"""The part of the memory page on text: what it opens on, what every switch does, and what bad input is told."""

import pytest
from streamlit.testing.v1 import AppTest

from core.cells import passages, tracked
from core.cells.passages import to_read
from core.data.text import MOST
from pages.texts import choose
from tests.visits import charts, fine

# Entropy, all cells, time constants, influence, features by AUC and by correlation, further back, what the state tells.
DRAWN = 8


def part() -> None:
    """The page, as far as text is concerned."""
    from pages.frame import link
    from pages.lookback.text import text

    link.arrive("memory")
    text("light")


def opened(**values: str) -> AppTest:
    at = AppTest.from_function(part, default_timeout=60)
    for name, value in values.items():
        at.query_params[name.replace("_", "-")] = value
    return fine(at.run())


def html(at: AppTest) -> str:
    return "\n".join(block.proto.body for block in at.get("html"))


def markdown(at: AppTest) -> str:
    return "\n".join(block.value for block in at.markdown)


def letters(at: AppTest) -> str:
    """The coloured text."""
    return next(block.proto.body for block in at.get("html") if 'class="letters"' in block.proto.body)


def test_it_opens_on_a_held_out_passage_coloured_by_the_best_cell_with_its_sentence() -> None:
    at = opened()
    best = tracked.best_tracked()
    assert best and tracked.said(best) in markdown(at)
    assert letters(at).count("<i") == len(to_read(choose.FIRST)[1])
    assert len(charts(at)) == DRAWN and not at.info
    assert at.header[0].value == "What comes next?" and "an entropy of **" in markdown(at)
    assert html(at).count('class="excerpt"') == 2 * passages.KEPT


@pytest.mark.parametrize("feature", list(tracked.of_seed()))
def test_each_feature_shows_its_cell(feature: str) -> None:
    at = opened(tracks=feature)
    assert tracked.said(feature) in markdown(at)
    assert f"`{tracked.unit_of(tracked.of_seed()[feature])}`" in markdown(at)


def test_a_click_on_a_feature_takes_it() -> None:
    at = opened()
    at.selectbox(key="keys-features-AUC-0").set_value("vowel").run()
    assert tracked.said("vowel") in markdown(fine(at))


def test_any_cell_can_be_taken_by_its_number() -> None:
    at = opened(tracks=choose.CHOICE, cell_layer="lstm1", cell_number="17")
    assert "`text/lstm1/17`" in markdown(at)
    other = opened(tracks=choose.CHOICE, cell_layer="lstm1", cell_number="18")
    assert letters(at) != letters(other)


@pytest.mark.parametrize("weights", ["untrained", "shuffled", "epoch-1"])
def test_other_weights_see_the_same_text_otherwise(weights: str) -> None:
    at = opened(text_weights=weights)
    assert f"with the weights **{weights}**" in markdown(at) and letters(at) != letters(opened())
    assert [button.label for button in at.button if button.label.startswith("Read the corpus")]


def test_another_passage_stands_in_the_link() -> None:
    at = opened(passage="3")
    assert letters(at).count("<i") == len(to_read(3)[1])
    next(button for button in at.button if button.label == "Another passage").click()
    fine(at.run())
    assert at.query_params["passage"].isdigit()


@pytest.mark.parametrize("passage", ["-1", "999999", "٣", "x", "9" * 40])
def test_a_passage_that_is_none_is_another(passage: str) -> None:
    assert letters(opened(passage=passage))


def test_what_comes_next_is_asked_behind_a_character() -> None:
    text = to_read(choose.FIRST)[1]
    at = opened(behind="0")
    assert f"Behind `{text[0]}` it expects" in markdown(at)
    assert "Here the text ends." in markdown(opened(behind="99999"))
    at.selectbox(key="keys-uncertainty-0").set_value(20).run()
    fine(at)
    assert at.query_params["behind"] == "20" and f"Behind `{text[20]}` it expects" in markdown(at)


def test_ones_own_text_is_read_and_stands_in_the_link() -> None:
    at = opened(text_is="my own", text="Thou art read.")
    assert letters(at).count("<i") == 14
    at.text_area[0].set_value("Another one!").run()
    fine(at)
    assert at.query_params["text"] == "Another one!" and letters(at).count("<i") == 12


def test_a_long_text_is_cut_and_stays_out_of_the_link_and_that_is_said() -> None:
    at = opened(text_is="my own", text="Short.")
    at.text_area[0].set_value("word " * 20_000).run()
    fine(at)
    assert letters(at).count("<i") == MOST and "text" not in at.query_params
    assert any("98,000 are cut off" in info.value.replace("\\", "") for info in at.info)
    assert any("up to 300 characters" in caption.value for caption in at.caption)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is nothing to read yet"),
        ("\u200b", "There is nothing to read yet"),
        ("12 🎉", "'1' as '?', '2' as '?', '🎉' as '?'"),
        ("שלום", "as '?'"),
        ("<img src=x onerror=alert(1)>", "'<' as '?'"),
        ("a", ""),
        ("\n", ""),
    ],
)
def test_a_text_of_other_characters_is_told_what_becomes_of_them(text: str, said: str) -> None:
    at = opened(text_is="my own", text=text)
    assert any(said in info.value.replace("\\", "") for info in at.info) if said else not at.info
    assert "<img" not in html(at) and len(charts(at)) >= DRAWN - 4  # those of a text that is read
