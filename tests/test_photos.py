"""Photographs: the samples are what the net says they are, and no file is too strange for a sentence or a picture."""

import io
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data
from sklearn.datasets import load_sample_image
from torchvision.models import ResNet18_Weights

from core.data import photos
from core.data.imagenet import imagenet_labels
from core.models.lite import trained_lite0


def saved(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def test_the_samples_are_those_that_their_packages_show() -> None:
    """And ImageNet's labels are torchvision's; the app reads both without importing these packages."""
    named = {"cat": "chelsea", "coffee": "coffee", "rocket": "rocket", "astronaut": "astronaut"}
    for name, theirs in named.items():
        assert np.array_equal(photos.SAMPLES[name](), getattr(data, theirs)())
    for name, theirs in {"flower": "flower.jpg", "palace": "china.jpg"}.items():
        assert np.array_equal(photos.SAMPLES[name](), load_sample_image(theirs))
    for name, read in photos.TEXTURES.items():
        assert np.array_equal(read(), getattr(data, name)())
    assert list(imagenet_labels()) == ResNet18_Weights.DEFAULT.meta["categories"]


def test_style_images_are_middles_of_what_scikit_image_shows() -> None:
    """And sample photos are style images, too."""
    for name, theirs, share in (("tissue", "immunohistochemistry", 1.0), ("galaxies", "hubble_deep_field", 0.5),
                                ("brick", "brick", 0.5)):  # fmt: skip
        whole = Image.fromarray(getattr(data, theirs)()).convert("RGB")
        side = round(share * min(whole.size))
        found = photos.style_image(name)
        assert found.size == (side, side)
        left, top = (whole.width - side) // 2, (whole.height - side) // 2
        assert np.array_equal(np.asarray(found), np.asarray(whole)[top : top + side, left : left + side])
    assert photos.style_image("cat").size == photos.sample("cat").size
    with pytest.raises(ValueError, match="no sample photo 'mona lisa'"):
        photos.style_image("mona lisa")


def halves(mode: str, left: Any, right: Any) -> Image.Image:
    """40 x 20 pixels of two colours."""
    picture = Image.new(mode, (40, 20), left)
    picture.paste(right, (20, 0, 40, 20))
    return picture


def corners(picture: Image.Image) -> list[Any]:
    """The colours in the middle of the left and of the right half."""
    return [picture.getpixel((10, 10)), picture.getpixel((30, 10))]


@pytest.mark.parametrize(
    ("name", "label"),
    [("cat", "Egyptian cat"), ("coffee", "espresso"), ("rocket", "missile"),
     ("flower", "daisy"), ("palace", "palace")],
)  # fmt: skip
def test_the_net_knows_the_samples(name: str, label: str) -> None:
    """Weights, range, size and labels fit together: with another normalisation the daisy is a lampshade."""
    categories = ResNet18_Weights.DEFAULT.meta["categories"]
    with torch.no_grad():
        answer = trained_lite0().eval()(photos.to_input(photos.sample(name))[None])[0]
    assert label in [categories[index] for index in answer.topk(5).indices.tolist()]


@pytest.mark.parametrize("name", photos.SAMPLES)
def test_every_sample_becomes_an_input(name: str) -> None:
    image = photos.to_input(photos.sample(name))
    assert image.shape == (3, 224, 224)
    assert 0 <= image.min() < 0.2 and 0.8 < image.max() <= 1


def test_a_sample_that_is_none_is_named_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="no sample photo 'dog'; there are cat, coffee"):
        photos.sample("dog")


def test_an_input_is_the_middle_square() -> None:
    picture = Image.fromarray(np.repeat(np.arange(0, 250, 2, dtype=np.uint8)[None, :, None], 25, 0).repeat(3, 2))
    image = photos.to_input(picture, side=25)
    torch.testing.assert_close(image[0, 0], torch.arange(100, 150, 2) / 255)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_damaged_notes_on_how_it_was_held_do_no_harm(kind: str) -> None:
    assert photos.read(saved(halves("RGB", "white", "black"), kind, exif=b"garbagegarbage")).size == (40, 20)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_each_kind_of_file_is_read(kind: str) -> None:
    colours = corners(photos.read(saved(halves("RGB", (250, 10, 10), (10, 10, 250)), kind)))
    assert colours[0][0] > 200 and colours[1][2] > 200


