"""The page Make in a real Chromium: a card opens its technique, and all six change a sample and a visitor's photo."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from core.data import photos
from core.studio.techniques import TECHNIQUES
from tests.browser.test_everybody import at_rest

Open = Callable[..., Page]
# Their parts of the page: the technique, and what makes it a matter of seconds.
PARTS = {
    "Fooling": ("fooling", "fooling-size-photos-Linf=0.016"),
    "DeepDream": ("dream", "dream-octaves=1&dream-steps-photos=4"),
    "Inversion": ("inversion", "inversion-layer=block1&inversion-steps-photos-1=5"),
    "Caricature": ("caricature", "caricature-steps-photos=4"),
    "Texture": ("texture", "layers-texture-photos=stem_relu&texture-steps-photos=5"),
    "Style": ("style", "style-steps-photos=5"),
}
LONG = 180_000  # milliseconds, for a net and its control on a busy machine


def taken(page: Page, label: re.Pattern[str]) -> bytes:
    """The first file of that kind that the page gives away."""
    finished(at_rest(page)).click()  # a page that runs once more would close what opens
    with page.expect_download() as download:
        page.get_by_role("button", name=label).first.click()
    return download.value.path().read_bytes()


def told(content: bytes) -> dict[str, object]:
    with Image.open(io.BytesIO(content)) as picture:
        assert min(picture.size) >= 160
        return json.loads(picture.info["Layerscope"])  # type: ignore[no-any-return]


def finished(page: Page) -> Locator:
    """What is there once: for a moment, as a job ends, the page still has what it showed before."""
    return page.get_by_role("button", name="Take it along")


def test_all_techniques_are_tried() -> None:
    assert {technique for technique, _ in PARTS.values()} == set(TECHNIQUES)


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_a_click_anywhere_on_a_card_opens_its_technique(server: str, open_page: Open, width: int) -> None:
    page = open_page(f"{server}/make", width=width)
    for number, (name, (technique, _)) in enumerate(PARTS.items()):
        card = page.locator(f".st-key-card-{technique}")
        expect(card.locator("img")).to_be_visible()
        at_rest(page)  # pictures that come in move the cards below them
        card.click(position={"x": 60, "y": 60 + 10 * number})  # on its picture
        expect(page.get_by_role("radio", name=name)).to_be_checked()
        page.wait_for_url(f"**make={name}*")
        expect(finished(page)).to_have_count(1)  # what ships is there
        at_rest(page).get_by_text("All six", exact=True).click()
        expect(page.locator("[class*=st-key-card-] img")).to_have_count(len(PARTS))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "technique", "quickly"), [(name, *part) for name, part in PARTS.items()])
def test_a_sample_is_changed_and_the_link_finds_it_again(
    server: str, open_page: Open, name: str, technique: str, quickly: str
) -> None:
    page = open_page(f"{server}/make?make={name}&photo=rocket&{quickly}")
    page.get_by_role("button", name="Make it").click()
    expect(finished(page)).to_have_count(1, timeout=LONG)
    first = taken(page, re.compile(r"\(PNG\)"))
    about = told(first)
    assert about["technique"] == technique and about["sources"][0] == "rocket"  # type: ignore[index]
    again = open_page(page.url)
    expect(finished(again)).to_have_count(1)  # kept: nothing is made anew
    assert taken(again, re.compile(r"\(PNG\)")) == first


@pytest.mark.slow
@pytest.mark.parametrize(("name", "technique", "quickly"), [(name, *part) for name, part in PARTS.items()])
def test_a_visitors_own_photo_is_changed(
    server: str, open_page: Open, tmp_path: Path, name: str, technique: str, quickly: str
) -> None:
    photos.sample("coffee").save(tmp_path / "coffee.jpg", quality=95)
    page = open_page(f"{server}/make?make={name}&{quickly}")
    page.get_by_role("button", name="Your own photo").first.click()
    page.locator("input[type=file]").first.set_input_files(tmp_path / "coffee.jpg")
    page.wait_for_url("**photo=own*")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Make it").click()
    expect(finished(page)).to_have_count(1, timeout=LONG)
    about = told(taken(page, re.compile(r"\(PNG\)")))
    assert about["technique"] == technique and "own" in about["sources"]  # type: ignore[operator]


@pytest.mark.slow
def test_what_forms_can_be_cancelled(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/make?make=DeepDream&photo=flower&dream-steps-photos=60")
    page.get_by_role("button", name="Make it").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("It was stopped before it was finished.")).to_be_visible()
    expect(page.get_by_role("button", name="Make it")).to_be_visible()


@pytest.mark.slow
def test_of_a_digit_what_is_cancelled_stays_so_until_its_button_is_pressed(server: str, open_page: Open) -> None:
    long = "inversion-steps-digits-none=400&inversion-starts-digits-none=6"
    page = open_page(f"{server}/make?make=Inversion&made-from=a+digit&digit=84&{long}")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("It was stopped before it was finished.")).to_be_visible()
    for name in ("Style", "Inversion"):  # away, and back
        at_rest(page).get_by_text(name, exact=True).click()
        page.wait_for_url(f"**make={name}*")
    expect(page.get_by_role("button", name="Make it")).to_be_visible()
    at_rest(page).get_by_role("button", name="Make it").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
