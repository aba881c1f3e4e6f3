"""Drawings made into inputs, and into text for a link."""

import base64
import zlib

import numpy as np
import pytest
import torch
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


def test_ink_may_be_dark_on_white_or_on_nothing() -> None:
    transparent = drawing(5)
    opaque = transparent.copy()
    opaque[transparent[..., 3] == 0] = 255
    torch.testing.assert_close(canvas.to_input(transparent), canvas.to_input(opaque), atol=0.01, rtol=0)


def disc(radius: int) -> np.ndarray:
    image = Image.new("RGBA", (280, 280))
    ImageDraw.Draw(image).ellipse((140 - radius, 140 - radius, 140 + radius, 140 + radius), fill=(0, 0, 0, 255))
    return np.asarray(image)


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


def test_no_test_image_is_taken_for_a_blob() -> None:
    for image in digits.test_set().images:
        canvas.to_input(enlarged(image))


@pytest.mark.parametrize("shape", [(28, 28), (280, 280, 3)])
def test_another_array_is_refused_with_what_it_is(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="uint8"):
        canvas.to_input(np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match="float64"):
        canvas.to_input(np.zeros((280, 280, 4)))


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
