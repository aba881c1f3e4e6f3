"""The Circuits page in a real Chromium: from unit to unit by clicks, an edge's arithmetic, and the steering wheel."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from core.charts.circuit_tables import BETWEEN, CARD, HEIGHT
from tests.browser.test_everybody import at_rest

Open = Callable[..., Page]
CHART, SCORE = ".st-key-circuit svg.marks", ".st-key-score code"
ROW = HEIGHT + BETWEEN


def test_a_click_on_a_unit_takes_it_apart_and_the_link_holds_it(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/circuits")
    expect(page.locator(SCORE)).to_have_text("cnn/relu3/16")
    at_rest(page)
    page.locator(CHART).click(position={"x": CARD / 2, "y": ROW + HEIGHT / 2})
    page.wait_for_url("**unit=cnn%2Frelu2%2F6*")
    expect(page.locator(SCORE)).to_have_text("cnn/relu2/6")
    assert "at=6-13" in page.url
    other = open_page(page.url)
    expect(other.locator(SCORE)).to_have_text("cnn/relu2/6")
    page.go_back()
    expect(page.locator(SCORE)).to_have_text("cnn/relu3/16")


def test_a_click_on_an_edge_opens_its_arithmetic(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/circuits?closer=turn+a+unit")
    expect(page.get_by_role("heading", name="Steering wheel")).to_be_visible()
    at_rest(page)
    page.locator(CHART).click(position={"x": CARD / 2 + 2, "y": ROW + HEIGHT + BETWEEN / 2})
    page.wait_for_url("**edge=relu2%2F6%3Erelu1%2F7*")
    expect(page.get_by_role("heading", name="Show me the arithmetic")).to_be_visible()
    expect(page.get_by_text("relu2/6 at row 6, column 13")).to_be_visible()


def test_the_steering_wheel_moves_the_unit_and_stands_in_the_link(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/circuits?closer=turn+a+unit&turned=relu2%2F6")
    expect(page.get_by_text("0.0 times")).to_be_visible()
    wheel = page.get_by_role("slider", name="Times its activation")
    wheel.focus()
    for _ in range(10):
        wheel.press("ArrowRight")
    expect(page.get_by_text("1.0 times")).to_be_visible()
    expect(page.get_by_text("changes by +0.00")).to_be_visible()
    page.wait_for_url("**times=1*")


def test_a_phone_shows_the_root_first_and_the_page_is_no_wider(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/circuits", width=390, height=844, touch=True)
    expect(page.locator(CHART)).to_be_visible()
    at_rest(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    root = page.locator(CHART).get_by_text("relu3/16 at 2, 7").bounding_box()
    assert root and root["x"] > 0 and root["x"] + root["width"] < 390
