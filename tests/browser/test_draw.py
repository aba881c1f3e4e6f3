"""The Draw page in a real Chromium: the mouse, the link, the frame."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from pages.frame.navigation import PAGES
from tests.browser.menu import go_to
from tests.browser.test_everybody import at_rest
from tests.drawing import draw_with_mouse

Open = Callable[..., Page]
GROUPS = list(dict.fromkeys(group for group, _ in PAGES.values()))


def answers(page: Page) -> Locator:
    return page.locator(".answer .label")


def test_a_digit_drawn_with_the_mouse_is_answered_by_three_nets(server: str, open_page: Open) -> None:
    page = open_page(server)
    expect(answers(page)).to_have_text(["8", "8", "8"])  # the example
    expect(page.get_by_text("An example: test image")).to_be_visible()
    draw_with_mouse(page, 3)
    expect(answers(page)).to_have_text(["3", "3", "3"])
    expect(page.get_by_text("An example: test image")).to_have_count(0)
    expect(page.locator(".st-key-nets svg.marks")).to_have_count(3)


def test_reloading_the_link_shows_the_same(server: str, open_page: Open) -> None:
    page = open_page(server)
    draw_with_mouse(page, 7)
    expect(answers(page)).to_have_text(["7", "7", "7"])
    page.wait_for_url("**ink=*")
    shares = page.locator(".answer .share").all_inner_texts()
    page.reload()
    expect(answers(page)).to_have_text(["7", "7", "7"])
    assert page.locator(".answer .share").all_inner_texts() == shares
    other = open_page(page.url)
    expect(answers(other)).to_have_text(["7", "7", "7"])
    assert other.locator(".answer .share").all_inner_texts() == shares


def test_a_cold_server_opened_by_a_link_shows_the_page_in_its_frame(cold_server: str, open_page: Open) -> None:
    page = open_page(
        f"{cold_server}/?digit=0&weights=untrained&layers=pre-activations&dense=dense-video&rows=12&unit=cnn%2Fconv2%2F3"
    )
    expect(answers(page)).to_have_count(3)
    expect(page.get_by_test_id("stTopNavSection")).to_have_text(GROUPS)
    expect(page.locator(".answer .net")).to_have_text(["dense-video", "cnn", "rnn"])
    expect(page.get_by_text("conv2 · 24 maps · 14 x 14")).to_be_visible()
    expect(page.get_by_text("lstm1 · 64 cells · 12 rows")).to_be_visible()
    expect(page.locator("code.unit")).to_have_text("cnn/conv2/3")


@pytest.mark.slow
def test_a_cold_server_opened_at_another_page_shows_it_in_its_frame(cold_server: str, open_page: Open) -> None:
    page = open_page(f"{cold_server}/nets")
    expect(page.get_by_role("heading", name="The nets, trained and untrained")).to_be_visible()
    expect(page.get_by_test_id("stTopNavSection")).to_have_text(GROUPS)
    expect(page.get_by_text("How this is computed")).to_be_visible()


@pytest.mark.slow  # and alone: on a busy machine the canvas comes back empty
def test_the_drawing_and_the_unit_survive_a_change_of_page(server: str, open_page: Open) -> None:
    page = open_page(server)
    draw_with_mouse(page, 2)
    expect(answers(page)).to_have_text(["2", "2", "2"])
    page.wait_for_timeout(1000)  # the last stroke's pictures are still on their way
    page.locator(".st-key-column-cnn svg.marks").click(position={"x": 40, "y": 240})
    expect(page.locator("code.unit")).to_be_visible()
    page.wait_for_url("**unit=*")
    before = page.url
    go_to(page, "The nets")
    expect(page.get_by_role("heading", name="The nets, trained and untrained")).to_be_visible()
    go_to(page, "Draw")
    expect(answers(page)).to_have_text(["2", "2", "2"])
    expect(page.locator("code.unit")).to_be_visible()
    page.wait_for_url("**unit=*")
    assert page.url == before


def test_a_unit_can_be_closed_and_clicked_again(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/?digit=0")
    for _ in range(2):
        page.locator(".st-key-column-cnn svg.marks").click(position={"x": 40, "y": 240})
        expect(page.locator("code.unit")).to_have_text("cnn/relu1/0")
        page.get_by_role("button", name="Close").click()
        expect(page.locator("code.unit")).to_have_count(0)


def test_a_click_on_a_unit_that_it_reads_from_opens_that_one(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/?digit=0&unit=cnn%2Frelu3%2F7")
    expect(page.get_by_text("By its weights it reads most from these of pool2")).to_be_visible()
    page.locator('[class*="st-key-excite-it-pool2"] svg.marks').click(position={"x": 110, "y": 25})
    expect(page.locator("code.unit")).to_contain_text("cnn/pool2/")


def test_back_goes_from_unit_to_unit_and_to_none(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/?digit=0")
    expect(answers(page)).to_have_count(3)
    for x, unit in ((40, "cnn/relu1/0"), (100, "cnn/relu1/1")):
        page.locator(".st-key-column-cnn svg.marks").click(position={"x": x, "y": 240})
        expect(page.locator("code.unit")).to_have_text(unit)
        page.wait_for_timeout(500)
    page.go_back()
    expect(page.locator("code.unit")).to_have_text("cnn/relu1/0")
    page.go_back()
    expect(page.locator("code.unit")).to_have_count(0)


def test_a_click_on_a_test_image_puts_it_on_the_paper(server: str, open_page: Open) -> None:
    page = open_page(server)
    page.get_by_role("button", name="Clear").click()
    at_rest(page).locator(".st-key-begin svg.marks").click(position={"x": 30, "y": 30})
    expect(answers(page)).to_have_text(["0", "0", "0"])
    page.wait_for_url("**digit=3*")


def test_a_phone_shows_everything_within_its_width(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/?digit=4&unit=dense%2Frelu1%2F5", width=390, height=844, touch=True)
    expect(answers(page)).to_have_count(3)
    expect(page.locator(".st-key-unit svg.marks")).to_have_count(5)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    sheet = page.locator(".st-key-unit").bounding_box()
    assert sheet is not None
    assert sheet["y"] + sheet["height"] <= 845
