"""The Neighbours page in a real Chromium: from neighbour to neighbour, and back by the link."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.menu import go_to
from tests.drawing import draw_with_mouse

NUMBERED = re.compile(r"^Test image \d+, a")
Open = Callable[..., Page]


@pytest.mark.slow
def test_a_click_on_a_neighbour_goes_to_it(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/neighbours?digit=7")
    expect(page.get_by_text("Test image 7, a 9")).to_be_visible()
    expect(page.get_by_text("of 12")).to_have_count(7)
    page.locator(".st-key-near-cnn-relu3 svg.marks").click(position={"x": 20, "y": 20})
    expect(page.get_by_text("Test image 7, a 9")).to_have_count(0)
    expect(page.get_by_text(NUMBERED)).to_be_visible()
    image = page.get_by_text(NUMBERED).inner_text()
    other = open_page(page.url)
    expect(other.get_by_text(image)).to_be_visible()


def test_a_drawing_is_taken_along_from_the_page_draw(server: str, open_page: Open) -> None:
    page = open_page(server)
    draw_with_mouse(page, 3)
    expect(page.locator(".answer .label")).to_have_text(["3", "3", "3"])
    go_to(page, "Neighbours")
    expect(page.get_by_text("are 3s").first).to_be_visible()
    page.wait_for_url("**ink=*")


def test_a_phone_shows_the_neighbours_within_its_width(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/neighbours?digit=7", width=390, height=844, touch=True)
    expect(page.get_by_text("of 12")).to_have_count(7)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
