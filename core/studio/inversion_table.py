"""How well each layer of each net can be inverted, beside untrained twins: made by `python -m core.studio inversion`.

**The rule**, fixed before the numbers. The error of the inverted images, in shares of the mean image's, has a 95 %
bootstrap interval over nets and images (`two_way`). The trained net's gain is the twins' error less its own, image by
image; of photos, whose brightness and contrast hardly matter to a layer, its likeness less theirs. Where the whole
interval lies above 0 the trained net *gives back more* of the picture, below 0 the twins do, and otherwise they give
back *as much*. Where both errors' intervals lie above 1 *neither* gives back what the mean digit does not have, and,
after the numbers, where both likenesses' reach 0 neither gives back what a grey picture does not have. An image *comes
back* from a layer where more than half of the inversions, by the whole interval, are nearer to the true image than to
any other test image.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float

from core.ascent.parametrise import Images
from core.ascent.within import NONE
from core.data import photos
from core.data.digits import test_set
from core.files import write_whole
from core.layers import first_of_each_depth, list_layers
from core.measures.interval import two_way
from core.measures.neighbours import listed
from core.models import DIGIT_NETS, MODELS, SHUFFLED, TWIN, controls, load
from core.studio.inversion import PHOTO, PHOTO_LAYERS, WITH_PRIOR, Inversion, invert

PLACE = Path(__file__).parent / "tables" / "inversion.csv"
DIGITS, TWINS = 100, 5  # test images, and untrained twins of each digit net
TRAINED, SIDE = "trained", 128  # pixels of a photo
MOST = 0.5  # of the images
VERDICTS = {
    "twins": "The twins give back more of the picture from",
    "both": "The twins give back as much of it from",
    "trained": "The trained net gives back more from",
    "neither": "Neither gives back what {} does not have from",  # the mean digit, or a grey picture
}
RECIPES = {NONE: Inversion((), starts=1), "generator": replace(WITH_PRIOR, starts=1)}
ByImage = Float[np.ndarray, "nets images"]


@dataclass(frozen=True)
class Inverted:
    """What is known of one layer's inversions, net by net and image by image; of photos no other images."""

    layer_error: ByImage  # both errors in shares of the mean image's
    error: ByImage
    own: ByImage | None = None  # of digits 1 where the true image is nearer than all other test images
    likeness: ByImage | None = None  # of photos, see `core.studio.inversion`

    def gain_over(self, control: "Inverted") -> ByImage:
        """How much nearer to the true images these are, image by image; the control's nets differ, and so its rows."""
        if self.likeness is not None and control.likeness is not None:
            return self.likeness - control.likeness
        return control.error - self.error


def layers_of(model: str) -> tuple[str, ...]:
    """The layers that are inverted: of each depth the activation; of a net for photos a few."""
    if model not in DIGIT_NETS:
        return PHOTO_LAYERS
    return tuple(layer.name for layer in first_of_each_depth(list_layers(load(model), (1, 28, 28)), 1))


def inverted(model: str, weights: Sequence[str], layer: str, images: Images, recipe: Inversion) -> Inverted:
    """Invert one layer of nets with these weights, all images in one batch."""
    found: dict[str, list[np.ndarray]] = {}
    for each in weights:
        *_, last = invert(load(model, weights=each), images, replace(recipe, layers=(layer,)))
        told = {name: np.array(values) for name, values in last.numbers.items()}
        kept = {"layer_error": told["layer_error"], "error": told["relative_error"]}
        if "nearest_error" in told:
            kept["own"] = (told["error"] < told["nearest_error"]).astype(float)
        else:
            kept["likeness"] = told["likeness"]
        for name, values in kept.items():
            found.setdefault(name, []).append(values)
    return Inverted(**{name: np.stack(values) for name, values in found.items()})


def row(found: Inverted, beside: Inverted | None) -> dict[str, float]:
    """The numbers of one layer; `beside` is the trained net, whose gain over these controls is told."""
    told = {"images": found.error.shape[1], "nets": len(found.error), "layer error": float(found.layer_error.mean())}
    measured = {"error": found.error, "own": found.own, "likeness": found.likeness}
    measured["gain"] = beside.gain_over(found) if beside else None
    for name, values in measured.items():
        if values is not None:
            told |= {name: float(values.mean())} | dict(
                zip((f"{name} low", f"{name} high"), two_way(values), strict=True)
            )
    return told


def measure() -> Iterator[str]:
    """Invert every layer of every net, and write the table net by net; yields what is next."""
    rows: list[dict[str, object]] = []
    digits = test_set().images[:DIGITS]
    samples = torch.stack([photos.to_input(photos.sample(name), SIDE) for name in photos.SAMPLES])
    for model in (*DIGIT_NETS, "photo"):
        own = RECIPES if model in DIGIT_NETS else {NONE: replace(PHOTO, side=SIDE)}
        for prior, recipe in own.items():
            for layer in layers_of(model):
                yield f"{model} {layer} {prior}"
                rows += _rows(model, prior, layer, digits if model in DIGIT_NETS else samples, recipe)
        write_whole(PLACE, pd.DataFrame(rows).round(4).to_csv(index=False).encode())
    table.cache_clear()


