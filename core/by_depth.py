"""How the wall's pictures change with depth, beside those of five untrained twins: `python -m core.by_depth`.

**The rule**, fixed before the twins' numbers: training makes what units look for coarser with depth where the fineness
falls from FROM to TO by a larger factor than in every twin.
"""

import math
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pandas as pd
from jaxtyping import Float
from torch import Tensor
from tqdm import tqdm

from core.atlas import FOLDER, PHOTO, WALL, layers_of, pictures_of, recipe_for, wall_units
from core.files import write_whole
from core.layers import Layer
from core.measures.colourfulness import colourfulness
from core.measures.interval import interval
from core.measures.receptive_field import receptive_fields
from core.measures.spatial_frequency import mean_frequency
from core.models import TWIN, controls, load, untrained
from core.process import settle
from core.stimuli import climb

FROM, TO = "block2", "block16"
IN_TWINS = 6  # units of each of the wall's layers in the twins that have no atlas; seed 0's has all that the wall shows
TABLE = FOLDER / PHOTO / "twins.csv"
MEASURES = {"frequency": mean_frequency, "colourfulness": colourfulness}
COLUMNS = ["measure", "layer", "weights", "value", "low", "high"]


@cache
def by_depth() -> pd.DataFrame:
    """A row a measure, layer and weights: `value`, from `low` to `high`.

    `frequency` in cycles a pixel, `colourfulness` on its own scale, `field` in pixels, none where units see all. Of the
    trained net it is the mean over a layer's units with its 95 % interval; of the untrained twins the mean of five,
    from the lowest to the highest.
    """
    fields = receptive_fields(untrained(PHOTO, seed=0).eval())
    rows: list[tuple[object, ...]] = []
    for layer in WALL:
        shown = _shown("trained", layer)
        for name, measure in MEASURES.items():
            values = measure(shown)
            rows.append((name, layer, "trained", float(values.mean()), *interval(values)))
            own = _of_twins(name, layer)
            rows.append((name, layer, TWIN, sum(own) / len(own), min(own), max(own)))
        size = fields[layer][0].size
        rows += [("field", layer, weights, *[None if math.isinf(size) else size] * 3) for weights in ("trained", TWIN)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _shown(weights: str, layer: str) -> Float[Tensor, "n 3 side side"]:
    return pictures_of(weights, layer, wall_units(_layer(layer)))


def _layer(name: str) -> Layer:
    return next(layer for layer in layers_of(PHOTO) if layer.name == name)


def _of_twins(measure: str, layer: str) -> list[float]:
    """A measure's mean over a layer's units, a twin each: the first one's by the atlas, the others' as they ship."""
    others = pd.read_csv(TABLE)
    return [float(MEASURES[measure](_shown(TWIN, layer)).mean()), *others[others.layer == layer][measure]]


@cache
def falls() -> dict[str, list[float]]:
    """By which factor the fineness falls from FROM to TO, in the trained net and in each of the twins."""
    found = by_depth().query("measure == 'frequency' and weights == 'trained'").set_index("layer").value
    twins = zip(*(_of_twins("frequency", layer) for layer in (FROM, TO)), strict=True)
    return {"trained": [found[FROM] / found[TO]], TWIN: [first / last for first, last in twins]}


def sentence() -> str:
    """What the rule says of the wall, with its numbers."""
    found = falls()
    (trained,), low, high = found["trained"], min(found[TWIN]), max(found[TWIN])
    without = sum(map(math.log, found[TWIN])) / len(found[TWIN]) / math.log(trained)
    beyond = "more than in every twin" if trained > high else "no more than in its twins"
    return (
        f"From {FROM} to {TO} what units look for grows coarser by a factor of {trained:.2f} in the trained net, and "
        f"of {low:.2f} to {high:.2f} in five untrained twins: {beyond}, and {100 * without:.0f} % of it, on a "
        "logarithmic scale, comes without training."
    )


def markdown() -> str:
    """The README's table: fineness in cycles a pixel, the twins' from the lowest to the highest; fields in pixels."""
    table = by_depth().set_index(["measure", "weights", "layer"])
    fineness, fields = table.loc["frequency"], table.loc["field"].loc["trained"].value
    twins = fineness.loc[TWIN]
    rows = {
        "fineness, trained": [f"{fineness.loc['trained'].value[layer]:.2f}" for layer in WALL],
        "fineness, five twins": [f"{twins.low[layer]:.2f} to {twins.high[layer]:.2f}" for layer in WALL],
        "receptive field": [f"{fields[layer]:.0f}".replace("nan", "all") for layer in WALL],
    }
    lines = [f"| `{PHOTO}` | {' | '.join(WALL)} |", "|---" * (len(WALL) + 1) + "|"]
    return "\n".join(lines + [f"| {name} | {' | '.join(row)} |" for name, row in rows.items()])


def _measured(seed: int, weights: str) -> Iterator[dict[str, object]]:
    """Climb a few units of each of the wall's layers of one twin, and measure their pictures."""
    net = load(PHOTO, weights=weights)
    for name in WALL:
        everyone = wall_units(_layer(name))
        units = everyone[:: len(everyone) // IN_TWINS][:IN_TWINS]
        *_, last = climb(net, name, units, recipe_for(name))
        found = {measure: round(float(of(last.images).mean()), 4) for measure, of in MEASURES.items()}
        yield {"seed": seed, "layer": name} | found


def main() -> None:
    """Measure the twins that have no atlas, if that is not done, with a progress bar; print the README's part."""
    settle()
    if not Path(TABLE).exists():
        rows = []
        with tqdm(total=(len(controls(TWIN)) - 1) * len(WALL), file=sys.stderr) as bar:
            for seed, weights in enumerate(controls(TWIN)[1:], 1):
                for row in _measured(seed, weights):
                    rows.append(row)
                    bar.update()
        write_whole(TABLE, pd.DataFrame(rows).to_csv(index=False).encode())
    sys.stdout.write(f"{markdown()}\n\n{sentence()}\n")


if __name__ == "__main__":
    main()
