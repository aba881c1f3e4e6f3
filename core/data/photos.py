"""Photographs: from a file, whatever it may hold, to a picture and to a net's input."""

import io
import os
import struct
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_BYTES, MOST_PIXELS, LEAST_SIDE = 10_000_000, 40_000_000, 16
# What Pillow raises, of files whose beginning is that of a picture; and what is said then.
BROKEN = (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError)
DAMAGED = "The picture is damaged: it cannot be read to its end. Save it again, or take another."
SIDE = 224  # of a net's input, in pixels
FOLDER_VARIABLE, MOST_PHOTOS = "LAYERSCOPE_PHOTOS", 500


def _carried(package: str, path: str) -> np.ndarray:
    """A picture in an installed package, which is not imported: these take seconds, and 60 MB."""
    found = find_spec(package)
    assert found is not None and found.submodule_search_locations
    return np.asarray(Image.open(Path(found.submodule_search_locations[0]) / path))


# Photographs that scikit-image and scikit-learn carry in their wheels, so that they load without a network.
SAMPLES: dict[str, Callable[[], np.ndarray]] = {
    "cat": partial(_carried, "skimage", "data/chelsea.png"),
    "coffee": partial(_carried, "skimage", "data/coffee.png"),
    "rocket": partial(_carried, "skimage", "data/rocket.jpg"),
    "astronaut": partial(_carried, "skimage", "data/astronaut.png"),
    "flower": partial(_carried, "sklearn", "datasets/images/flower.jpg"),
    "palace": partial(_carried, "sklearn", "datasets/images/china.jpg"),
}
TEXTURES: dict[str, Callable[[], np.ndarray]] = {
    name: partial(_carried, "skimage", f"data/{name}.png") for name in ("grass", "gravel", "brick")
}
# Pictures that look much the same all over; of each the share of its sides that its middle is shown of.
STYLES: dict[str, tuple[Callable[[], np.ndarray], float]] = {
    **{name: (load, 0.5) for name, load in TEXTURES.items()},
    "tissue": (partial(_carried, "skimage", "data/ihc.png"), 1.0),
    "galaxies": (partial(_carried, "skimage", "data/hubble_deep_field.jpg"), 0.5),
}


def sample(name: str) -> Image.Image:
    """A photograph that comes with the install; ValueError for a name that is not in `SAMPLES`."""
    if name not in SAMPLES:
        raise ValueError(f"There is no sample photo {name!r}; there are {', '.join(SAMPLES)}.")
    return Image.fromarray(SAMPLES[name]())


def style_image(name: str) -> Image.Image:
    """The middle square of a picture with a style, or a sample photo; ValueError for another name."""
    if name not in STYLES:
        return sample(name)
    load, share = STYLES[name]
    picture = Image.fromarray(load()).convert("RGB")
    side = round(share * min(picture.size))
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side))


@cache
def sample_views() -> Float[Tensor, "n 3 224 224"]:
    """What the samples show at two sizes: each one's middle square, and what lies side by side in it, not resized."""
    views = []
    for name in SAMPLES:
        picture = sample(name)
        views.append(to_input(picture))
        for top in range(0, picture.height - SIDE + 1, SIDE):
            for left in range(0, picture.width - SIDE + 1, SIDE):
                views.append(to_input(picture.crop((left, top, left + SIDE, top + SIDE))))
    return torch.stack(views)


def photo_set(side: int = SIDE) -> Float[Tensor, "n 3 side side"]:
    """The middle squares of the pictures in the folder that LAYERSCOPE_PHOTOS names; without one, `sample_views`.

    Files that are no pictures are passed over. Raises ValueError, with a sentence for the page, for a folder without
    any.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        views = sample_views()
        return views if side == SIDE else F.interpolate(views, (side, side), mode="bilinear", antialias=True)
    found: list[Tensor] = []
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file() and len(found) < MOST_PHOTOS:
            with suppress(ValueError, OSError):
                found.append(to_input(read(path.read_bytes()), side))
    if not found:
        raise ValueError(f"The folder that {FOLDER_VARIABLE} names holds no PNG, JPEG or WebP picture.")
    return torch.stack(found)


def read(content: bytes) -> Image.Image:
    """A file's first picture, upright, as RGB; what is transparent lies on white.

    Raises ValueError, with a sentence for the page, for a file that is too large, broken, or no PNG, JPEG or WebP.
    """
    if len(content) > MOST_BYTES:
        raise ValueError(f"The file has {len(content) / 1e6:.0f} MB; at most {MOST_BYTES / 1e6:.0f} MB can be taken.")
    picture = _opened(content)
    _check_size(*picture.size)
    try:
        picture.load()
    except BROKEN:
        raise ValueError(DAMAGED) from None
    with suppress(Exception):  # of a picture whose notes are damaged, nobody knows how it was held
        picture = ImageOps.exif_transpose(picture)
    return _on_white(picture)


def _opened(content: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is lower
            return Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError:
        most = f"{MOST_PIXELS / 1e6:.0f} megapixels"
        raise ValueError(f"The picture is too large; at most {most} can be taken.") from None
    except UnidentifiedImageError:
        raise ValueError("This file is no PNG, JPEG or WebP picture, or it is damaged.") from None
    except BROKEN:
        raise ValueError(DAMAGED) from None


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise ValueError(
            f"The picture has {width * height / 1e6:.0f} megapixels; at most {MOST_PIXELS / 1e6:.0f} can be taken."
        )
    if min(width, height) < LEAST_SIDE:
        raise ValueError(f"The picture has {width} x {height} pixels; each side needs at least {LEAST_SIDE}.")


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):  # 16 bits a pixel, or 32 that hold 16
        picture = Image.fromarray((np.asarray(picture) // 257).clip(0, 255).astype(np.uint8))
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    colours = picture.convert("RGBA")
    white = Image.new("RGBA", colours.size, "white")
    return Image.alpha_composite(white, colours).convert("RGB")


def to_input(picture: Image.Image, side: int = SIDE, resize: int | None = None) -> Float[Tensor, "3 side side"]:
    """The middle square of a photograph at that size, in [0, 1].

    Where its shorter side is to be brought to `resize` pixels first, a margin is lost on all sides, as torchvision's
    transforms do it.
    """
    margin = 0.0 if resize is None else (1 - side / resize) / 2
    square = ImageOps.fit(picture, (side, side), Image.Resampling.BILINEAR, bleed=margin)
    return torch.from_numpy(np.array(square)).permute(2, 0, 1).float() / 255