def test_a_turned_photograph_is_set_upright() -> None:
    picture = halves("RGB", "white", "black")
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    assert corners(photos.read(saved(picture, "JPEG", exif=exif))) == [(0, 0, 0), (255, 255, 255)]


@pytest.mark.parametrize(
    ("picture", "kind", "expected"),
    [
        (halves("RGBA", (255, 0, 0, 255), (0, 0, 0, 0)), "PNG", [(255, 0, 0), (255, 255, 255)]),
        (halves("LA", (40, 255), (0, 0)), "PNG", [(40, 40, 40), (255, 255, 255)]),
        (halves("L", 7, 200), "PNG", [(7, 7, 7), (200, 200, 200)]),
        (halves("1", 0, 1), "PNG", [(0, 0, 0), (255, 255, 255)]),
        (halves("I;16", 0, 65535), "PNG", [(0, 0, 0), (255, 255, 255)]),
        (halves("CMYK", (0, 0, 0, 0), (0, 0, 0, 255)), "JPEG", [(255, 255, 255), (0, 0, 0)]),
        (halves("P", 0, 1).convert("RGB").quantize(2), "PNG", [(0, 0, 0), (1, 1, 1)]),
    ],
    ids=["transparent", "grey and transparent", "grey", "black and white", "16 bits", "CMYK", "palette"],
)
def test_every_mode_becomes_rgb(picture: Image.Image, kind: str, expected: list[Any]) -> None:
    found = photos.read(saved(picture, kind))
    assert found.mode == "RGB"
    assert np.abs(np.array(corners(found)) - np.array(expected)).max() <= 2


def test_of_an_animation_the_first_picture_is_taken() -> None:
    first, second = Image.new("RGB", (32, 32), "white"), Image.new("RGB", (32, 32), "black")
    content = saved(first, "WEBP", save_all=True, append_images=[second], lossless=True)
    assert photos.read(content).getpixel((5, 5)) == (255, 255, 255)


