"""How well pictures can be made that exaggerate a layer's answer: made by `python -m core.studio caricature`.

From noise, trained nets and their untrained twins make caricatures of photos at 112 pixels and of test digits, in
float32, with the recipe's jitter and without, as shifts may be what twins do not bear. Of a kind of net the mean over
seeds and images is taken, and its 95 % bootstrap interval over both (`two_way`; there is one trained net for photos):
`length`, of the activation in units of the original's, and `cosine` between the two; `between` is the mean cosine of an
image to the others, which a picture of anything reaches.

**The rule**, fixed before the numbers. Each kind is taken with jitter or without, by which its cosine is higher on the
mean. `gain` is trained minus twins of what the cosine is above `between`, of the same images. Where the whole interval
lies above 0, training adds to what can be made out; below 0 the control has more of it; otherwise the two cannot be
told apart.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.layers import run_to
from core.measures.neighbours import listed
from core.models import TWIN, find, load
from core.studio.caricature import RECIPES, Caricature, climb, compared
from core.studio.dream_table import KINDS, ByImage, counted, images_for, layer_by_layer, nets, row

TABLE = Path(__file__).parent / "tables" / "caricature.csv"
DIGITS, STEPS = 25, 48  # images, and steps
NUMBERS = ("length", "cosine", "between")


def recipe_for(model: str, layer: str) -> Caricature:
    """The usual one for what the net sees, in fewer steps."""
    return replace(RECIPES[find(model).sees], layer=layer, steps=STEPS)


@torch.no_grad()
def between(net: nn.Module, images: Tensor, layer: str) -> Tensor:
    """The mean cosine of each image's activation to those of the others."""
    ways = F.normalize(run_to(net, images, [layer])[layer].flatten(1), dim=1)
    return ((ways @ ways.T).sum(1) - 1) / (len(images) - 1)


def made_of(net: nn.Module, images: Tensor, recipe: Caricature) -> dict[str, Tensor]:
    """By the names in NUMBERS, for each image."""
    *_, last = climb(net, images, recipe)
    length, cosine = compared(net, last.images, images, recipe.layer)
    return {"length": length, "cosine": cosine, "between": between(net, images, recipe.layer)}


def by_image(model: str, layer: str) -> Iterator[ByImage]:
    """After each net all so far: by kind, jitter and name, for each net and image."""
    images, recipe = images_for(model)[:DIGITS], recipe_for(model, layer)
    found: dict[tuple[str, int, str], list[Tensor]] = {}
    for kind, weights in nets(model).items():
        for each in weights:
            net = load(model, weights=each)
            for jitter in (recipe.jitter, 0):
                for name, values in made_of(net, images, replace(recipe, jitter=jitter)).items():
                    found.setdefault((kind, jitter, name), []).append(values)
                yield {key: torch.stack(values) for key, values in found.items()}


def summed_up(found: ByImage) -> pd.DataFrame:
    """The rows of one layer, by the rule."""
    rows: list[dict[str, object]] = []
    above = {}
    jitter = max(jitter for _, jitter, _ in found)
    for kind in KINDS:
        best = max((jitter, 0), key=lambda each: float(found[kind, each, "cosine"].mean()))
        rows += [row(kind, name, best, found[kind, best, name]) for name in NUMBERS]
        above[kind] = found[kind, best, "cosine"] - found[kind, best, "between"]
    rows.append(row("trained", "gain", jitter, above["trained"], above[TWIN]))
    return pd.DataFrame(rows).round(4)


def measure() -> Iterator[str]:
    """Make caricatures in every layer of every net, and write the table."""
    yield from layer_by_layer(TABLE, by_image, summed_up)


@cache
def table() -> pd.DataFrame:
    """What ships."""
    return pd.read_csv(TABLE)


def sentence(model: str) -> str:
    """What training adds to caricatures, by the rule, over the layers that were measured."""
    rows = table()[table().model == model]
    gains = rows[rows.number == "gain"]
    more, less = (listed(list(gains[side].layer)) or "no layer" for side in (gains.low > 0, gains.high < 0))
    neither = listed(list(gains[(gains.low <= 0) & (gains.high >= 0)].layer))
    told = f"; in {neither} the two cannot be told apart" if neither else ""
    return (
        f"Over {counted(rows)}, made from noise, with jitter or without as suits each net: a caricature's cosine to "
        f"the original, less that of another picture, is higher after training in {more}, and higher in untrained "
        f"twins in {less}, where the 95 % interval of the difference says so{told}. "
        f"The cosines are {_span(rows, 'trained', 'cosine')}, and {_span(rows, TWIN, 'cosine')} in the twins; "
        f"those of other pictures {_span(rows, 'trained', 'between')}, and {_span(rows, TWIN, 'between')}."
    )


def _span(rows: pd.DataFrame, kind: str, number: str) -> str:
    values = rows[(rows.kind == kind) & (rows.number == number)].value
    return f"{values.min():.2f} to {values.max():.2f}"
