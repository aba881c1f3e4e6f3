"""The Attribution page in a real Chromium: the grid of three nets, a pixel, and how far the maps can be trusted."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

Open = Callable[..., Page]
TWELVE = ["saliency", "input x gradient", "integrated gradients", "SmoothGrad", "guided backprop", "deconvolution",
          "DeepLift", "gradient SHAP", "LRP", "occlusion", "feature ablation", "Grad-CAM"]  # fmt: skip
MAPS = '.st-key-grid [class*="st-key-map-"] svg.marks'


@pytest.mark.slow
def test_twelve_methods_in_three_nets_and_a_pixel_read_off_in_all(server: str, open_page: Open) -> None:
    asked = "&".join(f"methods-digits={name.replace(' ', '+')}" for name in TWELVE)
    page = open_page(f"{server}/attribution?digit=7&{asked}")
    expect(page.locator(MAPS)).to_have_count(3 * 12 - 6)
    page.locator('[class*="st-key-map-saliency-cnn"] svg.marks').click(position={"x": 80, "y": 80})
    expect(page.get_by_text("· here ")).to_have_count(3 * 12 - 6)
    page.wait_for_url("**pixel=377*")
    other = open_page(page.url)
    expect(other.get_by_text("· here ")).to_have_count(3 * 12 - 6)


def test_the_maps_are_measured_and_the_measuring_can_be_seen(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/attribution?digit=3&models=cnn&methods-digits=saliency&methods-digits=LRP")
    page.get_by_role("button", name="Measure these maps").click()
    expect(page.get_by_text("Do they agree?")).to_be_visible()
    expect(page.get_by_role("button", name="Measure these maps")).to_have_count(0)


def test_a_phone_shows_the_grid_within_its_width(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/attribution?digit=7&methods-digits=saliency", width=390, height=844, touch=True)
    expect(page.locator(MAPS)).to_have_count(3)
    expect(page.locator(".st-key-erased svg.marks")).to_have_count(3)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