def _rows(model: str, prior: str, layer: str, images: Images, recipe: Inversion) -> Iterator[dict[str, object]]:
    twins = TWINS if model in DIGIT_NETS else 1
    kinds: dict[str, Sequence[str]] = {TRAINED: [TRAINED], TWIN: controls(TWIN)[:twins]}
    if model in DIGIT_NETS:
        kinds[SHUFFLED] = [SHUFFLED]
    found = {kind: inverted(model, weights, layer, images, recipe) for kind, weights in kinds.items()}
    depth = {each.name: each.depth for each in list_layers(load(model), MODELS[model].input_shape)}[layer]
    for kind, each in found.items():
        named = {"model": model, "prior": prior, "layer": layer, "depth": depth, "weights": kind}
        yield named | row(each, None if kind == TRAINED else found[TRAINED])


@cache
def table() -> pd.DataFrame:
    """The shipped numbers: a row a net, prior, layer and kind of weights."""
    return pd.read_csv(PLACE)


def comes_back(told: "pd.Series[Any]") -> bool:
    """Whether an image comes back from a layer, by the rule."""
    return bool(told["own low"] > MOST)


def verdict(own: "pd.Series[Any]", control: "pd.Series[Any]") -> str:
    """Who gives back more of the picture, by the rule: one of VERDICTS."""
    nothing = (
        min(own["error low"], control["error low"]) > 1
        if np.isnan(own.get("likeness", np.nan))
        else max(own["likeness low"], control["likeness low"]) <= 0
    )
    if nothing:
        return "neither"
    return "trained" if control["gain low"] > 0 else "twins" if control["gain high"] < 0 else "both"


def sentence(model: str, prior: str = NONE) -> str:
    """What the table says of a net's layers, the untrained twins beside it."""
    rows = table()[(table().model == model) & (table().prior == prior)]
    own, twins = (rows[rows.weights == kind].set_index("layer") for kind in (TRAINED, TWIN))
    said = [_back(own, twins)] if model in DIGIT_NETS else []
    number, plain = ("error", "the mean digit") if model in DIGIT_NETS else ("likeness", "a grey picture")
    first, last = (f"at `{own.index[place]}`" for place in (0, -1))
    own_ends, their_ends = ([_span(rows, number, place) for place in (0, -1)] for rows in (own, twins))
    said.append(f"The {number} goes from {own_ends[0]} {first} to {own_ends[1]} {last}, in the twins from "
                f"{their_ends[0]} to {their_ends[1]}.")  # fmt: skip
    verdicts = {layer: verdict(own.loc[layer], twins.loc[layer]) for layer in own.index}
    by_verdict = {kind: [layer for layer, told in verdicts.items() if told == kind] for kind in VERDICTS}
    said += [
        f"{words.format(plain)} {_listed(by_verdict[kind])}." for kind, words in VERDICTS.items() if by_verdict[kind]
    ]
    whole = f"`{model}`: {' '.join(said)}"
    return whole if twins.nets.max() > 1 else whole.replace("twins give", "twin gives").replace("the twins", "the twin")


def _back(own: pd.DataFrame, twins: pd.DataFrame) -> str:
    """From which layers the true digit comes back, of both."""
    there, theirs = ([layer for layer, told in each.iterrows() if comes_back(told)] for each in (own, twins))
    if there == theirs:
        too = "and from the same of the untrained twins" if there else "nor from any of the untrained twins'"
        return f"The true digit comes back from {_listed(there)}, {too}."
    return f"The true digit comes back from {_listed(there)}; of the untrained twins, from {_listed(theirs)}."


def _listed(layers: Sequence[Any]) -> str:
    return listed([f"`{layer}`" for layer in layers]) or "no layer"


def _span(rows: pd.DataFrame, number: str, place: int) -> str:
    told = rows.iloc[place]
    return f"{told[number]:.2f} ({told[f'{number} low']:.2f} to {told[f'{number} high']:.2f})"


def by_depth(models: Sequence[str], prior: str, number: str) -> pd.DataFrame:
    """The table as `core.charts.evidence.nets_by_depth` draws it; the mean image stands in the place of pixels."""
    rows = table()[table().model.isin(models) & (table().prior == prior)]
    drawn = rows.rename(columns={"weights": "kind", number: "value", f"{number} low": "low", f"{number} high": "high"})
    drawn = drawn.assign(family=[MODELS[model].family for model in drawn.model])
    plain = 1.0 if number == "error" else 0.0
    mean = drawn.head(1).assign(kind="pixels", value=plain, low=plain, high=plain, layer="mean image")
    columns = ["model", "family", "kind", "layer", "depth", "value", "low", "high"]
    return pd.concat([drawn, mean])[columns].reset_index(drop=True)
