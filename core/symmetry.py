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
from core.learning_curves import SHIFTED, WAYS, along_ways, moved
from core.measures.neighbours import listed
from core.models import DIGIT_NETS, SEEDS, TWIN, controls, load, named
from core.process import settle
from core.training import accuracy

TABLE = Path(__file__).parent / "measures" / "symmetry.csv"
FAR = 4  # pixels: about as wide as the border that a digit has
NETS = {"trained": tuple(f"seed-{seed}" for seed in SEEDS), "plain": named("plain", SEEDS), TWIN: controls(TWIN)}


def measured(model: str) -> Iterator[dict[str, object]]:
    """A row a net, kind of weights, seed and shift: accuracy in percent on every fifth test image."""
    still = Digits(*(part[::SHIFTED] for part in test_set()))
    asked = {(0, 0): still} | moved(test_set())
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


def over_seeds() -> pd.DataFrame:
    """Of each net, kind of weights, direction and shift: the mean accuracy, the lowest and the highest of its seeds."""
    grouped = along_ways(table()).groupby(["model", "weights", "direction", "shift"], sort=False).accuracy
    return grouped.agg(value="mean", low="min", high="max").reset_index()


def sentence() -> str:
    """What each family's net keeps of a shift by FAR pixels, by the mean over seeds, plain and trained."""
    means = over_seeds().set_index(["weights", "direction", "shift", "model"]).value

    def said(weights: str, direction: str) -> list[str]:
        return [f"{means[weights, direction, FAR, model]:.0f}" for model in ("cnn", "dense", "rnn")]

    (cnn, dense, rnn), down = said("plain", "right"), said("plain", "down")
    right_trained, down_trained = said("trained", "right"), said("trained", "down")
    in_time = means["plain", "down", FAR, "rnn"] > means["plain", "right", FAR, "rnn"]
    return (
        f"Of 2,000 test images moved {FAR} pixels to the right, a plain CNN still gets **{cnn} %** right, a dense net "
        f"**{dense} %**, a recurrent net **{rnn} %**; moved down, it is **{listed(down)} %**: the recurrent net "
        f"follows {'better' if in_time else 'no better'} down, along its time axis, than across it. Trained with moved "
        f"digits, the three get {listed(right_trained)} % to the right and {listed(down_trained)} % down."
    )


def lost() -> str:
    """How many digits lose ink in such a shift, so that no net could read them as well."""
    right, down = (f"{100 * share:.0f} %" for share in cut().values())
    return f"Moving by {FAR} pixels cuts ink from {right} of the digits to the right, and from {down} down."


@cache
def cut() -> dict[str, float]:
    """The share of the test images that lose ink in a shift by FAR pixels, to the right and down."""
    inked = test_set().images[:, 0] > 0
    return {"right": float(inked[:, :, -FAR:].flatten(1).any(1).float().mean()),
            "down": float(inked[:, -FAR:].flatten(1).any(1).float().mean())}  # fmt: skip


def main() -> None:
    """Compute the table, with a progress bar."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    settle()
    count = len(DIGIT_NETS) * (1 + len(WAYS)) * sum(map(len, NETS.values()))
    rows = (row for model in DIGIT_NETS for row in measured(model))
    found = pd.DataFrame(tqdm(rows, total=count, file=sys.stderr, mininterval=1))
    write_whole(TABLE, found.to_csv(index=False).encode())
    table.cache_clear()


if __name__ == "__main__":
    main()
