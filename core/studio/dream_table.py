"""How much dreaming raises layers in trained nets and in their untrained twins: made by `python -m core.studio dream`.

Each net dreams in each of its LAYERS by its recipe, photos at 112 pixels, in float32, and also without jitter, as
shifts may be what twins do not bear. Of a kind of net the mean of a logarithm over seeds and images is taken, and its
95 % bootstrap interval over both (`two_way`; there is one trained net for photos):

- `own`: of how many times the layer's root mean square rises in the net that dreams;
- `noise`: the same of noise as large as the change, and with its spectrum (`noise_like`);
- `jittered`: `own`, where the picture is shifted before each step, as in the app;
- `other`: the same of the dream in the net of the same kind from the next seed, if there is one;
- `other noise`: of the noise in that one.

**The rule.** Each kind is taken with jitter or without, by which `own` is higher on the mean. `gain` is trained minus
twins of `own`, of the same images, `jittered gain` of `jittered`, and `shared gain` of `shared`, which is `other` minus
`other noise`. Where the whole interval of a gain lies above 0, the trained nets have more; below 0 the
twins; otherwise the two cannot be told apart.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Generator, Tensor, nn

from core.data import photos
from core.data.digits import test_set
from core.files import write_whole
from core.measures.interval import two_way
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
ByImage = dict[tuple[str, int, str], Tensor]  # by kind, jitter and name a row for each net, a value for each image
MEASURED = ("own", "noise", "other", "other noise")
GAINS = {"own": "gain", "jittered": "jittered gain", "shared": "shared gain"}


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
    *_, last = climb(net, images, recipe)
    noise = noise_like(last.images, images, Generator().manual_seed(recipe.seed))
    found: dict[str, Tensor] = {}
    for name, model in (("", net), ("other", other)):
        if model is not None:
            before, after, noisy = (reached(model, each, recipe).log() for each in (images, last.images, noise))
            found |= {name or "own": after - before, f"{name} noise".strip(): noisy - before}
    return found


def by_image(model: str, layer: str) -> Iterator[ByImage]:
    """After each dream all so far: by kind, jitter and name, for each net and image."""
    found: dict[tuple[str, int, str], list[Tensor]] = {}
    images = images_for(model)
    for kind, weights in nets(model).items():
        loaded = [load(model, weights=each) for each in weights]
        recipe = recipe_for(model, layer)
        for jitter in (recipe.jitter, 0):
            for place, net in enumerate(loaded):
                other = loaded[(place + 1) % len(loaded)] if len(loaded) > 1 else None
                for name, values in rises(net, other, images, replace(recipe, jitter=jitter)).items():
                    found.setdefault((kind, jitter, name), []).append(values)
                yield {key: torch.stack(values) for key, values in found.items()}


def summed_up(found: ByImage) -> pd.DataFrame:
    """The rows of one layer, by the rule."""
    rows: list[dict[str, object]] = []
    of: dict[tuple[str, str], Tensor] = {}
    jitter = max(jitter for _, jitter, _ in found)
    for kind in KINDS:
        best = max((jitter, 0), key=lambda each: float(found[kind, each, "own"].mean()))
        of |= {(kind, name): found[kind, best, name] for name in MEASURED if (kind, best, name) in found}
        of[kind, "jittered"] = found[kind, jitter, "own"]
        if (kind, "other") in of:
            of[kind, "shared"] = of[kind, "other"] - of[kind, "other noise"]
        rows += [row(kind, name, jitter if name == "jittered" else best, values)
                 for (its, name), values in of.items() if its == kind]  # fmt: skip
    for name, gain in GAINS.items():
        if ("trained", name) in of:
            rows.append(row("trained", gain, jitter, of["trained", name], of[TWIN, name]))
    told, times = pd.DataFrame(rows).rename(columns={"value": "times"}), ["times", "low", "high"]
    told[times] = np.exp(told[times])
    return told.round(4)


def row(kind: str, number: str, jitter: int, values: Tensor, less: Tensor | None = None) -> dict[str, object]:
    """A mean over nets and images, less that of others, and its interval."""
    (nets, images), (low, high) = values.shape, two_way(values, less)
    mean = values.mean() - (0 if less is None else less.mean())
    return {"kind": kind, "number": number, "jitter": jitter, "nets": nets, "images": images, "value": mean.item(),
            "low": low, "high": high}  # fmt: skip


def measure() -> Iterator[str]:
    """Dream in every layer of every net, and write the table."""
    yield from layer_by_layer(TABLE, by_image, summed_up)


def layer_by_layer(
    place: Path, by_image: Callable[[str, str], Iterator[ByImage]], summed_up: Callable[[ByImage], pd.DataFrame]
) -> Iterator[str]:
    """Measure every layer of every net, and write the rows that sum up what was found at each one's end."""
    parts = []
    for model, names in LAYERS.items():
        for layer in names:
            for found in by_image(model, layer):  # noqa: B007 - the last is whole
                yield f"{model}/{layer}"
            rows = summed_up(found)
            parts.append(rows.assign(model=model, layer=layer)[["model", "layer", *rows.columns]])
    write_whole(place, pd.concat(parts).to_csv(index=False).encode())


