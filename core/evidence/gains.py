"""What one net of the learning curves gets right more than another, seed by seed: on digits, and on permuted ones."""

from collections.abc import Callable, Iterator
from itertools import product

import pandas as pd

from core import learning_curves
from core.learning_curves import CNN, DENSE, UNSHARED, UPDATES

PAIRS = {
    "CNN less dense": (CNN, DENSE),
    "shared less unshared": (CNN, UNSHARED),
    "windows less dense": (UNSHARED, DENSE),
}
MOVED = 4  # pixels, to the right or down
EARLY = 100  # updates
READINGS: dict[str, Callable[[pd.DataFrame], pd.Series]] = {  # which rows of the table are read
    "300 images": lambda rows: (rows.images == 300) & (rows.updates == UPDATES) & (rows.right + rows.down == 0),
    "3,000 images": lambda rows: (rows.images == 3_000) & (rows.updates == UPDATES) & (rows.right + rows.down == 0),
    "30,000 images": lambda rows: (rows.images == 30_000) & (rows.updates == UPDATES) & (rows.right + rows.down == 0),
    f"{EARLY} updates": lambda rows: (rows.images == 30_000) & (rows.updates == EARLY),
    f"moved by {MOVED} pixels": lambda rows: (rows.images == 30_000) & (rows.right + rows.down == MOVED),
}
GAINS = tuple(f"{pair}, {reading}" for pair, reading in product(PAIRS, READINGS))


def gains() -> pd.DataFrame:
    """A row a gain, seed, and digits or permuted ones: `measure`, `seed` and `value`, in percent."""
    return pd.DataFrame(_gains(), columns=["measure", "seed", "value"])


def _gains() -> Iterator[tuple[str, int, float]]:
    rows = learning_curves.table()
    read = rows[rows.seed >= 0]
    for pair, reading in product(PAIRS, READINGS):
        own = read[READINGS[reading](read)].groupby(["net", "permuted", "seed"]).accuracy.mean()
        for permuted in (False, True):
            for seed in learning_curves.SEEDS:
                first, second = (own.get((net, permuted, seed)) for net in PAIRS[pair])
                if first is not None and second is not None:
                    yield f"{pair}, {reading}{', permuted' if permuted else ''}", seed, first - second
