"""The Memory page in a real Chromium: a drawing is half read, the slider reads on, a unit opens, a link shows all."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.menu import go_to
from tests.browser.test_everybody import at_rest
from tests.drawing import draw_with_mouse

Open = Callable[..., Page]
ANSWER = ".st-key-half-read .answer .label"


@pytest.mark.slow
def test_a_drawing_is_read_row_by_row_and_a_unit_opens(server: str, open_page: Open) -> None:
    page = open_page(server)
    draw_with_mouse(page, 3)
    page.wait_for_url("**ink=*")
    go_to(at_rest(page), "Memory")
    page.wait_for_url("**/memory*ink=*")
    expect(page.locator(".st-key-half-read .about")).to_have_text("trained, after row 14")
    tops = page.locator(".st-key-half-read svg.marks").evaluate_all(
        "every => every.map(one => one.getBoundingClientRect().top)"
    )
    assert len(tops) == 3 and len(set(tops)) == 1  # the same row stands at the same height
    page.get_by_role("slider").focus()
    page.keyboard.press("End")
    expect(page.locator(".st-key-half-read .about")).to_have_text("trained, after row 28")
    expect(page.locator(ANSWER)).to_have_text("3")
    page.wait_for_url("**read=28*")
    other = at_rest(open_page(at_rest(page).url))
    expect(other.locator(ANSWER)).to_have_text("3")
    picture = page.locator(".st-key-cells-state svg.marks")
    picture.scroll_into_view_if_needed()
    picture.click(position={"x": 5 * 7 + 2, "y": 40})
    expect(page.locator("code.unit")).to_have_text("rnn/lstm2/7")
