"""What the app shows before anything is touched: made by `python -m core.studio shipped`."""

from dataclasses import replace

from core.models import TWIN
from core.studio.inversion import IN_A_ROW, ONE_LAYER
from core.studio.task import Task

SAMPLE = "cat"
FIRST: tuple[Task, ...] = (
    Task("inversion", "photo", "trained", ONE_LAYER, (SAMPLE,)),
    Task("inversion", "photo", "trained", IN_A_ROW, (SAMPLE,)),
)


def shipped() -> tuple[Task, ...]:
    """All that ships: each with the trained net, and beside it with the untrained twin."""
    return (*FIRST, *(replace(task, weights=TWIN) for task in FIRST if task.weights != TWIN))
