"""XOR by layer: how many of its four points the best unit of each layer gets right by a threshold, in many small nets.

`python -m core.plane.xor` trains the nets, for half a minute, and writes the table that ships.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd
from jaxtyping import Float
from torch import Tensor
from tqdm import tqdm

from core.data.points import Points, xor
from core.files import write_whole
from core.layers import first_of_each_depth, list_layers, record
from core.models import TWIN
from core.plane.exact import best_threshold
from core.plane.nets import Setup, build, made, train
from core.process import settle

FOUR = xor(4, 0.0, 0)
NETS = {  # as small as is said to be enough, wider, and deeper; by each nonlinearity
    "xor-2-sigmoid": Setup(hidden=(2,), activation="sigmoid", rate=0.1),
    "xor-4-tanh": Setup(hidden=(4,), activation="tanh", rate=0.1),
    "xor-4-4-ReLU": Setup(hidden=(4, 4), activation="ReLU", rate=0.03),
}
SEEDS = range(10)
TABLE = Path(__file__).with_suffix(".csv")


def measured(name: str) -> Iterator[dict[str, object]]:
    """A row a seed, kind of weights and layer of pre-activations: the best unit's share of the four points."""
    for seed in SEEDS:
        setup = replace(NETS[name], seed=seed)
        *_, last = train(setup, *made(setup))
        for weights in ("trained", TWIN):
            net = build(setup).eval().requires_grad_(False)
            if weights == "trained":
                net.load_state_dict(last.weights)
            layers = first_of_each_depth(list_layers(net, (2,)), 0)
            seen = record(net, FOUR.positions, [layer.name for layer in layers])
            for layer in layers:
                yield {"model": name, "weights": weights, "seed": seed, "layer": layer.name, "depth": layer.depth,
                       "value": best_unit(seen[layer.name], FOUR)}  # fmt: skip


def best_unit(values: Float[Tensor, "n units"], points: Points) -> float:
    """The largest share of the points that a threshold on any one unit of a layer gets right."""
    return max(best_threshold(unit, points.labels) for unit in values.T)


@cache
def table() -> pd.DataFrame:
    """The shipped numbers, as `measured`; every caller has the same: change a copy."""
    return pd.read_csv(TABLE)


def main() -> None:
    """Train all, with a progress bar."""
    settle()
    rows = (row for name in NETS for row in measured(name))
    count = sum(2 * (len(setup.hidden) + 1) for setup in NETS.values()) * len(SEEDS)
    found = pd.DataFrame(tqdm(rows, total=count, file=sys.stderr, mininterval=1))
    write_whole(TABLE, found.to_csv(index=False).encode())
    table.cache_clear()


if __name__ == "__main__":
    main()