@cache
def table() -> pd.DataFrame:
    """What ships."""
    return pd.read_csv(TABLE)


def sentence(model: str, layer: str) -> str:
    """What training adds to a dream, by the rule; of a layer that was not measured what was found in the others."""
    whole = table()[table().model == model]
    rows = whole[whole.layer == layer]
    over = f"Means over {counted(whole)}, with 95 % intervals over nets and images."
    return " ".join([*(_of_one(layer, rows) if len(rows) else [_of_all(whole)]), over])


def _of_one(layer: str, rows: pd.DataFrame) -> list[str]:
    said = [
        f"Dreaming multiplies the root mean square of {layer} by {_times(rows, 'trained', 'own')}, and in untrained "
        f"twins by {_times(rows, TWIN, 'own')}: {_outcome(rows, 'gain', 'raises it')}. Where the picture is shifted "
        f"before each step, by {_times(rows, 'trained', 'jittered')} and {_times(rows, TWIN, 'jittered')}: "
        f"{_outcome(rows, 'jittered gain', 'raises it')}. Noise as large and as coarse multiplies it by "
        f"{_times(rows, 'trained', 'noise')}, and in the twins by {_times(rows, TWIN, 'noise')}."
    ]
    if (rows.number == "shared gain").any():
        said.append(
            f"In a net that was trained from another seed the same dream leaves it {_times(rows, 'trained', 'shared')} "
            f"times as large as noise does, from twin to twin {_times(rows, TWIN, 'shared')} times: "
            f"{_outcome(rows, 'shared gain', 'shares it')}."
        )
    return said


def _outcome(rows: pd.DataFrame, number: str, does: str) -> str:
    _, low, high = _found(rows, "trained", number)
    if low > 1:
        return f"the trained net {does} more"
    return f"the control {does} more" if high < 1 else "the two cannot be told apart"


def _of_all(rows: pd.DataFrame) -> str:
    """How the layers that were measured fare."""
    gains, jittered = (rows[rows.number == number] for number in ("gain", "jittered gain"))
    own = {kind: rows[(rows.kind == kind) & (rows.number == "own")].times for kind in KINDS}
    spans = [f"{times.min():.2f} to {times.max():.2f}" for times in own.values()]
    return (
        f"Of the {len(gains)} layers that were measured, dreaming raises the root mean square of "
        f"{(gains.low > 1).sum()} more in the trained net, and of {(gains.high < 1).sum()} more in untrained twins: "
        f"{spans[0]} times, and {spans[1]} times in the twins. Where the picture is shifted before each step, of "
        f"{(jittered.low > 1).sum()} more in the trained net and of {(jittered.high < 1).sum()} more in the twins. "
        "Where neither is said, the two cannot be told apart."
    )


def counted(rows: pd.DataFrame) -> str:
    """Over which images and how many nets of each kind a table's means are: 100 test digits, 5 trained nets and ..."""
    what = f"sample photos at {SIDE} pixels" if find(str(rows.model.iloc[0])).sees == "photos" else "test digits"
    trained, twins = (rows[rows.kind == kind].nets.iloc[0] for kind in KINDS)
    return (
        f"{rows.images.iloc[0]} {what}, {trained} trained net{'s' if trained > 1 else ''} and {twins} untrained twins"
    )


def _times(rows: pd.DataFrame, kind: str, number: str) -> str:
    times, low, high = _found(rows, kind, number)
    return f"{times:.2f} ({low:.2f} to {high:.2f})"


def _found(rows: pd.DataFrame, kind: str, number: str) -> list[float]:
    row = rows[(rows.kind == kind) & (rows.number == number)]
    return [float(row[column].iloc[0]) for column in ("times", "low", "high")]
