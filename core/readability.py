"""Readability: whether training makes units easier to read, snapshot by snapshot.

`python -m core.readability` measures the snapshots of all nets for digits, and goes on where it stopped.
"""

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor
from tqdm import tqdm

from core.data.digits import test_set
from core.files import write_whole
from core.layers import first_of_each_depth, list_layers
from core.measures.directions import STRONGEST, coherence
from core.measures.forced_choice import OBSERVERS, by_nets
from core.measures.interval import interval
from core.models import DIGIT_NETS, MODELS, epoch_of, load, snapshots
from core.process import settle
from core.stimuli import RECIPES
from core.telling import Asked
from core.training import accuracy

PICTURE, REAL, COHERENCE = "picture", "real image", "coherence"
TABLE = Path(__file__).parent / "measures" / "readability.csv"


def measured(model: str, weights: str) -> Iterator[dict[str, object]]:
    """The rows of a snapshot: each measure of each hidden layer's pre-activations, on the mean over its units.

    Zimmermann et al. 2024, "Measuring mechanistic interpretability at scale without humans", find that in training on
    photographs it falls; here the observers are the nets of `core.measures.forced_choice`.
    """
    net = load(model, weights=weights)
    right = round(accuracy(net, test_set()), 2)
    *hidden, _ = first_of_each_depth(list_layers(net, MODELS[model].input_shape), 0)
    for layer in hidden:
        asked = Asked(model, weights, layer.name, net)
        for measure, values in readings(asked).items():
            low, high = interval(values)
            yield {
                "model": model,
                "epoch": epoch_of(weights),
                "layer": layer.name,
                "depth": layer.depth,
                "measure": measure,
                "units": len(values),
                "value": round(float(values.mean()), 4),
                "low": round(low, 4),
                "high": round(high, 4),
                "accuracy": right,
            }


def readings(asked: Asked) -> dict[str, Float[Tensor, " units"]]:
    """How well each unit can be read, by three measures.

    "picture" and "real image" are how often both observers choose the right one of two images (.5 by chance), shown the
    unit's climbed picture or its strongest real image. "coherence" is how alike its nine strongest images are to them.
    """
    shown = {PICTURE: asked.pictures(RECIPES["digits"]), REAL: asked.real(1)}
    found = {name: by_nets(asked.questions.scores(images)) for name, images in shown.items()}
    seeing = [asked.questions.observers[name] for name in OBSERVERS]
    alike = [coherence([observer(nine) for observer in seeing]) for nine in asked.real(STRONGEST)]
    return found | {COHERENCE: torch.tensor(alike, dtype=torch.float64)}


@cache
def table() -> pd.DataFrame:
    """The shipped numbers: a row a snapshot, hidden layer and measure.

    Columns: model, epoch, layer (its pre-activations), depth, measure ("picture", "real image" or "coherence", as in
    `readings`), units (those that are not constant), value (their mean), low and high (its 95 % interval over units),
    and accuracy, that of the snapshot on all test images in percent. Every caller has the same: change a copy.
    """
    return pd.read_csv(TABLE)


def sentence() -> str:
    """Whether pictures tell more and more in training, by the shipped numbers."""
    rows = table()[table().measure == PICTURE].sort_values("epoch")
    layers = rows.groupby(["model", "layer"])
    begin, end, best = (layers.value.agg(which) for which in ("first", "last", "max"))
    lost = (best - end).sort_values().reset_index().iloc[-1]
    of_it = rows[(rows.model == lost.model) & (rows.layer == lost.layer)]
    rise = end - begin
    return (
        "Forced choice by a unit's picture is higher at the end of training than before it in "
        f"{int((rise > 0).sum())} of {len(rise)} hidden layers, by {rise.min():+.2f} to {rise.max():+.2f}. It is "
        f"highest before the end in {int((best > end).sum())} of them; most is lost again in "
        f"{lost.model}/{lost.layer}, {lost.value:.2f} since epoch {of_it.epoch[of_it.value.idxmax()]:g}."
    )


def main() -> None:
    """Measure the snapshots that the table does not have yet, with a progress bar; it is written after each."""
    settle()
    rows: list[Mapping[Any, Any]] = [*pd.read_csv(TABLE).to_dict("records")] if TABLE.exists() else []
    done = {(row["model"], row["epoch"]) for row in rows}
    due = [(model, weights) for model in DIGIT_NETS for weights in snapshots(model)
           if (model, epoch_of(weights)) not in done]  # fmt: skip
    with tqdm(due, file=sys.stderr, unit="snapshot") as bar:
        for model, weights in bar:
            bar.set_description(f"{model} {weights}")
            rows += measured(model, weights)
            write_whole(TABLE, pd.DataFrame(rows).to_csv(index=False).encode())
    table.cache_clear()


if __name__ == "__main__":
    main()
