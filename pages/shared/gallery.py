"""Test images in a grid; a click puts one on the paper."""

from torch import Tensor

from core import charts, images
from pages.shared import nets, paper
from pages.shared.clickable import clickable


def gallery(numbers: Tensor, columns: int, scale: int, key: str) -> None:
    """Draw the test images of these numbers."""
    sheet = images.contact_sheet(nets.test_images().images[numbers], columns, scale)
    clickable(charts.gallery(sheet, numbers.tolist()), charts.IMAGE, key, paper.turn_to)
