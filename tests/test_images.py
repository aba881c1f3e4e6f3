"""Pictures of layers: every pixel where it belongs, in the colour that its value has."""

import base64
import io
import math
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core import images
from core.images import GAP, MAGNITUDE_ENDS, STEP

# ColorBrewer's PuOr with eleven classes, as its site lists it, from orange to purple.
PUOR = [(127, 59, 8), (179, 88, 6), (224, 130, 20), (253, 184, 99), (254, 224, 182), (247, 247, 247),
        (216, 218, 235), (178, 171, 210), (128, 115, 172), (84, 39, 136), (45, 0, 75)]  # fmt: skip


def pixel(tiles: images.Tiles, x: int, y: int) -> tuple[int, ...]:
    return tuple(np.asarray(tiles.picture)[y, x].tolist())


def test_a_highlighted_photo_is_pale_and_grey_where_nothing_is_strong_and_in_one_hue_where_it_is() -> None:
    image = torch.rand(3, 40, 40, generator=torch.Generator().manual_seed(0))
    strengths = torch.zeros(40, 40)
    strengths[5:12, 5:12] = 2.0
    pixels = np.asarray(images.highlighted(image, strengths, 1.0).picture)[..., :3].astype(int)
    far, there = pixels[30:, 30:], pixels[8, 8]
    assert (far[..., 0] == far[..., 1]).all() and (far[..., 1] == far[..., 2]).all()
    grey = 255 * image[:, 30:, 30:].mean(0).numpy()
    np.testing.assert_allclose(far[..., 0], 255 - 0.4 * (255 - grey), atol=2)
    assert there[0] - there[2] > 80  # orange
    around = pixels[14, 8]  # a smoothed border, two pixels outside
    assert 0 < around[0] - around[2] < there[0] - there[2]
    half = np.asarray(images.highlighted(image, strengths, 0.5).picture)[8, 8, :3].astype(int)
    assert 0 < half[0] - half[2] < there[0] - there[2]
    nothing = np.asarray(images.highlighted(image, torch.zeros(40, 40), 1.0).picture)[..., :3]
    assert (nothing[..., 0] == nothing[..., 2]).all()


BLUE = "#0072b2"


def heated(strengths: torch.Tensor, seen: tuple[slice, slice], channels: int = 1) -> np.ndarray:
    """The pixels without the margin, in the middle of each of an image whose ink is everywhere."""
    image = torch.full((channels, *strengths.shape), 1.0 if channels == 1 else 0.0)
    return np.asarray(images.heat(image, strengths, seen, 6, BLUE).picture).astype(int)[3:-3, 3:-3][2::6, 2::6]


def test_heat_is_brown_where_it_is_strong_and_the_image_is_palest_where_it_is_not_seen() -> None:
    strengths = torch.zeros(9, 7)
    strengths[2, 3], strengths[4, 5] = 2.0, 1.0
    shown = heated(strengths, (slice(2, 6), slice(3, 6)))
    assert shown[2, 3].tolist() == list(PUOR[0])
    there, beyond = shown[3, 4], shown[7, 1]
    np.testing.assert_allclose(shown[4, 5], (there + np.array(PUOR[0])) / 2, atol=1)
    assert np.ptp(there) == np.ptp(beyond) == 0  # grey
    np.testing.assert_allclose(255 - there, 0.4 * (255 - np.mean(images.INK)), atol=1)
    np.testing.assert_allclose(255 - beyond, (255 - there) / 2, atol=1)
    grey = np.ones((9, 7), bool)
    grey[2, 3] = grey[4, 5] = False
    assert (shown[..., 0] == shown[..., 2])[grey].all()  # not smoothed
    assert (heated(torch.zeros(9, 7), (slice(0, 9), slice(0, 7))) == there).all()


