"""In what order a net learns: which layer is first as it will be, and what a linear classifier would do as well.

`python -m core.evidence order` measures the snapshots of every net for digits, and all layers beside all others.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pandas as pd
import torch
from jaxtyping import Int
from torch import Tensor, nn

from core.data.digits import test_set
from core.evidence.report import digits
from core.evidence.subject import BATCH, PIXELS, Subject
from core.measures.held_out import split
from core.measures.performance_correlation import performance_correlation, shared
from core.measures.probes import read
from core.measures.similarity import similarities, similarity
from core.models import DIGIT_NETS, TWIN, epoch_of, load, snapshots

TABLE, PAIRS = (Path(__file__).parent / f"{name}.csv" for name in ("order", "pairs"))
LIKE = 0.9  # of CKA, above which a layer counts as being as it will be
TO_THE_END, EXPLAINED = "similarity to the end", "explained by a linear classifier"
DIGITS = 4  # behind the point
WEIGHTS = ("trained", "plain", TWIN)  # of which all layers are compared


def measured(model: str) -> Iterator[dict[str, object]]:
    """The rows of a net, snapshot by snapshot: of each layer, and of its answers to held-out test images."""
    end = Subject(load(model, weights=snapshots(model)[-1]), digits())
    for snapshot in snapshots(model):
        net = load(model, weights=snapshot)
        now = Subject(net, digits())
        own = {"model": model, "epoch": epoch_of(snapshot)}
        for layer in now.act:
            like = similarity(now.activations[layer.name], end.activations[layer.name])
            yield own | {"layer": layer.name, "depth": layer.depth, "measure": TO_THE_END, "value": round(like, DIGITS)}
        for measure, value in _answers(net).items():
            yield own | {
                "layer": "logits",
                "depth": now.act[-1].depth,
                "measure": measure,
                "value": round(value, DIGITS),
            }


def _answers(net: nn.Module) -> dict[str, float]:
    """What the net and a linear classifier answer alike."""
    images, labels = test_set()
    held = split(len(labels))[1]
    said = torch.cat([net(batch).argmax(1) for batch in images[held].split(BATCH)])
    return {
        EXPLAINED: performance_correlation(said, linear(), labels[held]),
        "right answers that a linear classifier gives": shared(said, linear(), labels[held]),
        "accuracy": float((said == labels[held]).float().mean()),
    }


@cache
def linear() -> Int[Tensor, " held"]:
    """What the best linear classifier of pixels answers, learned from the test images that are not held out."""
    return read(*test_set())


def pairs(weights: str) -> pd.DataFrame:
    """The similarity of every two layers of all nets for digits, and of the pixels: first, second and cka."""
    data = digits()
    activations = {PIXELS: data.images}
    for model in DIGIT_NETS:
        subject = Subject(load(model, weights=weights), data)
        activations |= {f"{model}/{layer.name}": subject.activations[layer.name] for layer in subject.act}
    return similarities(activations).round({"cka": DIGITS}).assign(weights=weights)


@cache
def table() -> pd.DataFrame:
    """The shipped numbers of all snapshots."""
    return pd.read_csv(TABLE)


def settled(rows: pd.DataFrame) -> pd.DataFrame:
    """From which epoch on each layer stays like its final self: model, layer, depth and epoch, in the order of depth.

    `rows` are those of `table` that tell the similarity to the end. The last snapshot always is.
    """
    last_unlike = (
        rows.epoch.where(rows.value <= LIKE, -1).groupby([rows.model, rows.depth, rows.layer]).transform("max")
    )
    return rows[rows.epoch > last_unlike].groupby(["model", "depth", "layer"]).epoch.min().reset_index()


def sentence() -> str:
    """Whether first layers are done first, and what comes first in the answers, by the shipped numbers."""
    done = settled(table()[table().measure == TO_THE_END])
    hidden = done[done.layer != "logits"]
    first, last = (hidden.groupby("model").epoch.agg(which) for which in ("first", "last"))
    explained = table()[table().measure == EXPLAINED]
    early, late = explained[explained.epoch == 0.25].value, explained.groupby("model").value.last()
    return (
        f"In {int((first < last).sum())} of {len(first)} nets the first hidden layer is like its final self (CKA above "
        f"{LIKE}) before the last one is, and in {int((first == last).sum())} at the same snapshot. After a quarter of "
        f"an epoch a linear classifier explains {early.min():.0%} to {early.max():.0%} of what the nets' answers tell "
        f"of the digit, and at the end {late.min():.0%} to {late.max():.0%}."
    )
