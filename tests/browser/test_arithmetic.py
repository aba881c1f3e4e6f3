"""Show me the arithmetic, in a real Chromium: a number's partners light up; a picture is put together by itself."""

from collections.abc import Callable
from itertools import pairwise

from playwright.sync_api import Page, expect

from core.charts.marks import HOVER

Open = Callable[..., Page]


def test_hovering_a_number_marks_its_partners_in_the_other_two_pictures(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/circuits?unit=cnn/relu3/16")
    chart = page.locator(".st-key-arithmetic svg.marks").first
    lit = chart.locator(f'path[stroke="{HOVER}"][stroke-width="2.5"]')
    expect(chart).to_be_visible()
    expect(lit).to_have_count(0)
    chart.hover(position={"x": 50, "y": 70})
    expect(lit).to_have_count(3)
    left = [box["x"] for each in lit.all() if (box := each.bounding_box())]
    (step,) = {round(after - before) for before, after in pairwise(left)}
    assert step > 100  # one grid further, in the same column and row
    expect(page.locator("#vg-tooltip-element")).to_contain_text("×")
    page.mouse.move(5, 5)
    expect(lit).to_have_count(0)


def test_a_picture_is_put_together_by_itself_and_another_recipe_makes_another(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/circuits?unit=cnn/relu3/16&closer=put+it+together", width=390, height=844)
    expect(page.get_by_text("of what its own stimulus reaches").first).to_be_visible(timeout=30_000)
    expect(page.locator('[class*="st-key-together-trained"] img')).to_have_count(5)
    row = page.locator('[class*="st-key-together-trained"]').first  # while the page runs, the old one is there as well
    first = row.text_content()
    assert first
    expect(row).to_have_text(first)
    page.get_by_text("without a prior").click()
    page.wait_for_url("**together=without**")
    expect(row).not_to_have_text(first)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