def test_in_a_photo_the_strongest_percent_of_what_is_seen_share_the_strongest_colour() -> None:
    strengths = torch.zeros(40, 40)
    strengths[:10, :20] = torch.arange(1.0, 201).view(10, 20)
    seen = slice(0, 10), slice(0, 20)
    shown = heated(strengths, seen, channels=3)[seen].reshape(-1, 3)
    assert (shown[198:] == PUOR[0]).all() and (shown[190] != PUOR[0]).any()
    image = torch.zeros(3, 40, 40)
    assert images.heat(image, strengths, seen, 1, BLUE).limit == pytest.approx(198.01)
    strengths[:10, :20] = 0
    strengths[4, 4] = 3.0  # a half percent
    assert images.heat(image, strengths, seen, 1, BLUE).limit == 3.0


@pytest.mark.parametrize("seen", [(slice(2, 6), slice(3, 6)), (slice(0, 9), slice(0, 7)), (slice(0, 4), slice(0, 7))])
def test_a_line_of_two_pixels_runs_round_what_is_seen_and_hides_nothing_of_it(seen: tuple[slice, slice]) -> None:
    found = images.heat(torch.zeros(1, 9, 7), torch.zeros(9, 7), seen, 4, BLUE)
    assert found.picture.size == (4 * 7 + 6, 4 * 9 + 6)
    line = (np.asarray(found.picture) == (0x00, 0x72, 0xB2)).all(2)
    expected = np.zeros_like(line)
    (top, bottom), (left, right) = ((3 + 4 * side.start, 3 + 4 * side.stop) for side in seen)
    expected[top - 2 : bottom + 2, left - 2 : right + 2] = True
    expected[top:bottom, left:right] = False
    assert (line == expected).all()
    assert found.boxes[7 + 2].tolist() == [3 + 8, 3 + 4, 3 + 12, 3 + 8]  # of row 1, column 2


def test_signed_values_are_symmetric_about_white() -> None:
    colours = images.colourise(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), 2.0, "light", signed=True)
    assert colours[2].tolist() == [0xF7, 0xF7, 0xF7, 255]
    assert colours[0].tolist() == [0x2D, 0x00, 0x4B, 255]  # purple is negative
    assert colours[4].tolist() == [0x7F, 0x3B, 0x08, 255]  # orange is positive


def test_the_signed_colours_are_colorbrewers_from_purple_to_orange_and_run_evenly_between() -> None:
    for place, colour in enumerate(images.PUOR.tolist()):
        below = min(math.floor(place / 25.4), 9)
        share = place / 25.4 - below
        first, then = PUOR[::-1][below], PUOR[::-1][below + 1]
        assert colour == pytest.approx(
            [*(a + share * (b - a) for a, b in zip(first, then, strict=True)), 255], abs=0.51
        )
    assert len(images.PUOR) == 255
    shares = np.linspace(-1.2, 1.2, 25)
    places = (127 + 127 * shares.clip(-1, 1)).round().astype(int)
    assert (images.colourise(3 * shares, 3.0, "dark", signed=True) == images.PUOR[places]).all()


def test_paper_ink_and_hairlines_have_the_colours_of_the_light_page() -> None:
    """The theme is read from the page's own settings; magnitudes begin at a shade of the background."""
    themes = tomllib.loads((Path(__file__).parent.parent / ".streamlit" / "config.toml").read_text())["theme"]

    def rgb(text: str) -> tuple[int, ...]:
        return tuple(bytes.fromhex(text.removeprefix("#")))

    light = themes["light"]
    assert (rgb(light["backgroundColor"]), rgb(light["textColor"])) == (images.PAPER, images.INK)
    assert rgb(light["borderColor"]) == images.HAIRLINE
    assert {"light": (rgb("#EEEBE3"), rgb("#171512")), "dark": (rgb("#262A33"), rgb("#FAF8F0"))} == MAGNITUDE_ENDS


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_magnitudes_grow_evenly_and_are_opaque(theme: images.Theme) -> None:
    low, high = (np.array(end) for end in MAGNITUDE_ENDS[theme])
    for share in (-0.5, 0.0, 0.25, 0.5, 0.9, 1.0, 7.0):
        (colour,) = images.colourise(np.array([8 * share]), 8.0, theme, signed=False).tolist()
        assert colour == [*np.rint(low + (high - low) * min(max(share, 0), 1)).astype(int), 255]


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


