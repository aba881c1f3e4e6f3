"""The parts Texture and Style of the page Make: what ships is there at once, digits are made by themselves."""

from dataclasses import replace

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.studio import task
from core.studio.first import FIRST
from pages.inputs.photographs import KEPT_STYLE
from tests.visits import fine, page, said, until

FEW = {"texture-steps-digits": "4", "style-steps-digits": "4", "made-from": "a digit", "digit": "84"}


def tab(name: str, **link: str) -> AppTest:
    asked = {"make": name} | link
    return fine(page("make", tuple(asked), **asked))


def made(at: AppTest) -> bool:
    """Whether both nets are done: there is nothing to cancel, and numbers stand below both nets' pictures."""
    finished = sum(caption.endswith("left") for caption in captions(at)) >= 2
    return finished and "Cancel" not in [button.label for button in at.button]


def captions(at: AppTest) -> list[str]:
    return [each.value for each in at.caption]


@pytest.fixture(autouse=True)
def nothing_kept(empty_store: object) -> None:
    """Each test makes its own."""


@pytest.mark.parametrize("technique", ["texture", "style"])
def test_what_is_shown_first_ships_with_its_twin(technique: str) -> None:
    (first,) = (each for each in FIRST if each.technique == technique)
    for each in (first, replace(first, weights="untrained")):
        found = each.shipped()
        assert found is not None and found.pictures.shape[1:] == (192, 192, 3)
    at = tab(technique.capitalize())
    assert [button.label for button in at.button if "form" in button.label] == ["Watch it form"]
    assert len(at.get("download_button")) == 2


def test_textures_of_a_digit_are_made_by_themselves() -> None:
    at = until(tab("Texture", **FEW), made)
    assert sum("up to relu" in caption and "%" in caption for caption in captions(at)) == 8


def test_a_digit_is_made_in_the_style_of_another() -> None:
    at = until(tab("Style", **FEW, **{"style-digit": "7"}), made)
    assert sum(caption.endswith("left") for caption in captions(at)) == 2


def test_depths_can_be_chosen_and_one_is_needed() -> None:
    asked = {"make": "Texture"} | FEW
    at = until(page("make", tuple(asked), **asked, **{"layers-texture-digits": ["relu2", "pool1"]}), made)
    depths = [caption.split(":")[0] for caption in captions(at) if "up to" in caption and "%" in caption]
    assert depths == 2 * ["up to pool1", "up to relu2"]
    assert "at least one depth" in said(tab("Texture", **FEW, **{"layers-texture-digits": ""}))


def test_a_texture_can_be_of_a_picture_with_one() -> None:
    at = tab("Texture", **{"texture-of": "gravel"})
    assert [button.label for button in at.button if "ake it" in button.label] == ["Make it"]


def test_a_style_that_is_not_there_is_said() -> None:
    assert "no sample photo 'mona lisa'" in said(tab("Style", style="mona lisa")).replace("\\", "")
    assert "only its visitor had" in said(tab("Style", style="own"))


def test_an_own_style_image_is_taken_and_kept_nowhere() -> None:
    at = page("make", ("make", "style"), make="Style", style="own", **{KEPT_STYLE: Image.new("RGB", (300, 40), "red")})
    assert "Make it" in [button.label for button in fine(at).button]


def test_a_picture_in_its_own_style_is_refused_with_a_sentence() -> None:
    at = until(tab("Style", **FEW, **{"style-digit": "84"}),
               lambda at: any("picture itself" in info.value for info in at.info))  # fmt: skip
    assert "picture itself" in said(at)


def test_a_layer_without_places_cannot_come_from_a_link() -> None:
    at = until(tab("Style", **FEW, **{"style-style-digits": "logits"}), made)
    assert not at.exception


def test_sources_may_be_styles() -> None:
    assert task.pictures_of(["grass", "cat"], 64).shape == (2, 3, 64, 64)
