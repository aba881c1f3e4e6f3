"""The page Guess through Streamlit's AppTest; the keyboard is in tests/browser."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from core import guess
from tests.visits import charts, fine, page, panel, said


def guess_page(**link: object) -> AppTest:
    return fine(page("guess", tuple(link), **link))


def press(at: AppTest, key: str) -> AppTest:
    next(button for button in at.button if (button.key or "").startswith(key)).click()
    return fine(at.run())


def words(at: AppTest) -> str:
    return " ".join(block.value for block in (*at.subheader, *at.markdown))


def in_link(at: AppTest, name: str) -> str | None:
    value = at.query_params.get(name)
    return value[0] if isinstance(value, list) else value


def answer(at: AppTest, left: bool) -> AppTest:
    return press(at, f"This one-{'Left' if left else 'Right'}")


def played(at: AppTest, rights: list[bool], sort: str = "image", number: int = 1) -> AppTest:
    """Answer a round's questions, rightly or wrongly."""
    for question, right in zip(guess.questions(number, sort), rights, strict=True):
        answer(at, question.left == right)
        press(at, "Next-Enter")
    return at


def test_the_first_question_stands_there_at_once() -> None:
    at = guess_page()
    first = guess.questions(1, "image")[0]
    assert panel(at) == str(first.unit)
    assert "Round 1, question 1 of 10" in words(at)
    assert [button.label for button in at.button] == ["Next round", "This one", "This one"]
    assert (in_link(at, "round"), in_link(at, "question")) == ("1", "1")
    assert len(at.get("image")) == 3 and not charts(at) and not at.info


@pytest.mark.parametrize("right", [True, False])
def test_an_answer_is_judged_with_both_activations(right: bool) -> None:
    at = guess_page(round=3, question=2)
    question = guess.questions(3, "image")[1]
    answer(at, question.left == right)
    this, that = map(float, re.findall(r"answers (-?[\d.]+) to this one and (-?\d+\.\d+) to that one", words(at))[0])
    assert (this > that) == right
    assert ("**Yes**" if right else "**No**") in words(at)
    assert (":material/check:" in at.markdown[2].value) == question.left  # below the left image
    assert not [button for button in at.button if button.label == "This one"]
    assert len(charts(at)) == 1 and f"{int(right)} of 1" in charts(at)[0]
    press(at, "Next-Right")
    assert in_link(at, "question") == "1"  # the first without an answer


def test_ten_answers_stand_beside_what_others_get() -> None:
    at = played(guess_page(), [True] * 7 + [False] * 3)
    assert "You 7 of 10" in words(at)
    numbers = [float(text) for text in re.findall(r"(?:seed|net|alone|mean|:) (\d+(?:\.\d+)?)(?=[,. ])", words(at))]
    assert len(numbers) >= 4 and all(0 <= number <= 10 for number in numbers)
    assert "Without any: 5 on the mean" in words(at)
    marks = [button.icon for button in at.button if (button.key or "").startswith("again-")]
    assert marks == [":material/check:"] * 7 + [":material/close:"] * 3
    assert in_link(at, "question") is None
    press(at, "again-9")
    assert "question 9 of 10" in words(at) and "**No**" in words(at)
    press(at, "Next-Enter")
    press(at, "Next round-Enter")
    assert (in_link(at, "round"), in_link(at, "question")) == ("2", "1")
    assert panel(at) == str(guess.questions(2, "image")[0].unit)


def test_answers_survive_a_change_of_page() -> None:
    at = guess_page(round=5)
    answer(at, True)
    judged = words(at)
    fine(at.switch_page("pages/nets.py").run())
    at = fine(at.switch_page("pages/guess.py").run())
    assert words(at) == judged
    assert (in_link(at, "round"), in_link(at, "question")) == ("5", "1")
    press(at, "Next-Enter")
    assert "Round 5, question 2 of 10" in words(at)


def test_two_squares_are_asked_about_and_erased() -> None:
    at = guess_page(round=2, question=3)
    at.segmented_control(key="ask-image").set_value("square")
    fine(at.run())
    assert in_link(at, "ask") == "square"
    question = guess.questions(2, "square")[0]
    assert panel(at) == str(question.unit)
    assert "Which square, erased, would silence it more?" in words(at)
    answer(at, question.left)
    this, that = map(float, re.findall(r"answers (-?[\d.]+), without that one (-?\d+\.\d+)", words(at))[0])
    assert this < that and "**Yes**" in words(at)
    at.segmented_control(key="ask-square").set_value("image")
    assert "Which image excites it more?** Round 2, question 1" in words(fine(at.run()))
    assert not charts(at)  # of images nothing was answered
    answer(at, True)
    assert any(caption.value.startswith("Your answers in this session: 1.") for caption in at.caption)


@pytest.mark.parametrize(
    ("name", "value"),
    [("round", "0"), ("round", "10000"), ("round", "-1"), ("round", "1e3"), ("round", "x" * 999), ("question", "11"),
     ("question", "²"), ("question", "![a](http://b)")],
)  # fmt: skip
def test_a_bad_number_in_the_link_gets_a_notice_and_a_question(name: str, value: str) -> None:
    at = guess_page(**{name: value})
    assert f"The link's {name} is" in said(at) and len(said(at)) < 120
    assert "](" not in at.info[0].value
    assert "Round 1, question 1 of 10" in words(at)


def test_a_bad_sort_in_the_link_gets_a_notice_and_images() -> None:
    at = guess_page(ask="circle")
    assert "asks 'circle'; it may ask image or square" in said(at)
    assert "Which image excites it more?" in words(at)


def test_a_link_to_squares_asks_about_squares() -> None:
    at = guess_page(ask="square", round=8, question=3)
    assert panel(at) == str(guess.questions(8, "square")[2].unit)
    assert "Which square, erased, would silence it more?** Round 8, question 3" in words(at)


def test_the_last_round_is_followed_by_the_first() -> None:
    at = guess_page(round=9999)
    assert "Round 9999" in words(at)
    assert in_link(press(at, "skip"), "round") == "1" and not at.info


def test_a_haste_of_presses_answers_once() -> None:
    """The button of a question that was answered answers nothing more, and no other question."""
    at = guess_page()
    first = answer(at, True)
    assert not any(key.startswith("This one") for key in (button.key or "" for button in first.button))
    press(at, "Next-Enter")
    keys = {button.key for button in at.button}
    assert "This one-Left-2" in keys and "This one-Left-1" not in keys