@pytest.mark.parametrize("units", [5, 16, 20, 64])
def test_a_dense_layer_is_a_grid_of_sixteen_in_a_row(units: int) -> None:
    """Sixteen cells of 14 pixels and their gaps of 2 fill 254 of 264; five of 51 and theirs 263."""
    values = torch.linspace(-1, 1, units)
    tiles = images.tiles(values, width=264, theme="light")
    columns, side = min(units, 16), 14 if units >= 16 else 51
    assert (tiles.signed, tiles.limit) == (True, 1)
    rows = math.ceil(units / 16)
    assert tiles.picture.size == (columns * (side + 2) - 2, rows * (side + 2) - 2)
    colours = images.colourise(values.numpy(), 1.0, "light", signed=True)
    for unit, box in enumerate(tiles.boxes.tolist()):
        left, top = unit % 16 * (side + 2), unit // 16 * (side + 2)
        assert box == [left, top, left + side, top + side]
        assert pixel(tiles, left, top) == pixel(tiles, left + side - 1, top + side - 1) == tuple(colours[unit].tolist())


@given(
    units=st.integers(1, 40), rows=st.integers(1, 12), columns=st.integers(1, 12), width=st.integers(12, 300),
    most=st.integers(1, 300),
)  # fmt: skip
def test_maps_stand_in_the_fewest_full_rows_that_are_low_enough(
    units: int, rows: int, columns: int, width: int, most: int
) -> None:
    """By trying every number of columns: the fewest that are low enough; else the most that fill their rows.

    Where so few fill theirs that it would be a tower, half of what fits or less, the last row stays unfilled.
    """
    sides = {n: (width - 2 * (n - 1)) // (n * columns) for n in range(1, units + 1)}
    fitting = [n for n in sides if sides[n] >= 1]
    full = [n for n in fitting if units % n == 0]
    low = [n for n in full if units / n * (rows * sides[n] + 2) <= most]
    expected = low[0] if low else max(full) if 2 * max(full) > max(fitting) else max(fitting)
    found = images.tiles(torch.rand(units, rows, columns), width, "light", most)
    assert len(set(found.boxes[:, 0].tolist())) == expected
    assert found.boxes[0].tolist() == [0, 0, sides[expected] * columns, sides[expected] * rows]
    down, across = math.ceil(units / expected), sides[expected] * columns + 2
    assert found.picture.size == (expected * across - 2, down * (sides[expected] * rows + 2) - 2)
    assert found.picture.width <= width


@pytest.mark.parametrize(("width", "columns"), [(43, 1), (44, 2)])
def test_maps_are_at_most_180_pixels_high_unless_told_otherwise(width: int, columns: int) -> None:
    """Four maps of one pixel, enlarged by 43 and with their gaps, make 180 pixels in one column, by 44 more."""
    assert len(set(images.tiles(torch.rand(4, 1, 1), width, "light").boxes[:, 0].tolist())) == columns


def test_only_what_is_below_zero_makes_colours_signed() -> None:
    for values in (torch.tensor([1.0, 2.0]), torch.tensor([0.0, 2.0])):
        assert not images.tiles(values, 20, "light").signed
        assert not images.overlay(torch.zeros(1, 1, 2), values[None], 1.0, 1).signed
    assert images.tiles(torch.tensor([-0.1, 2.0]), 20, "light").signed


def test_maps_that_do_not_fit_at_all_are_drawn_pixel_by_pixel_one_below_the_other() -> None:
    assert images.tiles(torch.rand(3, 2, 9), 5, "light").picture.size == (9, 3 * 4 - 2)
    assert images.tiles(torch.rand(3, 7), 2, "light").picture.size == (3, 7 * STEP)


def test_a_recurrent_layer_has_a_column_a_unit_and_time_runs_downwards() -> None:
    tiles = images.tiles(torch.tensor([[0.0, 0.5, 1.0], [1.0, 0.0, 0.0]]), width=20, theme="light")
    assert tiles.picture.size == (20, 3 * 4)  # four pixels a step
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


def test_an_animation_lasts_as_long_as_it_should_and_rests_on_its_last_picture() -> None:
    """The square moves and keeps its colour: all pictures have the colours of the last."""
    moving = []
    for step in range(4):
        picture = Image.new("RGB", (8, 8), images.PAPER)
        picture.paste((23, 121, 18), (2 * step, 0, 2 * step + 2, 2))
        moving.append(picture)
    with Image.open(io.BytesIO(images.gif(moving, seconds=3))) as gif:
        assert (gif.n_frames, gif.info["loop"]) == (4, 0)  # type: ignore[attr-defined]
        durations = []
        for step in range(4):
            gif.seek(step)
            durations.append(gif.info["duration"])
            assert np.abs(np.asarray(gif.convert("RGB")).astype(int) - np.asarray(moving[step])).max() <= 4
    assert durations == [750, 750, 750, 2000]


def test_what_plays_once_does_not_repeat() -> None:
    pictures = [Image.fromarray(np.roll(np.eye(4, dtype=np.uint8) * 255, by, 1)) for by in range(2)]
    with Image.open(io.BytesIO(images.gif(pictures, seconds=1, once=True))) as gif:
        assert gif.n_frames == 2 and "loop" not in gif.info  # type: ignore[attr-defined]


def test_pictures_on_one_scale_have_the_colours_of_its_limit() -> None:
    values = torch.tensor([[[0.0, 1.0]]])
    own, common = images.tiles(values, 4, "light"), images.tiles(values, 4, "light", limit=2.0)
    assert (own.limit, common.limit) == (1.0, 2.0)
    half = images.tiles(values / 2, 4, "light", limit=1.0)
    assert np.array_equal(np.asarray(common.picture), np.asarray(half.picture))
    assert not np.array_equal(np.asarray(common.picture), np.asarray(own.picture))


def test_all_pictures_of_an_animation_have_the_colours_of_the_last() -> None:
    """The first would fill all 128 with shades of grey."""
    grey = np.random.default_rng(0).integers(0, 256, (40, 40, 1), dtype=np.uint8).repeat(3, 2)
    last = np.zeros((40, 40, 3), np.uint8)
    last[:20], last[20:, :20], last[20:, 20:] = (230, 97, 1), (94, 60, 153), (0, 114, 178)
    with Image.open(io.BytesIO(images.gif([Image.fromarray(grey), Image.fromarray(last)], seconds=1))) as gif:
        assert len(np.unique(np.asarray(gif.convert("RGB")).reshape(-1, 3), axis=0)) <= 3
        gif.seek(1)
        assert np.abs(np.asarray(gif.convert("RGB")).astype(int) - last).max() <= 8


def test_an_animation_may_share_the_colours_of_several_pictures() -> None:
    """A green picture becomes a red one, which alone has no green."""
    ways = [Image.new("RGB", (8, 8), (25 * step, 200 - 25 * step, 40)) for step in range(9)]
    with Image.open(io.BytesIO(images.gif(ways, seconds=1, colours_of=9))) as gif:
        for step, expected in enumerate(ways):
            gif.seek(step)
            assert np.abs(np.asarray(gif.convert("RGB")).astype(int) - np.asarray(expected)).max() <= 8


def test_an_animation_has_128_colours() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8))
    with Image.open(io.BytesIO(images.gif([noise] * 2, seconds=1))) as gif:
        assert len(np.unique(np.asarray(gif.convert("RGB")).reshape(-1, 3), axis=0)) == 128


