"""The Memory page on a text, in a real Chromium: a cell, a text of one's own, and a link that shows them again."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_everybody import at_rest

Open = Callable[..., Page]


@pytest.mark.slow
def test_a_text_of_ones_own_is_read_and_the_link_shows_it_again(server: str, open_page: Open) -> None:
    page = at_rest(open_page(f"{server}/memory?reads=a+text"))
    expect(page.locator(".letters i.chosen")).to_have_count(1)
    page.get_by_text("my own").click()
    area = page.get_by_label("Your text")
    area.fill("To be, or not 🦑 to be")
    area.press("Control+Enter")
    expect(page.locator(".letters")).to_contain_text("To be, or not ? to be")
    expect(page.get_by_text("Not in the net's alphabet")).to_be_visible()
    page.wait_for_url("**text=To*")
    other = at_rest(open_page(at_rest(page).url))
    expect(other.locator(".letters")).to_contain_text("To be, or not ? to be")
    assert other.locator(".letters").inner_html() == page.locator(".letters").inner_html()


@pytest.mark.slow
def test_a_click_on_a_cell_colours_the_text_by_it(server: str, open_page: Open) -> None:
    page = at_rest(open_page(f"{server}/memory?reads=a+text"))
    picture = page.locator(".st-key-all-cells-picture svg.marks")
    picture.scroll_into_view_if_needed()
    picture.click(position={"x": 4 * 7 + 1, "y": 20})
    expect(page.get_by_label("Cell", exact=True)).to_have_value("7")
    page.wait_for_url("**cell-number=7*")
    expect(page.get_by_text("text/lstm2/7").first).to_be_visible()


@pytest.mark.slow
def test_three_nets_train_by_themselves(server: str, open_page: Open) -> None:
    page = at_rest(open_page(f"{server}/memory?reads=three+nets&train-updates=100"))
    expect(page.get_by_text("Train them here")).to_be_visible()
    expect(page.locator(".st-key-vanishing-lengths svg.marks").first).to_be_visible()
