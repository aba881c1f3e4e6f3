"""Makes the README's pictures: `make pictures`."""

import io
import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
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


# Pages as they open: the picture's name, the link, its height, what has to be there, and how often.
OPENING = [
    ("neighbours.png", "neighbours?digit=7&models=cnn&near=1&far=4", 860, "text=of 12", 3),
    ("maps.png", "maps?models=cnn", 525, "text=% alike", 6),
    ("weights.png", "weights", 860, ".st-key-first svg.marks", 8),
    ("features.png", "features", 960, ".st-key-ascents svg.marks", 11),
    ("symmetry.png", "symmetry", 1000, ".st-key-answers-moved .answer", 3),
    ("circuits.png", "circuits", 1110, ".st-key-circuit svg.marks", 1),
    ("memory.png", "memory", 1000, ".st-key-half-read svg.marks", 3),
    ("text.png", "memory?reads=a+text", 1130, ".letters .chosen", 1),
    ("xor.png", "xor", 740, ".st-key-play", 1),
    ("photo-maps.webp", "attribution?images=photos", 690, ".st-key-photo-maps img", 5),
]


# What the app makes and gives away as it opens: the picture's name, and the part of Make.
MADE = [
    ("dream.png", "DeepDream"),
    ("caricature.png", "Caricature"),
    ("texture.png", "Texture"),
    ("style.png", "Style"),
]


@pytest.mark.parametrize(("name", "part"), MADE)
def test_what_is_made_is_taken_along(server: str, open_page: Callable[..., Page], name: str, part: str) -> None:
    page = open_page(f"{server}/make?make={part}")
    page.get_by_role("button", name="Take it along").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile(r"\(PNG\)")).first.click()
    download.value.save_as(ROOT / "docs" / name)


def save(what: Page | Locator, name: str) -> None:
    """Photos as WebP, all others with a palette."""
    picture, path = Image.open(io.BytesIO(what.screenshot())).convert("RGB"), ROOT / "docs" / name
    if path.suffix == ".webp":
        picture.save(path, quality=82, method=6)
    else:
        picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


@pytest.mark.parametrize(("name", "link", "height", "there", "count"), OPENING)
def test_a_page_as_it_opens(
    server: str, open_page: Callable[..., Page], name: str, link: str, height: int, there: str, count: int
) -> None:
    page = open_page(f"{server}/{link}", height=height)
    expect(page.locator(there)).to_have_count(count)
    page.wait_for_timeout(3000)
    save(page, name)


def test_the_draw_page(server: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server}/?unit=cnn%2Frelu3%2F5", height=1330)
    draw_with_mouse(page, 3)
    expect(page.locator(".answer .label")).to_have_text(["3", "3", "3"])
    expect(page.locator(".st-key-unit svg.marks")).to_have_count(7)
    page.mouse.move(1400, 800)
    page.wait_for_timeout(2000)
    save(page, "draw.png")


def test_the_wall(server: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server}/photo", height=1000, finer=2)
    wall = page.locator(".st-key-wall svg.marks")
    expect(wall).to_be_visible()
    page.wait_for_timeout(2000)
    save(wall, "wall.webp")


def test_the_attributions(server: str, open_page: Callable[..., Page]) -> None:
    methods = "&".join(f"methods-digits={quote(name)}" for name in (IMAGE, *ATTRIBUTIONS))
    page = open_page(f"{server}/attribution?{methods}", width=1240, height=4100)
    charts = page.locator(".st-key-grid svg.marks")
    expect(charts).to_have_count(3 + 37 + 1 + len(ATTRIBUTIONS), timeout=60_000)  # maps, and a row's curves
    page.wait_for_timeout(3000)
    save(page.locator(".st-key-grid"), "attribution.png")


def test_the_priors() -> None:
    """Units of the CNN's fourth layer: without a prior, with one, and the test images that excite them most."""
    answers, units = shipped("cnn", "trained"), range(12)
    assert answers is not None
    rows = [atlas.pictures("cnn", f"trained-{atlas.WITHOUT}", "conv4"), atlas.pictures("cnn", "trained", "conv4")]
    rows += [test_set().images[answers["conv4"].most.inputs[:, place]] for place in range(3)]
    sheet = images.contact_sheet(torch.cat([row[units] for row in rows]), len(units), 2)
    sheet.picture.convert("RGB").quantize(COLOURS).save(ROOT / "docs" / "priors.png", optimize=True)