def test_pictures_are_stacked_on_paper_with_a_gap_between() -> None:
    wide, clear = Image.new("RGB", (5, 2), "red"), Image.new("RGBA", (3, 4), (0, 0, 255, 255))
    clear.putpixel((1, 1), (0, 0, 0, 0))
    stacked = images.stacked([wide, clear, wide], gap=3)
    assert (stacked.mode, stacked.size) == ("RGB", (5, 2 + 3 + 4 + 3 + 2))
    expected = Image.new("RGB", (5, 14), images.PAPER)
    for box, colour in (
        ((0, 0, 5, 2), "red"),
        ((0, 5, 3, 9), "blue"),
        ((1, 6, 2, 7), images.PAPER),
        ((0, 12, 5, 14), "red"),
    ):
        expected.paste(colour, box)
    assert np.array_equal(np.asarray(stacked), np.asarray(expected))


def test_a_vector_is_stripes_and_neighbours_share_one_where_it_is_long() -> None:
    def shades(vector: list[float], width: int, theme: images.Theme = "light") -> list[list[int]]:
        drawn = np.asarray(images.barcode(torch.tensor(vector), width, 3, theme))
        assert drawn.shape == (3, width, 4) and (drawn == drawn[:1]).all()
        return drawn[0].tolist()

    assert shades([0.0, 1.0, 2.0], 6) == images.colourise(np.array([0, 0, 1, 1, 2, 2.0]), 2.0, "light", False).tolist()
    assert shades([1.0, 3.0, 4.0, 0.0], 2, "dark") == images.colourise(np.ones(2), 1.0, "dark", False).tolist()
    assert shades([0.0, 2.0, 4.0, 4.0], 2) == images.colourise(np.array([1, 4.0]), 4.0, "light", False).tolist()
    assert shades([-4.0, 2.0], 2) == images.colourise(np.array([-4, 2.0]), 4.0, "light", True).tolist()
    assert shades([0.0, 1.0], 2) == images.colourise(np.array([0, 1.0]), 1.0, "light", False).tolist()


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
    assert images.blank(5).size == (5, 5) and images.blank(5).getpixel((0, 0)) == images.PAPER
    sheet = images.contact_sheet(torch.stack([image] * 4), columns=2, scale=3)
    assert sheet.picture.size == (12 + GAP, 12 + GAP)
    assert sheet.boxes[3].tolist() == [6 + GAP, 6 + GAP, 12 + GAP, 12 + GAP]


