"""Files that are there whole or not at all."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem
from safetensors.torch import save
from torch import Tensor


def write_whole(path: str | Path, content: bytes, files: AbstractFileSystem | None = None) -> None:
    """Write a file under another name and then give it its own, so that a reader never meets half of it.

    Where a folder's renames are atomic, as on a local disk, so is this; the name in between is different each time.
    """
    files = files or LocalFileSystem()
    unfinished = f"{path}.{uuid4().hex}.unfinished"
    files.makedirs(os.path.dirname(str(path)), exist_ok=True)
    try:
        files.pipe_file(unfinished, content)
        files.mv(unfinished, str(path))
    finally:
        if files.exists(unfinished):
            files.rm(unfinished)


def write_checkpoint(weights: Mapping[str, Tensor], path: Path, about: Mapping[str, object]) -> None:
    """Write weights as safetensors, with what is told about them as JSON in the file's metadata."""
    contiguous = {key: value.contiguous() for key, value in weights.items()}
    write_whole(path, save(contiguous, {key: json.dumps(value) for key, value in about.items()}))
