"""How many images and how many steps a net needs, and whether it is the symmetry that helps a CNN.

Four nets with as many parameters or the same windows, each trained with as many updates on ever more images: dense, a
CNN, an LSTM, and the CNN with its weights not shared between places. Each on the digits and on digits whose pixels are
permuted by one fixed permutation: then neighbours are neighbours no more, and a window is a random choice of pixels.
So weights are shared or not, and windows are local or not. A net's learning rate is chosen from one grid, for each
number of images, on training images held out from all of it. What has seen the most images is shown test images that
are shifted, as well: no training image was.

`python -m core.learning_curves` trains what the table does not have yet, and goes on where it stopped.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch
from torch import Generator, nn
from tqdm import tqdm

from core.data.digits import Digits, test_set, training_folder, training_set
from core.files import write_whole
from core.measures.equivariance import shifted
from core.models import series
from core.models.local import unshared
from core.process import seeded, settle
from core.training import Recipe, accuracy, fit

DENSE, CNN, LSTM, UNSHARED = "dense-2", "cnn-3", "lstm-2", "cnn-3 unshared"
NETS: Mapping[str, Callable[[], nn.Module]] = {
    DENSE: partial(series.dense, 2), CNN: partial(series.cnn, 3), LSTM: partial(series.lstm, 2),
    UNSHARED: lambda: unshared(series.cnn(3)),
}  # fmt: skip
FAMILIES = {CNN: "cnn", UNSHARED: "cnn", DENSE: "dense", LSTM: "rnn"}
SIZES = (300, 30_000, 3_000, 100, 1_000, 10_000)  # training images; the most telling are trained first
UNSHARED_SIZES = SIZES[:3]  # it takes ten times as long
UPDATES, BATCH = 1_000, 64
READ = (30, 100, 300, UPDATES)  # updates behind which accuracy is read
RATES = (1e-3, 3e-3, 1e-2)  # peaks of the learning rate's cycle
SEEDS = range(5)
HELD_OUT = 5_000  # training images, the last ones, on which rates are compared
HALF = 5_000  # test images, that stand in for training images
TABLE = Path(__file__).parent / "measures" / "learning_curves.csv"
WAYS = tuple(way for shift in range(1, 7) for way in ((shift, 0), (0, shift)))  # pixels to the right and down
SHIFTED = 5  # of the test images every so many is shifted
COLUMNS = ["net", "permuted", "images", "seed", "rate", "updates", "right", "down", "accuracy"]


class Cell(NamedTuple):
    """A training: of which net, on which images, from which seed; at a rate, or at the best one, where that is 0."""

    net: str
    permuted: bool
    images: int
    seed: int
    rate: float = 0.0


def cells() -> list[Cell]:
    """All: of each net each rate from one seed, then all seeds."""
    kinds = [(net, permuted, images) for images in SIZES for permuted in (False, True) for net in NETS
             if net != UNSHARED or images in UNSHARED_SIZES]  # fmt: skip
    return [cell for kind in kinds for cell in (*(Cell(*kind, 0, rate) for rate in RATES),
                                                *(Cell(*kind, seed) for seed in SEEDS))]  # fmt: skip


def permuted(digits: Digits) -> Digits:
    """The same digits, all pixels of each moved by one fixed permutation."""
    order = torch.randperm(digits.images[0].numel(), generator=Generator().manual_seed(0))
    return Digits(digits.images.flatten(1)[:, order].view_as(digits.images), digits.labels)


def repeated(digits: Digits, images: int, seed: int) -> Digits:
    """So many of the images, drawn by seed, again and again in ever new orders: as many as all updates see."""
    generator = Generator().manual_seed(seed)
    chosen = torch.randperm(len(digits.labels), generator=generator)[:images]
    rounds = -(-UPDATES * BATCH // images)
    order = torch.cat([chosen[torch.randperm(images, generator=generator)] for _ in range(rounds)])[: UPDATES * BATCH]
    return Digits(digits.images[order], digits.labels[order])


def moved(digits: Digits) -> dict[tuple[int, int], Digits]:
    """Every SHIFTED of the digits, moved each of WAYS."""
    images, labels = (part[::SHIFTED] for part in digits)
    return {way: Digits(shifted(images, *way), labels) for way in WAYS}


class Reading(NamedTuple):
    """How many of the unseen images, so far shifted, a net gets right after so many updates, in percent."""

    updates: int
    right: int
    down: int
    accuracy: float


class Update(NamedTuple):
    """A training after so many updates, and what is read then."""

    updates: int
    readings: tuple[Reading, ...]


def train(cell: Cell, rate: float, digits: Digits, asked: Mapping[tuple[int, int], Digits]) -> Iterator[Update]:
    """All updates; behind READ of them images as they are are read, at the end those shifted by (right, down) as well.

    Where the cell says so, the pixels of all images are permuted.
    """
    if cell.permuted:
        digits, asked = permuted(digits), {shift: permuted(unseen) for shift, unseen in asked.items()}
    with seeded(cell.seed):
        model = NETS[cell.net]()
    recipe = Recipe(epochs=1, learning_rate=rate, batch=BATCH)
    for step in fit(model, repeated(digits, cell.images, cell.seed), recipe, cell.seed):
        yield Update(step.step, tuple(_read(model, step.step, asked)) if step.step in READ else ())


def _read(model: nn.Module, updates: int, asked: Mapping[tuple[int, int], Digits]) -> Iterator[Reading]:
    model.eval()
    for shift, unseen in asked.items():
        if shift == (0, 0) or updates == UPDATES:
            yield Reading(updates, *shift, round(accuracy(model, unseen), 2))
    model.train()


def best_rate(rows: pd.DataFrame, cell: Cell) -> float:
    """By the accuracy on held-out images at the end; of equal ones the smaller.

    Raises ValueError, with a sentence for the page, where none was tried.
    """
    own = rows[(rows.net == cell.net) & (rows.permuted == cell.permuted) & (rows.images == cell.images)
               & (rows.updates == UPDATES) & (rows.seed == -1)]  # fmt: skip
    if own.empty:
        raise ValueError(f"For {cell.net} and {cell.images:,} images no learning rate has been chosen.")
    return float(own.sort_values(["accuracy", "rate"], ascending=[False, True]).rate.iloc[0])


@cache
def table() -> pd.DataFrame:
    """The shipped numbers, a row a reading: accuracy in percent on all test images after so many updates.

    Of the rows by which rates are chosen `seed` is -1: their accuracy is that on held-out training images, and none of
    theirs is published. Without a table there are no rows. Every caller has the same: change a copy.
    """
    return pd.read_csv(TABLE) if TABLE.exists() else pd.DataFrame(columns=COLUMNS)


def over_seeds() -> pd.DataFrame:
    """Of each net, pixels, number of images and of updates: mean accuracy, the lowest and the highest of its seeds.

    Without a table, or of what it does not have yet, there are no rows. Images are as they are, not shifted.
    """
    rows = table()
    own = rows[(rows.seed >= 0) & (rows.right == 0) & (rows.down == 0)]
    return _over_seeds(own, ["net", "permuted", "images", "updates"])


def _over_seeds(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    grouped = rows.groupby(by, sort=False).accuracy
    return grouped.agg(value="mean", low="min", high="max", seeds="count").reset_index()


def over_shifts() -> pd.DataFrame:
    """Of each net and pixels: the same at the end of training on the most images, by `direction` and `shift`.

    Where nothing is shifted it is of all test images, else of every fifth.
    """
    rows = table()
    own = rows[(rows.seed >= 0) & (rows.images == max(SIZES)) & (rows.updates == UPDATES)]
    return _over_seeds(along_ways(own), ["net", "permuted", "direction", "shift"])


def along_ways(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with `right` and `down` by their `direction` and `shift`; one that is not shifted begins both directions."""
    ways = (("right", "down"), ("down", "right"))
    return pd.concat([rows[rows[other] == 0].assign(direction=way, shift=rows[way]) for way, other in ways])