def test_a_sheet_ends_where_its_pictures_end() -> None:
    """Of three in rows of two the second row is half transparent, the gap above it is not."""
    alpha = np.asarray(images.contact_sheet(torch.rand(3, 1, 4, 4), columns=2).picture)[..., 3]
    expected = np.full((8 + GAP, 8 + GAP), 255)
    expected[4 + GAP :, 4:] = 0
    assert alpha.tolist() == expected.tolist()
    assert (np.asarray(images.contact_sheet(torch.rand(4, 1, 4, 4), columns=2).picture)[..., 3] == 255).all()


def test_the_legend_runs_from_low_to_high() -> None:
    ramp = np.asarray(images.ramp(True, "light", 36, 6))
    assert ramp.shape == (6, 36, 4)
    assert ramp[0, 0].tolist()[:3] == [0x2D, 0x00, 0x4B]
    assert ramp[0, -1].tolist()[:3] == [0x7F, 0x3B, 0x08]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_legend_of_what_has_no_sign_runs_evenly_from_the_ground_to_ink(theme: images.Theme) -> None:
    ramp = np.asarray(images.ramp(False, theme, 101, 6)).astype(float)
    ground, ink = images.colourise(np.array([0.0, 1.0]), 1.0, theme, signed=False).astype(float)
    assert np.abs(ground - ink).max() > 100
    assert np.abs(ramp - np.linspace(ground, ink, 101)).max() <= 0.5


def test_a_data_address_holds_the_picture() -> None:
    picture = images.picture(torch.rand(3, 5, 4, generator=torch.Generator().manual_seed(0)))
    address = images.data_url(picture)
    assert address.startswith("data:image/png;base64,")
    for content in (base64.b64decode(address.split(",")[1]), images.png(picture)):
        again = Image.open(io.BytesIO(content))
        assert again.format == "PNG" and np.array_equal(np.asarray(again), np.asarray(picture))


