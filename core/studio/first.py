"""What the app shows before anything is touched: made by `python -m core.studio shipped`."""

from dataclasses import replace

from core.models import SHUFFLED, TWIN
from core.studio.caricature import Caricature
from core.studio.dream import Dream
from core.studio.fooling import ON_PHOTOS
from core.studio.inversion import IN_A_ROW, ONE_LAYER
from core.studio.style import RECIPES as STYLES
from core.studio.task import Task
from core.studio.texture import RECIPES as TEXTURES

SAMPLE = "cat"
FOOLED = Task("fooling", "photo", "trained", ON_PHOTOS, (SAMPLE,))
FIRST: tuple[Task, ...] = (
    FOOLED,
    replace(FOOLED, weights=SHUFFLED),
    Task("dream", "photo", "trained", Dream(), (SAMPLE,)),
    Task("inversion", "photo", "trained", ONE_LAYER, (SAMPLE,)),
    Task("inversion", "photo", "trained", IN_A_ROW, (SAMPLE,)),
    Task("caricature", "photo", "trained", Caricature(), (SAMPLE,)),
    Task("texture", "photo", "trained", TEXTURES["photos"], (SAMPLE,)),
    Task("style", "photo", "trained", STYLES["photos"], (SAMPLE, "tissue")),
)


def shipped() -> tuple[Task, ...]:
    """All that ships: each with the trained net, and beside it with the untrained twin."""
    return (*FIRST, *(replace(task, weights=TWIN) for task in FIRST if task.weights != TWIN))
