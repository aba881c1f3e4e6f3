"""The commands of `python -m core.evidence`, each with a progress bar."""

import argparse
import gzip
import sys
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from core.evidence import curves, order, others, report, sentences, tested, verdicts
from core.files import write_whole
from core.models import DIGIT_NETS, SEEDS, snapshots
from core.models.series import SERIES
from core.process import settle

PARTS = Path("build") / "report"
ALL = [*DIGIT_NETS, *SERIES, report.PHOTO]


def main() -> None:
    """Compute what is asked for, with a progress bar."""
    parser = argparse.ArgumentParser("python -m core.evidence")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("report", help="measure all nets; goes on where it was stopped")
    command.add_argument("models", nargs="*", default=ALL, help="these only; then no table is made")
    command.add_argument("--seeds", type=int, default=len(SEEDS), help="so many at most of each kind")
    command.add_argument("--parts", type=Path, default=PARTS, help="where what is done is kept")
    command.set_defaults(run=compute)
    commands.add_parser("verdicts", help="test every claim by the report").set_defaults(run=judge)
    commands.add_parser("order", help="measure snapshots, and all layers beside all others").set_defaults(run=compare)
    arguments = parser.parse_args()
    settle()
    arguments.run(arguments)


def compute(arguments: argparse.Namespace) -> None:
    """Measure what is lacking; of all nets, write the report."""
    wanted = [net for model in arguments.models for net in report.nets(model, arguments.seeds)]
    arguments.parts.mkdir(parents=True, exist_ok=True)
    with tqdm(total=len(wanted), file=sys.stderr, unit="net", mininterval=5) as bar:
        for net, progress in report.written(wanted, arguments.parts):
            bar.update(wanted.index(net) + progress.done / progress.total - bar.n)
            bar.set_postfix_str(f"{net.model} {net.source}: {progress.done} of {progress.total}")
        bar.update(len(wanted) - bar.n)
    if arguments.models == ALL:
        write_whole(report.TABLE, _packed(report.assembled(wanted, arguments.parts)))


def compare(_: argparse.Namespace) -> None:
    """Measure every snapshot of the nets for digits beside its end, and their layers beside each other."""
    rows: list[dict[str, object]] = []
    with tqdm(total=sum(len(snapshots(model)) for model in DIGIT_NETS), file=sys.stderr, unit="snapshot") as bar:
        for model in DIGIT_NETS:
            for row in order.measured(model):
                rows.append(row)
                bar.update(row["measure"] == order.EXPLAINED)
    write_whole(order.TABLE, pd.DataFrame(rows).to_csv(index=False).encode())
    found = pd.concat([order.pairs(weights) for weights in order.WEIGHTS])
    write_whole(order.PAIRS, found.to_csv(index=False).encode())


def judge(_: argparse.Namespace) -> None:
    """Test every claim, write the tests and the curves, and print the README's table."""
    whole = pd.concat([report.table(), others.rows()])
    write_whole(curves.TABLE, _packed(curves.of_report(whole)))
    write_whole(verdicts.TABLE, tested.all_tests(whole).to_csv(index=False, float_format="%.4g").encode())
    sys.stdout.write(f"{sentences.markdown()}\n")


def _packed(table: pd.DataFrame) -> bytes:
    return gzip.compress(table.to_csv(index=False).encode(), mtime=0)
