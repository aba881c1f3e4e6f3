"""How well each layer of each net can be inverted, beside untrained twins: made by `python -m core.studio inversion`.

**The rule**, fixed before the numbers. Of each layer the error of the inverted images, in shares of the mean image's,
has a 95 % bootstrap interval over images, and over twins. The trained net's gain is the twins' error less its own,
image by image. Where its whole interval lies above 0 the trained net *keeps more* of the picture, below 0 the twins
*keep more*, and otherwise the twins *keep as much*. An image *comes back* from a layer where more than half of the
inversions, by the whole interval, are nearer to the true image than to any other test image.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float

from core.ascent.parametrise import Images
from core.data import photos
from core.data.digits import test_set
from core.files import write_whole
from core.layers import first_of_each_depth, list_layers
from core.models import DIGIT_NETS, MODELS, SHUFFLED, TWIN, load
from core.studio.inversion import NONE, PHOTO, PHOTO_LAYERS, WITH_PRIOR, Inversion, invert

PLACE = Path(__file__).parent / "tables" / "inversion.csv"
DIGITS, TWINS, DRAWS = 100, 3, 2000  # test images, untrained twins of each digit net, and resamples
TRAINED, SIDE = "trained", 128  # pixels of a photo
RECIPES = {NONE: Inversion((), starts=1), "generator": replace(WITH_PRIOR, starts=1)}
ByImage = Float[np.ndarray, "nets images"]


@dataclass(frozen=True)
class Inverted:
    """What is known of one layer's inversions, net by net and image by image; of photos no other images."""

    layer_error: ByImage  # both errors in shares of the mean image's
    error: ByImage
    own: ByImage | None = None  # 1 where the true image is nearer than all other test images


def layers_of(model: str) -> tuple[str, ...]:
    """The layers that are inverted: of each depth the activation; of a net for photos a few."""
    if model not in DIGIT_NETS:
        return PHOTO_LAYERS
    return tuple(layer.name for layer in first_of_each_depth(list_layers(load(model), (1, 28, 28)), 1))


def inverted(model: str, weights: Sequence[str], layer: str, images: Images, recipe: Inversion) -> Inverted:
    """Invert one layer of nets with these weights, all images in one batch."""
    found: dict[str, list[np.ndarray]] = {"layer_error": [], "error": [], "own": []}
    for each in weights:
        *_, last = invert(load(model, weights=each), images, replace(recipe, layers=(layer,)))
        told = {name: np.array(values) for name, values in last.numbers.items()}
        found["layer_error"].append(told["layer_error"])
        found["error"].append(told["relative_error"])
        if "nearest_error" in told:
            found["own"].append((told["error"] < told["nearest_error"]).astype(float))
    arrays = {name: np.stack(values) if values else None for name, values in found.items()}
    assert arrays["layer_error"] is not None and arrays["error"] is not None
    return Inverted(arrays["layer_error"], arrays["error"], arrays["own"])


def bounds(values: ByImage) -> tuple[float, float]:
    """The 95 % percentile bootstrap interval of a mean over nets and images, both drawn with replacement."""
    generator, (nets, images) = np.random.default_rng(0), values.shape
    chosen = generator.integers(nets, size=(DRAWS, nets)), generator.integers(images, size=(DRAWS, images))
    means = values[chosen[0][:, :, None], chosen[1][:, None, :]].mean((1, 2))
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def row(found: Inverted, beside: Inverted | None) -> dict[str, float]:
    """The numbers of one layer; `beside` is the trained net, whose gain over these controls is told."""
    told = {"images": found.error.shape[1], "nets": len(found.error), "layer error": float(found.layer_error.mean())}
    measured = {"error": found.error, "own": found.own, "gain": found.error - beside.error if beside else None}
    for name, values in measured.items():
        if values is not None:
            told |= {name: float(values.mean())} | dict(
                zip((f"{name} low", f"{name} high"), bounds(values), strict=True)
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
    kinds = {TRAINED: [TRAINED], TWIN: [TWIN, *(f"{TWIN}-{seed}" for seed in range(1, twins))]}
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
