"""Whether gradient ascent or search finds the stronger text: `python -m core.sequences`.

**The rule**, fixed before the numbers: for a layer, all CELLS of it, each method's strength as a share of the strongest
text that any method found for the cell. Of ASCENTS and of SEARCHES the one with the largest mean share stands for all.
Ascent wins where the mean over cells of its share minus that of the search lies above 0 with its whole 95 % interval;
the search wins where it lies below; otherwise neither does. All methods may read as many characters, but for the best
passage of all, for which the whole training text is read.
"""

import math
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Generator, Tensor
from tqdm import tqdm

from core.data.text import encode, held_out_text, one_hot
from core.files import write_whole
from core.measures.interval import interval
from core.models import TWIN, load
from core.models.text import TEXT, UNITS, Reader
from core.process import settle
from core.sequences.cell import LAYERS, Cell
from core.sequences.climb import GUMBEL, RECIPE, climb
from core.sequences.methods import BUDGET, LENGTH, METHODS, RANDOM
from core.sequences.passages import Passage, cost, strongest_passages

TABLE = Path(__file__).parent / "preferred.csv"
WEIGHTS = ("trained", TWIN)
PLACES = [(weights, layer) for weights in WEIGHTS for layer in LAYERS]
CELLS = 16  # of a layer, drawn by SEED
SEED = 0
TIED = 1e-3  # shares that differ by less are no difference
ASCENT, REFINED = "gradient ascent", "ascent, then exchange"
ASCENTS = (ASCENT, "Gumbel-softmax ascent")
SEARCHES = ("exchange", "exchange by gradient", "passages, then exchange", "beam")
RANDOM_ONES = ("random passages", "random characters")
CORPUS = "best passage"
PASSAGES = 1_000  # of the text that was not trained on, whose bits per character are to compare with
Row = dict[str, object]


@cache
def table() -> pd.DataFrame:
    """The shipped numbers: a row for each of the weights, layer, unit and method.

    `strength` is that behind `text`, `relaxed` that behind the relaxed text that it was read from, `bits` per
    character of the text under the trained net, `read` the characters that were read for it, and `share` the strength
    as a share of the largest one for the cell.
    """
    found = pd.read_csv(TABLE, keep_default_na=False, na_values={"relaxed": [""]})
    strongest = found.groupby(["weights", "layer", "unit"]).strength.transform("max")
    return found.assign(share=found.strength / strongest)


def cells() -> list[int]:
    """Which cells of a layer are compared."""
    return sorted(torch.randperm(UNITS, generator=Generator().manual_seed(SEED))[:CELLS].tolist())


@torch.no_grad()
def bits_each(model: Reader, codes: Int[Tensor, "n time"]) -> Float[Tensor, " n"]:
    """The mean of -log2 p(next character) of each text, from a state of zeros, its first character left out."""
    logits = model.read(one_hot(codes[:, :-1]))[0]
    return F.cross_entropy(logits.transpose(1, 2), codes[:, 1:], reduction="none").mean(1) / math.log(2)


def rows_of(cell: Cell, judge: Reader, passage: Passage) -> Iterator[Row]:
    """What each method finds for a cell; `passage` is the best one of the training text."""
    for name, method in METHODS.items():
        generator, softly = Generator().manual_seed(SEED), None
        if name in ASCENTS:
            *_, step = climb(cell, LENGTH, BUDGET, generator, RECIPE if name == ASCENT else GUMBEL)
            found, softly = step.found, round(step.strengths.max().item(), 5)
        else:
            *_, found = method(cell, LENGTH, BUDGET, generator)
        yield _row(judge, name, found.text, found.strength, found.read, softly)
    yield _row(judge, CORPUS, passage.text, passage.strength, cost(LENGTH))


def _row(judge: Reader, method: str, text: str, strength: float, read: int, softly: float | None = None) -> Row:
    bits = bits_each(judge, encode(text)[None]).item()
    return {"method": method, "strength": round(strength, 5), "relaxed": softly, "bits": round(bits, 3), "read": read,
            "text": text}  # fmt: skip


def differences(weights: str, layer: str, method: str, other: str) -> Float[Tensor, " cells"]:
    """Of each cell the share of one method minus that of another."""
    rows = _of(weights, layer)
    shares = rows.pivot(index="unit", columns="method", values="share")
    return torch.tensor((shares[method] - shares[other]).to_numpy())


def strongest(weights: str, layer: str, methods: Sequence[str]) -> str:
    """Of some methods the one whose texts are strongest on the mean over a layer's cells."""
    return str(_of(weights, layer).groupby("method").share.mean()[list(methods)].idxmax())


