"""How far back the net that reads text is moved, and how much of what it read lies open in its state.

`python -m core.memory.of_text` measures it in every seed, its untrained twins and its shuffled weights.
"""

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pandas as pd
from jaxtyping import Float
from torch import Generator, Tensor
from tqdm import tqdm

from core.data.text import held_out_text, one_hot
from core.files import write_whole
from core.memory.capacity import readout
from core.memory.contexts import places
from core.memory.influence import by_lag, horizon, influence
from core.memory.unrolled import all_unrolled
from core.models import SHUFFLED, TEXT_SEEDS, TWIN, controls, load
from core.models.text import TEXT, Reader
from core.process import settle

TABLE = Path(__file__).with_suffix(".csv")
WINDOW, PROBES = 60, 8  # characters of which influences are taken, and random directions in each
MOVED, READ = 20, 300  # places whose influences are taken, and whose characters are to be read from the state
MOST = 30  # characters back
FARTHEST = 3 * WINDOW // 4  # so far back an influence is asked for
HORIZON, CAPACITY = "horizon", "capacity"
CHARACTER = "present character"  # in a layer's place: without memory
COLUMNS = ["measure", "weights", "layer", "back", "value"]


def horizons(model: Reader, texts: Float[Tensor, "n 65 time"], generator: Generator) -> dict[str, float]:
    """How many characters back each layer's output is moved, as `core.memory.influence` has it, on the mean."""
    found = influence(model, texts, WINDOW, PROBES, generator)
    return {
        layer: float(horizon(by_lag(triangle, FARTHEST).mean(0, keepdim=True))) for layer, triangle in found.items()
    }


def capacities(model: Reader, texts: Float[Tensor, "n 65 time"]) -> dict[str, Float[Tensor, " lags"]]:
    """R^2 of a linear readout of the character so many steps back from each layer's output."""
    return {layer: readout(now.state, texts.transpose(1, 2), MOST) for layer, now in all_unrolled(model, texts).items()}


def measured(model: Reader) -> Iterator[tuple[str, str, int, float]]:
    """Measure, layer, how far back, value."""
    moved, read = _texts(MOVED), _texts(READ)
    for layer, value in horizons(model, moved, Generator().manual_seed(0)).items():
        yield HORIZON, layer, 0, value
    for layer, lags in capacities(model, read).items():
        yield from ((CAPACITY, layer, lag, value) for lag, value in enumerate(lags.tolist()))


def without() -> list[tuple[str, str, int, float]]:
    """What the present character alone tells of those before it."""
    read = _texts(READ).transpose(1, 2)
    return [(CAPACITY, CHARACTER, lag, value) for lag, value in enumerate(readout(read, read, MOST).tolist())]


def _texts(count: int) -> Float[Tensor, "n 65 time"]:
    return one_hot(places(held_out_text(), count)[:, :-1])


@cache
def table() -> pd.DataFrame:
    """The shipped numbers; every caller has the same ones."""
    return pd.read_csv(TABLE, keep_default_na=False)


def sentence() -> str:
    """How far back it is moved and remembers, trained, untrained and shuffled; lstm2's, the twins' on the mean."""
    kinds = {"trained": "seed-", "untrained": TWIN, "shuffled": SHUFFLED}
    own = table()[table().layer == "lstm2"]
    horizon, capacity = (
        {kind: found[found.weights.str.startswith(begin)].groupby("weights").value.sum().mean()
         for kind, begin in kinds.items()}
        for found in (own[own.measure == HORIZON], own[(own.measure == CAPACITY) & (own.back > 0)])
    )  # fmt: skip
    horizons = {kind: f"{steps:.1f}" + (" or more" if steps >= FARTHEST else "") for kind, steps in horizon.items()}
    alone = table()[(table().layer == CHARACTER) & (table().back > 0)].value.sum()
    return (
        f"A character moves the state of `lstm2` for **{horizons['trained']}** characters, in untrained twins for "
        f"{horizons['untrained']}, with the weights shuffled for {horizons['shuffled']}. Of what was read before "
        f"the present character **{capacity['trained']:.1f}** characters lie open in it, in twins "
        f"{capacity['untrained']:.1f}, shuffled {capacity['shuffled']:.1f}; the present character alone gives away "
        f"{alone:.1f}."
    )


def main() -> None:
    """Measure, and write the table."""
    settle()
    rows = [(measure, "", layer, back, value) for measure, layer, back, value in without()]
    names = [*(f"seed-{seed}" for seed in TEXT_SEEDS), *controls(TWIN), SHUFFLED]
    for weights in tqdm(names, file=sys.stderr, unit="net"):
        model = load(TEXT.name, weights=weights)
        assert isinstance(model, Reader)
        rows += [(measure, weights, layer, back, value) for measure, layer, back, value in measured(model)]
    write_whole(TABLE, pd.DataFrame(rows, columns=COLUMNS).round(4).to_csv(index=False).encode())


if __name__ == "__main__":
    main()