def to_learn_from(digits: Digits) -> tuple[Digits, Digits]:
    """The training images from which nets learn, and those that are held out from all of them."""
    return Digits(*(part[:-HELD_OUT] for part in digits)), Digits(*(part[-HELD_OUT:] for part in digits))


def images_for(training_images: bool) -> tuple[Digits, Digits]:
    """What nets learn from here, and what they are tested on: training images, and all test images.

    Where the training images are not on this machine, test images stand in: the first half, and the other one.
    """
    if training_images:
        return to_learn_from(training_set(training_folder()))[0], test_set()
    digits = test_set()
    return Digits(*(part[:HALF] for part in digits)), Digits(*(part[HALF:] for part in digits))


def readings(cell: Cell, rows: pd.DataFrame, digits: Digits, unseen: Digits) -> Iterator[dict[str, object]]:
    """The rows of one training."""
    choosing = cell.rate > 0
    rate = cell.rate if choosing else best_rate(rows, cell)
    seen, held_out = to_learn_from(digits)
    asked = {(0, 0): held_out if choosing else unseen}
    if not choosing and cell.images == max(SIZES):
        asked |= moved(unseen)
    own = dict(zip(COLUMNS, (cell.net, cell.permuted, cell.images, -1 if choosing else cell.seed, rate), strict=False))
    for update in train(cell, rate, seen, asked):
        if update.updates == UPDATES or not choosing:
            yield from (own | reading._asdict() for reading in update.readings)


def done(rows: pd.DataFrame) -> set[Cell]:
    """The trainings whose last reading is there."""
    last = rows[rows.updates == UPDATES]
    return {Cell(net, permuted, images, max(seed, 0), rate if seed < 0 else 0.0)
            for net, permuted, images, seed, rate in last[COLUMNS[:5]].itertuples(index=False, name=None)}  # fmt: skip


def main() -> None:
    """Train what the table does not have yet, with a progress bar; it is written after each training."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    settle()
    rows = table()
    there = done(rows)
    digits, unseen = training_set(), test_set()
    with tqdm([cell for cell in cells() if cell not in there], file=sys.stderr, unit="training") as bar:
        for cell in bar:
            bar.set_description(" ".join(map(str, cell)))
            rows = pd.concat([rows, pd.DataFrame(readings(cell, rows, digits, unseen))], ignore_index=True)
            write_whole(TABLE, rows.to_csv(index=False).encode())
    table.cache_clear()


if __name__ == "__main__":
    main()
