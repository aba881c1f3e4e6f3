"""DeepDream and caricature on the page Make: what is there at once, what forms, and what is told."""

import pytest
from streamlit.testing.v1 import AppTest

from core.studio.first import FIRST, shipped
from tests.visits import done, page, said, until

PARTS = {"DeepDream": "dream", "Caricature": "caricature"}
LAYERS = {"dense": "relu2", "cnn": "relu4", "rnn": "lstm2"}


@pytest.fixture(autouse=True)
def nothing_kept(empty_store: object) -> None:
    """No test sees what another made."""


def part(name: str, **values: object) -> AppTest:
    at = page("make", ("make", "digit"), make=name, **values)
    assert not at.exception
    return at


def told(at: AppTest) -> str:
    """All sentences and captions."""
    return " ".join(each.value for each in (*at.caption, *at.markdown))


def labels(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


@pytest.mark.parametrize("name", PARTS)
def test_a_finished_result_is_there_before_anything_is_touched(name: str) -> None:
    """Trained and untrained; it says how much was raised, and what training adds."""
    at = part(name)
    assert "Watch it form" in labels(at)
    captions = [each.value for each in at.caption]
    assert any(each.startswith("**Trained.** block") for each in captions)
    assert any(each.startswith("**Untrained twin.** block") for each in captions)
    assert "Egyptian cat" in told(at) and "untrained twins" in told(at)


def test_each_picture_has_its_own_numbers() -> None:
    captions = [each.value for each in part("DeepDream").caption]
    tasks = [task for task in shipped() if task.technique == "dream"]
    for task, label in zip(tasks, ("Trained", "Untrained twin"), strict=True):
        made = task.shipped()
        assert made is not None
        before, after, noise = (made.numbers[name] for name in ("before", "after", "noise"))
        (caption,) = (each for each in captions if each.startswith(f"**{label}.**"))
        assert (
            f"is {after / before:.2f} times as large, by noise as large and as coarse {noise / before:.2f}" in caption
        )


def test_what_ships_is_what_the_page_shows_first() -> None:
    for technique in PARTS.values():
        first = next(task for task in FIRST if task.technique == technique)
        assert first.shipped() is not None and first.shipped_at().exists()
        made, steps = first.shipped(), first.recipe.steps * getattr(first.recipe, "octaves", 1)
        assert made is not None and made.steps == steps and made.pictures.shape == (1, 224, 224, 3)


@pytest.mark.parametrize("net", ["dense", "cnn", "rnn"])
@pytest.mark.parametrize("name", PARTS)
def test_a_digit_forms_by_itself_in_every_net(name: str, net: str) -> None:
    at = part(name, **{"made-from": "a digit", "digit": 84, f"{PARTS[name]}-net": net})
    at = until(at, done("Make it"))
    assert f"**Untrained twin.** {LAYERS[net]}'s" in told(at)
    assert "Its answer was *8* (100\u00a0%), and is *8*" in told(at)


def test_a_unit_that_is_not_there_is_told_and_the_page_lives_on() -> None:
    at = part("DeepDream", **{"made-from": "a digit", "digit": 84, "dream-unit": 900})
    at = until(at, lambda at: bool(at.info))
    assert "relu4 has the units 0 to" in said(at) and "900 is none" in said(at)


def test_a_unit_is_raised_alone() -> None:
    at = part("DeepDream", **{"made-from": "a digit", "digit": 84, "dream-unit": 5})
    assert "The mean of unit 5 of relu4 went from" in told(until(at, done("Make it")))


def test_the_recipe_stands_in_the_switches() -> None:
    at = part("DeepDream", **{"dream-layer-photo": "block12", "dream-strength": 2.0, "dream-octaves": 3})
    assert "Make it" in labels(at)  # it does not ship
    assert "root mean square of block12" in told(at)
