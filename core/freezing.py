"""Freezing: how soon in training a net's first layers are as good as they get, and whether they have to learn at all.

`python -m core.freezing [NETS]` trains each net again and again, for hours, and goes on where it stopped.
"""

import argparse
import math
import sys
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch
from torch import nn
from tqdm import tqdm

from core.data.digits import Digits, first_training_images, test_set, training_set
from core.files import write_whole
from core.models import DIGIT_NETS, untrained
from core.models.batch_norm import calibrate, fold_batch_norm, with_batch_norm
from core.process import settle
from core.training import PLAIN, Recipe, Step, accuracy, fit

EPOCHS = (0.0, 0.25, 1.0, 3.0)  # of training, behind which layers are frozen
SEEDS = range(3)
TABLE = Path(__file__).parent / "measures" / "freezing.csv"


class Cell(NamedTuple):
    """A training: of which net, from which seed, how many of its first layers are frozen, and behind which epoch."""

    model: str
    seed: int
    layers: int  # none in the control, whose epoch is 0
    epoch: float


def cells(model: str) -> list[Cell]:
    """All trainings of a net, seed by seed, each seed's control first."""
    hidden = len(_hidden(untrained(model, seed=0)))
    frozen = [(0, 0.0), *product(range(1, hidden + 1), EPOCHS)]
    return [Cell(model, seed, *which) for seed in SEEDS for which in frozen]


def freeze(model: nn.Module, layers: int) -> None:
    """Keep a net's first layers, of those with weights, as they are: weights, and the statistics of norms."""
    for part in _hidden(model)[:layers]:
        part.requires_grad_(False).eval()


def _hidden(model: nn.Module) -> list[nn.Module]:
    """The modules with weights, without the last, which answers."""
    return [part for part in model.children() if next(part.parameters(), None) is not None][:-1]


def fit_frozen(
    model: nn.Module, digits: Digits, recipe: Recipe, seed: int, layers: int, epoch: float
) -> Iterator[Step]:
    """Train `model` in place as `fit` does; behind so many epochs its first layers stay, and the others learn on.

    Raghu et al. 2017, "SVCCA: singular vector canonical correlation analysis for deep learning dynamics and
    interpretability", section 4.2, freeze layer by layer from below as training goes on; here one cut at one time, so
    that each has its own number. Behind epoch 0 they are random features; norms are then as the first step sees them.
    The rate is that of the whole training: small at first, at its peak after three tenths of it.
    """
    due = round(epoch * math.ceil(len(digits.labels) / recipe.batch))
    if not due:
        freeze(model, layers)
    for step in fit(model, digits, recipe, seed):
        if step.step == due:
            freeze(model, layers)
        yield step


def train(cell: Cell, digits: Digits) -> nn.Module:
    """The net after this training, by the plain recipe, in eval mode."""
    model = with_batch_norm(untrained(cell.model, cell.seed)).to(memory_format=torch.channels_last)
    calibrate(model, first_training_images())
    for _ in fit_frozen(model, digits, PLAIN, cell.seed, cell.layers, cell.epoch):
        pass
    return fold_batch_norm(model)


@cache
def table() -> pd.DataFrame:
    """The shipped numbers, a row a training: model, seed, layers, epoch and accuracy.

    `layers` is how many of the first were frozen, 0 in the control; `epoch` behind which of 8, 0 for random weights;
    `accuracy` that on all test images, in percent. Every caller has the same: change a copy.
    """
    return pd.read_csv(TABLE)


def main() -> None:
    """Train what the table does not have yet, with a progress bar; it is written after each training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=DIGIT_NETS)
    models = parser.parse_args().models
    settle()
    rows = list(pd.read_csv(TABLE).itertuples(index=False, name=None)) if TABLE.exists() else []
    done = {Cell(*row[:4]) for row in rows}
    due = [cell for model in models for cell in cells(model) if cell not in done]
    digits, unseen = training_set(), test_set()
    with tqdm(due, file=sys.stderr, unit="training") as bar:
        for cell in bar:
            bar.set_description(f"{cell.model} {cell.seed}, {cell.layers} from epoch {cell.epoch:g}")
            rows.append((*cell, round(accuracy(train(cell, digits), unseen), 2)))
            written = pd.DataFrame(rows, columns=[*Cell._fields, "accuracy"])
            write_whole(TABLE, written.to_csv(index=False).encode())
    table.cache_clear()


if __name__ == "__main__":
    main()
