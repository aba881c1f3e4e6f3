"""`python -m core.evidence report` computes the report."""

import argparse
import gzip
import sys
from pathlib import Path

from tqdm import tqdm

from core.evidence import report
from core.files import write_whole
from core.models import DIGIT_NETS, SEEDS
from core.models.series import SERIES
from core.process import settle

PARTS = Path("build") / "report"


def main() -> None:
    """Compute what is asked for, with a progress bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("report", help="measure all nets; goes on where it was stopped")
    command.add_argument("models", nargs="*", default=[*DIGIT_NETS, *SERIES], help="these only; then no table is made")
    command.add_argument("--seeds", type=int, default=len(SEEDS), help="so many at most of each kind")
    command.add_argument("--parts", type=Path, default=PARTS, help="where what is done is kept")
    arguments = parser.parse_args()
    settle()
    wanted = [net for model in arguments.models for net in report.nets(model, arguments.seeds)]
    arguments.parts.mkdir(parents=True, exist_ok=True)
    with tqdm(total=len(wanted), file=sys.stderr, unit="net", mininterval=5) as bar:
        for net, progress in report.written(wanted, arguments.parts):
            bar.n = wanted.index(net) + progress.done / progress.total
            bar.set_postfix_str(f"{net.model} {net.source}: {progress.done} of {progress.total}")
        bar.update(len(wanted) - bar.n)
    if not set(arguments.models) ^ {*DIGIT_NETS, *SERIES}:
        content = report.assembled(wanted, arguments.parts).to_csv(index=False).encode()
        write_whole(report.TABLE, gzip.compress(content, mtime=0))


if __name__ == "__main__":
    main()
