"""What the text before the last few characters is worth to the net that reads text, and what of that is its order.

The next character of one place is told from the LENGTH characters before it, of which the last few stay as they are.
Those further back are the place's own, its own words in another order, another place's, text that is as good but tells
nothing here, or nothing at all. Where another text ends and the place's own begins there is a seam, often within a
word, and a net may be misled by it; that is why nothing stands beside. `python -m core.memory.contexts` measures all
seeds and twins, and n-grams beside them.
"""

import math
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Generator, Tensor
from tqdm import tqdm

from core.cells.reading import along
from core.data.text import ALPHABET, encode, held_out_text, one_hot, training_text
from core.files import write_whole
from core.memory.ngrams import orders, probabilities
from core.models import TEXT_SEEDS, TWIN, controls, load
from core.models.text import TEXT, Reader
from core.process import settle

LENGTH, PLACES, BATCH = 100, 2_000, 250
BLOCKS = 20  # parts of the text, over which intervals are taken
KEPT = (1, 2, 5, 10, 20, 50)  # characters that stay as they are
TEN = 10  # as many stay where a claim is tested
OWN, MIXED, OTHER = "its own", "its own words in another order", "another place's"
NOTHING = "nothing"  # the net begins to read where what stays begins
ALL, NGRAM = "all of it", "n-gram"  # the same numbers of all characters: of the net as it reads on, and of n-grams
TABLE = Path(__file__).parent / "contexts.csv"
COLUMNS = ["weights", "kept", "before", "block", "bits"]


def places(text: str, count: int) -> Int[Tensor, "count LENGTH+1"]:
    """Stretches of LENGTH characters and the one behind them, evenly spread over the text."""
    codes = encode(text)
    begins = torch.linspace(0, len(codes) - LENGTH - 1, count).long()
    return codes[begins[:, None] + torch.arange(LENGTH + 1)]


def others(stretches: Int[Tensor, "count time"]) -> Int[Tensor, "count time"]:
    """Each place gets what stands at the place half of the text further on."""
    return stretches.roll(len(stretches) // 2, 0)


def mixed(stretches: Int[Tensor, "count time"], generator: Generator) -> Int[Tensor, "count time"]:
    """The words of each stretch in another order; a word is what ends with a space or a new line."""
    return torch.stack([_mixed(stretch, generator) for stretch in stretches])


def _mixed(stretch: Int[Tensor, " time"], generator: Generator) -> Int[Tensor, " time"]:
    ends = torch.isin(stretch, encode(" \n"))
    numbers = ends.cumsum(0) - ends.long()  # of the word that each character belongs to
    order = torch.randperm(int(numbers[-1]) + 1, generator=generator)
    return torch.cat([stretch[numbers == number] for number in order])


@torch.no_grad()
def bits(
    model: Reader, contexts: Int[Tensor, "count time"], following: Int[Tensor, " count"]
) -> Float[Tensor, " count"]:
    """-log2 of the probability of what follows each context."""
    logits = torch.cat([model(one_hot(batch)) for batch in contexts.split(BATCH)])
    return F.cross_entropy(logits, following, reduction="none") / math.log(2)


def bits_along(model: Reader, text: str) -> Float[Tensor, " characters"]:
    """The same of every character but the first, as the net reads on through the text."""
    logits = torch.cat([piece.activations["logits"] for piece in along(model, text, ["logits"])], 1)
    return F.cross_entropy(logits[:, :-1].T, encode(text)[1:], reduction="none") / math.log(2)


def of_net(model: Reader, text: str, generator: Generator, count: int = PLACES) -> pd.DataFrame:
    """The bits of the next character, the mean of each block of places; the columns are COLUMNS but the first."""
    read_on = _by_block(bits_along(model, text).numpy(), LENGTH, ALL)
    return pd.concat([read_on, of_places(model, text, generator, count)], ignore_index=True)


def of_places(model: Reader, text: str, generator: Generator, count: int) -> pd.DataFrame:
    """The same where what stands further back is the place's own, its own words in another order, or another's."""
    stretches = places(text, count)
    contexts, following = stretches[:, :-1], stretches[:, -1]
    parts = [_by_block(bits(model, contexts, following).numpy(), LENGTH, OWN)]
    for kept in KEPT:
        far, near = contexts[:, :-kept], contexts[:, -kept:]
        for before, instead in ((MIXED, mixed(far, generator)), (OTHER, others(far)), (NOTHING, far[:, :0])):
            found = bits(model, torch.cat([instead, near], 1), following)
            parts.append(_by_block(found.numpy(), kept, before))
    return pd.concat(parts, ignore_index=True)


def of_ngrams() -> pd.DataFrame:
    """The same of n-grams fitted to the training text, over all of the held-out text; nothing stands before."""
    found = probabilities(orders(training_text()), held_out_text())
    return pd.concat([_by_block(-np.log2(each), kept, NGRAM) for kept, each in enumerate(found)])


def _by_block(values: Float[np.ndarray, " places"], kept: int, before: str) -> pd.DataFrame:
    means = [part.mean() for part in np.array_split(values, BLOCKS)]
    return pd.DataFrame({"kept": kept, "before": before, "block": range(BLOCKS), "bits": means})


@cache
def table() -> pd.DataFrame:
    """The shipped numbers; every caller has the same ones."""
    return pd.read_csv(TABLE, keep_default_na=False)


def sentence() -> str:
    """What the net needs, beside n-grams, and what of that it takes from further back and from the order there."""
    found = table()
    mean = found.groupby(["weights", "before", "kept"]).bits.mean()
    ngrams = mean[""][NGRAM]
    nets = [weights for weights in mean.index.unique("weights") if weights.startswith("seed-")]
    needs, own, *less = ([mean[net, before, kept] for net in nets] for before, kept in
                         ((ALL, LENGTH), (OWN, LENGTH), (OTHER, TEN), (NOTHING, TEN), (MIXED, TEN)))  # fmt: skip
    other, nothing, words = ([further - whole for further, whole in zip(each, own, strict=True)] for each in less)
    return (
        f"The net needs {_span(needs)} bits for a character of the held-out text, the best n-gram "
        f"{ngrams.min():.2f} (it reads {ngrams.idxmin()} characters back), guessing {math.log2(len(ALPHABET)):.2f}. "
        f"With another place's text before the last {TEN} characters it needs {_span(other)} more, with nothing before "
        f"them {_span(nothing)} more, and with its own words in another order {_span(words)} more."
    )


def _span(values: list[float]) -> str:
    low, high = (f"{value:.2f}" for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def main() -> None:
    """Measure, and write the table."""
    settle()
    parts = [of_ngrams().assign(weights="")]
    names = [*(f"seed-{seed}" for seed in TEXT_SEEDS), *controls(TWIN)]
    for weights in tqdm(names, file=sys.stderr, unit="net"):
        model = load(TEXT.name, weights=weights)
        assert isinstance(model, Reader)
        parts.append(of_net(model, held_out_text(), Generator().manual_seed(0)).assign(weights=weights))
    write_whole(TABLE, pd.concat(parts)[COLUMNS].round(4).to_csv(index=False).encode())


if __name__ == "__main__":
    main()
