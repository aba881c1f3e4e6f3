"""Pictures, numbers and recipe in one file, and back."""

import json
from io import BytesIO

import pytest
import torch
from PIL import Image
from torch import Generator

from core import images
from core.studio.made import from_png, made


@pytest.mark.parametrize("channels", [1, 3])
def test_what_was_made_comes_back_from_its_file(channels: int) -> None:
    pictures = torch.rand(3, channels, 5, 7, generator=Generator().manual_seed(0))
    last = made(8, 8, pictures, error=0.25, curve=[1.0, 2.0])
    back, about = from_png(last.to_png({"technique": "dream", "recipe": {"layer": "block8"}}))
    assert about == {"technique": "dream", "recipe": {"layer": "block8"}}
    assert (back.step, back.steps, back.numbers) == (8, 8, {"error": 0.25, "curve": [1.0, 2.0]})
    assert (back.pictures == last.pictures).all() and back.images.shape == pictures.shape
    assert (back.images - pictures).abs().max() <= 0.5 / 255 + 1e-6


def test_a_gif_tells_its_recipe() -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    with Image.open(BytesIO(images.gif(frames, 1.0, about={"technique": "dream"}))) as read:
        assert json.loads(read.info["comment"]) == {"technique": "dream"}
    with Image.open(BytesIO(images.gif(frames, 1.0))) as read:
        assert "comment" not in read.info
