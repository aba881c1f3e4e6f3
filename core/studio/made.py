"""What a technique of the studio yields: pictures as they form, and the numbers beside them."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor

from core.images import ABOUT, png
from core.stimuli import as_bytes, as_images

Number = float | list[float]


@dataclass(frozen=True)
class Made:
    """The pictures after so many of all steps, all of one size, and numbers by their names."""

    step: int
    steps: int
    pictures: UInt8[np.ndarray, "n height width *channels"]  # in digits 255 is ink
    numbers: Mapping[str, Number] = field(default_factory=dict)

    @property
    def images(self) -> Float[Tensor, "n channels height width"]:
        """The pictures in [0, 1]."""
        return as_images(self.pictures)

    def number(self, name: str) -> float:
        """The number of that name, of which there is one."""
        value = self.numbers[name]
        assert not isinstance(value, list)
        return value

    def numbers_of(self, name: str) -> list[float]:
        """The numbers of that name, of which there are several."""
        value = self.numbers[name]
        assert isinstance(value, list)
        return value

    def to_png(self, about: Mapping[str, Any]) -> bytes:
        """The pictures, one below the other, in one PNG, with the recipe and the numbers in its metadata."""
        told = dict(about) | {"numbers": dict(self.numbers), "pictures": len(self.pictures), "steps": self.steps}
        return png(Image.fromarray(self.pictures.reshape(-1, *self.pictures.shape[2:])), told)


def made(step: int, steps: int, images: Float[Tensor, "n channels height width"], **numbers: Number) -> Made:
    """A record of images in [0, 1]."""
    return Made(step, steps, as_bytes(images.detach().cpu()), numbers)


def from_png(content: bytes) -> tuple[Made, dict[str, Any]]:
    """The last record again, from its PNG, and what the file tells of how it was made."""
    with Image.open(io.BytesIO(content)) as picture:
        about = json.loads(picture.info[ABOUT])
        pixels = np.asarray(picture)
    pictures = pixels.reshape(about.pop("pictures"), -1, *pixels.shape[1:])
    steps = about.pop("steps")
    return Made(steps, steps, pictures, about.pop("numbers")), about
