"""What the cells of the net that reads text track: the shipped table, and what it says. `python -m core.cells`."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from core.cells import search
from core.cells.features import FEATURES
from core.cells.search import CELL, DIRECTION, LAST, READOUT, RIVALS, SHUFFLED, TWIN_READOUT, TWINS, Best
from core.models import SHUFFLED as SHUFFLED_WEIGHTS
from core.models import TEXT_SEEDS, TWIN, checkpoint_path, controls, load
from core.models.text import TEXT, Reader
from core.units import Unit

TABLE = Path(__file__).with_name("cells.csv")


def seeds() -> list[int]:
    """The seeds whose checkpoints are there."""
    return [seed for seed in TEXT_SEEDS if checkpoint_path(TEXT.name, f"seed-{seed}").exists()]


def net(weights: str) -> Reader:
    """The net that reads text, with these weights."""
    model = load(TEXT.name, weights=weights)
    assert isinstance(model, Reader)
    return model


def reads(seeds: Sequence[int]) -> int:
    """How many nets `searched` reads the texts with."""
    return len(controls(TWIN)) + 1 + len(seeds)


def searched(texts: search.Texts, seeds: Sequence[int]) -> Iterator[list[dict[str, object]]]:
    """The table's rows, of a seed at once; of each net of the controls, which is read before, none."""
    features, counted = texts.features["chosen"], search.by_counting(texts)
    twins: dict[str, Best] = {}
    for weights in reversed(controls(TWIN)):
        chosen, asked = _outputs(weights, texts)
        twins = search.better(twins, search.best(chosen, asked, features))
        yield []
    twin = chosen, asked  # of the first seed
    shuffled = search.best(*_outputs(SHUFFLED_WEIGHTS, texts), features)
    yield []
    for seed in seeds:
        chosen, asked = _outputs(f"seed-{seed}", texts)
        cells = search.best(chosen, asked, features)
        layers = {name: cell.layer for name, cell in cells.items()}
        every = {
            CELL: cells, TWINS: twins, SHUFFLED: shuffled,
            DIRECTION: search.best(search.turned(chosen, seed), search.turned(asked, seed), features),
            READOUT: search.by_reading_out(chosen, asked, texts, layers),
            TWIN_READOUT: search.by_reading_out(*twin, texts, layers),
        }  # fmt: skip
        candidates = {name: {kind: found[name] for kind, found in every.items()} | counted[name] for name in cells}
        yield [{"seed": seed, **vars(row)} for row in search.rows(candidates, texts.features["asked"])]


def _outputs(weights: str, texts: search.Texts) -> tuple[search.Outputs, search.Outputs]:
    model = net(weights)
    return search.outputs(model, texts.chosen), search.outputs(model, texts.asked)


@cache
def table() -> pd.DataFrame:
    """The shipped table, a row a seed, feature and kind; empty where none ships."""
    if not TABLE.exists():
        return pd.DataFrame(columns=["seed", *search.Row.__dataclass_fields__])
    return pd.read_csv(TABLE).fillna({"layer": ""})


def of_seed(seed: int = 0) -> dict[str, pd.DataFrame]:
    """The rows of each feature, in the order of FEATURES, by their kind."""
    rows = table()[table().seed == seed].set_index("kind")
    return {name: rows[rows.feature == name] for name in FEATURES if name in set(rows.feature)}


def tracks(rows: pd.DataFrame) -> bool:
    """Whether a feature's cell tracks it by the rule of `search`."""
    return bool((rows.loc[list(RIVALS)].lead_low > 0).all())


def remembers(rows: pd.DataFrame) -> bool:
    """Whether it tells more than the last five characters too, or fewer of them."""
    return tracks(rows) and bool((rows.loc[list(LAST)].lead_low > 0).all())


def unit_of(rows: pd.DataFrame) -> Unit:
    """The cell that agrees best with a feature."""
    return Unit(TEXT.name, rows.layer[CELL], int(rows.unit[CELL]))


def measure(name: str) -> str:
    """What the number of a feature is."""
    return "rank correlation" if FEATURES[name].counts else "AUC"
