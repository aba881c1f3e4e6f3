"""Test images in a grid; a click puts one on the paper."""

from collections.abc import Callable

from torch import Tensor

from core import charts, images
from pages.shared import nets, paper
from pages.shared.clickable import clickable


def gallery(numbers: Tensor, columns: int, scale: int, key: str, take: Callable[[int], None] = paper.turn_to) -> None:
    """Draw the test images of these numbers; a clicked one's number goes to `take`."""
    sheet = images.contact_sheet(nets.test_images().images[numbers], columns, scale)
    clickable(charts.gallery(sheet, numbers.tolist()), charts.IMAGE, key, take)
