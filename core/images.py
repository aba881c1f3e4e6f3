"""Tensors made into pictures: one array operation a layer, enlarged by whole factors, never smoothed."""

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from PIL import Image, ImageDraw, ImageOps
from PIL.PngImagePlugin import PngInfo
from scipy import ndimage
from torch import Tensor
from torch.nn import functional as F

from core.stimuli import as_bytes

Theme = Literal["light", "dark"]
Pixels = np.ndarray  # uint8 (height, width, 4)

GAP = 2  # pixels between tiles: a hair
IN_A_ROW = 16  # neurons of a dense layer
STEP = 4  # pixels of one step in time
GIF_COLOURS = 128
STRIP = 2  # pixels of a digit wide is what each row did
PALE, SMOOTHED = 0.4, 2.0  # what is left of a photo's contrast below a map, and by how many pixels that is smoothed
ABOUT = "Layerscope"  # the key in a PNG's metadata
DIM = 0.2  # of a photo's brightness, where a unit does not answer

# ColorBrewer's PuOr, turned so that orange is positive: https://colorbrewer2.org/#type=diverging&scheme=PuOr&n=11
_PUOR = "2d004b 542788 8073ac b2abd2 d8daeb f7f7f7 fee0b6 fdb863 e08214 b35806 7f3b08"
_ANCHORS = np.array([list(bytes.fromhex(colour + "ff")) for colour in _PUOR.split()])
_PLACES = np.linspace(0, 254, len(_ANCHORS))
PUOR = (
    np.stack([np.interp(np.arange(255), _PLACES, channel) for channel in _ANCHORS.T], axis=1).round().astype(np.uint8)
)
# Magnitudes run from a shade of the page's background to ink, and in the dark to light.
MAGNITUDE_ENDS = {"light": ((238, 235, 227), (23, 21, 18)), "dark": ((38, 42, 51), (250, 248, 240))}
LINE, MARGIN = 2, 3  # pixels of a line round what a unit sees, and of the room for it
UNSEEN = 0.5  # of a pale image's contrast, where a unit cannot see it
HAIRLINE, MARK = (222, 218, 208), (230, 159, 0)
PAPER, INK = (252, 251, 248), MAGNITUDE_ENDS["light"][1]


@dataclass(frozen=True)
class Tiles:
    """A layer as one picture: where each unit lies in it, and what its colours mean."""

    picture: Image.Image
    boxes: np.ndarray  # (units, 4) left, top, right, bottom of each unit's tile, in pixels
    limit: float  # the value that the strongest colour stands for
    signed: bool  # purple is -limit, white 0, orange limit; else background is 0 and ink is limit


def tiles(activation: Tensor, width: int, theme: Theme, max_height: int = 180, limit: float = 0.0) -> Tiles:
    """One activation without its batch axis as a picture at most `width` pixels wide, in its own scale or to a limit.

    (units,) becomes a grid of cells, (units, height, width) a grid of maps. (units, time) becomes one picture in
    which each unit is a column and time runs downwards, as the rows of the input do.
    """
    values = activation.detach().float().cpu().numpy()
    limit = limit or float(np.abs(values).max())
    signed = bool(values.min() < 0)
    colours = colourise(values, limit, theme, signed)
    if values.ndim == 2:
        pixels, boxes = _strips(colours, width)
    else:
        maps = colours.reshape(len(values), 1, 1, 4) if values.ndim == 1 else colours
        columns = min(len(values), IN_A_ROW) if values.ndim == 1 else _columns(maps, width, max_height)
        pixels, boxes = _grid(maps, columns, width)
    return Tiles(Image.fromarray(pixels), boxes, limit, signed)


def colourise(values: np.ndarray, limit: float, theme: Theme, signed: bool) -> np.ndarray:
    """Values of any shape to uint8 colours (..., 4): PuOr symmetric about zero, or background to ink from zero."""
    share = values / limit if limit > 0 else np.zeros_like(values)
    if signed:
        return PUOR[np.rint(127 + 127 * share.clip(-1, 1)).astype(int)]
    return _between(*MAGNITUDE_ENDS[theme], share)


