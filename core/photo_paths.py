"""Whether the photo net computes on the pictures of one recipe as on the crops that excite their units most.

`python -m core.photo_paths FOLDER` measures it on the crops that `core.photo_examples` found, which it cuts anew, and
writes the table.
"""

import argparse
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import pandas as pd
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Generator, Tensor, nn
from tqdm import tqdm

from core import atlas
from core.atlas import PHOTO, WALL
from core.data import photographers
from core.data.photos import SIDE
from core.files import write_whole
from core.layers import record
from core.measures.interval import interval
from core.measures.path_similarity import Ranks, path_similarity, ranked, resampled
from core.models import load
from core.photo_examples import FOLDER, SHOWN, crops, photographs, shipped
from core.process import settle

LAYERS = ("block8", "block14", "block16")
RANDOM, BATCH = 64, 16  # crops at random; images at once
PICTURE, HELD_OUT, OTHER = "picture", "tenth real crop", "another unit's picture"
NINE = "the nine among themselves"
SIDES = (SIDE, SIDE // 2)  # pixels at which they are compared: the crops', and the pictures' own
Crop = tuple[int, int]  # the photograph's number and its own in it


def earlier(layer: str) -> tuple[str, ...]:
    """The wall's blocks before a block."""
    return WALL[1 : WALL.index(layer)]


def strongest(layer: str) -> list[list[Crop]]:
    """The crops of each unit of a layer, the strongest first, and last the one that is held out."""
    page = shipped()["layers"][layer]
    return [list(zip(*both, strict=True)) for both in zip(page["from"], page["crops"], strict=True)]


def at_random(count: int = RANDOM) -> list[Crop]:
    """So many of all crops, from seed 0."""
    everyone = [(number, crop) for number, many in enumerate(shipped()["photographs"].values()) for crop in range(many)]
    order = torch.randperm(len(everyone), generator=Generator().manual_seed(0))
    return [everyone[place] for place in order[:count].tolist()]


def cut_again(folder: Path, wanted: Collection[Crop]) -> dict[Crop, Tensor]:
    """Crops (3, 224, 224) in [0, 1]. Raises ValueError where the folder's photographs are not those of the survey."""
    found, counts = dict[Crop, Tensor](), dict[str, int]()
    for number, (name, picture) in enumerate(photographs(folder, list(photographers.table().index))):
        squares = crops(picture)
        counts[name] = len(squares)
        found |= {(number, crop): square / 255 for crop, square in enumerate(squares) if (number, crop) in wanted}
    if list(counts.items()) != list(shipped()["photographs"].items()):
        raise ValueError(
            f"{folder} holds other photographs than those surveyed: {', '.join(shipped()['photographs'])}."
        )
    return found


def likenesses(
    to_real: Float[Tensor, "images crops"], among: Float[Tensor, "crops crops"], own: Sequence[Sequence[int]],
    others: Sequence[int],
) -> Float[Tensor, "images 3"]:  # fmt: skip
    """What `core.measures.path_similarity.likeness` says of each image and the crops of its unit.

    Out of rank correlations: of the images with all crops, and of these among themselves; crops by their numbers. No
    crop is compared with itself.
    """
    rows = []
    for image, mine in zip(to_real, own, strict=True):
        apart = among[mine][:, mine][~torch.eye(len(mine), dtype=torch.bool)]
        far = among[mine][:, [crop for crop in others if crop not in mine]]
        rows.append([image[mine].mean(), apart.mean(), far.mean()])
    return torch.tensor(rows, dtype=torch.float64)


def correlations(net: nn.Module, layers: Sequence[str], shown: Mapping[str, Tensor], real: Tensor, side: int
                 ) -> Iterator[tuple[str, str, Float[Tensor, "images crops"]]]:  # fmt: skip
    """The rank correlations of sets of images with all crops, brought to one side: by the set, and in which layer."""
    parts = list(_ranked(net, layers, real, side))
    whole = {layer: torch.cat([part[layer] for part in parts]) for layer in layers}
    for layer in layers:
        yield "", layer, whole[layer] @ whole[layer].T
    for name, images in shown.items():
        rows = [
            {layer: part[layer] @ whole[layer].T for layer in layers} for part in _ranked(net, layers, images, side)
        ]
        for layer in layers:
            yield name, layer, torch.cat([row[layer] for row in rows])


def _ranked(net: nn.Module, layers: Sequence[str], images: Tensor, side: int) -> Iterator[dict[str, Ranks]]:
    for batch in images.split(BATCH):
        yield {name: ranked(found) for name, found in record(net, _resized(batch, side), layers).items()}


def measured(net: nn.Module, layers: Sequence[str], pictures: Mapping[str, Tensor], squares: Mapping[Crop, Tensor],
             own: Mapping[str, list[list[Crop]]], others: Sequence[Crop], side: int
             ) -> Iterator[dict[str, object]]:  # fmt: skip
    """The table's rows for images brought to one side."""
    number = {crop: place for place, crop in enumerate(squares)}
    far, among = [number[crop] for crop in others], dict[str, Tensor]()
    for of, before, found in correlations(net, layers, pictures, torch.stack(list(squares.values())), side):
        if not of:
            among[before] = found
        elif before in earlier(of):
            nine = [[number[crop] for crop in mine[:SHOWN]] for mine in own[of]]
            tenth = among[before][[number[mine[SHOWN]] for mine in own[of]]]
            for image, shown in ((PICTURE, found), (HELD_OUT, tenth), (OTHER, found.roll(1, 0))):
                alike = likenesses(shown, among[before], nine, far)
                yield _row(alike, layer=of, side=side, earlier=before, image=image)
            yield _row(alike[:, [1, 1, 2]], layer=of, side=side, earlier=before, image=NINE)


def _row(alike: Float[Tensor, "units 3"], **named: object) -> dict[str, object]:
    """The mean rank correlations, the interval of the first less the last, and the path similarity with its own."""
    columns = ("alike", "among", "others", "low", "high", "similarity", "from", "to")
    values = [*alike.mean(0).tolist(), *interval(alike[:, 0] - alike[:, 2]), path_similarity(alike), *resampled(alike)]
    rounded = {name: round(value, 4) for name, value in zip(columns, values, strict=True)}
    return {**named, "units": len(alike), **rounded}


def _resized(images: Tensor, side: int) -> Tensor:
    if images.shape[-1] == side:
        return images
    return F.interpolate(images, (side, side), mode="bilinear", antialias=True).clamp(0, 1)


@cache
def paths() -> pd.DataFrame:
    """The shipped table: a row a layer, side, earlier block and kind of image. Every caller has the same: copy it."""
    return pd.read_csv(FOLDER / "paths.csv")


def sentence() -> str:
    """What the table says in words: the lowest and the highest of all earlier blocks, at both sides."""
    rows = paths().set_index("image")
    picture, nine, tenth = (rows.loc[image] for image in (PICTURE, NINE, HELD_OUT))
    unlike, told = (picture.high < 0).sum(), (nine.low > 0).to_numpy()
    values = picture.similarity[told]
    return (
        f"Does the net compute on such pictures as on photographs? In {unlike} of {len(picture)} comparisons (in each "
        f"block above {', '.join(LAYERS[:-1])} and {LAYERS[-1]}, at {SIDES[0]} and at {SIDES[1]} pixels) they are less "
        f"like the nine real crops that excite their unit most than crops at random are. Their rank correlation with "
        f"the nine is {_span(picture.alike)}, that of crops at random {_span(nine.others)}, of a tenth such crop "
        f"{_span(tenth.alike)}. Path similarity (1 is like the nine, 0 like any crop), where the nine are more alike "
        f"than others, in {told.sum()} of {len(told)}, is {values.min():.1f} to {values.max():.1f}."
    )


def _span(values: "pd.Series[float]") -> str:
    return f"{values.min():.2f} to {values.max():.2f}"


def main() -> None:
    """Measure the layers at both sides and write the table, with a progress bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    settle()
    own, others, rows = {layer: strongest(layer) for layer in LAYERS}, at_random(), []
    wanted = {*others, *(crop for units in own.values() for mine in units for crop in mine)}
    squares, net = cut_again(folder, wanted), load(PHOTO)
    pictures = {layer: atlas.pictures(PHOTO, "trained", layer) for layer in LAYERS}
    with tqdm(total=4 * len(SIDES) * sum(len(earlier(layer)) for layer in LAYERS), file=sys.stderr) as bar:
        for side in SIDES:
            for row in measured(net, earlier(LAYERS[-1]), pictures, squares, own, others, side):
                rows.append(row)
                bar.update()
    write_whole(FOLDER / "paths.csv", pd.DataFrame(rows).to_csv(index=False).encode())


if __name__ == "__main__":
    main()
