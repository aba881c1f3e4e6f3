"""How much dreaming raises layers in trained nets and in their untrained twins: made by `python -m core.studio dream`.

Each net dreams in each of its LAYERS by its recipe, photos at 112 pixels, in float32; in the twins also without jitter,
as shifts may be what they do not bear. Of an image and a kind of net the mean over seeds of a logarithm is taken, and
over images its mean and the 95 % bootstrap interval:

- `own`: of how many times the layer's root mean square rises in the net that dreams;
- `noise`: the same of noise as large as the change, and with its spectrum (`noise_like`);
- `other`: the same of the dream in the net of the same kind from the next seed (there is one trained net for photos);
- `other noise`: of the noise in that one.

**The rule**, fixed before the numbers. The twins are taken with jitter or without, by which `own` is higher on the mean
over images. Image by image, `gain` is trained minus twins of `own`, `shared` is `other` minus `other noise`. Where the
whole interval lies above 0, there is such a gain, or the dream is shared; below 0 the twins rise more; otherwise the
two cannot be told apart.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd
import torch
from torch import Generator, Tensor, nn

from core.data import photos
from core.data.digits import test_set
from core.files import write_whole
from core.measures.interval import interval
from core.models import TWIN, controls, find, load
from core.studio.dream import RECIPES, Dream, climb, noise_like, reached

TABLE = Path(__file__).parent / "tables" / "dream.csv"
LAYERS = {
    "photo": ("stem_relu", "block3", "block6", "block9", "block12", "block15"),
    "dense": ("relu1", "relu2", "logits"),
    "cnn": ("relu1", "relu2", "relu3", "relu4", "logits"),
    "rnn": ("lstm1", "lstm2", "logits"),
}
DIGITS, SIDE, OCTAVES = 100, 112, 3  # test images; pixels of photos, and how many sizes they have room for
PHOTO_TWINS = 3
KINDS = ("trained", TWIN)
MEASURED = ("own", "noise", "other", "other noise")
DERIVED = ("gain", "shared")


def nets(model: str) -> dict[str, tuple[str, ...]]:
    """The weights of both kinds, by seed."""
    if find(model).sees == "photos":
        return {"trained": ("trained",), TWIN: controls(TWIN)[:PHOTO_TWINS]}
    return {"trained": tuple(f"seed-{seed}" for seed in range(len(controls(TWIN)))), TWIN: controls(TWIN)}


def images_for(model: str) -> Tensor:
    """The sample photos, or the first test digits."""
    if find(model).sees == "digits":
        return test_set().images[:DIGITS]
    return torch.stack([photos.to_input(photos.sample(name), SIDE) for name in photos.SAMPLES])


def recipe_for(model: str, layer: str) -> Dream:
    """The usual one for what the net sees, in fewer octaves where photos are small."""
    recipe = replace(RECIPES[find(model).sees], layer=layer)
    return replace(recipe, octaves=min(recipe.octaves, OCTAVES))


def rises(net: nn.Module, other: nn.Module | None, images: Tensor, recipe: Dream) -> dict[str, Tensor]:
    """By the names in MEASURED, for each image the logarithm of how many times the layer rises."""
    *_, last = climb(net, images, recipe, exactly=True)
    noise = noise_like(last.images, images, Generator().manual_seed(recipe.seed))
    found = {}
    for name, model in (("", net), ("other", other)):
        if model is not None:
            before, after, noisy = (reached(model, each, recipe).log() for each in (images, last.images, noise))
            found |= {name or "own": after - before, f"{name} noise".strip(): noisy - before}
    return found


def by_image(model: str, layer: str) -> Iterator[dict[tuple[str, int, str], Tensor]]:
    """After each dream all so far: by kind, jitter and name, for each image the mean over seeds, at the end."""
    found: dict[tuple[str, int, str], list[Tensor]] = {}
    images = images_for(model)
    for kind, weights in nets(model).items():
        loaded = [load(model, weights=each) for each in weights]
        recipe = recipe_for(model, layer)
        for jitter in (recipe.jitter, 0)[: 1 if kind == "trained" else 2]:
            for place, net in enumerate(loaded):
                other = loaded[(place + 1) % len(loaded)] if len(loaded) > 1 else None
                for name, values in rises(net, other, images, replace(recipe, jitter=jitter)).items():
                    found.setdefault((kind, jitter, name), []).append(values)
                yield {key: torch.stack(values).mean(0) for key, values in found.items()}


def summed_up(found: dict[tuple[str, int, str], Tensor], jitter: int) -> pd.DataFrame:
    """The rows of one layer, by the rule."""
    best = max((jitter, 0), key=lambda each: float(found[TWIN, each, "own"].mean()))
    chosen = {kind: {name: found.get((kind, place, name)) for name in MEASURED}
              for kind, place in (("trained", jitter), (TWIN, best))}  # fmt: skip
    rows = [(kind, name, values) for kind in KINDS for name, values in chosen[kind].items() if values is not None]
    rows.append(("trained", "gain", found["trained", jitter, "own"] - found[TWIN, best, "own"]))
    for kind in KINDS:
        other, noise = chosen[kind]["other"], chosen[kind]["other noise"]
        if other is not None and noise is not None:
            rows.append((kind, "shared", other - noise))
    return pd.DataFrame([
        {"kind": kind, "number": name, "jitter": best if kind == TWIN else jitter, "images": len(values),
         "times": values.mean().exp().item(), **_between(values)}
        for kind, name, values in rows
    ]).round(4)  # fmt: skip


def _between(values: Tensor) -> dict[str, float]:
    low, high = torch.tensor(interval(values)).exp().tolist()
    return {"low": low, "high": high}


def measure() -> Iterator[str]:
    """Dream in every layer of every net, and write the table."""
    parts = []
    for model, layers in LAYERS.items():
        for layer in layers:
            found = {}
            for found in by_image(model, layer):  # noqa: B007 - the last is whole
                yield f"{model}/{layer}"
            part = summed_up(found, recipe_for(model, layer).jitter)
            parts.append(part.assign(model=model, layer=layer))
    whole = pd.concat(parts)[["model", "layer", "kind", "number", "jitter", "images", "times", "low", "high"]]
    write_whole(TABLE, whole.to_csv(index=False).encode())


@cache
def table() -> pd.DataFrame:
    """What ships."""
    return pd.read_csv(TABLE)