def test_a_photo_in_a_data_address_is_nearly_exact_and_smaller() -> None:
    """The slow waves are as smooth as a photograph; a WebP of quality 90 is within a few steps of 255."""
    rows, columns = torch.meshgrid(torch.linspace(0, 3, 60), torch.linspace(0, 4, 80), indexing="ij")
    photo = images.picture(torch.stack([rows.sin(), columns.cos(), (rows + columns).sin()]) / 2 + 0.5)
    exact, near = images.data_url(photo), images.data_url(photo, exact=False)
    assert near.startswith("data:image/webp;base64,") and len(near) < len(exact) / 2
    again = Image.open(io.BytesIO(base64.b64decode(near.split(",")[1])))
    assert (again.format, again.size) == ("WEBP", (80, 60))
    assert np.abs(np.asarray(again).astype(int) - np.asarray(photo)).mean() < 2


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
    assert lit[3, 3] == round(255 * 0.8 * (0.2 + 0.8 / 2))
    assert (np.asarray(images.spotlight(photo, -torch.ones(2, 2)))[..., 0] == dim).all()
    assert (
        np.asarray(images.spotlight(photo, torch.full((2, 2), 1e-6)))[0, 0, 0] == bright
    )  # the strongest, however weak
    assert images.DIM == 0.2


def test_a_layers_strength_is_the_length_of_its_vector_at_each_place() -> None:
    maps = torch.zeros(2, 2, 2)
    maps[:, 1, 0] = torch.tensor([3.0, -4.0])
    equal = maps.clone()
    equal[0, 0, 1] = 5.0
    assert (
        np.asarray(images.strength(equal, 2, "light"))[[1, 0], [0, 1], 0].tolist()
        == [MAGNITUDE_ENDS["light"][1][0]] * 2
    )
    shown = np.asarray(images.strength(maps, 8, "light"))[..., 0]
    ink, ground = MAGNITUDE_ENDS["light"][1][0], MAGNITUDE_ENDS["light"][0][0]
    assert (shown[4:, :4] == ink).all() and (shown[:4] == ground).all() and (shown[4:, 4:] == ground).all()


def test_strength_counts_from_the_weakest_place_and_large_maps_are_averaged() -> None:
    """Lengths 1 and 3 in stripes two pixels wide: a square of three pixels sees 1, 2 and 3."""
    stripes = torch.tensor([1.0, 1, 3, 3]).repeat(4, 1)[None]
    expected = images.colourise(np.array([0, 1, 2.0]), 2.0, "dark", signed=False)
    assert (np.asarray(images.strength(stripes, 3, "dark")) == expected).all()
    vector = np.asarray(images.strength(torch.tensor([-5.0, 1.0, 3.0]), 6, "light"))  # a stripe a unit
    assert (vector == images.colourise(np.array([0, 0, 1, 1, 3, 3.0]), 3.0, "light", signed=False)).all()
    long = np.asarray(images.strength(torch.arange(1000.0), 8, "dark"))
    assert long.shape == (8, 8, 4) and (np.diff(long[0, :, 0].astype(int)) > 0).all() and (long == long[:1]).all()
    assert (np.asarray(images.strength(torch.ones(2, 4, 4), 4, "light"))[..., 0] == MAGNITUDE_ENDS["light"][0][0]).all()


