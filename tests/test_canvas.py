"""Drawings made into inputs, and into text for a link."""

import base64
import zlib

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from core.data import canvas, digits
from core.models import load
from tests import references
from tests.drawing import STROKES, drawing


def enlarged(image: torch.Tensor) -> np.ndarray:
    """A test image on a canvas, ten times as large, black on a transparent ground."""
    rgba = np.zeros((280, 280, 4), np.uint8)
    rgba[..., 3] = np.rint(255 * image[0].numpy()).repeat(10, axis=0).repeat(10, axis=1)
    return rgba


def test_a_drawing_is_normalised_as_mnist_is() -> None:
    image = canvas.to_input(drawing(3))
    assert image.shape == (1, 28, 28)
    assert image.dtype == torch.float32
    assert image.min() >= 0 and 0.9 < image.max() <= 1
    rows, columns = torch.where(image[0] > canvas.FAINT)
    assert max(rows.max() - rows.min(), columns.max() - columns.min()) + 1 == 20
    assert references.mass_centre(image[0].numpy()) == pytest.approx((14, 14), abs=0.51)


def test_mnists_own_images_come_back_as_they_are() -> None:
    """They are normalised already, so the way from pixels to input has to be nearly the identity."""
    images = digits.test_set().images[:300]
    distances = torch.stack([(canvas.to_input(enlarged(image)) - image).abs().mean() for image in images])
    assert distances.median() < 1e-6
    assert distances.mean() < 0.001


SMALL = {"height": 90, "brush": 12}


@pytest.mark.parametrize("place", [{}, {"left": 5, "top": 3} | SMALL, {"left": 200, "top": 180} | SMALL])
@pytest.mark.parametrize("name", ["dense", "cnn", "rnn"])
def test_drawn_digits_are_read_wherever_they_stand(name: str, place: dict[str, int]) -> None:
    inputs = torch.stack([canvas.to_input(drawing(digit, **place)) for digit in STROKES])
    right = (load(name)(inputs).argmax(1) == torch.arange(10)).sum()
    assert right >= 9


def test_place_and_size_do_not_matter() -> None:
    here = canvas.to_input(drawing(2, left=20, top=10, height=120, brush=12))
    there = canvas.to_input(drawing(2, left=140, top=130, height=120, brush=12))
    assert torch.equal(here, there)


def test_ink_is_how_much_darker_than_paper_the_drawing_is() -> None:
    """Every grey and every alpha: alpha / 255 x (1 - grey / 255)."""
    rgba = np.zeros((256, 256, 4), np.uint8)
    rgba[..., :3], rgba[..., 3] = np.arange(256)[:, None, None], np.arange(256)
    grey, alpha = np.meshgrid(np.arange(256) / 255, np.arange(256) / 255, indexing="ij")
    np.testing.assert_allclose(canvas._ink(rgba), alpha * (1 - grey), atol=1e-6)


def test_ink_may_be_dark_on_white_or_on_nothing() -> None:
    transparent = drawing(5)
    opaque = transparent.copy()
    opaque[transparent[..., 3] == 0] = 255
    torch.testing.assert_close(canvas.to_input(transparent), canvas.to_input(opaque), atol=0.01, rtol=0)


def disc(radius: int) -> np.ndarray:
    image = Image.new("RGBA", (280, 280))
    ImageDraw.Draw(image).ellipse((140 - radius, 140 - radius, 140 + radius, 140 + radius), fill=(0, 0, 0, 255))
    return np.asarray(image)


def soft(*dots: tuple[float, float, float]) -> np.ndarray:
    """Dots (x, y, radius) at any place of the canvas, their edges smooth as a browser draws them."""
    image = Image.new("L", (8 * 280, 8 * 280))
    for x, y, radius in dots:
        ImageDraw.Draw(image).ellipse([8 * side for side in (x - radius, y - radius, x + radius, y + radius)], fill=255)
    rgba = np.zeros((280, 280, 4), np.uint8)
    rgba[..., 3] = image.resize((280, 280), Image.Resampling.BOX)
    return rgba


def dust(seed: int) -> np.ndarray:
    """Three to twelve specks of at most four pixels."""
    rng = np.random.default_rng(seed)
    return soft(*(tuple(rng.uniform((0, 0, 0.5), (280, 280, 2))) for _ in range(rng.integers(3, 13))))


BLACK = np.full((280, 280, 4), (0, 0, 0, 255), np.uint8)
WHITE = np.full((280, 280, 4), 255, np.uint8)


