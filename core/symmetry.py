"""How many shifted test images the shipped nets get right: trained with augmentation, plain, and untrained.

`python -m core.symmetry` computes the table that ships. That of nets of one size, some of them on permuted pixels, is
`core.learning_curves`'.
"""

import argparse
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from core.data.digits import Digits, test_set
from core.files import write_whole
from core.learning_curves import SHIFTED, SHIFTS
from core.measures.equivariance import shifted
from core.models import DIGIT_NETS, SEEDS, TWIN, controls, load, named
from core.process import settle
from core.training import accuracy

TABLE = Path(__file__).parent / "measures" / "symmetry.csv"
WAYS = [(0, 0), *((right, down) for shift in SHIFTS for right, down in ((shift, 0), (0, shift)))]  # right and down
NETS = {"trained": tuple(f"seed-{seed}" for seed in SEEDS), "plain": named("plain", SEEDS), TWIN: controls(TWIN)}


def measured(model: str) -> Iterator[dict[str, object]]:
    """A row a net, kind of weights, seed and shift: accuracy in percent on every fifth test image."""
    images, labels = (part[::SHIFTED] for part in test_set())
    asked = {way: Digits(shifted(images, *way), labels) for way in WAYS}
    for kind, own in NETS.items():
        for seed, weights in enumerate(own):
            net = load(model, weights=weights)
            for (right, down), digits in asked.items():
                yield {"model": model, "weights": kind, "seed": seed, "right": right, "down": down,
                       "accuracy": round(accuracy(net, digits), 2)}  # fmt: skip


@cache
def table() -> pd.DataFrame:
    """The shipped numbers, as `measured`; every caller has the same: change a copy."""
    return pd.read_csv(TABLE)


def main() -> None:
    """Compute the table, with a progress bar."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    settle()
    count = len(DIGIT_NETS) * len(WAYS) * sum(map(len, NETS.values()))
    rows = (row for model in DIGIT_NETS for row in measured(model))
    found = pd.DataFrame(tqdm(rows, total=count, file=sys.stderr, mininterval=1))
    write_whole(TABLE, found.to_csv(index=False).encode())
    table.cache_clear()


if __name__ == "__main__":
    main()
