"""The test images in the space of each layer, drawn flat; those of t-SNE ship: python -m core.embeddings."""

import io
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from tqdm import tqdm

from core.atlas import layers_of
from core.data.digits import test_set
from core.files import write_whole
from core.layers import first_of_each_depth
from core.maps import METHODS, Basis, Flat, turned
from core.measures.neighbours import ENOUGH
from core.measures.spaces import PIXELS, vectors
from core.models import DIGIT_NETS, SHUFFLED, TWIN, identity, load
from core.process import settle

FOLDER = Path(__file__).parent / "embeddings"
METHOD = "t-SNE"
WEIGHTS = ("trained", TWIN, SHUFFLED)
IDENTITY = "identity"  # the entry of a file that names its net's weights


def spaces(model: str) -> list[str]:
    """The pixels, and what each layer with weights passes on."""
    return [PIXELS, *(layer.name for layer in first_of_each_depth(layers_of(model), 1))]


def bases(model: str, weights: str) -> dict[str, Basis]:
    """The principal axes of the first test images in each space of a net."""
    net, images = load(model, weights=weights), test_set().images[:ENOUGH]
    return {layer: Basis(vectors(net, images, layer)) for layer in spaces(model)}


def turns(axes: Sequence[Basis]) -> list[np.ndarray]:
    """For the first two axes of each space a turn, (2, 2), after which its map lies like the one before."""
    return turned([basis.coordinates[:, :2] for basis in axes])


@cache
def shipped(model: str, weights: str) -> dict[str, Flat] | None:
    """t-SNE's maps of the first test images by space, each (n, 2); None where none ship for these weights."""
    path = _path(model, weights)
    if weights not in WEIGHTS or not path.exists():
        return None
    return {name: flat.astype(np.float32) for name, flat in np.load(path).items() if name != IDENTITY}


def fit(model: str, weights: str) -> Iterator[int]:
    """Fit the maps of a net with weights and write them; yields how many rounds are done. Finished ones are left."""
    path = _path(model, weights)
    if path.exists() and str(np.load(path)[IDENTITY]) == identity(model, weights):
        return
    axes, flats = bases(model, weights), dict[str, Flat]()
    for place, (layer, turn) in enumerate(zip(axes, turns(list(axes.values())), strict=True)):
        coordinates = axes[layer].coordinates
        forming = METHODS[METHOD].fit(coordinates, coordinates[:, :2] @ turn)
        for done, flats[layer] in enumerate(forming, start=1):
            yield place * METHODS[METHOD].rounds + done
    halves = {layer: flat.astype(np.float16) for layer, flat in flats.items()}  # drawn in thousandths of a side
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **halves, **{IDENTITY: np.array(identity(model, weights))})
    write_whole(path, content.getvalue())


def _path(model: str, weights: str) -> Path:
    return FOLDER / f"{model}-{weights}.npz"


def main() -> None:
    """Fit the maps of all nets for digits, with a progress bar."""
    settle()
    for model in DIGIT_NETS:
        for weights in WEIGHTS:
            rounds = len(spaces(model)) * METHODS[METHOD].rounds
            for _ in tqdm(fit(model, weights), f"{model} {weights}", rounds, file=sys.stderr, mininterval=1):
                pass


if __name__ == "__main__":
    main()
