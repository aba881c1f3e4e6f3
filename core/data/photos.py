"""Photographs: from a file, whatever it may hold, to a picture and to a net's input."""

import io
import warnings
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageOps, UnidentifiedImageError
from skimage import data
from sklearn.datasets import load_sample_image
from torch import Tensor
from torchvision.transforms.v2 import functional as transforms

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_BYTES, MOST_PIXELS, LEAST_SIDE = 10_000_000, 40_000_000, 16
SIDE = 224  # of a net's input, in pixels

# Photographs that scikit-image and scikit-learn carry in their wheels, so that they load without a network.
SAMPLES: dict[str, Callable[[], np.ndarray]] = {
    "cat": data.chelsea,
    "coffee": data.coffee,
    "rocket": data.rocket,
    "astronaut": data.astronaut,
    "flower": lambda: load_sample_image("flower.jpg"),
    "palace": lambda: load_sample_image("china.jpg"),
}


def sample(name: str) -> Image.Image:
    """A photograph that comes with the install; ValueError for a name that is not in `SAMPLES`."""
    if name not in SAMPLES:
        raise ValueError(f"There is no sample photo {name!r}; there are {', '.join(SAMPLES)}.")
    return Image.fromarray(SAMPLES[name]())


def read(content: bytes) -> Image.Image:
    """A file's first picture, upright, as RGB; what is transparent lies on white.

    Raises ValueError, with a sentence for the page, for a file that is too large, broken, or no PNG, JPEG or WebP.
    """
    if len(content) > MOST_BYTES:
        raise ValueError(f"The file has {len(content) / 1e6:.0f} MB; at most {MOST_BYTES / 1e6:.0f} MB can be taken.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is lower
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
            _check_size(*picture.size)
            picture.load()
    except Image.DecompressionBombError:
        raise ValueError(
            f"The picture is too large; at most {MOST_PIXELS / 1e6:.0f} megapixels can be taken."
        ) from None
    except UnidentifiedImageError:
        raise ValueError("This file is no PNG, JPEG or WebP picture, or it is damaged.") from None
    except (OSError, SyntaxError):
        raise ValueError(
            "The picture is damaged: it cannot be read to its end. Save it again, or take another."
        ) from None
    return _on_white(ImageOps.exif_transpose(picture))


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


def to_input(picture: Image.Image, side: int = SIDE) -> Float[Tensor, "3 side side"]:
    """The middle square of a photograph at that size, in [0, 1]."""
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255
    resized = transforms.resize(pixels, [side], antialias=True)
    return transforms.center_crop(resized, [side, side]).clamp(0, 1)  # resizing overshoots by a rounding error
