"""What units look for, computed once and shipped: `python -m core.atlas build cnn`.

A model's atlas is a sheet of pictures a layer and one JSON, for the trained net and for its untrained twin. Of nets for
digits it holds all layers with weights; the units behind them, after a ReLU or a pooling, look for what their sums look
for; and once more with several pictures of each unit. Of nets for photographs it holds the layers of a wall by one
recipe, suited to how far their units see, and once more what hangs on the wall, by a recipe for each layer.
"""

import argparse
import io
import json
import math
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from core import survey as surveys
from core.ascent import Step
from core.data import photos
from core.data.digits import test_set
from core.examples import peak, peaks
from core.files import write_whole
from core.layers import Layer, list_layers, pre_activation, record
from core.measures.receptive_field import receptive_fields
from core.models import find, identity, load, untrained
from core.process import settle
from core.stimuli import OPTIMUM, PHOTO_RECIPE, RECIPE, RECIPES, Recipe, as_bytes, as_images, climb, for_layer
from core.units import Unit

FOLDER = Path(__file__).parent / "atlases"
WEIGHTS = ("trained", "untrained")
VARIETY = 4  # different pictures of the same trained unit
IN_A_ROW = 16
BATCH, EXACT_BATCH = 64, 8  # units that are climbed together, so that memory stays small; in float32
QUALITY, LOSSLESS = 80, 56  # of WebP; pixels of a picture's side

# The wall: its layers from the first to the last, and in each so many units, evenly spread over all that it has.
PHOTO = "photo"
WALL = ("stem", "block1", "block2", "block3", "block5", "block8", "block11", "block14", "block16", "logits")
IN_WALL = 24
# A thousand classes are too many; these were chosen for being known to everybody, before their pictures were seen.
CLASSES = (
    "goldfish", "great white shark", "hen", "flamingo", "peacock", "tarantula", "starfish", "monarch", "ladybug",
    "snail", "golden retriever", "Egyptian cat", "tiger", "zebra", "African elephant", "giant panda", "strawberry",
    "pineapple", "daisy", "espresso", "school bus", "grand piano", "palace", "volcano",
)  # fmt: skip
CLASS_STEPS = 256
# What hangs on the wall is to be looked at, not to be compared: each layer has its own recipe, chosen by eye on ten of
# its units. Units that see little show a window not much larger than what they see; deeper ones are climbed slowly, in
# waves of which the large ones are easy, and shaken hard, so that forms win over grain.
WALL_RECIPES = {
    "stem": replace(PHOTO_RECIPE, side=7, lr=0.05, steps=96, decay=None, jitter=0, turn=0.0, zoom=0.0, place="centre"),
    "block1": replace(PHOTO_RECIPE, side=12, lr=0.02, decay=1.5, jitter=0, turn=0.0, zoom=0.0, place="centre"),
    "block2": replace(PHOTO_RECIPE, side=24, lr=0.02, decay=1.3, steps=192, jitter=4, turn=5.0, zoom=0.0),
    "block3": replace(PHOTO_RECIPE, side=40, lr=0.02, decay=1.3, steps=192, jitter=4, turn=5.0, zoom=0.0),
    "block5": replace(PHOTO_RECIPE, side=80, lr=0.012, decay=1.3, steps=192),
    "block8": replace(PHOTO_RECIPE, side=112, lr=0.008, decay=1.4, steps=192, jitter=16, turn=12.0, zoom=0.2),
    "block11": replace(PHOTO_RECIPE, side=160, lr=0.008, decay=1.4, steps=192, jitter=16, turn=12.0, zoom=0.2),
    "block14": replace(PHOTO_RECIPE, side=160, lr=0.008, decay=1.3, steps=192, jitter=16, turn=12.0, zoom=0.2),
    "block16": replace(PHOTO_RECIPE, side=160, lr=0.006, decay=1.4, steps=192, jitter=16, turn=12.0, zoom=0.2,
                       place="centre"),
    "logits": replace(PHOTO_RECIPE, side=224, lr=0.004, decay=1.5, steps=256, jitter=24, turn=15.0, zoom=0.25),
}  # fmt: skip
WALL_SIDE = 148  # pixels of a picture where the wall's rows hang together


@dataclass(frozen=True)
class Edition:
    """One of the atlases of a net: of which weights, climbed how, and how many pictures of each unit."""

    weights: str
    recipe: Recipe
    many: int = 1
    by_layer: Mapping[str, Recipe] = field(default_factory=dict)  # instead of `recipe`, and climbed exactly so


