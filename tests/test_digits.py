"""The shipped test set and the way to the training set."""

import gzip
from pathlib import Path

import pytest
import torch

from core.data import digits


def test_the_shipped_test_set_is_mnists() -> None:
    images, labels = digits.test_set()
    assert images.shape == (10_000, 1, 28, 28)
    assert (images.min(), images.max()) == (0, 1)
    assert labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert torch.bincount(labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_the_training_set_comes_from_the_named_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Laid out as torchvision has it; here the test images stand in for the training images."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for kind in ("images-idx3-ubyte", "labels-idx1-ubyte"):
        content = gzip.decompress((digits.SHIPPED / f"t10k-{kind}.gz").read_bytes())
        for part in ("train", "t10k"):
            (raw / f"{part}-{kind}").write_bytes(content)
    monkeypatch.setenv(digits.FOLDER_VARIABLE, str(tmp_path))
    images, labels = digits.training_set()
    assert torch.equal(images, digits.test_set().images)
    assert torch.equal(labels, digits.test_set().labels)


def test_training_images_are_at_hand_where_all_files_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(digits.FOLDER_VARIABLE, str(tmp_path))
    assert digits.training_folder() == tmp_path and digits.is_named() and not digits.at_hand()
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        for kind in ("images-idx3-ubyte", "labels-idx1-ubyte"):
            assert not digits.at_hand()
            (raw / f"{part}-{kind}").write_bytes(b"")
    assert digits.at_hand()
    monkeypatch.delenv(digits.FOLDER_VARIABLE)
    assert digits.training_folder() == Path.home() / ".cache" / "layerscope" and not digits.is_named()


def test_a_named_folder_without_digits_is_an_error_and_downloads_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="Dataset not found"):
        digits.training_set(tmp_path)
    assert list(tmp_path.rglob("*ubyte*")) == []


def test_the_first_256_training_images_ship_as_they_were_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As MNIST's own files are: magic number 2051, how many, rows, columns, and a byte a pixel, 255 for ink."""
    images = digits.first_training_images()
    assert images.shape == (256, 1, 28, 28) and images.dtype == torch.float32
    assert (images.min(), images.max()) == (0, 1) and digits.first_training_images() is images
    monkeypatch.setattr(digits, "FIRST_IMAGES", tmp_path / "first.gz")
    digits._write_first(images[:3])
    content = gzip.decompress((tmp_path / "first.gz").read_bytes())
    assert [int.from_bytes(content[at : at + 4], "big") for at in (0, 4, 8, 12)] == [2051, 3, 28, 28]
    assert list(content[16:]) == (255 * images[:3]).round().int().flatten().tolist()
    assert (
        gzip.decompress((digits.SHIPPED / "train-first-images-idx3-ubyte.gz").read_bytes())[16:][: 3 * 784]
        == content[16:]
    )
    first = (tmp_path / "first.gz").read_bytes()
    digits._write_first(images[:3])
    assert (tmp_path / "first.gz").read_bytes() == first  # no time of writing in it


def test_without_a_folder_digits_are_looked_for_in_the_cache_and_may_be_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Path, bool, bool]] = []

    class Mnist:
        data, targets = torch.full((1, 28, 28), 51, dtype=torch.uint8), torch.tensor([3])

        def __init__(self, root: Path, train: bool, download: bool) -> None:
            asked.append((root, train, download))

    monkeypatch.setattr("torchvision.datasets.MNIST", Mnist)
    monkeypatch.delenv("LAYERSCOPE_DATA", raising=False)
    images, labels = digits.training_set()
    assert (
        images.shape == (1, 1, 28, 28) and images.unique().tolist() == pytest.approx([0.2]) and labels.tolist() == [3]
    )
    monkeypatch.setenv("LAYERSCOPE_DATA", str(tmp_path / "named"))
    digits.training_set()
    digits.training_set(tmp_path / "given")
    home = Path.home() / ".cache" / "layerscope"
    assert asked == [(home, True, True), (tmp_path / "named", True, False), (tmp_path / "given", True, False)]
