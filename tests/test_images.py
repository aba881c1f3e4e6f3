"""Pictures of layers: every pixel where it belongs, in the colour that its value has."""

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

from core import images
from core.images import GAP, MAGNITUDE_ENDS, STEP


def pixel(tiles: images.Tiles, x: int, y: int) -> tuple[int, ...]:
    return tuple(np.asarray(tiles.picture)[y, x].tolist())


def test_signed_values_are_symmetric_about_white() -> None:
    colours = images.colourise(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), 2.0, "light", signed=True)
    assert colours[2].tolist() == [0xF7, 0xF7, 0xF7, 255]
    assert colours[0].tolist() == [0x2D, 0x00, 0x4B, 255]  # purple is negative
    assert colours[4].tolist() == [0x7F, 0x3B, 0x08, 255]  # orange is positive


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_magnitudes_run_from_the_background_to_ink(theme: images.Theme) -> None:
    low, high = images.colourise(np.array([0.0, 3.0]), 3.0, theme, signed=False)
    assert (tuple(low[:3]), tuple(high[:3])) == MAGNITUDE_ENDS[theme]


def test_a_layer_of_zeros_has_a_picture() -> None:
    tiles = images.tiles(torch.zeros(4), 100, "light")
    assert (tiles.limit, tiles.signed) == (0, False)
    assert pixel(tiles, 0, 0)[:3] == MAGNITUDE_ENDS["light"][0]


def test_maps_stand_row_by_row_each_pixel_a_whole_square() -> None:
    maps = torch.arange(6 * 2 * 2.0).view(6, 2, 2)
    tiles = images.tiles(maps, width=3 * 8 + 2 * GAP, theme="light", max_height=30)
    assert tiles.boxes[0].tolist() == [0, 0, 8, 8]
    assert tiles.boxes[4].tolist() == [8 + GAP, 8 + GAP, 16 + GAP, 16 + GAP]
    expected = images.colourise(maps.numpy(), 23.0, "light", signed=False)
    for unit, (left, top, right, bottom) in enumerate(tiles.boxes.tolist()):
        tile = np.asarray(tiles.picture)[top:bottom, left:right]
        assert (tile == expected[unit].repeat(4, axis=0).repeat(4, axis=1)).all()
    assert pixel(tiles, 8, 0)[3] == 0  # the gap is transparent


def test_a_dense_layer_is_a_grid_of_sixteen_in_a_row() -> None:
    tiles = images.tiles(torch.linspace(-1, 1, 64), width=264, theme="light")
    assert tiles.signed
    assert len(tiles.boxes) == 64
    assert tiles.boxes[16].tolist()[0] == 0
    assert tiles.picture.width <= 264


def test_a_recurrent_layer_has_a_column_a_unit_and_time_runs_downwards() -> None:
    tiles = images.tiles(torch.tensor([[0.0, 0.5, 1.0], [1.0, 0.0, 0.0]]), width=20, theme="light")
    assert tiles.picture.size == (20, 3 * STEP)
    ink, ground = MAGNITUDE_ENDS["light"][1], MAGNITUDE_ENDS["light"][0]
    assert pixel(tiles, 0, 2 * STEP)[:3] == ink
    assert pixel(tiles, 19, 0)[:3] == ink
    assert pixel(tiles, 19, STEP)[:3] == ground
    assert tiles.boxes[1].tolist() == [10, 0, 20, 3 * STEP]


@pytest.mark.parametrize(("units", "size"), [(12, 28), (24, 14), (48, 7), (64, 3), (48, 3), (12, 14), (7, 28)])
def test_maps_fit_the_column_and_fill_their_rows(units: int, size: int) -> None:
    tiles = images.tiles(torch.rand(units, size, size), width=264, theme="dark")
    assert tiles.picture.width <= 264
    rows = len({top for _, top, _, _ in tiles.boxes.tolist()})
    assert units % rows == 0
    sizes = {(right - left, bottom - top) for left, top, right, bottom in tiles.boxes.tolist()}
    assert len(sizes) == 1
    assert sizes.pop()[0] % size == 0


def test_digits_are_ink_on_paper() -> None:
    image = torch.tensor([[[0.0, 1.0], [1.0, 0.0]]])
    pixels = np.asarray(images.paper(image, scale=3))
    assert pixels.shape == (6, 6, 4)
    assert tuple(pixels[0, 0, :3]) == images.PAPER
    assert tuple(pixels[0, 5, :3]) == images.INK
    framed = images.framed(images.paper(image))
    assert framed.size == (4, 4)
    assert framed.getpixel((0, 2)) == images.HAIRLINE
    assert framed.getpixel((2, 1)) == images.INK
    assert images.blank(5).getpixel((0, 0)) == images.PAPER
    sheet = images.contact_sheet(torch.stack([image] * 4), columns=2, scale=3)
    assert sheet.picture.size == (12 + GAP, 12 + GAP)
    assert sheet.boxes[3].tolist() == [6 + GAP, 6 + GAP, 12 + GAP, 12 + GAP]


def test_the_legend_runs_from_low_to_high() -> None:
    ramp = np.asarray(images.ramp(True, "light", 36, 6))
    assert ramp.shape == (6, 36, 4)
    assert ramp[0, 0].tolist()[:3] == [0x2D, 0x00, 0x4B]
    assert ramp[0, -1].tolist()[:3] == [0x7F, 0x3B, 0x08]


def test_a_data_address_holds_the_picture() -> None:
    picture = images.blank(3)
    address = images.data_url(picture)
    assert address.startswith("data:image/png;base64,")
    assert list(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).getdata()) == list(picture.getdata())


