"""Real examples for the photo net: which crops of photographs excite each unit of its atlas most.

`python -m core.photo_examples FOLDER` takes the folder's photographs that stand in the table of credits, and those in
scikit-image's and scikit-learn's wheels; it writes a sheet of small patches a layer, and one JSON.
"""

import argparse
import io
import json
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from PIL import Image, ImageOps
from torch import Tensor, nn
from tqdm import tqdm

from core import images
from core.atlas import PHOTO, WALL, layers_of, units_of
from core.data import photographers, photos
from core.data.photos import SIDE
from core.examples import patch
from core.files import write_whole
from core.layers import copied, record
from core.measures.receptive_field import ALL, Field, receptive_fields
from core.models import identity, load, untrained
from core.process import settle
from core.units import Unit

FOLDER = Path(__file__).parent / "photo_examples"
SCALES = (SIDE, 2 * SIDE, 4 * SIDE)  # what a photograph's shorter side is brought to
SHOWN, KEPT = 9, 10  # crops of a unit: the last one is held out, for `core.photo_paths`
OF_ONE = 3  # of them at most from one photograph
BATCH = 8  # crops
TILE, ACROSS, QUALITY = 80, 4, 27  # a patch's pixels; units side by side in a sheet; of WebP

WHEELS = photos.SAMPLES | photos.TEXTURES
Photographs = Iterable[tuple[str, Image.Image]]


def photographs(folder: Path, names: Collection[str]) -> Iterator[tuple[str, Image.Image]]:
    """The photographs of these names: a folder's, by their files' names, and the wheels'; one at a time.

    Files that are no pictures are passed over, and all but the first of a name. Raises ValueError for a folder without
    any of them.
    """
    found: set[str] = set()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.stem in set(names) - found:
            with suppress(ValueError, OSError):
                picture = photos.read(path.read_bytes())
                found.add(path.stem)
                yield path.stem, picture
    if not found:
        raise ValueError(f"{folder} holds no PNG, JPEG or WebP picture that stands in the table of credits.")
    for name, pixels in WHEELS.items():
        if name in names:
            yield name, Image.fromarray(pixels()).convert("RGB")


def crops(picture: Image.Image) -> UInt8[Tensor, "n 3 224 224"]:
    """A photograph's squares of 224 pixels at each scale that does not enlarge it, side by side about its middle."""
    squares = []
    for scale in SCALES:
        if min(picture.size) < scale:
            break
        factor = scale / min(picture.size)
        width, height = (max(scale, round(factor * length)) for length in picture.size)
        pixels = np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS))
        top, left = height % SIDE // 2, width % SIDE // 2
        for row in range(top, height - SIDE + 1, SIDE):
            squares += [
                pixels[row : row + SIDE, column : column + SIDE] for column in range(left, width - SIDE + 1, SIDE)
            ]
    stacked = np.stack(squares) if squares else np.zeros((0, SIDE, SIDE, 3), np.uint8)
    return torch.from_numpy(stacked).permute(0, 3, 1, 2)


