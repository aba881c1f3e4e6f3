"""What the app shows before anything is touched: made by `python -m core.studio shipped`."""

from dataclasses import replace

from core.models import TWIN
from core.studio.style import RECIPES as STYLES
from core.studio.task import Task
from core.studio.texture import RECIPES as TEXTURES

SAMPLE = "cat"
FIRST: tuple[Task, ...] = (
    Task("texture", "photo", "trained", TEXTURES["photos"], (SAMPLE,)),
    Task("style", "photo", "trained", STYLES["photos"], (SAMPLE, "tissue")),
)


def shipped() -> tuple[Task, ...]:
    """All that ships: each with the trained net, and beside it with the untrained twin."""
    return (*FIRST, *(replace(task, weights=TWIN) for task in FIRST if task.weights != TWIN))