def test_photos_keep_their_colours() -> None:
    image = torch.rand(3, 4, 5)
    assert np.asarray(images.picture(image)).tolist() == (255 * image).round().byte().permute(1, 2, 0).tolist()
    sheet = images.contact_sheet(image.expand(2, 3, 4, 5)[..., :4], columns=2)
    assert pixel(sheet, 1, 2)[:3] == tuple((255 * image[:, 2, 1]).round().int().tolist())
    assert pixel(sheet, 4, 0) == (*images.HAIRLINE, 255)


def test_a_spotlight_leaves_the_photo_where_the_unit_is_strongest_and_dims_it_where_it_is_silent() -> None:
    photo = torch.full((3, 4, 4), 0.8)
    lit = np.asarray(images.spotlight(photo, torch.tensor([[-1.0, 0.0], [2.0, 1.0]])))[..., 0]
    bright, dim = round(255 * 0.8), round(255 * 0.8 * images.DIM)
    assert lit[3, 0] == bright and (lit[:2] == dim).all()
    assert dim < lit[3, 3] < bright
    assert (np.asarray(images.spotlight(photo, -torch.ones(2, 2)))[..., 0] == dim).all()


def test_a_layers_strength_is_the_length_of_its_vector_at_each_place() -> None:
    maps = torch.zeros(2, 2, 2)
    maps[:, 1, 0] = torch.tensor([3.0, -4.0])
    shown = np.asarray(images.strength(maps, 8, "light"))[..., 0]
    ink, ground = MAGNITUDE_ENDS["light"][1][0], MAGNITUDE_ENDS["light"][0][0]
    assert (shown[4:, :4] == ink).all() and (shown[:4] == ground).all() and (shown[4:, 4:] == ground).all()
    assert images.strength(torch.rand(1000), 8, "dark").size == (8, 8)


def test_pictures_stand_in_a_column_and_small_ones_are_enlarged_by_whole_factors() -> None:
    column = images.in_column([Image.new("RGB", (6, 6), colour) for colour in ("red", "blue")])
    assert column.picture.size == (6, 12 + GAP)
    assert pixel(column, 3, 6 + GAP)[:3] == (0, 0, 255)
    assert images.enlarged(Image.new("RGB", (28, 28)), 112).size == (112, 112)
    assert images.enlarged(Image.new("RGB", (56, 56)), 100).size == (56, 56)


def test_filters_share_one_scale_that_is_symmetric_about_zero() -> None:
    weights = torch.zeros(4, 3, 3)
    weights[0, 0, 0], weights[3, 2, 2] = 2.0, -1.0
    sheet = images.filters(weights, columns=2, scale=5, theme="light")
    assert sheet.picture.size == (2 * 15 + images.GAP,) * 2 and (sheet.limit, sheet.signed) == (2.0, True)
    pixels = np.asarray(sheet.picture)[..., :3]
    assert pixels[2, 2].tolist() == images.PUOR[254, :3].tolist()
    assert pixels[-2, -2].tolist() == images.PUOR[64, :3].tolist()  # half way to purple
    assert pixels[2, 8].tolist() == images.PUOR[127, :3].tolist()
    assert sheet.boxes[3].tolist() == [17, 17, 32, 32]


@pytest.mark.parametrize("window", [(), (3, 3)])
def test_connections_have_a_row_a_unit(window: tuple[int, ...]) -> None:
    weights = torch.randn(5, 7, *window)
    sheet = images.connections(weights, scale=2, theme="dark")
    tile, gap = (2, 0) if not window else (6, images.GAP)
    assert sheet.picture.size == (7 * (tile + gap) - gap, 5 * (tile + gap) - gap)
    assert len(sheet.boxes) == 5 and sheet.boxes[0, 1] == 0 and sheet.boxes[4, 3] <= sheet.picture.height
    assert (np.diff(sheet.boxes[:, 1]) == tile + gap).all()
    assert (sheet.boxes[:, 2] == sheet.picture.width).all()


def test_a_map_lies_over_its_digit_and_every_pixel_has_its_box() -> None:
    image, values = torch.zeros(1, 4, 6), torch.zeros(4, 6)
    image[0, 1, 2], values[0, 5], values[3, 0] = 1.0, 2.0, -1.0
    sheet = images.overlay(image, values, opacity=1.0, scale=3)
    assert sheet.picture.size == (18, 12) and (sheet.limit, sheet.signed) == (2.0, True)
    pixels = np.asarray(sheet.picture)[..., :3]
    assert pixels[0, 17].tolist() == images.PUOR[254, :3].tolist()
    assert pixels[4, 7].tolist() == images.PUOR[127, :3].tolist()  # the ink is hidden
    assert sheet.boxes[6 + 2].tolist() == [6, 3, 9, 6]
    through = np.asarray(images.overlay(image, values, 0.0, 3).picture)[..., :3]
    assert through[4, 7].tolist() == list(images.INK)
    assert not images.overlay(image, values.abs(), 0.5, 3).signed


def test_beside_a_map_that_was_read_row_by_row_stands_what_each_row_did() -> None:
    image, values = torch.zeros(1, 4, 6), torch.zeros(4, 6)
    values[1, :2], values[2, :3] = -1.0, torch.tensor([4.0, -3.0, -0.5])
    sheet = images.overlay(image, values, opacity=1.0, scale=3, row_by_row=True)
    assert sheet.picture.size == (18 + 3 + 6, 12) and len(sheet.boxes) == 24 and sheet.boxes[:, 2].max() == 18
    right = np.asarray(sheet.picture)[1::3, -1, :3].tolist()
    assert right == [images.PUOR[place, :3].tolist() for place in (127, 0, 127 + round(127 / 4), 127)]
