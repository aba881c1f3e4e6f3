"""What every unit of the digit nets looks for, computed once and shipped: `python -m core.atlas build cnn`.

A model's atlas is a sheet of pictures a layer and one JSON, for the trained net and for its untrained twin. It holds
the layers with weights; the units behind them, after a ReLU or a pooling, look for what their sums look for.
"""

import argparse
import hashlib
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor, nn
from tqdm import tqdm

from core.data.digits import test_set
from core.examples import peaks
from core.files import write_whole
from core.layers import Layer, list_layers, pre_activation
from core.models import MODELS, load
from core.process import settle
from core.stimuli import RECIPE, SIZE, climb
from core.units import Unit

FOLDER = Path(__file__).parent / "atlases"
WEIGHTS = ("trained", "untrained")
IN_A_ROW = 16


@dataclass(frozen=True)
class Stimulus:
    """What gradient ascent found for a unit, and what makes it honest."""

    image: Float[Tensor, "1 28 28"]
    reached: float  # the unit's largest sum for this picture, anywhere in the map, at any time
    strongest: float  # and for any of the 10,000 test images
    rectified: bool  # a ReLU stands behind it

    @property
    def dead(self) -> bool:
        """Neither a test image nor the ascent lifts the unit above zero: behind its ReLU it is silent."""
        return silent(self.rectified, self.reached, self.strongest)


def silent(rectified: bool, reached: float, strongest: float) -> bool:
    """Whether a unit's ReLU lets nothing through for any image; without a ReLU, less than zero is an answer too."""
    return rectified and max(reached, strongest) <= 0


def is_rectified(model: str, layer: str) -> bool:
    """Whether a ReLU stands behind a layer's sums."""
    layers = _layers(model)
    depth = pre_activation(layers, layer).depth
    return any(other.kind == "relu" and other.depth == depth for other in layers)


@cache
def _layers(model: str) -> list[Layer]:
    return list_layers(load(model, weights="untrained"), MODELS[model].input_shape)


@cache
def _pages(model: str, weights: str) -> dict[str, Any]:
    path = FOLDER / model / f"{weights}.json"
    return json.loads(path.read_text()) if path.exists() else {"layers": {}}


def look_up(unit: Unit, weights: str) -> Stimulus | None:
    """The shipped stimulus of a unit, of any layer; None where none was computed for these weights."""
    layer = pre_activation(_layers(unit.model), unit.layer)
    page = _pages(unit.model, weights)["layers"].get(layer.name)
    if page is None:
        return None
    row, column = divmod(unit.index, IN_A_ROW)
    with Image.open(_sheet(unit.model, weights, layer.name)) as sheet:
        box = (column * SIZE, row * SIZE, (column + 1) * SIZE, (row + 1) * SIZE)
        pixels = np.asarray(sheet.crop(box), np.float32) / 255
    rectified = is_rectified(unit.model, unit.layer)
    reached, strongest = (page[name][unit.index] for name in ("reached", "strongest"))
    return Stimulus(torch.from_numpy(pixels)[None], reached, strongest, rectified)


def strongest(model: str, weights: str, layer: str) -> list[float]:
    """The largest sum of each unit of a layer with weights for any of the 10,000 test images."""
    return list(_pages(model, weights)["layers"][layer]["strongest"])


def _sheet(model: str, weights: str, layer: str) -> Path:
    return FOLDER / model / f"{weights}-{layer}.png"


@dataclass(frozen=True)
class Progress:
    """How much of an atlas is done: a layer's ascent, step by step."""

    model: str
    weights: str
    layer: str
    step: int
    steps: int


def build(model: str, weights: str) -> Iterator[Progress]:
    """Climb every unit of every layer with weights, and write sheet and numbers layer by layer.

    Layers that were finished with the same weights and recipe are left as they are, so a build may be broken off.
    """
    net = load(model, weights=weights)
    path = FOLDER / model / f"{weights}.json"
    about = {"command": f"python -m core.atlas build {model}", "recipe": asdict(RECIPE), "weights": fingerprint(net)}
    done = json.loads(path.read_text()) if path.exists() else {}
    pages: dict[str, Any] = done.get("layers", {}) if done.items() >= about.items() else {}
    layers = list_layers(net, MODELS[model].input_shape)
    for layer in [layer for layer in layers if layer == pre_activation(layers, layer.name)]:
        if layer.name in pages:
            continue
        for step in climb(net, layer.name, range(layer.units), RECIPE):
            yield Progress(model, weights, layer.name, step.step, step.steps)
        strongest = torch.cat(list(peaks(net, test_set().images, layer.name))).amax(0)
        write_whole(_sheet(model, weights, layer.name), _as_sheet(step.images, layer))
        pages[layer.name] = {"reached": _rounded(step.scores), "strongest": _rounded(strongest)}
        write_whole(path, json.dumps(about | {"layers": pages}, indent=1).encode())


def fingerprint(net: nn.Module) -> str:
    """A hash of all weights."""
    digest = hashlib.sha256()
    for name, value in net.state_dict().items():
        digest.update(name.encode() + value.contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def _rounded(values: Tensor) -> list[float]:
    return [float(f"{value:.4g}") for value in values.tolist()]


def _as_sheet(images: Tensor, layer: Layer) -> bytes:
    rows = -(-layer.units // IN_A_ROW)
    sheet = np.zeros((rows * IN_A_ROW, SIZE, SIZE), np.uint8)
    sheet[: layer.units] = np.rint(255 * images[:, 0].numpy())
    picture = sheet.reshape(rows, IN_A_ROW, SIZE, SIZE).swapaxes(1, 2).reshape(rows * SIZE, IN_A_ROW * SIZE)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def main() -> None:
    """Build the atlases of the named models, with a progress bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["build"])
    parser.add_argument("models", nargs="+", choices=MODELS)
    arguments = parser.parse_args()
    settle()
    for model in arguments.models:
        for weights in WEIGHTS:
            with tqdm(file=sys.stderr, mininterval=1) as bar:
                for progress in build(model, weights):
                    bar.total = progress.steps
                    bar.set_description(f"{model} {weights} {progress.layer}", refresh=False)
                    bar.update(progress.step - bar.n)


if __name__ == "__main__":
    main()