def test_pictures_stand_in_a_column_and_small_ones_are_enlarged_by_whole_factors() -> None:
    column = images.in_column([Image.new("RGB", (6, 6), colour) for colour in ("red", "blue")])
    assert column.picture.size == (6, 12 + GAP)
    assert pixel(column, 3, 6 + GAP)[:3] == (0, 0, 255)
    assert column.boxes.tolist() == [[0, 0, 6, 6], [0, 6 + GAP, 6, 12 + GAP]]
    assert (column.limit, column.signed) == (1, False)
    tall = images.in_column([Image.new("RGB", (2, 9)), Image.new("RGB", (2, 9))])
    assert tall.picture.size == (2, 18 + GAP)
    assert images.enlarged(Image.new("RGB", (28, 28)), 112).size == (112, 112)
    assert images.enlarged(Image.new("RGB", (56, 56)), 100).size == (56, 56)
    assert images.enlarged(Image.new("RGB", (56, 56)), 30).size == (56, 56)


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
    assert sheet.boxes.tolist() == [
        [0, unit * (tile + gap), sheet.picture.width, unit * (tile + gap) + tile] for unit in range(5)
    ]
    limit = weights.abs().max().item()
    assert sheet.limit == pytest.approx(limit)
    shown = np.asarray(sheet.picture)
    for unit, before in ((0, 0), (1, 0), (4, 6), (2, 5)):
        first = weights[unit, before].numpy().flat[0]
        expected = images.colourise(np.array([first]), limit, "dark", signed=True)[0]
        assert (shown[unit * (tile + gap) :, before * (tile + gap) :][:2, :2] == expected).all()


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
    half = np.asarray(images.overlay(image, values, 0.25, 3).picture)[4, 7].tolist()
    assert half == [*(round(0.75 * ink + 0.25 * 0xF7) for ink in images.INK), 255]


def over_photo(values: torch.Tensor) -> images.Tiles:
    """The map that hides a grey photo, a pixel a place."""
    return images.overlay(torch.full((3, *values.shape), 0.5), values, 1.0, 1)


def test_over_a_photo_the_strongest_percent_share_the_strongest_colour() -> None:
    """Of 1001 places the 990th and those above it are at the limit; a photo's map is signed in any case."""
    assert over_photo(-torch.arange(1001.0).view(7, 143)).limit == pytest.approx(990)
    sheet = over_photo(torch.arange(1001.0).view(7, 143))
    assert (sheet.limit, sheet.signed) == (pytest.approx(990), True)
    shown = np.asarray(sheet.picture).reshape(-1, 4)
    assert (shown[990:] == images.PUOR[254]).all() and (shown[985] != images.PUOR[254]).any()
    assert (shown[495] == images.PUOR[190]).all() or (shown[495] == images.PUOR[191]).all()


def test_over_a_photo_a_single_place_is_seen_too() -> None:
    """One place of 400 is a quarter of a percent: its value is the limit, with either sign."""
    for sign in (1, -1):
        values = torch.zeros(20, 20)
        values[3, 4], values[5, 6] = 2.0 * sign, 1.0 * sign
        sheet = over_photo(values)
        assert sheet.limit == 2
        assert pixel(sheet, 4, 3) == tuple(images.PUOR[127 + 127 * sign].tolist())
        assert pixel(sheet, 0, 0) == tuple(images.PUOR[127].tolist())
    assert over_photo(torch.zeros(20, 20)).limit == 0


def test_beside_a_map_that_was_read_row_by_row_stands_what_each_row_did() -> None:
    image, values = torch.zeros(1, 4, 6), torch.zeros(4, 6)
    values[1, :2], values[2, :3] = -1.0, torch.tensor([4.0, -3.0, -0.5])
    sheet = images.overlay(image, values, opacity=1.0, scale=3, row_by_row=True)
    assert sheet.picture.size == (18 + 3 + 6, 12) and len(sheet.boxes) == 24 and sheet.boxes[:, 2].max() == 18
    right = np.asarray(sheet.picture)[1::3, -1, :3].tolist()
    assert right == [images.PUOR[place, :3].tolist() for place in (127, 0, 127 + round(127 / 4), 127)]


def test_a_box_is_marked_by_a_frame_inside_it() -> None:
    paper = images.paper(torch.zeros(1, 28, 28), 2)
    before = np.asarray(paper.convert("RGB")).astype(int)
    changed = (np.asarray(images.marked(paper, (8, 4, 24, 20))).astype(int) != before).any(2)
    expected = np.zeros_like(changed)
    expected[4:20, 8:24] = True
    expected[6:18, 10:22] = False
    assert (changed == expected).all()
