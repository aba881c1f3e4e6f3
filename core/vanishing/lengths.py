"""Up to which length each net solves a task, and how its gradient decays: every net at its best of several rates.

`python -m core.vanishing.lengths` trains those that are not in the table that ships, all in eight minutes of one core.
"""

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from core.files import write_whole
from core.process import settle
from core.vanishing.gradients import decay
from core.vanishing.nets import NETS
from core.vanishing.train import Reading, Setup, train

LENGTHS = {"adding": (10, 20, 30, 50), "recall": (10, 20)}
RATES = (0.01, 0.03)
SEEDS = range(3)
KEY = ["task", "length", "rate", "seed"]  # of a training
TABLE = Path(__file__).with_suffix(".csv")


def settings() -> list[Setup]:
    """All trainings, each of all nets."""
    return [
        Setup(task, length, rate=rate, seed=seed, nets=tuple(NETS))
        for task, lengths in LENGTHS.items()
        for length in lengths
        for rate in RATES
        for seed in SEEDS
    ]


def measured(setup: Setup) -> Iterator[dict[str, object]]:
    """A row a net: its error on unseen sequences, and the influence's factor a step, before and after training."""
    first: dict[str, Reading] = {}
    last: dict[str, Reading] = {}
    for reading in train(setup):
        first.setdefault(reading.net, reading)
        last[reading.net] = reading
    for name, reading in last.items():
        before, after = decay(first[name].influence), decay(reading.influence)
        yield {"task": setup.task, "length": setup.length, "rate": setup.rate, "seed": setup.seed, "net": name,
               "units": reading.units, "parameters": reading.parameters, "loss": reading.loss,
               "error": reading.error, "untrained": first[name].error, "before": before.factor,
               "after": after.factor, "left": after.left, "seconds": round(reading.seconds, 2)}  # fmt: skip


@cache
def table() -> pd.DataFrame:
    """The shipped numbers, as `measured`; every caller has the same: change a copy."""
    return pd.read_csv(TABLE)


def best(rows: pd.DataFrame) -> pd.DataFrame:
    """Of each task, length and net the rows at the rate with the smallest loss in training, its mean over seeds.

    The training sequences are new for every update, so that the unseen ones are not needed to choose.
    """
    group = ["task", "length", "net"]
    losses = rows.assign(loss=rows.loss.fillna(float("inf"))).groupby([*group, "rate"], sort=False).loss.mean()
    chosen = losses.groupby(group, sort=False).idxmin().tolist()
    return rows.set_index([*group, "rate"]).loc[chosen].reset_index()


def missing() -> list[Setup]:
    """The trainings that are not in the table yet."""
    there = set(table()[KEY].itertuples(index=False, name=None)) if TABLE.exists() else set()
    return [setup for setup in settings() if (setup.task, setup.length, setup.rate, setup.seed) not in there]


def main() -> None:
    """Train them, with a progress bar; what is trained is kept if it is stopped."""
    settle()
    for setup in tqdm(missing(), file=sys.stderr, mininterval=1):
        own = pd.DataFrame(measured(setup))
        found = pd.concat([table(), own]) if TABLE.exists() else own
        write_whole(TABLE, found.to_csv(index=False).encode())
        table.cache_clear()


if __name__ == "__main__":
    main()