SEVERAL, WITHOUT, BARE, ON_WALL = "several", "without-prior", "bare", "wall"
EDITIONS = {weights: Edition(weights, RECIPES["digits"]) for weights in WEIGHTS} | {
    SEVERAL: Edition("trained", RECIPES["digits"], VARIETY)
} | {f"{weights}-{kind}": Edition(weights, recipe)
     for kind, recipe in ((WITHOUT, RECIPE), (BARE, OPTIMUM)) for weights in WEIGHTS}  # fmt: skip
PHOTO_EDITIONS = {weights: Edition(weights, PHOTO_RECIPE) for weights in WEIGHTS} | {
    f"{weights}-{ON_WALL}": Edition(weights, PHOTO_RECIPE, by_layer=WALL_RECIPES) for weights in WEIGHTS
}


@dataclass(frozen=True)
class Stimulus:
    """What gradient ascent found for a unit, and what makes it honest."""

    image: Float[Tensor, "channels side side"]
    reached: float  # the unit's largest sum for this picture, anywhere in the map, at any time
    strongest: float  # and for any of the 10,000 test images, or for any view of the sample photographs
    rectified: bool  # a ReLU stands behind it
    optimum: float | None = None  # and for the picture that is found when nothing is asked of it; of digits

    @property
    def dead(self) -> bool:
        """Neither a test image nor the ascent lifts the unit above zero: behind its ReLU it is silent."""
        return silent(self.rectified, self.reached, self.strongest)

    @property
    def found(self) -> bool:
        """Whether an ascent, with help or without, excites the unit at least as much as any real image."""
        return max(self.reached, -math.inf if self.optimum is None else self.optimum) >= self.strongest


def silent(rectified: bool, reached: float, strongest: float) -> bool:
    """Whether a unit's ReLU lets nothing through for any image; without a ReLU, less than zero is an answer too."""
    return rectified and max(reached, strongest) <= 0


def is_rectified(model: str, layer: str) -> bool:
    """Whether a ReLU stands behind a layer's sums."""
    layers = layers_of(model)
    sums = pre_activation(layers, layer)
    return any(other.kind == "relu" and pre_activation(layers, other.name) == sums for other in layers)


@cache
def layers_of(model: str) -> list[Layer]:
    """A model's layers in forward order, listed once a process."""
    return list_layers(untrained(model, seed=0).eval(), find(model).input_shape)


@cache
def _pages(model: str, weights: str) -> dict[str, Any]:
    path = FOLDER / model / f"{weights}.json"
    return json.loads(path.read_text()) if path.exists() else {"layers": {}}


def look_up(unit: Unit, weights: str, kind: str = "") -> Stimulus | None:
    """The shipped stimulus of a unit, of any layer; None where none was computed for this unit and these weights.

    `kind` is empty for that of the default recipe, or `WITHOUT` or `BARE`; of photos `ON_WALL`, for what hangs there.
    """
    edition = f"{weights}-{kind}" if kind else weights
    layer = pre_activation(layers_of(unit.model), unit.layer)
    page = _pages(unit.model, edition)["layers"].get(layer.name)
    if page is None or unit.index not in page["units"]:
        return None
    place = page["units"].index(unit.index)
    reached, strongest = (page[name][place] for name in ("reached", "strongest"))
    image = pictures(unit.model, edition, layer.name)[place]
    bare = _pages(unit.model, f"{weights}-{BARE}")["layers"].get(layer.name)
    optimum = bare["reached"][place] if bare else None
    return Stimulus(image, reached, strongest, is_rectified(unit.model, unit.layer), optimum)


def several(unit: Unit) -> tuple[Float[Tensor, "n channels side side"], list[float]] | None:
    """Different pictures of a trained unit, and what each reaches; None where none were computed."""
    layer = pre_activation(layers_of(unit.model), unit.layer).name
    page = _pages(unit.model, SEVERAL)["layers"].get(layer)
    if page is None:
        return None
    first = page["units"].index(unit.index)
    own = slice(first, first + VARIETY)
    return pictures(unit.model, SEVERAL, layer)[own], page["reached"][own]


def units_of(model: str, weights: str, layer: str) -> list[int]:
    """Of which units of a layer with weights the stimuli are shipped, in the order of `pictures`."""
    return list(_pages(model, weights)["layers"][layer]["units"])


@lru_cache(maxsize=32)
def pictures(model: str, weights: str, layer: str) -> Float[Tensor, "n channels side side"]:
    """The shipped stimuli of a layer with weights, in [0, 1]."""
    with Image.open(_sheet(model, weights, layer)) as sheet:
        pixels = np.asarray(sheet)
    return _cut(pixels, len(units_of(model, weights, layer)))


