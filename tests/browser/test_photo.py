"""The Photo page in a real Chromium: the wall, a sample, one's own file, a bad file, a phone."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.data import photos

Open = Callable[..., Page]


@pytest.fixture
def coffee(tmp_path: Path) -> Path:
    photos.sample("coffee").save(tmp_path / "coffee.jpg", quality=95)
    return tmp_path / "coffee.jpg"


def bring(page: Page, path: Path) -> None:
    page.get_by_role("button", name="Your own photo").click()
    page.locator("input[type=file]").set_input_files(path)


@pytest.mark.slow
def test_a_click_on_the_wall_opens_the_unit(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/photo")
    wall = page.locator(".st-key-wall svg.marks")
    expect(wall).to_be_visible()
    wall.click(position={"x": 88 + 30, "y": 7 * 75 + 30})  # the eighth row is block14
    expect(page.locator("code.unit")).to_have_text("photo/block14/0")
    page.wait_for_url("**unit=photo*")
    expect(page.locator(".st-key-unit img")).not_to_have_count(0)
    page.get_by_role("button", name="Close").click()
    expect(page.locator("code.unit")).to_have_count(0)


def test_a_sample_a_layer_and_a_channel_are_chosen_by_clicks(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/photo")
    page.locator(".st-key-samples svg.marks").click(position={"x": 40, "y": 40})
    expect(page.locator(".st-key-answer")).to_contain_text("Egyptian cat")
    page.locator(".st-key-strip svg.marks").click(position={"x": 130, "y": 46 * 8 + 20})  # the ninth is block8
    caption = page.get_by_text("block8 · 80 maps · 14 x 14")
    expect(caption).to_be_visible()
    strongest = caption.inner_text()  # with their scale
    page.get_by_text("in order", exact=True).click()
    expect(caption).not_to_have_text(strongest)
    page.wait_for_timeout(500)  # until the pictures below the caption are there, too
    expect(page.locator(".st-key-maps svg.marks")).to_have_count(1)  # the former ones are gone
    page.locator(".st-key-maps svg.marks").click(position={"x": 20, "y": 20})
    expect(page.locator("code.unit")).to_have_text("photo/block8/0")
    expect(page.get_by_text("Where it answers in this photo")).to_be_visible()
    again = open_page(page.url)
    expect(again.locator("code.unit")).to_have_text("photo/block8/0")
    expect(again.locator(".st-key-answer")).to_contain_text("Egyptian cat")


def test_ones_own_photo_is_answered_and_stays_in_the_session(server: str, open_page: Open, coffee: Path) -> None:
    page = open_page(f"{server}/photo")
    bring(page, coffee)
    expect(page.locator(".st-key-answer")).to_contain_text("espresso")
    page.wait_for_url("**photo=own*")
    other = open_page(page.url)
    expect(other.get_by_text("a photo that only its visitor had")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("cat.png", b"a shopping list", "no PNG, JPEG or WebP picture"), ("dot.png", None, "each side needs at least 16")],
)
def test_a_bad_file_gets_a_sentence_and_the_page_lives_on(
    server: str, open_page: Open, tmp_path: Path, coffee: Path, name: str, content: bytes | None, words: str
) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (1, 1)).save(buffer, "PNG")
    (tmp_path / name).write_bytes(content or buffer.getvalue())
    page = open_page(f"{server}/photo?photo=cat")
    expect(page.locator(".st-key-answer")).to_contain_text("Egyptian cat")
    bring(page, tmp_path / name)
    expect(page.get_by_text(words)).to_be_visible()
    expect(page.locator(".st-key-answer")).to_contain_text("Egyptian cat")
    page.locator("input[type=file]").set_input_files(coffee)
    expect(page.locator(".st-key-answer")).to_contain_text("espresso")


@pytest.mark.slow
@pytest.mark.parametrize(("width", "side"), [(1440, 560), (390, 320)])
def test_a_picture_of_the_wall_opens_at_full_size_within_the_window(
    server: str, open_page: Open, width: int, side: int
) -> None:
    """Two of 560 pixels side by side, on a phone one below the other, as wide as there is room; then it closes."""
    page = open_page(f"{server}/photo?unit=photo%2Fblock14%2F8", width=width, height=900, touch=width < 500)
    page.get_by_role("button", name="Full size").click()
    over = page.get_by_role("dialog")
    expect(over.locator("code.unit")).to_have_text("photo/block14/8")
    shown = over.locator(".st-key-full-size img")
    expect(shown).to_have_count(2)
    page.wait_for_timeout(1000)
    boxes = [box for box in (shown.nth(n).bounding_box() for n in range(2)) if box]
    assert all(side - 60 < box["width"] <= 560 and box["x"] + box["width"] <= width for box in boxes)
    assert (boxes[0]["y"] == boxes[1]["y"]) == (width > 500)
    over.get_by_role("button", name="Close").first.click()
    expect(over).to_have_count(0)
    expect(page.locator("code.unit")).to_have_text("photo/block14/8")


@pytest.mark.slow
def test_a_cold_server_opened_by_a_link_to_a_photo(cold_server: str, open_page: Open) -> None:
    page = open_page(f"{cold_server}/photo?photo=flower&layer=block5&unit=photo%2Fblock5%2F3")
    expect(page.locator(".st-key-answer")).to_contain_text("daisy")
    expect(page.locator("code.unit")).to_have_text("photo/block5/3")
    expect(page.get_by_test_id("stTopNavSection")).not_to_have_count(0)


def test_a_phone_shows_the_photo_page_within_its_width(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/photo?photo=cat&unit=photo%2Fblock8%2F3", width=390, height=844, touch=True)
    expect(page.locator(".st-key-answer")).to_contain_text("Egyptian cat")
    expect(page.locator(".st-key-maps svg.marks")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
