"""Makes the README's pictures: `make pictures`."""

import io
from collections.abc import Callable
from urllib.parse import quote

import torch
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from core import atlas, images
from core.attribution import ATTRIBUTIONS
from core.data.digits import test_set
from core.survey import shipped
from core.trust.controls import IMAGE
from tests.conftest import ROOT
from tests.drawing import draw_with_mouse

COLOURS = 200  # of the palette: a screenshot needs no more, and is a third as large


def save(what: Page | Locator, name: str) -> None:
    picture = Image.open(io.BytesIO(what.screenshot())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(ROOT / "docs" / name, optimize=True)


def save_photos(what: Page | Locator, name: str) -> None:
    picture = Image.open(io.BytesIO(what.screenshot())).convert("RGB")
    picture.save(ROOT / "docs" / name, quality=82, method=6)


def test_the_draw_page(server: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server}/?unit=cnn%2Frelu3%2F5", height=1330)
    draw_with_mouse(page, 3)
    expect(page.locator(".answer .label")).to_have_text(["3", "3", "3"])
    expect(page.locator(".st-key-unit svg.marks")).to_have_count(6)
    page.mouse.move(1400, 800)
    page.wait_for_timeout(2000)
    save(page, "draw.png")


def test_the_wall(server: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server}/photo", height=1000, finer=2)
    wall = page.locator(".st-key-wall svg.marks")
    expect(wall).to_be_visible()
    page.wait_for_timeout(2000)
    save_photos(wall, "wall.webp")


def test_the_neighbours(server: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server}/neighbours?digit=7&models=cnn&near=1&far=4", height=860)
    expect(page.get_by_text("of 12")).to_have_count(3)
    page.wait_for_timeout(3000)
    save(page, "neighbours.png")


def test_the_maps(server: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server}/maps?models=cnn", height=525)
    expect(page.get_by_text("% alike")).to_have_count(6, timeout=300_000)
    page.wait_for_timeout(2000)
    save(page, "maps.png")


def test_the_weights(server: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server}/weights", height=860)
    expect(page.locator(".st-key-first svg.marks")).to_have_count(8)
    page.wait_for_timeout(2000)
    save(page, "weights.png")


def test_the_attributions(server: str, open_page: Callable[..., Page]) -> None:
    methods = "&".join(f"methods-digits={quote(name)}" for name in (IMAGE, *ATTRIBUTIONS))
    page = open_page(f"{server}/attribution?{methods}", width=1240, height=4100)
    charts = page.locator(".st-key-grid svg.marks")
    expect(charts).to_have_count(3 + 37 + 1 + len(ATTRIBUTIONS), timeout=60_000)  # maps, and a row's curves
    page.wait_for_timeout(3000)
    save(page.locator(".st-key-grid"), "attribution.png")


def test_the_features(server: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server}/features", height=960)
    expect(page.locator(".st-key-ascents svg.marks")).to_have_count(11)
    page.wait_for_timeout(3000)
    save(page, "features.png")


def test_the_maps_of_a_photo(server: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server}/attribution?images=photos", height=690)
    expect(page.locator(".st-key-photo-maps img")).to_have_count(5, timeout=60_000)
    page.wait_for_timeout(3000)
    save_photos(page, "photo-maps.webp")


def test_the_priors() -> None:
    """Units of the CNN's fourth layer: without a prior, with one, and the test images that excite them most."""
    answers, units = shipped("cnn", "trained"), range(12)
    assert answers is not None
    rows = [atlas.pictures("cnn", f"trained-{atlas.WITHOUT}", "conv4"), atlas.pictures("cnn", "trained", "conv4")]
    rows += [test_set().images[answers["conv4"].most.inputs[:, place]] for place in range(3)]
    sheet = images.contact_sheet(torch.cat([row[units] for row in rows]), len(units), 2)
    sheet.picture.convert("RGB").quantize(COLOURS).save(ROOT / "docs" / "priors.png", optimize=True)
