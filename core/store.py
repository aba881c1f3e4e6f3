"""Finished results, kept by what they were made from: found again in any session and after a restart."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec

from core.files import write_whole

FOLDER_VARIABLE = "LAYERSCOPE_STORE"


@dataclass(frozen=True)
class Result:
    """A picture's or an array's bytes, and what is to be said about it; JSON can hold that."""

    content: bytes
    about: Mapping[str, Any]


def address(**made_from: Any) -> str:
    """A name for whatever these make: weights' fingerprint, unit, recipe. Equal parts, equal names."""
    text = json.dumps(made_from, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Store:
    """A folder of results: `ADDRESS.content`, and `ADDRESS.json`, which is written last and vouches for the content."""

    def __init__(self, folder: str | None = None) -> None:
        """Any address that fsspec knows; else the one in LAYERSCOPE_STORE, else a folder among the user's caches."""
        default = os.environ.get(FOLDER_VARIABLE) or str(Path.home() / ".cache" / "layerscope" / "results")
        self._files, self._folder = fsspec.core.url_to_fs(folder or default)

    def get(self, address: str) -> Result | None:
        """The result of that address; None where there is none, or what is there is broken or somebody else's."""
        try:
            entry = json.loads(self._files.cat_file(self._path(address, "json")))
            content = self._files.cat_file(self._path(address, "content"))
        except (OSError, ValueError):
            return None
        if not isinstance(entry, dict) or entry.get("content") != _digest(content):
            return None
        about = entry.get("about")
        return Result(content, about) if isinstance(about, dict) else None

    def put(self, address: str, result: Result) -> None:
        """Keep a result; one that cannot be kept is a pity and no error, for it can be computed again."""
        entry = {"content": _digest(result.content), "about": result.about}
        try:
            write_whole(self._path(address, "content"), result.content, self._files)
            write_whole(self._path(address, "json"), json.dumps(entry).encode(), self._files)
        except OSError:
            return

    def _path(self, address: str, kind: str) -> str:
        return f"{self._folder}/{address}.{kind}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
