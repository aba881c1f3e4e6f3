"""The command `python -m core.memory`, with a progress bar; it goes on where it was stopped."""

import argparse
import sys
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from core.files import write_whole
from core.memory import sentences, tables
from core.process import settle

PARTS = Path("build") / "memory"


def main() -> None:
    """Measure what is lacking, a part a net; then write the table, and print the README's."""
    parser = argparse.ArgumentParser("python -m core.memory")
    parser.add_argument("--parts", type=Path, default=PARTS, help="where what is done is kept")
    parts = parser.parse_args().parts
    settle()
    parts.mkdir(parents=True, exist_ok=True)
    wanted = tables.nets()
    with tqdm(total=len(wanted), file=sys.stderr, unit="net") as bar:
        for net in wanted:
            bar.set_postfix_str(f"{net.model} {net.source}")
            if not part(net, parts).exists():
                found = tables.as_table(net, tables.measured(net))
                write_whole(part(net, parts), found.to_csv(index=False).encode())
            bar.update()
    nothing = tables.as_table(tables.Net(tables.RECURRENT, tables.ROW, 0, ""), tables.without())
    every = pd.concat([*(pd.read_csv(part(net, parts)) for net in wanted), nothing])
    write_whole(tables.TABLE, every.to_csv(index=False).encode())
    tables.table.cache_clear()
    tables.over_seeds.cache_clear()
    sys.stdout.write(f"{sentences.markdown()}\n")


def part(net: tables.Net, parts: Path) -> Path:
    """Where a net's rows are kept until all are there."""
    return parts / f"{net.model}-{net.source}.csv"
