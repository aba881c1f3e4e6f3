"""What sharing weights adds and what windows add, on digits and on permuted ones, in sentences made from the table."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core import learning_curves
from core.evidence.gains import MOVED, gains
from core.evidence.sentences import COLUMNS
from core.evidence.verdicts import table
from core.learning_curves import CNN, DENSE, SIZES, UPDATES, Cell
from core.measures.neighbours import listed

ADDED = {"shared less unshared": "sharing weights", "windows less dense": "seeing through windows alone"}
BY_IMAGES = ("300 images", "3,000 images", "30,000 images")
BY_SHIFT = (f"moved by {MOVED} pixels",)
WHERE = {"": "on digits", ", permuted": "with permuted pixels"}  # by what stands behind a gain's name
WORDS = {  # by the signs that gains have by all seeds, 0 where seeds differ
    (1,): "helps", (-1,): "harms", (0,): "makes no clear difference", (0, 1): "helps in part", (-1, 0): "harms in part",
}  # fmt: skip
MIXED = "helps here and harms there"


def sentence() -> str:
    """Which of the two helps, and by how much, with few and many images; empty without numbers."""
    there = _there(BY_IMAGES)
    return _said(there, f"From {listed([name.split()[0] for name in there])} images")


def shifted_sentence() -> str:
    """The same on images that are moved, which no net was trained on; empty without numbers."""
    return _said(_there(BY_SHIFT), f"On images {BY_SHIFT[0]}")


def _there(readings: Sequence[str]) -> list[str]:
    """Of these readings those of which the table has all: both that are added, on digits and on permuted ones."""
    measures = set(gains().measure)
    return [reading for reading in readings
            if all(f"{pair}, {reading}{suffix}" in measures for pair in ADDED for suffix in WHERE)]  # fmt: skip


def _said(readings: Sequence[str], where: str) -> str:
    if not readings:
        return ""
    of = {str(measure): rows.value.to_numpy() for measure, rows in gains().groupby("measure")}
    parts = []
    for pair, title in ADDED.items():
        both = [_outcome([of[f"{pair}, {reading}{suffix}"] for reading in readings], place)
                for suffix, place in WHERE.items()]  # fmt: skip
        parts.append(f"{title} {listed(both)}")
    return f"{where}, in points of accuracy: {'; '.join(parts)}."


def _outcome(found: Sequence[np.ndarray], place: str) -> str:
    """A word for gains, and their means over seeds."""
    signs = {int(np.sign(seeds[0])) if len(set(np.sign(seeds))) == 1 else 0 for seeds in found}
    means = listed([f"{seeds.mean():+.1f}".replace("-", "−") for seeds in found])
    return f"**{WORDS.get(tuple(sorted(signs)), MIXED)}** {place} ({means})"


def images_needed() -> str:
    """How many images the CNN needs to be right as often as a dense net with the most; empty without numbers."""
    found, most = learning_curves.over_seeds(), max(SIZES)
    last = found[found.updates == UPDATES][["net", "permuted", "images", "value"]]
    means = {(net, permuted, images): value for net, permuted, images, value in last.values.tolist()}
    parts = []
    for permuted, place in zip((False, True), WHERE.values(), strict=True):
        if not {(DENSE, permuted, most), (CNN, permuted, most)} <= set(means):
            return ""
        aim = means[DENSE, permuted, most]
        enough = [size for size in sorted(SIZES) if means.get((CNN, permuted, size), 0.0) >= aim]
        needed, size = (f"{enough[0]:,}", enough[0]) if enough else (f"more than {most:,}", most)
        parts.append(f"**{needed}** {place} ({means[CNN, permuted, size]:.1f} %, the dense net {aim:.1f} %)")
    return f"To be right as often as a dense net with {most:,} images, a CNN needs {listed(parts)}."


def by_reading() -> pd.DataFrame:
    """The tests of C6 for a chart (pair, reading, kind, value, low, high): a row a gain, and one its control."""
    tests = table()[(table().claim == "C6") & (table().training == "plain")]
    rows = [
        (*test["measure"].split(", ", 1), kind, *(test[name] for name in columns))
        for test in tests.to_dict("records")
        for kind, columns in zip(("digits", "permuted"), COLUMNS, strict=True)
    ]
    return pd.DataFrame(rows, columns=["pair", "reading", "kind", "value", "low", "high"])


def beside_shipped(cell: Cell, accuracy: float) -> str:
    """What a training came to, in percent, beside the shipped ones of its kind."""
    rows = learning_curves.table()
    own = rows[(rows.net == cell.net) & (rows.permuted == cell.permuted) & (rows.images == cell.images)
               & (rows.updates == UPDATES) & (rows.seed >= 0) & (rows.right + rows.down == 0)]  # fmt: skip
    said = f"After {UPDATES:,} updates it gets **{accuracy:.2f} %** right"
    if own.empty:
        return f"{said}; of its kind none ships."
    values, same = own.accuracy, own[own.seed == cell.seed].accuracy
    of_seed = f"; that of seed {cell.seed} gets **{same.iloc[0]:.2f} %**" if len(same) else ""
    return (
        f"{said}. The {len(own)} that ship get {values.mean():.2f} % on the mean, from {values.min():.2f} to "
        f"{values.max():.2f} %{of_seed}."
    )