@dataclass(frozen=True)
class Strongest:
    """The crops that excite each unit of a layer most, the strongest first; of equal ones the earlier."""

    values: Float[Tensor, "units k"]  # fewer where there are fewer crops
    photographs: Int[Tensor, "units k"]  # their numbers in the order shown
    crops: Int[Tensor, "units k"]  # their numbers in the photograph
    places: Int[Tensor, "units k"]  # of the peak, in the flattened map

    def first(self, k: int) -> "Strongest":
        """The first k of each unit."""
        return Strongest(*(part[:, :k] for part in self._parts()))

    def joined(self, other: "Strongest", k: int) -> "Strongest":
        """The k strongest of both."""
        both = [torch.cat(pair, 1) for pair in zip(self._parts(), other._parts(), strict=True)]
        order = both[0].sort(dim=1, descending=True, stable=True).indices[:, :k]
        return Strongest(*(part.gather(1, order) for part in both))

    def _parts(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        return self.values, self.photographs, self.crops, self.places


@dataclass(frozen=True)
class Progress:
    """How many photographs have been shown, and how many crops the last one had; at the end each layer's strongest."""

    name: str
    done: int
    crops: int
    strongest: dict[str, Strongest] | None = None


def survey(
    model: nn.Module, shown: Photographs, units: Mapping[str, Sequence[int]], k: int = KEPT, most: int = OF_ONE
) -> Iterator[Progress]:
    """Show crops to a net: of each unit the k strongest are kept, at most so many from one photograph.

    What is kept does not grow with the photographs. Raises ValueError where there is no crop.
    """
    net, done, total = copied(model).to(memory_format=torch.channels_last), 0, 0
    kept: dict[str, Strongest] = {}
    for name, picture in shown:
        squares, here = crops(picture), dict[str, Strongest]()
        for begin in range(0, len(squares), BATCH):
            batch = (squares[begin : begin + BATCH].float() / 255).contiguous(memory_format=torch.channels_last)
            for layer, activation in record(net, batch, list(units)).items():
                found = _peaks(activation[:, list(units[layer])], done, begin)
                here[layer] = here.get(layer, found.first(0)).joined(found, most)
        for layer, found in here.items():
            kept[layer] = kept.get(layer, found.first(0)).joined(found, k)
        done, total = done + 1, total + len(squares)
        yield Progress(name, done, len(squares))
    if not total:
        raise ValueError(f"There is no crop to show to the net: no photograph has {SIDE} pixels a side.")
    yield Progress("", done, 0, kept)


def _peaks(activation: Float[Tensor, "batch units *place"], photograph: int, first: int) -> Strongest:
    values, places = activation.flatten(2).max(2) if activation.ndim > 2 else (activation, activation.long() * 0)
    numbers = torch.arange(first, first + len(values)).expand_as(values.T)
    return Strongest(values.T, torch.full_like(numbers, photograph), numbers, places.T)


def patches(
    shown: Photographs, strongest: Mapping[str, Strongest], fields: Mapping[str, tuple[Field, Field]],
    widths: Mapping[str, int],
) -> dict[str, UInt8[np.ndarray, "units k tile tile 3"]]:  # fmt: skip
    """What the units see of their crops, around the peak; the same photographs in the same order once more."""
    tiles = {
        layer: np.full((*of.values.shape, TILE, TILE, 3), images.PAPER, np.uint8) for layer, of in strongest.items()
    }
    for number, (_, picture) in enumerate(shown):
        squares = crops(picture)
        for layer, of in strongest.items():
            for unit, place in (of.photographs == number).nonzero().tolist():
                image = squares[of.crops[unit, place]].float() / 255
                where = divmod(int(of.places[unit, place]), widths[layer])
                tiles[layer][unit, place] = _tile(patch(image, fields.get(layer, (ALL, ALL)), where))
    return tiles


def _tile(seen: Tensor) -> np.ndarray:
    picture = images.picture(seen)
    method = Image.Resampling.NEAREST if max(picture.size) < TILE else Image.Resampling.LANCZOS
    return np.asarray(ImageOps.pad(picture, (TILE, TILE), method, color=images.PAPER))


def as_sheet(tiles: UInt8[np.ndarray, "units k tile tile 3"]) -> bytes:
    """A layer's patches as one picture: those of a unit side by side, and so many units in a row."""
    units, k = tiles.shape[:2]
    rows = -(-units // ACROSS)
    whole = np.full((rows * ACROSS * k, TILE, TILE, 3), images.PAPER, np.uint8)
    whole[: units * k] = tiles.reshape(-1, TILE, TILE, 3)
    sheet = whole.reshape(rows, ACROSS * k, TILE, TILE, 3).swapaxes(1, 2).reshape(rows * TILE, -1, 3)
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "WEBP", quality=QUALITY, method=6)
    return buffer.getvalue()


def cut(content: bytes, units: int) -> UInt8[np.ndarray, "units k tile tile 3"]:
    """The inverse of `as_sheet`, but for what WebP loses."""
    with Image.open(io.BytesIO(content)) as picture:
        sheet = np.asarray(picture.convert("RGB"))
    across = sheet.shape[1] // TILE
    tiles = sheet.reshape(-1, TILE, across, TILE, 3).swapaxes(1, 2).reshape(-1, across // ACROSS, TILE, TILE, 3)
    return tiles[:units]


@dataclass(frozen=True)
class Example:
    """A patch that excites a unit, how strongly, and the photograph that it was cut from."""

    picture: Image.Image
    value: float
    photograph: str


def examples_of(unit: Unit, weights: str) -> list[Example]:
    """The shipped examples of a unit, the strongest first; none for other units than those of the trained atlas."""
    page = shipped()["layers"].get(unit.layer) if (unit.model, weights) == (PHOTO, "trained") else None
    if page is None or unit.index not in page["units"]:
        return []
    place, names = page["units"].index(unit.index), list(shipped()["photographs"])
    return [
        Example(Image.fromarray(tile), value, names[number])
        for tile, value, number in zip(_tiles(unit.layer)[place], page["values"][place], page["from"][place],
                                       strict=False)
    ]  # fmt: skip


@cache
def shipped() -> dict[str, Any]:
    """What the command wrote: the photographs with the number of their crops, and each layer's strongest crops."""
    return json.loads((FOLDER / "strongest.json").read_text())


@lru_cache(maxsize=len(WALL))
def _tiles(layer: str) -> np.ndarray:
    return cut((FOLDER / f"{layer}.webp").read_bytes(), len(shipped()["layers"][layer]["units"]))


def main() -> None:
    """Survey the photographs of a folder and those of the wheels, with a progress bar, and write what ships."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    settle()
    net, names = load(PHOTO), list(photographers.table().index)
    units = {layer: units_of(PHOTO, "trained", layer) for layer in WALL}
    counts: dict[str, int] = {}
    with tqdm(total=len(names), file=sys.stderr) as bar:
        for progress in survey(net, photographs(folder, names), units):
            if progress.strongest is None:
                counts[progress.name] = progress.crops
                bar.set_description(progress.name, refresh=False)
                bar.update()
    assert progress.strongest is not None
    fields = receptive_fields(untrained(PHOTO, seed=0).eval())
    widths = {layer.name: layer.shape[-1] if len(layer.shape) == 3 else 1 for layer in layers_of(PHOTO)}
    nine = {layer: of.first(SHOWN) for layer, of in progress.strongest.items()}
    for layer, tiles in patches(photographs(folder, names), nine, fields, widths).items():
        write_whole(FOLDER / f"{layer}.webp", as_sheet(tiles))
    pages = {
        layer: {"units": units[layer],
                "values": [[float(f"{value:.4g}") for value in row] for row in of.values.tolist()],
                "from": of.photographs.tolist(), "crops": of.crops.tolist()}
        for layer, of in progress.strongest.items()
    }  # fmt: skip
    about = {"command": "python -m core.photo_examples FOLDER", "weights": identity(PHOTO, "trained"),
             "photographs": counts, "layers": pages}  # fmt: skip
    write_whole(FOLDER / "strongest.json", json.dumps(about).encode())
    sys.stdout.write(f"{photographers.markdown()}\n")


if __name__ == "__main__":
    main()