def verdict(weights: str, layer: str) -> str:
    """Who wins by the rule: the name of the ascent, that of the search, or "neither"."""
    ascent, search = (strongest(weights, layer, methods) for methods in (ASCENTS, SEARCHES))
    low, high = interval(differences(weights, layer, ascent, search))
    return ascent if low > 0 else search if high < 0 else "neither"


def sentence() -> str:
    """What the rule says, and how the texts that are found compare with the training text and with random ones."""
    return " ".join(said(weights, layer) for weights, layer in PLACES)


def said(weights: str, layer: str) -> str:
    """The same of one layer with these weights."""
    ascent, search = (strongest(weights, layer, methods) for methods in (ASCENTS, SEARCHES))
    means = _of(weights, layer).groupby("method").share.mean()
    apart = differences(weights, layer, ascent, search)
    low, high = interval(apart)
    winner = verdict(weights, layer)
    return (
        f"{layer}, {weights}: {winner} wins, as {ascent}, the best ascent, reaches {_percent(means[ascent])} of the "
        f"strongest text and {search}, the best search, {_percent(means[search])} ({100 * apart.mean():+.1f} points, "
        f"{100 * low:+.1f} to {100 * high:+.1f}; stronger in {int((apart > TIED).sum())}, weaker in "
        f"{int((apart < -TIED).sum())} of {len(apart)} cells)."
    )


def beyond_random() -> str:
    """In how many cells, of both nets, ascent and exchange reach the strongest of 10,000 random texts."""
    found = table().pivot_table("strength", ["weights", "layer", "unit"], "method")
    best = found[list(RANDOM_ONES)].max(axis=1)
    counts = [f"{name} in {int((found[name] > (1 - TIED) * best).sum())}" for name in (ASCENT, REFINED, SEARCHES[0])]
    return f"Of {len(found)} cells the best of {RANDOM:,} random texts is reached by {', '.join(counts)}."


def _of(weights: str, layer: str) -> pd.DataFrame:
    return table()[(table().weights == weights) & (table().layer == layer)]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def markdown() -> str:
    """A row a method: of each layer the mean share of the strongest text with its interval, and bits per character."""
    lines = ["| method | " + " | ".join(f"`{layer}`, {weights}" for weights, layer in PLACES) + " |"]
    lines.append("|---" * (len(PLACES) + 1) + "|")
    for method in (*METHODS, CORPUS):
        cells_of = []
        for weights, layer in PLACES:
            rows = _of(weights, layer).query("method == @method")
            low, high = interval(torch.tensor(rows.share.to_numpy()))
            cells_of.append(
                f"{_percent(rows.share.mean())} ({100 * low:.0f} to {100 * high:.0f}), {rows.bits.mean():.1f} bits"
            )
        lines.append(f"| {method} | {' | '.join(cells_of)} |")
    return "\n".join(lines)


def usual_bits() -> float:
    """Bits per character, as in the table, of passages of the text that was not trained on: their mean."""
    generator = Generator().manual_seed(SEED)
    windows = encode(held_out_text()).unfold(0, LENGTH, 1)
    return (
        bits_each(_net("trained"), windows[torch.randperm(len(windows), generator=generator)[:PASSAGES]]).mean().item()
    )


def _net(weights: str) -> Reader:
    model = load(TEXT.name, weights=weights)
    assert isinstance(model, Reader)
    return model


def main() -> None:
    """Compare the methods where that is not done, with a progress bar; print the table and the verdicts."""
    settle()
    rows: list[Any] = table().drop(columns="share").to_dict("records") if TABLE.exists() else []
    done = {(row["weights"], row["layer"], row["unit"]) for row in rows}
    judge = _net("trained")
    with tqdm(total=len(PLACES) * CELLS, file=sys.stderr, unit="cell", initial=len(done)) as bar:
        for weights, layer in PLACES:
            missing = [unit for unit in cells() if (weights, layer, unit) not in done]
            if missing:
                net = _net(weights)
                *_, read = strongest_passages(net, layer, missing, LENGTH)
            for place, unit in enumerate(missing):
                found = rows_of(Cell(net, layer, unit), judge, read.passages[place][0])
                rows += [{"weights": weights, "layer": layer, "unit": unit} | row for row in found]
                write_whole(TABLE, pd.DataFrame(rows).to_csv(index=False).encode())
                bar.update()
    table.cache_clear()
    sys.stdout.write(f"{markdown()}\n\nPassages of the held-out text: {usual_bits():.1f} bits.\n\n{sentence()}\n")
