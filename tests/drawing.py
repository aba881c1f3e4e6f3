"""Digits drawn by a program: with a browser's mouse, as pixels, and as the canvas would send them."""

import base64
import io
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from playwright.sync_api import Page

# One way to write each digit, as strokes in a box of 1 x 1.
STROKES = {
    0: [[(0.5, 0), (0.15, 0.2), (0.1, 0.6), (0.3, 0.95), (0.6, 1), (0.85, 0.75), (0.85, 0.3), (0.5, 0)]],
    1: [[(0.5, 0), (0.5, 1)]],
    2: [[(0.1, 0.25), (0.3, 0), (0.7, 0.05), (0.8, 0.3), (0.5, 0.65), (0.1, 1), (0.9, 1)]],
    3: [[(0.15, 0.1), (0.5, 0), (0.8, 0.2), (0.4, 0.45), (0.85, 0.7), (0.6, 1), (0.1, 0.9)]],
    4: [[(0.3, 0), (0.1, 0.55), (0.85, 0.55)], [(0.7, 0.1), (0.65, 1)]],
    5: [[(0.85, 0), (0.25, 0), (0.2, 0.4), (0.6, 0.4), (0.85, 0.65), (0.65, 0.95), (0.1, 0.95)]],
    6: [[(0.7, 0), (0.3, 0.35), (0.15, 0.75), (0.45, 1), (0.8, 0.8), (0.6, 0.55), (0.2, 0.7)]],
    7: [[(0.1, 0.05), (0.9, 0.05), (0.55, 0.5), (0.4, 1)]],
    8: [
        [(0.75, 0.1), (0.4, 0), (0.25, 0.2), (0.75, 0.7), (0.6, 1), (0.25, 0.9), (0.3, 0.65), (0.75, 0.3), (0.75, 0.1)]
    ],
    9: [[(0.8, 0.25), (0.5, 0), (0.2, 0.2), (0.4, 0.5), (0.8, 0.3), (0.75, 0.6), (0.65, 1)]],
}


def points(digit: int, left: int = 70, top: int = 40, height: int = 200) -> list[list[tuple[float, float]]]:
    """A digit's strokes in pixels of the canvas."""
    return [[(left + 0.7 * height * x, top + height * y) for x, y in stroke] for stroke in STROKES[digit]]


def drawing(digit: int, left: int = 70, top: int = 40, height: int = 200, brush: int = 22) -> np.ndarray:
    """A digit as the canvas would send it: dark round-capped strokes on a transparent ground, (280, 280, 4)."""
    image = Image.new("RGBA", (280, 280))
    pen = ImageDraw.Draw(image)
    for stroke in points(digit, left, top, height):
        pen.line(stroke, fill=(23, 21, 18, 255), width=brush, joint="curve")
        for x, y in stroke:
            pen.ellipse((x - brush / 2, y - brush / 2, x + brush / 2, y + brush / 2), fill=(23, 21, 18, 255))
    return np.asarray(image)


def canvas_state(rgba: np.ndarray) -> dict[str, Any]:
    """What the canvas component keeps in the session once something was drawn."""
    buffer = io.BytesIO()
    Image.fromarray(rgba).save(buffer, "PNG")
    data = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    return {"backgroundFit": None, "drawing": {"raw": {"objects": [{"type": "path"}]}, "data": data}}


def draw_with_mouse(page: Page, digit: int, **place: int) -> None:
    """Write a digit on the Draw page's paper."""
    canvas = page.locator("canvas.upper-canvas")
    canvas.wait_for()
    page.wait_for_timeout(500)  # the component listens a moment after it is drawn
    corner = canvas.bounding_box()
    assert corner is not None
    for stroke in points(digit, **place):
        (x, y), *others = [(corner["x"] + x, corner["y"] + y) for x, y in stroke]
        page.mouse.move(x, y)
        page.mouse.down()
        for x, y in others:
            page.mouse.move(x, y, steps=5)
        page.mouse.up()
