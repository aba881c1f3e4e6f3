"""The command `python -m core.circuits`, with a progress bar: it scores all nets, and goes on where it was stopped."""

import argparse
import sys
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from core.circuits import scores
from core.circuits.score import CARRIED
from core.files import write_whole
from core.process import settle

PARTS = Path("build") / "circuits"


def main() -> None:
    """Score what is lacking, a part a net; then write both tables, and print the README's."""
    parser = argparse.ArgumentParser("python -m core.circuits")
    parser.add_argument("--parts", type=Path, default=PARTS, help="where what is done is kept")
    parts = parser.parse_args().parts
    settle()
    parts.mkdir(parents=True, exist_ok=True)
    wanted = scores.nets()
    with tqdm(total=len(wanted), file=sys.stderr, unit="net") as bar:
        for net in wanted:
            bar.set_postfix_str(f"{net.model} {net.source}")
            if not part(net, parts).exists():
                rows = [row for found in scores.scored(net) for row in found]
                write_whole(part(net, parts), scores.as_table(net, rows).to_csv(index=False).encode())
            bar.update()
    every = pd.concat([pd.read_csv(part(net, parts), keep_default_na=False, na_values={"value": ""}) for net in wanted])
    own = every[(every.measure == CARRIED) & (every.seed == 0)].drop(columns=["measure", "row", "seed"])
    write_whole(scores.UNITS, own.to_csv(index=False).encode())
    write_whole(scores.TABLE, scores.summed_up(every).to_csv(index=False).encode())
    scores.table.cache_clear()
    scores.units.cache_clear()
    sys.stdout.write(f"{scores.markdown()}\n")


def part(net: scores.Net, parts: Path) -> Path:
    """Where a net's rows are kept until all are there."""
    return parts / f"{net.model}-{net.source}.csv"
