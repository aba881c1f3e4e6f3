"""A drawing made into a model input the way MNIST was made, and into text short enough for a link."""

import base64
import binascii
import math
import zlib

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from scipy import ndimage
from skimage.measure import label, regionprops_table
from torch import Tensor

SIZE, BOX = 28, 20  # of the image, and of the box that the digit's longest side fills (LeCun et al. 1998, III.A)
MIDDLE = 14.0  # where MNIST's own centres of mass lie, counted from the first pixel's centre: 14.00 on the mean
FAINT = 0.1  # ink below this is no part of the digit
SPECK = 0.03  # of the canvas: anything smaller is a slip of the pen
# By second moments: times as long as wide, at most, is a dot, and one that the edge cuts: half a disc is 1.9, and 2.16
# where it has few pixels.
ROUND, CUT = 1.5, 2.2
# Of the ellipse with these a disc fills all; cut, 0.925 where it has few pixels; MNIST's fullest round image 0.89.
SOLID = 0.91
TOO_FULL = 0.6  # of an input, on the mean, or of the canvas: the fullest of MNIST's test images have 0.33 and 0.38
SHAPE = "area", "axis_major_length", "axis_minor_length", "euler_number", "bbox"
EMPTY = "There is no ink on the canvas yet. Draw a digit from 0 to 9."
FULL = "The whole canvas is ink. Clear it and draw one digit with a few strokes."
DOT = "That is only a dot. Draw a digit from 0 to 9, larger than the brush."
DOTS = "There are only dots on the canvas. Draw a digit from 0 to 9, larger than the brush."

Input = Float[Tensor, "1 28 28"]


def to_input(rgba: UInt8[np.ndarray, "height width 4"]) -> Input:
    """Dark strokes on white or on nothing to an image in [0, 1], ink is 1, size and place normalised as in MNIST.

    The longest side is scaled to 20 pixels and the centre of mass moved to the middle (http://yann.lecun.com/exdb/mnist).
    Raises ValueError, with a sentence for the page, for a canvas that holds no digit: empty, full, or nothing but dots.
    """
    if not isinstance(rgba, np.ndarray):
        raise ValueError(f"A drawing is uint8 (height, width, 4); this one is {type(rgba).__name__}.")
    if rgba.dtype != np.uint8 or rgba.ndim != 3 or rgba.shape[2] != 4:
        raise ValueError(f"A drawing is uint8 (height, width, 4); this one is {rgba.dtype} {rgba.shape}.")
    ink = _ink(rgba)
    rows, columns = (np.flatnonzero((ink > FAINT).any(axis)) for axis in (1, 0))
    if not len(rows):
        raise ValueError(EMPTY)
    if (ink > FAINT).mean() > TOO_FULL:
        raise ValueError(FULL)
    _refuse_dots(ink)
    box = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return _centred(_fit_into_box(box))


def _ink(rgba: np.ndarray) -> np.ndarray:
    """Darkness (height, width) in [0, 1] of the drawing laid on white paper."""
    colour, alpha = rgba[..., :3].astype(np.float32) / 255, rgba[..., 3].astype(np.float32) / 255
    grey = colour @ np.array((0.299, 0.587, 0.114), np.float32)  # ITU-R BT.601
    return np.asarray(alpha * (1 - grey))


def _refuse_dots(ink: np.ndarray) -> None:
    """Raise ValueError where every piece of the ink is a speck, or a dot: about as wide as long, full, no hole."""
    found = regionprops_table(label(ink > ink.max() / 2), properties=SHAPE)
    area, length, width, euler, top, left, bottom, right = found.values()
    cut = (top == 0) | (left == 0) | (bottom == ink.shape[0]) | (right == ink.shape[1])
    solid = (area > SOLID * math.pi / 4 * length * width) & (euler == 1)
    round_ = length < np.where(cut, CUT, ROUND) * width
    if ((length < SPECK * max(ink.shape)) | round_ & solid).all():
        raise ValueError(DOT if len(area) == 1 else DOTS)


def _fit_into_box(box: np.ndarray) -> np.ndarray:
    height, width = (max(1, round(side * BOX / max(box.shape))) for side in box.shape)
    small = Image.fromarray(box).resize((width, height), Image.Resampling.BOX)
    return np.asarray(small).clip(0, 1)


def _centred(digit: np.ndarray) -> Input:
    image = np.zeros((SIZE, SIZE), np.float32)
    corner = [round(MIDDLE - mass) for mass in ndimage.center_of_mass(digit)]
    top, left = (int(np.clip(at, 0, SIZE - side)) for at, side in zip(corner, digit.shape, strict=True))
    image[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return torch.from_numpy(np.rint(image * 255) / 255)[None].float()


def over(strokes: UInt8[np.ndarray, "height width 4"], image: Input) -> UInt8[np.ndarray, "height width 4"]:
    """Strokes on top of an input that fills the canvas, as one drawing: at each pixel the darker of the two."""
    scale = strokes.shape[0] // SIZE
    printed = image[0].numpy().repeat(scale, axis=0).repeat(scale, axis=1)
    drawing = np.zeros_like(strokes)
    drawing[..., 3] = np.rint(255 * np.maximum(_ink(strokes), printed))
    return drawing


def to_text(image: Input) -> str:
    """An input as text for a link: 256 levels of grey, compressed; about 300 characters for a digit."""
    pixels = np.rint(image.numpy() * 255).astype(np.uint8).tobytes()
    return base64.urlsafe_b64encode(zlib.compress(pixels, 9)).decode().rstrip("=")


def from_text(text: str) -> Input:
    """The input that `to_text` wrote; ValueError, with a sentence for the page, where it is something else."""
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        pixels = zlib.decompressobj().decompress(packed, SIZE * SIZE + 1)  # no more, however much is packed
    except (binascii.Error, ValueError, zlib.error):
        pixels = b""
    if len(pixels) != SIZE * SIZE:
        raise ValueError("The drawing in this link is damaged. Draw a new one, or ask for the link again.")
    image = torch.from_numpy(np.frombuffer(pixels, np.uint8).reshape(1, SIZE, SIZE) / np.float32(255))
    if not (image > FAINT).any():
        raise ValueError(EMPTY)
    if image.mean() > TOO_FULL:
        raise ValueError(FULL)
    return image
