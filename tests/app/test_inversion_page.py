"""The part of the page Make on inversion: digits at once, photos as they ship, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.visits import charts, page, until

DIGIT = {"make": "Inversion", "made-from": "a digit"}
QUICK = {"inversion-steps-digits-none": 2, "inversion-starts-digits-none": 2}


@pytest.fixture(autouse=True)
def fresh(empty_store: Path) -> None:
    """No job and no result is there from before."""


def over(at: AppTest) -> bool:
    return not any(button.label == "Cancel" for button in at.button)


def told(at: AppTest) -> str:
    """Captions and sentences."""
    return "\n".join(each.value for each in (*at.caption, *at.markdown))


def visit(**values: Any) -> AppTest:
    at = page("make", ("digit", "photo"), **values)
    assert not at.exception
    return until(at, over)


def test_a_digits_layers_are_inverted_at_once_in_three_nets_beside_their_twins() -> None:
    at = visit(**DIGIT, **QUICK)
    text = told(at)
    assert text.count("twin: error") == text.count("trained: error") == 3 + 5 + 3
    assert "nearest to the given digit: " in text and "of 2" in text
    assert "spread" in text and "answer" in text
    assert text.count("The true digit comes back from") == 3
    assert "mean image" in charts(at)[-1]


def test_within_a_prior_the_table_is_that_priors() -> None:
    at = visit(**DIGIT, **{"inversion-prior": "generator", "inversion-steps-digits-generator": 1})
    assert [each.value for each in at.header] == ["Over 100 test digits, within the prior generator"]
    at = visit(**DIGIT, **{"inversion-prior": "linear", "inversion-steps-digits-linear": 1})
    assert [each.value for each in at.header] == ["Over 100 test digits"]


def test_the_sample_photos_layers_ship_beside_the_twins() -> None:
    at = visit(make="Inversion")
    text = told(at)
    assert [button for button in at.button if button.label == "Watch it form"]
    assert text.count("trained: likeness") == text.count("twin: likeness") == 7
    assert "answer Egyptian cat" in text and "`photo`: The likeness goes from" in text


def test_one_layer_has_its_own_recipe_and_ships_for_the_first() -> None:
    text = told(visit(make="Inversion", **{"inversion-layer": "block6"}))
    assert text.count("`block6`") >= 1 and text.count("trained: likeness") == 1 and "spread" in text


def test_a_layer_that_nobody_inverted_waits_for_its_button() -> None:
    at = visit(make="Inversion", photo="flower", **{"inversion-layer": "head"})
    assert any(button.label == "Make it" for button in at.button) and not at.exception


def test_an_empty_digit_is_said_to_be_one() -> None:
    at = page("make", ("ink",), **DIGIT, ink="nonsense")
    assert not at.exception and not charts(at)
