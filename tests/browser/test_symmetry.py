"""The Symmetry page in a real Chromium: a point of the learning curves is trained, and a long training cancelled."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_everybody import at_rest

Open = Callable[..., Page]
CURVE = ".st-key-learned-one svg.marks"


@pytest.mark.slow
def test_a_point_of_the_learning_curves_is_trained_and_stands_beside_the_shipped(server: str, open_page: Open) -> None:
    for width in (1280, 390):
        page = at_rest(open_page(f"{server}/symmetry?learn-seed={width}", width=width, touch=width < 500))
        expect(page.locator(CURVE)).not_to_contain_text("trained here")
        page.get_by_role("button", name="Train it").click()
        expect(page.locator(CURVE)).to_contain_text("trained here")
        beside = page.get_by_text(re.compile(r"After 1,000 updates it gets [\d.]+ % right. The 5 that ship"))
        expect(beside).to_be_visible(timeout=300_000)  # two seconds, but for what else the machine does
        expect(page.get_by_role("button", name="Train it")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    again = at_rest(open_page(page.url))
    expect(again.locator(CURVE)).to_contain_text("trained here")  # for others, too, who come by the link


@pytest.mark.slow
def test_a_training_that_takes_long_is_cancelled(server: str, open_page: Open) -> None:
    page = at_rest(open_page(f"{server}/symmetry?learn-net=cnn-3+unshared"))
    page.get_by_role("button", name="Train it").click()
    expect(page.get_by_text(re.compile(r"Update \d+ of 1,000"))).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Train it")).to_be_visible()
    expect(page.get_by_text(re.compile("Update "))).to_have_count(0)