@pytest.mark.parametrize(
    ("rgba", "words"),
    [
        (np.zeros((280, 280, 4), np.uint8), "no ink"),
        (WHITE, "no ink"),
        (drawing(3, left=400, top=400), "no ink"),
        (BLACK, "whole canvas"),
        (disc(1), "only a dot"),
        (disc(11), "only a dot"),
        (disc(60), "only a dot"),
    ],
    ids=["empty", "white", "off-canvas", "full", "pixel", "dot", "large dot"],
)
def test_what_is_no_digit_gets_a_sentence(rgba: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        canvas.to_input(rgba)


# Of a dot: its middle, anywhere between the pixels, and half the width of the brush.
dots = st.tuples(st.floats(0, 280), st.floats(0, 280), st.floats(2, 20))


@settings(deadline=None)
@given(dot=dots)
@example(dot=(0, 140.3, 11))
@example(dot=(280, 0, 11))
@example(dot=(140.3, 5.7, 11))
@example(dot=(0, 5.25, 5.375))
@example(dot=(280, 204, 4.35))
@example(dot=(0, 137.47, 4.285))
@example(dot=(26, 280, 5.598))
def test_a_dot_of_any_brush_gets_a_sentence_wherever_it_lies(dot: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="only a dot"):
        canvas.to_input(soft(dot))


@settings(deadline=None, max_examples=30)
@given(left=dots, right=dots)
def test_two_distant_dots_are_no_digit(left: tuple[float, float, float], right: tuple[float, float, float]) -> None:
    left, right = (0.3 * left[0], *left[1:]), (280 - 0.3 * right[0], *right[1:])
    with pytest.raises(ValueError, match="only dots"):
        canvas.to_input(soft(left, right))


def test_two_distant_pixels_are_no_digit() -> None:
    rgba = np.zeros((280, 280, 4), np.uint8)
    rgba[[20, 250], [40, 200]] = 255 * np.eye(4, dtype=np.uint8)[3]
    with pytest.raises(ValueError, match="only dots"):
        canvas.to_input(rgba)


@pytest.mark.parametrize("seed", range(12))
def test_dust_is_no_digit(seed: int) -> None:
    with pytest.raises(ValueError, match="only dots"):
        canvas.to_input(dust(seed))


def test_a_digit_among_dust_is_read() -> None:
    together = np.maximum(drawing(7, height=120), dust(3))
    assert canvas.to_input(together).shape == (1, 28, 28)


@pytest.mark.parametrize("level", [30, 64, 127, 128, 129, 200, 255])
def test_an_even_grey_is_no_digit(level: int) -> None:
    veil = np.zeros((280, 280, 4), np.uint8)
    veil[..., 3] = level
    opaque = np.full((280, 280, 4), 255 - level, np.uint8)
    opaque[..., 3] = 255
    for rgba in (veil, opaque):
        with pytest.raises(ValueError, match="whole canvas"):
            canvas.to_input(rgba)


@pytest.mark.parametrize("height", [30, 50, 90, 150])
@pytest.mark.parametrize("digit", STROKES)
def test_a_small_digit_is_no_dot(digit: int, height: int) -> None:
    assert canvas.to_input(drawing(digit, height=height, brush=12)).max() > 0.9


@pytest.mark.parametrize("brush", [12, 22, 32])
def test_a_small_ring_is_no_dot(brush: int) -> None:
    """Its hole is as wide as half the brush."""
    ring = soft((140.3, 140.7, 1.25 * brush))
    hole = soft((140.3, 140.7, 0.25 * brush))
    ring[..., 3] -= hole[..., 3]
    assert canvas.to_input(ring).max() > 0.9


# Those of the test images that are nearest to a dot: the roundest and fullest, by second moments.
IMAGES = digits.test_set().images
NEAREST = (7925, 7919, 8061, 8115, 7897, 7845, 8107, 8092, 7853, 7733, 8081, 4698, 7904, 8096, 7921, 7871, 5938, 5940)


def test_no_test_image_is_taken_for_a_blob() -> None:
    """Neither those that are nearest to one, nor every two hundredth."""
    for place in (*NEAREST, *range(0, 10_000, 200)):
        assert canvas.to_input(enlarged(IMAGES[place])).max() > 0.5


@pytest.mark.slow
def test_none_of_all_test_images_is_taken_for_a_blob() -> None:
    for image in digits.test_set().images:
        canvas.to_input(enlarged(image))


@pytest.mark.parametrize("shape", [(28, 28), (280, 280, 3)])
def test_another_array_is_refused_with_what_it_is(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="uint8"):
        canvas.to_input(np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match="float64"):
        canvas.to_input(np.zeros((280, 280, 4)))


@pytest.mark.parametrize("what", [None, [], [[[0, 0, 0, 255]]], "ink", 3, torch.zeros(280, 280, 4, dtype=torch.uint8)])
def test_what_is_no_array_is_refused_with_what_it_is(what: object) -> None:
    with pytest.raises(ValueError, match=rf"uint8 \(height, width, 4\); this one is {type(what).__name__}"):
        canvas.to_input(what)  # type: ignore[arg-type]


def test_an_input_survives_its_link() -> None:
    for image in (canvas.to_input(drawing(8)), digits.test_set().images[7]):
        text = canvas.to_text(image)
        assert torch.equal(canvas.from_text(text), image)
        assert len(text) < 700
        assert text.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    "text", ["", "x", "AAAA", "not base64 at all!", "é", canvas.to_text(torch.rand(1, 28, 28))[:-9]]
)
def test_a_damaged_link_gets_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="link is damaged"):
        canvas.from_text(text)


def test_a_link_that_would_unpack_to_gigabytes_stops_at_once() -> None:
    bomb = base64.urlsafe_b64encode(zlib.compress(bytes(100_000_000), 9)).decode()
    with pytest.raises(ValueError, match="link is damaged"):
        canvas.from_text(bomb)


def test_strokes_over_a_test_image_are_read_together() -> None:
    nothing = np.zeros((280, 280, 4), np.uint8)
    image = digits.test_set().images[0]
    torch.testing.assert_close(canvas.to_input(canvas.over(nothing, image)), image, atol=0.01, rtol=0)
    together = canvas.over(drawing(1), image)
    assert (together[..., 3] >= drawing(1)[..., 3] * 0.9).all()
    assert (together[..., 3] >= enlarged(image)[..., 3]).all()
