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


def test_a_named_folder_without_digits_is_an_error_and_downloads_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="Dataset not found"):
        digits.training_set(tmp_path)
    assert list(tmp_path.rglob("*ubyte*")) == []
