"""The part of the page Make on fooling images: digits at once, photos as they ship, and what is refused."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.data.photos import sample, to_input
from core.studio.fooling import SEARCHED, Fooling, rounded, sizes, unguided
from core.studio.made import Made
from pages.studio import fooled
from tests.visits import answers, charts, page, said, until

DIGIT = {"make": "Fooling", "made-from": "a digit"}


@pytest.fixture(autouse=True)
def fresh(empty_store: Path) -> None:
    """No job and no result is there from before."""


def over(at: AppTest) -> bool:
    return not any(button.label == "Cancel" for button in at.button)


def captions(at: AppTest) -> str:
    """Captions and sentences."""
    return "\n".join(each.value for each in (*at.caption, *at.markdown))


def visit(**values: Any) -> AppTest:
    at = page("make", ("digit",), **values)
    assert not at.exception
    return until(at, over)


def test_a_digit_is_fooled_at_once_in_three_nets_with_their_twins() -> None:
    at = visit(**DIGIT)
    assert len(answers(at)) == 3 and "8" not in answers(at)
    files = [each.proto.label for each in at.get("download_button")]
    assert {"dense, trained (PNG)", "cnn, untrained twin (PNG)"} <= set(files) and len(files) == len(set(files))
    text = captions(at)
    assert text.count("Its untrained twin: the smallest ε that fools it") == 3 and "**now 3**" in text
    steps, cells = charts(at)[:-1], charts(at)[-1]
    assert len(steps) == 3 and all(
        name in cells for name in ("dense, untrained", "rnn, shuffled", "noise", "grey veil")
    )
    assert "Of `cnn`'s answers to 200 test digits" in text


def test_the_sample_photo_ships_beside_twin_and_shuffled_weights() -> None:
    at = visit(make="Fooling")
    assert "**now tiger cat**" in captions(at) and [button for button in at.button if button.label == "Watch it form"]
    assert "Egyptian cat" in captions(at) and "Of `photo`'s answers to 6 photos" in captions(at)
    assert "untrained twin" in charts(at)[-1]
    assert "All rounded to 8 bits a pixel, as files hold them, which makes ε 0.0078;" in captions(at)


def test_8_bits_hold_the_sizes_that_can_be_chosen_of_photos() -> None:
    chosen = visit(make="Fooling").select_slider(key="fooling-size-photos-Linf").options[1:]
    photo = to_input(sample("cat"))[None]
    for epsilon in map(float, chosen):
        pictures = {name: rounded(each) for name, each in unguided(photo, Fooling(), epsilon).items()}
        assert sizes(photo, pictures, "Linf") == pytest.approx((epsilon, epsilon), rel=0.05)


def test_towards_a_class_that_is_there_already_gets_a_sentence_and_the_others_go_on() -> None:
    at = visit(**DIGIT, **{"fooling-into-digits": "8"})
    assert "The net gives this answer already" in said(at)
    at.session_state["fooling-into-digits"] = "3"
    at = until(at.run(), over)
    assert answers(at) == ["3", "3", "3"] and not at.exception


def test_an_epsilon_of_ones_own_is_used_in_both_norms() -> None:
    at = visit(**DIGIT, **{"fooling-size-digits-Linf": "0.05"})
    assert answers(at) == ["8", "8", "8"] and "**still 8**" in captions(at) and "the change, ε 0.05" in captions(at)
    at.session_state["fooling-norm"] = "length"
    at.session_state["fooling-size-digits-L2"] = "3.0"
    at = until(at.run(), over)
    assert "8" not in answers(at) and "ε 3" in captions(at) and "grey veil" not in charts(at)[-1]


def made(**numbers: float) -> Made:
    return Made(1, 1, np.zeros((3, 4, 4), np.uint8), {"smallest": 0.01, "noise_smallest": 0.2, "epsilon": 0.01,
                "fooled": 1.0, "rounded_fooled": 1.0} | numbers)  # fmt: skip


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({}, "The smallest ε that fools it is **0.01**; noise needs 0.2, 20 times that."),
        (
            {"noise_smallest": math.inf},
            f"is **0.01**; at no size tried does noise fool it in half of {SEARCHED} draws.",
        ),
        ({"smallest": math.inf, "fooled": 0.0}, "No change within the range of pixels fools it by these steps."),
        ({"rounded_fooled": 0.0}, "20 times that. Rounded to 8 bits a pixel, as files hold it"),
        (
            {"fooled": 0.0, "rounded_fooled": 0.0, "epsilon": 0.1},
            "20 times that. With the ε shown, and steps",
        ),
        ({"fooled": 0.0, "rounded_fooled": 0.0, "epsilon": 0.005}, "20 times that."),
    ],
)
def test_a_column_says_how_little_it_takes(numbers: dict[str, float], expected: str) -> None:
    told = fooled.told(made(**numbers))
    assert told.startswith(expected) if expected[0].isupper() else expected in told
    assert ("missed" in told) == ("With" in expected) and ("Rounded" in told) == ("Rounded" in expected)
