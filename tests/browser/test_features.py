"""The Features page in a real Chromium: progress, cancel, two tabs, a reload, other widgets."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

Open = Callable[..., Page]
STEP = re.compile(r"Step (\d+) of \d+")


def begin(page: Page) -> None:
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text(STEP)).to_be_visible()
    expect(page.locator(".st-key-ascents img").first).to_be_visible()


def step(page: Page) -> int:
    found = STEP.search(page.locator("[data-testid=stProgress]").inner_text())
    return int(found.group(1)) if found else -1


def beyond(page: Page, number: int) -> None:
    """Wait until a later step is shown."""
    page.wait_for_function(
        "n => Number(/Step (\\d+) of/.exec(document.querySelector('[data-testid=stProgress]')?.innerText)?.[1]) > n",
        arg=number,
    )


def test_an_ascent_shows_its_progress_and_is_cancelled_before_its_end(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/features?models=cnn&steps=512&seed=1")
    begin(page)
    first = step(page)
    expect(page.get_by_text(STEP)).not_to_have_text(f"Step {first} of 512")
    assert step(page) > first
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Start")).to_be_visible()
    expect(page.get_by_text("Finished and kept")).to_have_count(0)


@pytest.mark.slow
def test_another_widget_a_reload_and_a_second_tab_find_the_same_run(server: str, open_page: Open) -> None:
    link = f"{server}/features?sees=photos&steps=512&seed=2"  # of photos: long enough on an idle machine, too
    page = open_page(link)
    begin(page)
    beyond(page, 0)
    page.get_by_text("How this is computed").click()
    before = step(page)
    page.reload()
    expect(page.get_by_text(STEP)).to_be_visible()
    assert step(page) >= before
    other = open_page(link)
    expect(other.get_by_text(STEP)).to_be_visible()
    assert step(other) >= before
    other.get_by_role("button", name="Cancel").click()
    expect(other.get_by_role("button", name="Start")).to_be_visible()
    beyond(page, step(page))  # the other tab's cancel is not this one's
    page.get_by_role("button", name="Cancel").click()


def test_a_finished_ascent_can_be_scrubbed_and_taken_along(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/features?models=dense&steps=32&seed=3")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("After so many steps")).to_be_visible()
    expect(page.locator(".shares")).to_have_count(3)
    for name, ending in (("Pictures (PNG)", "png"), ("Animation (GIF)", "gif"), ("Recipe (JSON)", "json")):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        assert download.value.suggested_filename == f"features.{ending}"
        content = download.value.path().read_bytes()
        assert content.startswith({"png": b"\x89PNG", "gif": b"GIF8", "json": b"{"}[ending])
    page.reload()
    expect(page.locator(".st-key-ascents svg.marks")).to_have_count(3)  # the result is there at once


@pytest.mark.slow
def test_a_click_on_a_picture_opens_its_unit_and_the_link_brings_it_back(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/features?models=dense&steps=16&seed=4")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".st-key-ascents svg.marks")).to_have_count(3)
    page.locator(".st-key-row-dense-fc2 svg.marks").click(position={"x": 58 + 20, "y": 20})
    expect(page.locator("code.unit")).to_have_text("dense/fc2/1")
    expect(page.locator(".st-key-unit-over svg.marks")).not_to_have_count(0)
    page.wait_for_url("**unit=dense*")
    other = open_page(page.url)
    expect(other.locator("code.unit")).to_have_text("dense/fc2/1")
    page.get_by_role("dialog").get_by_role("button", name="Close").first.click()
    expect(page.locator("code.unit")).to_have_count(0)
