"""The Maps page in a real Chromium: a lasso, a point under the pointer, a click on one."""

import math
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

Open = Callable[..., Page]
RELU4 = 8  # of the canvases: four maps of the dense net, then the CNN's pixels, relu1, relu2, relu3


def circle(page: Page, radius: float) -> None:
    """Draw a lasso round the middle of the CNN's last layer but one."""
    box = page.locator(".maps canvas").nth(RELU4).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x + radius, y)
    page.mouse.down()
    for step in range(1, 25):
        page.mouse.move(x + radius * math.cos(step / 4), y + radius * math.sin(step / 4))
    page.mouse.up()


def maps_page(page: Page) -> Page:
    expect(page.locator(".maps canvas")).to_have_count(14)
    page.wait_for_timeout(1500)
    return page


@pytest.mark.slow
def test_a_lasso_shows_the_images_inside_and_a_click_beside_them_lets_go(server: str, open_page: Open) -> None:
    page = maps_page(open_page(f"{server}/maps?digit=7&map=PCA"))
    circle(page, radius=45)
    expect(page.get_by_text("images inside the lasso:")).to_be_visible()
    expect(page.locator(".st-key-inside svg.marks")).to_be_visible()
    many = int(page.get_by_text("images inside the lasso:").inner_text().split(" ")[0])
    circle(page, radius=15)
    expect(page.get_by_text(f"{many} images inside")).to_have_count(0)
    fewer = int(page.get_by_text("images inside the lasso:").inner_text().split(" ")[0])
    assert 0 < fewer < many < 2000
    page.locator(".maps canvas").nth(RELU4).click(position={"x": 3, "y": 3})
    expect(page.get_by_text("images inside the lasso:")).to_have_count(0)


def test_hovering_shows_the_image_and_a_click_takes_it(server: str, open_page: Open) -> None:
    page = maps_page(open_page(f"{server}/maps?digit=7&map=PCA"))
    expect(page.locator(".maps .tip")).to_be_hidden()
    canvas = page.locator(".maps canvas").nth(RELU4)
    canvas.hover(position={"x": 100, "y": 110})
    tip = page.locator(".maps .tip")
    expect(tip).to_be_visible()
    assert "data:image" in tip.evaluate("tip => getComputedStyle(tip).backgroundImage")
    canvas.click(position={"x": 100, "y": 110})
    page.wait_for_url(lambda url: "digit=7&" not in f"{url}&")
    assert "digit=" in page.url


def test_a_phone_shows_the_maps_within_its_width(server: str, open_page: Open) -> None:
    page = maps_page(open_page(f"{server}/maps?map=PCA", width=390, height=844, touch=True))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    first, second = (page.locator(".maps canvas").nth(place).bounding_box() for place in (0, 1))
    assert first is not None and second is not None
    assert first["y"] == second["y"] and second["x"] + second["width"] <= 390
