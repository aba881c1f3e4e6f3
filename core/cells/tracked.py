"""What the cells of the net that reads text track: the shipped table, and what it says. `python -m core.cells`."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from core.cells import search
from core.cells.contexts import LONGEST
from core.cells.features import FEATURES
from core.cells.search import (
    CELL,
    CHARACTER,
    DIRECTION,
    LAST,
    READOUT,
    RIVALS,
    SHUFFLED,
    TWIN_READOUT,
    TWINS,
    Best,
)
from core.models import SHUFFLED as SHUFFLED_WEIGHTS
from core.models import TEXT_SEEDS, TWIN, checkpoint_path, controls, load
from core.models.text import TEXT, Reader
from core.units import Unit

TABLE = Path(__file__).with_name("cells.csv")
ALL_TOLD = 0.999  # an AUC from which on the current character says it all


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


def best_tracked(seed: int = 0) -> str | None:
    """The feature whose cell is furthest ahead of its rivals; None where none is tracked."""
    leads = {name: _lead(name, rows) for name, rows in of_seed(seed).items() if tracks(rows)}
    return max(leads, key=lambda name: leads[name], default=None)


def _lead(name: str, rows: pd.DataFrame) -> float:
    """By how much at least, on the scale of a correlation; of an AUC that is 2 AUC - 1 (Somers' D)."""
    return float(rows.loc[list(RIVALS)].lead.min()) * (1 if FEATURES[name].counts else 2)


IN_WORDS = {
    CHARACTER: "the current character alone",
    TWINS: "the best cell of five untrained twins",
    SHUFFLED: "the best cell of shuffled weights",
    DIRECTION: "the best of 512 random directions",
}


def said(name: str, seed: int = 0) -> str:
    """What the best cell for a feature does, with its number and its controls, by the rule of `search`."""
    rows = of_seed(seed)[name]
    value, low, high = map(_number, rows.loc[CELL, ["value", "low", "high"]])
    number = f"{measure(name)} **{value}** on held-out text (95 % interval {low} to {high})"
    rivals = ", ".join(f"{words} {_number(rows.value[kind])}" for kind, words in IN_WORDS.items())
    whole = _number(rows.value[READOUT]), _number(rows.value[TWIN_READOUT])
    together = f"All of its layer, read out linearly: {whole[0]}, the untrained twin's {whole[1]}."
    if not tracks(rows):
        ahead = [words for kind, words in IN_WORDS.items() if rows.lead_low[kind] <= 0]
        return (
            f"No cell tracks the feature **{name}** by our rule. The best, `{unit_of(rows)}`, has {number}; it has no "
            f"sure lead over {', nor over '.join(ahead)}. For comparison: {rivals}. {together}"
        )
    last, more = _number(rows.value[LAST[-1]]), "more" if remembers(rows) else "no more"
    return (
        f"`{unit_of(rows)}` tracks the feature **{name}**: {number}. Its controls: {rivals}. It tells {more} than the "
        f"last {LONGEST} characters do ({last}). {together}"
    )


def _number(value: float) -> str:
    """With two digits, or four where two would make it 1; 1 where four would."""
    if value >= 0.99995:
        return "1"
    return f"{value:.2f}" if value < 0.995 else f"{value:.4f}"


def _shared(names: Sequence[str]) -> str:
    """Whether features that are tracked share their cell, in words."""
    cells: dict[str, list[str]] = {}
    for name in names:
        cells.setdefault(str(unit_of(of_seed()[name])), []).append(name)
    several = [f"`{cell}` is the best cell for {len(own)} of them, {', '.join(own)}, which go together in the text."
               for cell, own in cells.items() if len(own) > 1]  # fmt: skip
    return " ".join(several)


def in_general() -> str:
    """How many features are tracked in how many seeds, and which of them need no memory; empty where no table ships."""
    if table().empty:
        return ""
    every = sorted(set(table().seed))
    counts = {name: sum(name in of_seed(seed) and tracks(of_seed(seed)[name]) for seed in every) for name in of_seed()}
    tracked = [name for name, count in counts.items() if count == len(every)]
    some = [f"{name} ({count})" for name, count in counts.items() if 0 < count < len(every)]
    trivial = [name for name, rows in of_seed().items() if rows.value[CHARACTER] > ALL_TOLD]
    nets = "the net" if len(every) == 1 else f"all {len(every)} nets, from different seeds,"
    return " ".join(
        (
            f"Of {len(counts)} features a cell of {nets} tracks {len(tracked)}: {', '.join(tracked) or 'none'}"
            + (f"; in some of the seeds also {', '.join(some)}." if some else "."),
            *([shared] if (shared := _shared(tracked)) else []),
            f"Not so {', '.join(trivial)}: the current character itself says it (AUC {ALL_TOLD} and more), which an "
            "LSTM reads at each step, so no cell is needed to keep it.",
        )
    )


def markdown() -> str:
    """The README's table: each feature's best cell beside its controls; in bold the value of one that tracks it."""
    kinds = (CHARACTER, TWINS, SHUFFLED, DIRECTION, LAST[-1], READOUT)
    lines = [f"| feature | cell | held-out text | {' | '.join(kinds)} |", "|---" * (3 + len(kinds)) + "|"]
    for name, rows in of_seed().items():
        value, low, high = map(_number, rows.loc[CELL, ["value", "low", "high"]])
        value = f"**{value}**" if tracks(rows) else value
        beside = " | ".join(_number(rows.value[kind]) for kind in kinds)
        lines.append(f"| {name} ({measure(name)}) | `{unit_of(rows)}` | {value} ({low} to {high}) | {beside} |")
    return "\n".join(lines)


def quotations() -> str:
    """Why the cell for quotations of Karpathy, Johnson, Li 2015 cannot be looked for here as they did."""
    rows = of_seed().get("quotation")
    share = "" if rows is None else f" ({100 * rows.share[CELL]:.1f} % of the held-out characters)"
    return (
        "Karpathy, Johnson, Li 2015 show a cell that is on inside quotation marks. This alphabet has none: tiny "
        "Shakespeare quotes between apostrophes, which are mostly left-out letters. What a pattern finds of quotations "
        f"is rare{share}; the feature is there, and its interval is wide."
    )
