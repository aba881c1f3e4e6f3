"""How much of what a layer puts out depends on the image: whether a net, a twin above all, is alive.

`python -m core.measures.signal` computes the table that ships, and prints the README's part.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from jaxtyping import Float
from torch import Tensor, nn

from core.data.digits import test_set
from core.data.photos import sample_views
from core.files import write_whole
from core.layers import first_of_each_depth, list_layers, record
from core.measures.neighbours import NETS, TRAINED
from core.models import MODELS, SHUFFLED, TWIN, controls, load
from core.process import settle

IMAGES = 500
OF_PHOTOS = {TRAINED: ("trained",), TWIN: controls(TWIN), SHUFFLED: controls(SHUFFLED)}  # no plain training, one seed
TABLE = Path(__file__).parent / "signal.csv"


def signal(model: nn.Module, images: Tensor, layers: Iterable[str]) -> dict[str, float]:
    """How much each of these layers' activations depend on the image, by `signal_of`."""
    return {name: signal_of(activation) for name, activation in record(model, images, layers).items()}


def signal_of(activation: Float[Tensor, "batch units *place"]) -> float:
    """The spread of activations over images beside the size of their mean, both as root mean squares over units.

    0 is a layer that answers every image alike. Shift, which a net can undo, makes it small as well.
    """
    spread, mean = activation.std(0), activation.mean(0)
    return float(spread.square().mean().sqrt() / mean.square().mean().sqrt())


def table() -> pd.DataFrame:
    """The shipped numbers: the lowest and the highest of the seeds, by model, weights and layer."""
    return pd.read_csv(TABLE)


def _measured(model: str) -> pd.DataFrame:
    spec = MODELS[model]
    images = test_set().images[:IMAGES] if spec.sees == "digits" else sample_views()
    rows = []
    for kind, names in (NETS if spec.sees == "digits" else OF_PHOTOS).items():
        for name in names:
            net = load(model, weights=name)
            layers = first_of_each_depth(list_layers(net, spec.input_shape), 0)
            found = signal(net, images, [layer.name for layer in layers])
            rows += [(model, kind, layer.name, layer.depth, found[layer.name]) for layer in layers]
    rows_of_all = pd.DataFrame(rows, columns=["model", "weights", "layer", "depth", "signal"])
    by_layer = rows_of_all.groupby(["model", "weights", "layer", "depth"], sort=False).signal
    return by_layer.agg(lowest="min", highest="max").round(3).reset_index()


def markdown() -> str:
    """The README's table: the weakest pre-activation of each net, the lowest to the highest of five seeds."""
    lines = ["| | trained | plain | untrained twins | shuffled twins |", "|---|---|---|---|---|"]
    for model, rows in table().groupby("model", sort=False):
        cells = []
        for kind in NETS:
            if not (rows.weights == kind).any():
                cells.append("")
                continue
            weakest = rows[rows.weights == kind].sort_values("lowest").iloc[0]
            low, high = f"{weakest.lowest:.2f}", f"{weakest.highest:.2f}"
            cells.append(f"{low if low == high else f'{low} to {high}'} ({weakest.layer})")
        lines.append(f"| `{model}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Compute the table and write it; print it as the README has it."""
    settle()
    write_whole(TABLE, pd.concat([_measured(model) for model in MODELS]).to_csv(index=False).encode())
    sys.stdout.write(markdown() + "\n")


if __name__ == "__main__":
    main()
