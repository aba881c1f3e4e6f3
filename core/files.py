"""Files that are there whole or not at all."""

import os
from pathlib import Path
from uuid import uuid4

from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem


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
