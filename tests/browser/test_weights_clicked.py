"""The Weights page in a real Chromium: a click on a filter opens its unit, and the link holds it."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

Open = Callable[..., Page]


def test_a_click_on_a_filter_opens_its_unit_and_one_that_it_is_joined_to(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/weights")
    page.locator('[class*="st-key-weights-cnn-conv1"] svg.marks').click(position={"x": 100, "y": 30})
    expect(page.locator("code.unit")).to_have_text("cnn/conv1/1")
    page.wait_for_url("**unit=*")
    page.locator('[class*="st-key-are-excited-conv2"] svg.marks').click(position={"x": 110, "y": 25})
    expect(page.locator("code.unit")).to_contain_text("cnn/conv2/")
    other = open_page(page.url)
    expect(other.locator("code.unit")).to_contain_text("cnn/conv2/")


def test_a_phone_shows_the_weights_within_its_width(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/weights?deep=rnn", width=390, height=844, touch=True)
    expect(page.locator('[class*="st-key-weights-"] svg.marks').first).to_be_visible()
    expect(page.get_by_text("twin 0.60")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
