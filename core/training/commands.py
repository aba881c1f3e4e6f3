"""What `python -m core.training` does."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from core.models import CHECKPOINTS, DIGIT_NETS, RANDOM_LABELS, ROTATIONS, SEEDS
from core.models.series import SERIES
from core.models.text import TEXT
from core.process import settle
from core.training import Step, make_checkpoint
from core.training.text import make_text_checkpoint

OTHER = {
    "plain": "no augmentation, no penalties, no adversarial steps",
    RANDOM_LABELS: "learn random labels by heart",
    ROTATIONS: "tell by how many quarters an image is turned",
}


def main() -> None:
    """Train one net from the command line, with a progress bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=(*DIGIT_NETS, *SERIES, TEXT.name))
    parser.add_argument("--seed", type=int, default=0, help=f"the shipped ones are {SEEDS.start} to {SEEDS.stop - 1}")
    kinds = parser.add_mutually_exclusive_group()
    for kind, about in OTHER.items():
        kinds.add_argument(
            f"--{kind}", dest="training", action="store_const", const=kind, default="trained", help=about
        )
    parser.add_argument("--folder", type=Path, default=CHECKPOINTS, help="where NAME/seed-S.safetensors goes")
    arguments = parser.parse_args()
    if arguments.name == TEXT.name and arguments.training != "trained":
        parser.error(f"{TEXT.name} has one training, without --{arguments.training}.")
    settle()
    with tqdm(unit="step", file=sys.stderr, mininterval=5) as bar:
        for step in _steps(arguments):
            bar.total = step.steps
            bar.set_postfix_str(f"epoch {step.epoch:.1f}, loss {step.loss:.3f}", refresh=False)
            bar.update()


def _steps(asked: argparse.Namespace) -> Iterator[Step]:
    if asked.name == TEXT.name:
        return make_text_checkpoint(asked.seed, asked.folder)
    return make_checkpoint(asked.name, asked.seed, asked.training, asked.folder)
