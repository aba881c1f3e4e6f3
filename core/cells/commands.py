"""The command `python -m core.cells`, with a progress bar: the cells of every seed are searched for the table."""

import sys

import pandas as pd
from tqdm import tqdm

from core.cells import passages, tracked
from core.cells.search import shipped_texts
from core.data.text import corpus
from core.files import write_whole
from core.process import settle


def main() -> None:
    """Read the texts with the controls, search the net of each seed whose checkpoint is there, and the corpus."""
    settle()
    seeds = tracked.seeds()
    rows = []
    with tqdm(total=tracked.reads(seeds) + 1, file=sys.stderr, unit="net") as bar:
        for found in tracked.searched(shipped_texts(), seeds):
            rows += found
            bar.update()
        for read in passages.outermost(tracked.net("trained"), corpus()):
            bar.set_postfix_str(f"{read.done:,} characters of the corpus")
            if read.found:
                passages.write(read.found)
        bar.update()
    content = pd.DataFrame(rows).to_csv(index=False, float_format="%.5f")
    write_whole(tracked.TABLE, content.encode())
    tracked.table.cache_clear()