def _between(start: tuple[int, int, int], end: tuple[int, int, int], share: np.ndarray) -> np.ndarray:
    low, high = np.array((*start, 255)), np.array((*end, 255))
    return np.rint(low + (high - low) * share.clip(0, 1)[..., None]).astype(np.uint8)


def paper(image: Tensor, scale: int = 1) -> Image.Image:
    """A digit (1, height, width) in [0, 1] as ink on paper, in both themes, enlarged by a whole factor."""
    return Image.fromarray(_enlarge(_between(PAPER, INK, image[0].numpy()), scale))


def framed(picture: Image.Image) -> Image.Image:
    """The picture with a hairline round it, so that paper ends where it ends; two pixels larger."""
    return ImageOps.expand(picture.convert("RGB"), border=1, fill=HAIRLINE)


def marked(picture: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    """The picture with a frame round a box (left, top, right, bottom), drawn inside it."""
    found = picture.convert("RGB")
    ImageDraw.Draw(found).rectangle((*box[:2], box[2] - 1, box[3] - 1), outline=MARK, width=2)
    return found


def blank(side: int) -> Image.Image:
    """A square of paper with nothing on it, `side` pixels wide."""
    return Image.new("RGB", (side, side), PAPER)


def contact_sheet(images: Tensor, columns: int, scale: int = 1) -> Tiles:
    """Digits (n, 1, height, width) in [0, 1] as ink on paper, or photos (n, 3, ...), in a grid with a hair's gap.

    Behind the last one, where a row is not full, it is transparent.
    """
    pixels, boxes = _grid(_as_colours(images), columns, columns * (images.shape[-1] * scale + GAP) - GAP)
    pixels[pixels[..., 3] == 0] = (*HAIRLINE, 255)
    _, top, right, _ = boxes[-1]
    pixels[top:, right:, 3] = 0
    return Tiles(Image.fromarray(pixels), boxes, limit=1.0, signed=False)


def _as_colours(images: Tensor) -> np.ndarray:
    if images.shape[1] == 1:
        return _between(PAPER, INK, images[:, 0].numpy())
    colours = as_bytes(images)
    return np.concatenate([colours, np.full_like(colours[..., :1], 255)], axis=-1)


def picture(image: Tensor) -> Image.Image:
    """A photo (3, height, width) in [0, 1]."""
    return Image.fromarray(_as_colours(image[None])[0, ..., :3])


def filters(weights: Tensor, columns: int, scale: int, theme: Theme) -> Tiles:
    """Weights (units, height, width) as tiles in so many columns, on one scale that is symmetric about zero."""
    values = weights.float().numpy()
    limit = float(np.abs(values).max())
    colours = colourise(values, limit, theme, signed=True)
    pixels, boxes = _grid(colours, columns, columns * (values.shape[2] * scale + GAP) - GAP)
    pixels[pixels[..., 3] == 0] = (*HAIRLINE, 255)
    return Tiles(Image.fromarray(pixels), boxes, limit, signed=True)


def connections(weights: Tensor, scale: int, theme: Theme) -> Tiles:
    """Weights (units, before) as one picture, or (units, before, height, width) as tiles: a row a unit, and its box."""
    units, before, *window = weights.shape
    sheet = filters(weights.flatten(0, 1) if window else weights[None], before if window else 1, scale, theme)
    width, height = sheet.picture.size
    gap = GAP if window else 0
    step = (height + gap) // units
    tops = np.arange(units) * step
    boxes = np.stack([0 * tops, tops, 0 * tops + width, tops + step - gap], axis=1)
    return replace(sheet, boxes=boxes)


def in_column(pictures: Sequence[Image.Image]) -> Tiles:
    """Pictures of one size, a hair's gap between them, one below the other."""
    pixels, boxes = _grid(np.stack([np.asarray(picture.convert("RGBA")) for picture in pictures]), 1, pictures[0].width)
    return Tiles(Image.fromarray(pixels), boxes, limit=1.0, signed=False)


def enlarged(picture: Image.Image, side: int) -> Image.Image:
    """A square picture, enlarged by the largest whole factor that keeps it within `side` pixels."""
    return Image.fromarray(_enlarge(np.asarray(picture), max(1, side // picture.width)))


def barcode(vector: Tensor, width: int, height: int, theme: Theme) -> Image.Image:
    """A vector as stripes from left to right, in its own scale; in a long one neighbours share a stripe: their mean."""
    values = vector.float()[None, None]
    stripes = F.adaptive_avg_pool1d(values, width) if len(vector) > width else F.interpolate(values, width)
    drawn = stripes[0].expand(height, width).numpy()
    return Image.fromarray(colourise(drawn, float(np.abs(drawn).max()), theme, signed=bool(drawn.min() < 0)))


def spotlight(photo: Tensor, activation: Tensor) -> Image.Image:
    """A photo (3, height, width), lit where a unit's map (rows, columns) over it is high, and dim where it is not.

    The map is enlarged without smoothing: its pixels are the places where the unit was asked.
    """
    light = activation.clamp(min=0)[None, None] / activation.max().clamp(min=1e-12)
    lit = F.interpolate(light, photo.shape[1:], mode="nearest")[0]
    return picture(photo * (DIM + (1 - DIM) * lit))


def overlay(image: Tensor, values: Tensor, opacity: float, scale: int, *, row_by_row: bool = False) -> Tiles:
    """A map (height, width) of what each pixel did, in its own scale, over its digit or photo; a box a pixel.

    In a photo a few pixels would outshine all others: there the strongest percent share the strongest colour, unless
    less than that is not zero.

    Where there is something below zero the colours are signed; at an opacity of 1 the map hides the image. For a net
    that reads row by row, a strip on the right says what each row did in all, in a scale of its own.
    """
    drawn, photo = values.numpy(), len(image) == 3
    strengths = np.abs(drawn)
    limit = (float(np.quantile(strengths, 0.99)) if photo else 0.0) or float(strengths.max())
    signed = photo or bool(drawn.min() < 0)
    ground = _as_colours(image[None])[0].astype(float)
    colours = colourise(drawn, limit, "light", signed).astype(float)
    pixels = _enlarge(np.rint(ground + opacity * (colours - ground)).astype(np.uint8), scale)
    if row_by_row:
        rows = np.tile(drawn.sum(1, keepdims=True), (1, STRIP))
        strip = _enlarge(colourise(rows, float(np.abs(rows).max()), "light", signed), scale)
        pixels = np.concatenate([pixels, np.zeros_like(strip[:, :scale]), strip], axis=1)
    top, left = scale * np.indices(drawn.shape).reshape(2, -1)
    boxes = np.stack([left, top, left + scale, top + scale], axis=1)
    return Tiles(Image.fromarray(pixels), boxes, limit, signed)


def highlighted(image: Tensor, strengths: Tensor, opacity: float) -> Tiles:
    """What is strong in a map (height, width), never negative, in one hue over its photo, pale and grey; a box a pixel.

    A map of single pixels is grain to the eye: it is smoothed by a Gaussian of SMOOTHED pixels. The strongest percent
    share the strongest colour, and `opacity` says how far that hides the photo.
    """
    drawn = ndimage.gaussian_filter(strengths.numpy(), SMOOTHED)
    limit = float(np.quantile(drawn, 0.99)) or float(drawn.max())
    pixels = _over_pale(image, opacity * np.clip(drawn / (limit or 1.0), 0, 1))
    top, left = np.indices(drawn.shape).reshape(2, -1)
    return Tiles(Image.fromarray(pixels), np.stack([left, top, left + 1, top + 1], axis=1), limit, False)


def heat(image: Tensor, strengths: Tensor, seen: tuple[slice, slice], scale: int, colour: str) -> Tiles:
    """What is strong in a map (height, width), never negative, over its pale digit or photo, pixel by pixel.

    A thin line in that colour, outside of it, surrounds the rows and columns that are `seen`; beyond them the image is
    paler still. It has a margin of MARGIN pixels, the last of them a hairline. A box a pixel. In a photo the strongest
    percent of what is seen share the strongest colour, unless less than that is not zero.
    """
    limit = (float(strengths[seen].flatten().quantile(0.99)) if len(image) == 3 else 0.0) or float(strengths.max())
    contrast = np.full((*strengths.shape, 1), UNSEEN * PALE)
    contrast[seen] = PALE
    pixels = _enlarge(_over_pale(image, np.clip(strengths.numpy() / (limit or 1.0), 0, 1), contrast), scale)
    sheet = framed(ImageOps.expand(Image.fromarray(pixels).convert("RGB"), border=MARGIN - 1, fill=PAPER))
    (top, bottom), (left, right) = ((MARGIN + scale * side.start, MARGIN + scale * side.stop) for side in seen)
    line = left - LINE, top - LINE, right + LINE - 1, bottom + LINE - 1
    ImageDraw.Draw(sheet).rectangle(line, outline=colour, width=LINE)
    down, across = MARGIN + scale * np.indices(strengths.shape).reshape(2, -1)
    return Tiles(sheet, np.stack([across, down, across + scale, down + scale], axis=1), limit, False)


def _over_pale(image: Tensor, share: np.ndarray, contrast: float | np.ndarray = PALE) -> Pixels:
    """A digit or photo, pale and grey, hidden in one hue as far as a share (height, width) says."""
    pale = _as_colours(image[None])[0].astype(float)
    pale[..., :3] = 255 - contrast * (255 - pale[..., :3].mean(-1, keepdims=True))
    hue = colourise(np.ones((1, 1)), 1.0, "light", signed=True).astype(float)
    return np.rint(pale + share[..., None] * (hue - pale)).astype(np.uint8)


def strength(activation: Tensor, side: int, theme: Theme) -> Image.Image:
    """Where a layer's maps (units, height, width) answer more than elsewhere, in a square: their vector's length there.

    A layer without maps has one answer, in stripes, a unit a stripe.
    """
    values = activation.norm(dim=0) if activation.ndim == 3 else activation.flatten().clamp(min=0)[None]
    values = values - values.min()
    values = F.interpolate(values[None, None], (side, side), mode="nearest" if min(values.shape) < side else "area")
    return Image.fromarray(colourise(values[0, 0].numpy(), float(values.max()), theme, signed=False))


def ramp(signed: bool, theme: Theme, width: int, height: int) -> Image.Image:
    """The legend's colours from the lowest value to the highest, from left to right."""
    values = np.linspace(-1 if signed else 0, 1, width)
    return Image.fromarray(np.tile(colourise(values, 1.0, theme, signed), (height, 1, 1)))


def stacked(pictures: Sequence[Image.Image], gap: int) -> Image.Image:
    """Pictures one below the other on paper."""
    width = max(picture.width for picture in pictures)
    ground = Image.new("RGB", (width, sum(picture.height + gap for picture in pictures) - gap), PAPER)
    top = 0
    for picture in pictures:
        ground.paste(picture, (0, top), picture if picture.mode == "RGBA" else None)
        top += picture.height + gap
    return ground


def png(picture: Image.Image, about: Mapping[str, Any] | None = None) -> bytes:
    """A picture as a PNG file; what is told about it stands as JSON in the file's metadata, under ABOUT."""
    buffer, told = io.BytesIO(), PngInfo()
    if about:
        told.add_text(ABOUT, json.dumps(about))
    picture.save(buffer, "PNG", optimize=True, pnginfo=told)
    return buffer.getvalue()


def gif(
    pictures: Sequence[Image.Image],
    seconds: float,
    *,
    once: bool = False,
    about: Mapping[str, Any] | None = None,
    colours_of: int = 1,
) -> bytes:
    """Pictures of one size as an animation that lasts so long, rests on the last for two seconds, and repeats.

    What plays once rests on the last for good. What is told about it stands as JSON in the file's comment. All have the
    colours of the last, so that nothing flickers, or those of so many of them together, evenly spread, the last among
    them.
    """
    buffer = io.BytesIO()
    places = np.linspace(len(pictures) - 1, 0, colours_of).round().astype(int)
    together = np.concatenate([np.asarray(pictures[place].convert("RGB")) for place in places])
    colours = Image.fromarray(together).quantize(GIF_COLOURS)
    first, *others = [picture.convert("RGB").quantize(palette=colours) for picture in pictures]
    durations = [round(1000 * seconds / len(pictures))] * len(others) + [2000]
    told: dict[str, Any] = ({} if once else {"loop": 0}) | ({"comment": json.dumps(about)} if about else {})
    first.save(buffer, "GIF", save_all=True, append_images=others, duration=durations, **told)
    return buffer.getvalue()


def data_url(picture: Image.Image, exact: bool = True) -> str:
    """A picture in a `data:` address: exact as a PNG, or, much smaller for photos, nearly so as a WebP."""
    buffer = io.BytesIO()
    if exact:
        picture.save(buffer, "PNG", compress_level=1)
    else:
        picture.convert("RGB").save(buffer, "WEBP", quality=90, method=2)  # as small as the usual 4, twice as fast
    kind = "png" if exact else "webp"
    return f"data:image/{kind};base64," + base64.b64encode(buffer.getvalue()).decode()


def _enlarge(pixels: np.ndarray, scale: int) -> np.ndarray:
    return pixels.repeat(scale, axis=-3).repeat(scale, axis=-2)


def _columns(maps: np.ndarray, width: int, max_height: int) -> int:
    """The fewest columns that leave no row unfilled and keep the picture low enough, else the lowest picture's."""
    units = len(maps)
    fitting = [n for n in range(1, units + 1) if units % n == 0 and _scale(maps, n, width) >= 1]
    for columns in fitting:
        scale = _scale(maps, columns, width)
        if units // columns * (maps.shape[1] * scale + GAP) <= max_height:
            return columns
    as_many_as_fit = max((n for n in range(1, units + 1) if _scale(maps, n, width) >= 1), default=1)
    filled = max(fitting, default=1)
    return filled if 2 * filled > as_many_as_fit else as_many_as_fit  # rather a row unfilled than a tower


def _scale(maps: np.ndarray, columns: int, width: int) -> int:
    return int((width - (columns - 1) * GAP) // (columns * maps.shape[2]))


def _grid(maps: np.ndarray, columns: int, width: int) -> tuple[Pixels, np.ndarray]:
    """Tiles (units, height, width, 4) laid out row by row on a transparent ground."""
    maps = _enlarge(maps, max(1, _scale(maps, columns, width)))
    units, tile_height, tile_width, _ = maps.shape
    rows = -(-units // columns)
    ground = np.zeros((rows * columns, tile_height + GAP, tile_width + GAP, 4), np.uint8)
    ground[:units, :tile_height, :tile_width] = maps
    picture = ground.reshape(rows, columns, tile_height + GAP, tile_width + GAP, 4).swapaxes(1, 2)
    row, column = np.divmod(np.arange(units), columns)
    corner = np.stack([column * (tile_width + GAP), row * (tile_height + GAP)], axis=1)
    boxes = np.concatenate([corner, corner + np.array((tile_width, tile_height))], axis=1)
    return picture.reshape(rows * (tile_height + GAP), columns * (tile_width + GAP), 4)[:-GAP, :-GAP], boxes


def _strips(colours: np.ndarray, width: int) -> tuple[Pixels, np.ndarray]:
    """Colours (units, time, 4) with a column a unit, time downwards."""
    units, time, _ = colours.shape
    scale = max(1, width // units)
    left = np.arange(units) * scale
    boxes = np.stack([left, np.zeros_like(left), left + scale, np.full_like(left, time * STEP)], axis=1)
    return colours.swapaxes(0, 1).repeat(STEP, axis=0).repeat(scale, axis=1), boxes
