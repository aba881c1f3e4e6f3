"""The small pictures on the card of a unit that stands in a graph: what it looks for, its activation, what it sees."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageDraw
from torch import Tensor

from core import images
from core.circuits.contributions import Place
from core.examples import faded
from core.images import MARK, Theme

SIDE, BAR = 56, 14  # pixels of a picture, and how wide a neuron's bar or a recurrent unit's strip is
NARROW = 0.5  # of an image: a field that is smaller is shown enlarged, without what lies around it
Seen = tuple[slice, slice]  # rows and columns of the image


def stimulus_picture(image: Float[Tensor, "channels height width"]) -> Image.Image:
    """What gradient ascent found for the unit, or any digit or photo in that size."""
    if len(image) == 1:
        return images.framed(images.paper(image, max(1, SIDE // image.shape[-1])))
    return images.framed(images.picture(image).resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def activation_picture(
    activation: Float[Tensor, " *place"], place: Place, most: float, theme: Theme
) -> Image.Image:  # fmt: skip
    """A unit's activation for the input: a map or a strip of rows, its place framed; a neuron's a bar, of `most`."""
    values = activation.numpy()
    signed = bool(values.min() < 0)
    if not values.ndim:
        return _bar(float(values), most, theme)
    column = values[:, None] if values.ndim == 1 else values
    colours = images.colourise(column, float(np.abs(values).max()), theme, signed)
    width = BAR if values.ndim == 1 else SIDE
    picture = Image.fromarray(colours).resize((width, SIDE), Image.Resampling.NEAREST if len(values) <= SIDE
                                              else Image.Resampling.BOX)  # fmt: skip
    top, height = _cell(place[0], len(values))
    left, wide = _cell(place[1], values.shape[1]) if values.ndim == 2 else (0, BAR)
    ImageDraw.Draw(picture).rectangle((left, top, left + wide - 1, top + height - 1), outline=MARK, width=2)
    return images.framed(picture)


def _cell(index: int, count: int) -> tuple[int, int]:
    """Where a place begins, and how large it is; one that would be too small to see is larger."""
    size = max(6, SIDE // count)
    middle = (index + 0.5) * SIDE / count
    return min(SIDE - size, max(0, round(middle - size / 2))), size


def _bar(value: float, most: float, theme: Theme) -> Image.Image:
    """As high as the value is of the most that the layer reaches; purple below zero."""
    filled = round(SIDE * min(1.0, abs(value) / most)) if most > 0 else 0
    shares = np.zeros((SIDE, BAR))
    shares[SIDE - filled :] = np.sign(value)
    colours = images.colourise(shares, 1.0, theme, signed=False)
    if value < 0:
        colours[SIDE - filled :] = images.colourise(shares[SIDE - filled :], 1.6, theme, signed=True)
    return images.framed(Image.fromarray(colours))


def product_picture(parts: Float[Tensor, "channels height width"], seen: Seen) -> Image.Image:
    """What each pixel that the unit sees contributes, the colours' added up: orange excites, purple inhibits."""
    values = parts.sum(0)[seen].numpy()
    colours = images.colourise(values, float(np.abs(values).max()), "light", signed=True)
    return _square(Image.fromarray(colours))


def seen_picture(image: Float[Tensor, "channels height width"], seen: Seen) -> Image.Image | None:
    """The part of the input that the unit sees; None where that is all of it."""
    down, across = seen
    side = image.shape[-1]
    rows, columns = down.stop - down.start, across.stop - across.start
    if rows == columns == side:
        return None
    if max(rows, columns) <= NARROW * side:
        cut = image[:, down, across]
        return _square(images.paper(cut) if len(image) == 1 else images.picture(cut))
    if len(image) == 1:
        return images.framed(images.paper(faded(image, seen), SIDE // side))
    return stimulus_picture(_shaded(image, seen))


def _shaded(image: Tensor, seen: Seen) -> Tensor:
    """A photo, pale where it is not seen."""
    shown = 1 - (1 - image) * images.DIM
    shown[:, seen[0], seen[1]] = image[:, seen[0], seen[1]]
    return shown


def _square(picture: Image.Image) -> Image.Image:
    """A small picture, enlarged by a whole factor where it has room for one, with a hairline round it."""
    longest = max(picture.size)
    if longest > SIDE:
        return images.framed(picture.resize((SIDE, SIDE * picture.height // picture.width), Image.Resampling.LANCZOS))
    factor = SIDE // longest
    return images.framed(picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST))


def input_picture(
    image: Float[Tensor, "channels height width"], fields: Sequence[Seen], width: int, colour: str
) -> Image.Image:
    """The input so many pixels wide, with a frame round each part that a unit of the last row sees of it."""
    factor = width / image.shape[-1]
    picture = (
        images.paper(image, width // image.shape[-1])
        if len(image) == 1
        else images.picture(image).resize((width, width), Image.Resampling.LANCZOS)
    ).convert("RGB")
    draw = ImageDraw.Draw(picture)
    for down, across in fields:
        box = tuple(round(factor * edge) for edge in (across.start, down.start, across.stop, down.stop))
        draw.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), outline=colour, width=1)
    return images.framed(picture)
