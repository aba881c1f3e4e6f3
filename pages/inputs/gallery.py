"""Test images in a grid; a click puts one on the paper."""

from collections.abc import Callable

from torch import Tensor

from core import charts, images
from pages.frame.clickable import clickable
from pages.inputs import canvas, nets


def gallery(
    numbers: Tensor, columns: int, scale: int, key: str, take: Callable[[int], None] = canvas.turn_to,
    shown: Tensor | None = None,
) -> None:  # fmt: skip
    """Draw the test images of these numbers, as they are or as `shown`; a clicked one's number goes to `take`."""
    pictures = nets.test_images().images[numbers] if shown is None else shown
    sheet = images.contact_sheet(pictures, columns, scale)
    clickable(charts.gallery(sheet, numbers.tolist()), charts.IMAGE, key, take)
