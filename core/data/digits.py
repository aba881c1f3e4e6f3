"""The MNIST digits (LeCun, Cortes, Burges): the test set ships here, the training set is found or downloaded.

`python -m core.data.digits` writes the few training images that ship, too.
"""

import gzip
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

SHIPPED = Path(__file__).parent / "mnist"
FOLDER_VARIABLE = "LAYERSCOPE_DATA"
EXAMPLE = 84  # among the test images: an 8 that all nets read, though half of its neighbours by pixels are no 8
LABELS = tuple("0123456789")
FIRST = 256  # training images that ship: what sets the norms of untrained twins
FIRST_IMAGES = SHIPPED / "train-first-images-idx3-ubyte.gz"


class Digits(NamedTuple):
    """Images with values in [0, 1], ink is 1, and the digit that each shows."""

    images: Float[Tensor, "n 1 28 28"]
    labels: Int[Tensor, " n"]


def test_set() -> Digits:
    """The 10,000 test images, in MNIST's own order."""
    return Digits(
        _as_images(_read_idx(SHIPPED / "t10k-images-idx3-ubyte.gz", header=16).reshape(-1, 28, 28)),
        torch.from_numpy(_read_idx(SHIPPED / "t10k-labels-idx1-ubyte.gz", header=8).astype(np.int64)),
    )


def training_set(folder: Path | None = None) -> Digits:
    """The 60,000 training images, from `folder`, from the folder that LAYERSCOPE_DATA names, or downloaded.

    The folder is laid out as torchvision has it: `folder/MNIST/raw/train-images-idx3-ubyte`.
    """
    from torchvision.datasets import MNIST  # takes seconds to import, and hardly any page needs it

    mnist = MNIST(folder or training_folder(), train=True, download=not (folder or is_named()))
    return Digits(_as_images(mnist.data.numpy()), mnist.targets)


def is_named() -> bool:
    """Whether LAYERSCOPE_DATA names a folder; then nothing is downloaded."""
    return bool(os.environ.get(FOLDER_VARIABLE))


def training_folder() -> Path:
    """Where the training images are looked for."""
    return Path(os.environ.get(FOLDER_VARIABLE) or Path.home() / ".cache" / "layerscope")


def at_hand() -> bool:
    """Whether the training images are on this machine, so that they need not be downloaded."""
    raw = training_folder() / "MNIST" / "raw"
    return all((raw / f"{part}-{kind}").exists() for part in ("train", "t10k") for kind in
               ("images-idx3-ubyte", "labels-idx1-ubyte"))  # fmt: skip


@cache
def first_training_images() -> Float[Tensor, "n 1 28 28"]:
    """The first of the training images, which ship."""
    return _as_images(_read_idx(FIRST_IMAGES, header=16).reshape(-1, 28, 28))


def _write_first(images: Float[Tensor, "n 1 28 28"]) -> None:
    header = np.array([0x803, len(images), 28, 28], ">i4").tobytes()
    pixels = (255 * images).round().to(torch.uint8).numpy().tobytes()
    FIRST_IMAGES.write_bytes(gzip.compress(header + pixels, mtime=0))


def _read_idx(path: Path, header: int) -> np.ndarray:
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def _as_images(pixels: np.ndarray) -> Tensor:
    images = pixels[:, None].astype(np.float32)
    images /= 255  # in place: freed memory is kept, see `core.process`
    return torch.from_numpy(images)


if __name__ == "__main__":
    _write_first(training_set().images[:FIRST])
