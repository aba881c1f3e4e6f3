"""The XOR page in a real Chromium: it plays and pauses, a click puts a point, and a link shows the same surfaces."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_everybody import at_rest

Open = Callable[..., Page]
SURFACE, COUNTED = ".st-key-output svg.marks", ".st-key-player [data-testid=stMarkdown]"
EXACT = "What is so, exactly"
PICTURES = "every => every.map(one => one.getAttribute('href') || one.getAttribute('xlink:href'))"


def epoch(page: Page) -> int:
    found = re.search(r"Epoch ([\d,]+) of", page.locator(COUNTED).inner_text())
    assert found
    return int(found[1].replace(",", ""))


def pictures(page: Page) -> list[str]:
    """Every unit's surface, and the output's, to the last bit."""
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    at_rest(page)
    return page.locator(".st-key-net-in-plane svg.marks image").evaluate_all(PICTURES)


def test_it_opens_trained_plays_pauses_and_its_link_shows_the_same_surfaces(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/xor")
    expect(page.locator(COUNTED)).to_contain_text("Epoch 1,000 of 1,000: right are 100 %")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_function("document.querySelector('.st-key-player').innerText.match(/Epoch [1-9][0-9]? of/)")
    page.get_by_role("button", name="Pause").click()
    page.wait_for_url("**epoch=*")
    shown = pictures(page)
    stood = epoch(page)
    assert 0 < stood < 1000 and len(shown) == 2 + 2 + 1 + 1
    page.wait_for_timeout(1500)
    assert epoch(page) == stood
    other = open_page(page.url)
    assert pictures(other) == shown and epoch(other) == stood
    page.get_by_role("button", name="Step").click()
    expect(page.locator(COUNTED)).to_contain_text(f"Epoch {stood + 1} of")
    page.get_by_role("button", name="Reset").click()
    expect(page.locator(COUNTED)).to_contain_text("Epoch 0 of")
    assert pictures(page) != shown


def test_playing_ends_at_the_last_epoch(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/xor?length=100")
    expect(page.get_by_role("heading", name=EXACT)).to_be_visible()
    at_rest(page)
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(page.locator(COUNTED)).to_contain_text("Epoch 100 of 100")


def test_a_layer_is_added_with_one_click_and_trained_at_once(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/xor")
    expect(page.get_by_role("heading", name=EXACT)).to_be_visible()
    at_rest(page)
    page.locator(".st-key-hidden").get_by_role("button", name="Increment").click()
    page.wait_for_url("**hidden=2*")
    expect(page.locator(".st-key-diagram svg.marks")).to_contain_text("hidden 2")


@pytest.mark.slow
def test_a_click_on_a_unit_shows_it_large_and_another_one_the_output_again(server: str, open_page: Open) -> None:
    for width in (1280, 390):
        page = open_page(f"{server}/xor", width=width, height=1600, touch=width < 500)
        expect(page.get_by_role("heading", name=EXACT)).to_be_visible()
        shown = pictures(page)
        page.locator(".st-key-diagram svg.marks image").nth(3).click(force=True)  # its box lies on it
        page.wait_for_url("**unit=hidden1%2F1*")
        expect(page.locator(".st-key-output")).to_contain_text("hidden1/1, a sigmoid unit of hidden 1")
        large = pictures(page)
        assert large[:-1] == shown[:-1] and large[-1] != shown[-1]
        assert pictures(open_page(page.url)) == large
        page.locator(".st-key-diagram svg.marks image").nth(3).click(force=True)
        page.wait_for_url(lambda url: "unit=" not in url)
        assert pictures(page) == shown
        page.locator(".st-key-diagram svg.marks image").nth(2).click(force=True)
        page.get_by_role("button", name="Back to the output").click()
        page.wait_for_url(lambda url: "unit=" not in url)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_click_puts_a_point_also_where_the_picture_is_smaller_on_a_phone(server: str, open_page: Open) -> None:
    for width in (1280, 390):
        page = open_page(f"{server}/xor?points=own&own=aauuUA", width=width, height=1400, touch=width < 500)
        expect(page.locator(SURFACE)).to_be_visible()
        at_rest(page)
        box = page.locator(SURFACE).bounding_box()
        assert box and box["width"] <= width
        page.locator(SURFACE).click(position={"x": box["width"] / 2, "y": box["height"] / 2})
        page.wait_for_url("**own=aauuUAkk*")
        expect(page.get_by_text("with the 4 training points")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