def huge_png() -> bytes:
    """A few bytes that claim to be 20,000 x 20,000 pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


WHOLE = saved(Image.effect_noise((64, 64), 50).convert("RGB"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no PNG, JPEG or WebP"),
        (b"a shopping list", "no PNG, JPEG or WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no PNG, JPEG or WebP"),
        (saved(Image.new("RGB", (32, 32)), "GIF"), "no PNG, JPEG or WebP"),
        (WHOLE[:200], "cannot be read to its end"),
        (WHOLE[: len(WHOLE) // 2], "cannot be read to its end"),
        (saved(Image.new("RGB", (1, 1))), "has 1 x 1 pixels; each side needs at least 16"),
        (saved(Image.new("1", (8000, 5950))), "48 megapixels; at most 40"),
        (huge_png(), "too large|megapixels"),
        (bytes(10_000_001), "has 10 MB; at most 10 MB"),
    ],
    ids=["empty", "text", "SVG", "GIF", "cut early", "cut", "a pixel", "48 megapixels", "bomb", "10 MB"],
)
def test_a_bad_file_gets_a_sentence(content: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        photos.read(content)


def test_the_limits_themselves_are_allowed() -> None:
    """16 pixels a side, 40 megapixels, 10 million bytes; a millionth more or less is not."""
    assert photos.read(saved(Image.new("RGB", (16, 40), "red"))).size == (16, 40)
    photos._check_size(8_000, 5_000)
    for size in ((15, 40), (40, 15), (8_001, 5_000), (8_000, 5_001)):
        with pytest.raises(ValueError, match="at least 16" if min(size) < 20 else "40 megapixels; at most 40 can"):
            photos._check_size(*size)
    with pytest.raises(ValueError, match="no PNG"):
        photos.read(bytes(10_000_000))


def test_sixteen_bits_become_eight_by_their_share() -> None:
    for value, expected in ((0, 0), (257, 1), (256, 0), (513, 1), (32_896, 128), (65_535, 255)):
        found = photos.read(saved(Image.fromarray(np.full((20, 20), value, np.uint16))))
        assert found.getpixel((3, 3)) == (expected,) * 3


def test_no_damage_brings_a_traceback() -> None:
    """One byte at a time is changed: a picture or a sentence, nothing else."""
    generator = np.random.default_rng(0)
    for kind in ("PNG", "JPEG", "WEBP"):
        content = saved(halves("RGB", "white", "black"), kind)
        for _ in range(150):
            damaged = bytearray(content)
            damaged[generator.integers(len(content))] = generator.integers(256)
            with suppress(ValueError):
                assert photos.read(bytes(damaged)).mode == "RGB"


def test_a_margin_is_cut_off_as_torchvision_does() -> None:
    """Its transforms bring the shorter side to 256 pixels and cut out the middle 224."""
    picture = photos.sample("coffee")
    theirs = ResNet18_Weights.IMAGENET1K_V1.transforms()
    mean, deviation = (torch.tensor(values).view(3, 1, 1) for values in (theirs.mean, theirs.std))
    expected = theirs(picture) * deviation + mean
    assert (photos.to_input(picture, 224, 256) - expected).abs().mean() < 0.01
    assert (photos.to_input(picture) - expected).abs().mean() > 0.05


def test_views_are_the_middle_and_what_lies_side_by_side() -> None:
    views = photos.sample_views()
    assert views.shape[1:] == (3, 224, 224)
    assert len(views) == sum(
        1 + (photos.sample(name).height // 224) * (photos.sample(name).width // 224) for name in photos.SAMPLES
    )
    cat = torch.from_numpy(np.array(photos.sample("cat"))).permute(2, 0, 1) / 255
    torch.testing.assert_close(views[2], cat[:, :224, 224:448])  # the middle, the left square, the right one


def test_the_photos_of_a_folder_are_taken_and_other_files_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(photos.FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(ValueError, match="folder that LAYERSCOPE_PHOTOS names holds no PNG, JPEG or WebP"):
        photos.photo_set()
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "red.png").write_bytes(saved(Image.new("RGB", (40, 30), "red")))
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "broken.jpg").write_bytes(b"no picture either")
    (tmp_path / "zebra.webp").write_bytes(saved(Image.new("RGB", (30, 40), "white"), "WEBP"))
    found = photos.photo_set(side=32)
    assert found.shape == (2, 3, 32, 32)
    assert found[0].mean((1, 2)).tolist() == [1, 0, 0] and found[1].min() > 0.98


@pytest.mark.parametrize(("size", "side_by_side"), [((448, 224), 2), ((447, 671), 2), ((224, 224), 1), ((672, 448), 6)])
def test_views_that_just_fit_are_taken(
    size: tuple[int, int], side_by_side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.random.default_rng(0).integers(256, size=(size[1], size[0], 3), dtype=np.uint8)
    monkeypatch.setattr(photos, "SAMPLES", {"noise": lambda: pixels})
    views = photos.sample_views.__wrapped__()
    assert len(views) == 1 + side_by_side
    last = (
        torch.from_numpy(pixels).permute(2, 0, 1)[:, size[1] // 224 * 224 - 224 :, size[0] // 224 * 224 - 224 :] / 255
    )
    torch.testing.assert_close(views[-1], last[:, :224, :224])


def test_of_a_folder_the_first_five_hundred_photos_are_taken_in_their_names_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAYERSCOPE_PHOTOS", str(tmp_path))
    for number in range(501):
        (tmp_path / f"{number:03}.png").write_bytes(saved(Image.new("L", (16, 16), number // 2)))
    found = photos.photo_set(side=4)
    assert len(found) == 500
    assert torch.equal((255 * found[:, 0, 0, 0]).round(), torch.arange(500) // 2)


def test_without_a_folder_the_samples_are_taken_at_the_size_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(photos.FOLDER_VARIABLE, raising=False)
    assert torch.equal(photos.photo_set(), photos.sample_views())
    assert photos.photo_set(240).shape == (len(photos.sample_views()), 3, 240, 240)
    small = photos.photo_set(32)
    assert small.shape == (len(photos.sample_views()), 3, 32, 32)
    means = photos.sample_views().unflatten(2, (32, 7)).unflatten(4, (32, 7)).mean((3, 5))
    assert (small - means).abs().mean() < 0.01  # smoothed, not thinned out
