"""`python -m core.studio shipped` makes what the app shows first; `... inversion` measures a table."""

import argparse
import sys
from collections.abc import Callable, Iterator

from tqdm import tqdm

from core.files import write_whole
from core.models import load
from core.process import settle
from core.studio import caricature_table, dream_table, fooling_table, inversion_table, texture_table
from core.studio.first import shipped
from core.studio.task import SHIPPED, pictures_of

# The tables, by the names of their techniques: each measures and writes its own.
TABLES: dict[str, Callable[[], Iterator[object]]] = {
    "fooling": fooling_table.measure,
    "dream": dream_table.measure,
    "inversion": inversion_table.measure,
    "caricature": caricature_table.measure,
    "texture": texture_table.measure,
}


def make_shipped() -> None:
    """Make those that are not there yet, and remove what is no longer shown first."""
    wanted = {task.shipped_at(): task for task in shipped()}
    for place in SHIPPED.glob("*.png"):
        if place not in wanted:
            place.unlink()
    for place, task in wanted.items():
        if not place.exists():
            net, images = load(task.model, weights=task.weights), pictures_of(task.sources, task.side)
            *_, last = tqdm(task.run(net, images), place.stem, file=sys.stderr, mininterval=1)
            write_whole(place, last.to_png(task.about()))


def main() -> None:
    """Make pictures or measure a table, with a progress bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["shipped", *TABLES])
    what = parser.parse_args().what
    settle()
    if what == "shipped":
        make_shipped()
    else:
        for _ in tqdm(TABLES[what](), what, file=sys.stderr, mininterval=1):
            pass