def strongest(model: str, weights: str, layer: str) -> dict[int, float]:
    """The largest sum of units of a layer with weights for any test image, or for any view of the sample photos."""
    page = _pages(model, weights)["layers"].get(layer, {"units": [], "strongest": []})
    return dict(zip(page["units"], page["strongest"], strict=True))


def wall_units(layer: Layer) -> list[int]:
    """The units of a layer that stand in the wall: evenly spread over all, or the classes that everybody knows."""
    if layer.name == "logits":
        labels = find(PHOTO).labels
        return [labels.index(name) for name in CLASSES]
    return sorted({place * layer.units // IN_WALL for place in range(IN_WALL)})


def wall(weights: str, columns: int) -> tuple[Float[Tensor, "n 3 side side"], list[Unit], list[str]]:
    """The wall's pictures row by row, brought to `WALL_SIDE`, their units, and a caption for each row.

    They are by `WALL_RECIPES`, a recipe for each layer; what is measured is not: see `look_up` and `core.by_depth`.
    """
    fields, layers = (
        receptive_fields(untrained(PHOTO, seed=0).eval()),
        {layer.name: layer for layer in layers_of(PHOTO)},
    )
    rows, shown, captions = [], [], []
    edition = f"{weights}-{ON_WALL}"
    for name in WALL:
        everyone = wall_units(layers[name])
        places = [place * len(everyone) // columns for place in range(columns)]
        rows.append(enlarged(pictures(PHOTO, edition, name)[places], WALL_SIDE, WALL_RECIPES[name]))
        shown += [Unit(PHOTO, name, everyone[place]) for place in places]
        size = fields[name][0].size
        sees = "field: all" if math.isinf(size) else f"field: {size:.0f} px"
        captions.append(f"{name if name != 'logits' else 'classes'}\n{sees}")
    return torch.cat(rows), shown, captions


def enlarged(images: Float[Tensor, "n channels height width"], side: int, recipe: Recipe
             ) -> Float[Tensor, "n channels side side"]:  # fmt: skip
    """Pictures brought to `side` pixels: pixel by pixel where they were climbed so, else smoothly, being waves."""
    if recipe.decay is None:
        return F.interpolate(images, (side, side), mode="nearest")
    return F.interpolate(images, (side, side), mode="bicubic", antialias=True).clamp(0, 1)


def _sheet(model: str, weights: str, layer: str) -> Path:
    kind = "png" if find(model).sees == "digits" else "webp"
    return FOLDER / model / f"{weights}-{layer}.{kind}"


@dataclass(frozen=True)
class Progress:
    """How much of an atlas is done: a layer's ascent, step by step."""

    model: str
    weights: str
    layer: str
    step: int
    steps: int


def build(model: str, weights: str) -> Iterator[Progress]:
    """Climb the units of every layer of an edition of the atlas, and write sheet and numbers layer by layer.

    Layers that were finished with the same weights and recipe are left as they are, so a build may be broken off.
    """
    sees = find(model).sees
    edition = (EDITIONS if sees == "digits" else PHOTO_EDITIONS)[weights]
    named, recipe = edition.weights, edition.recipe
    net = load(model, weights=named)
    path = FOLDER / model / f"{weights}.json"
    about = {"command": f"python -m core.atlas build {model}", "recipe": asdict(recipe),
             "weights": identity(model, named)}  # fmt: skip
    done = json.loads(path.read_text()) if path.exists() else {}
    pages: dict[str, Any] = done.get("layers", {}) if done.items() >= about.items() else {}
    plan = _plan(model, weights)
    for layer, indices in plan.items():
        own = edition.by_layer.get(layer)
        wanted = own or (recipe_for(layer) if sees == "photos" else recipe)
        climbed = for_layer(net, layer, wanted) if sees == "photos" and not own else wanted
        made_so = {"recipe": asdict(climbed), "units": indices}
        if layer in pages and pages[layer].items() >= made_so.items():
            continue
        aims = _aims(model, named, layer, indices) if sees == "digits" else None
        climbs = [
            climb(net, layer, indices[now], wanted, None if aims is None else aims[now], exactly=bool(own))
            for now in _batches(len(indices), EXACT_BATCH if own else BATCH)
        ]
        images = yield from _climbed(Progress(model, weights, layer, 0, len(climbs) * wanted.steps), climbs)
        write_whole(_sheet(model, weights, layer), _as_sheet(images, sees))
        with Image.open(_sheet(model, weights, layer)) as sheet:  # what is shipped is what is measured
            shipped = _cut(np.asarray(sheet), len(indices))
        reached = peak(record(net, shipped, [layer])[layer])[torch.arange(len(indices)), torch.tensor(indices)]
        seen = test_set().images if sees == "digits" else photos.sample_views()
        strongest = torch.cat(list(peaks(net, seen, layer))).amax(0)[torch.tensor(indices)]
        pages[layer] = made_so | {"reached": _rounded(reached), "strongest": _rounded(strongest)}
        in_order = {name: pages[name] for name in plan if name in pages}
        write_whole(path, json.dumps(about | {"layers": in_order}, indent=1).encode())


def _batches(count: int, size: int) -> list[slice]:
    return [slice(begin, begin + size) for begin in range(0, count, size)]


def recipe_for(layer: str) -> Recipe:
    """The recipe of the photo net's units: classes take more steps."""
    return replace(PHOTO_RECIPE, steps=CLASS_STEPS) if layer == "logits" else PHOTO_RECIPE


def _plan(model: str, weights: str) -> dict[str, list[int]]:
    """The units of each layer that are climbed: all; for the wall, in a twin, and of many classes, those that hang."""
    layers = layers_of(model)
    if find(model).sees == "digits":
        sums = [layer for layer in layers if layer == pre_activation(layers, layer.name)]
        many = range(EDITIONS[weights].many)
        return {layer.name: [unit for unit in range(layer.units) for _ in many] for layer in sums}
    shown = {layer.name: layer for layer in layers if layer.name in WALL}
    return {
        name: list(range(layer.units)) if weights == "trained" and name != "logits" else wall_units(layer)
        for name, layer in shown.items()
    }


def _aims(model: str, weights: str, layer: str, indices: list[int]) -> Tensor:
    """The places that each picture aims at, by the shipped survey."""
    answers = surveys.shipped(model, weights)
    assert answers is not None
    shape = next(each.shape for each in layers_of(model) if each.name == layer)
    return answers[layer].aims_of(shape, indices)


def _climbed(begun: Progress, climbs: Sequence[Iterator[Step]]) -> Generator[Progress, None, Tensor]:
    """Climb one batch after the other; the pictures of all."""
    found = []
    for number, steps in enumerate(climbs):
        for step in steps:
            yield replace(begun, step=number * step.steps + step.step)
        found.append(step.images)
    return torch.cat(found)


def _rounded(values: Tensor) -> list[float]:
    return [float(f"{value:.4g}") for value in values.tolist()]


def _as_sheet(images: Tensor, sees: str) -> bytes:
    tiles = as_bytes(images)
    side, colours = tiles.shape[1], tiles.shape[3:]
    rows = -(-len(tiles) // IN_A_ROW)
    sheet = np.zeros((rows * IN_A_ROW, side, side, *colours), np.uint8)
    sheet[: len(tiles)] = tiles
    picture = sheet.reshape(rows, IN_A_ROW, side, side, *colours).swapaxes(1, 2)
    buffer = io.BytesIO()
    whole = Image.fromarray(picture.reshape(rows * side, IN_A_ROW * side, *colours))
    if sees == "digits":
        whole.save(buffer, "PNG", optimize=True)
    else:
        # In pictures of few pixels every one counts, and WebP's colours are coarser than its brightness.
        whole.save(buffer, "WEBP", quality=QUALITY, method=6, lossless=side < LOSSLESS)
    return buffer.getvalue()


def _cut(sheet: np.ndarray, count: int) -> Float[Tensor, "n channels side side"]:
    """A sheet's pictures again, in [0, 1]."""
    side = sheet.shape[1] // IN_A_ROW
    tiles = (
        sheet.reshape(-1, side, IN_A_ROW, side, *sheet.shape[2:])
        .swapaxes(1, 2)
        .reshape(-1, side, side, *sheet.shape[2:])
    )
    return as_images(tiles[:count])


def main() -> None:
    """Build the atlases of the named models, with a progress bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["build"])
    parser.add_argument("models", nargs="*")
    arguments = parser.parse_args()
    settle()
    for model in arguments.models:
        for weights in EDITIONS if find(model).sees == "digits" else PHOTO_EDITIONS:
            with tqdm(file=sys.stderr, mininterval=1) as bar:
                for progress in build(model, weights):
                    bar.total = progress.steps
                    bar.set_description(f"{model} {weights} {progress.layer}", refresh=False)
                    bar.update(progress.step - bar.n)


if __name__ == "__main__":
    main()
