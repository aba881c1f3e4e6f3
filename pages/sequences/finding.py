"""The job that looks for a cell's preferred text by every method, one after the other."""

from dataclasses import dataclass, field

from torch import Generator

from core.models.text import TEXT, Reader
from core.sequences.cell import Cell, Found
from core.sequences.climb import Climbed, climb
from core.sequences.compare import ASCENT, SEED
from core.sequences.methods import BUDGET, LENGTH, METHODS
from core.sequences.passages import Passage, strongest_passages
from core.units import Unit
from pages.inputs import nets
from pages.jobs.scheduler import Records

READING = "the training text"


@dataclass(frozen=True)
class Now:
    """What has been found so far, by which method it is looked for now, and the share of the whole work done."""

    by: str
    done: float
    found: dict[str, Found] = field(default_factory=dict)
    climbed: Climbed | None = None
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A job: the preferred text of a cell, first by gradient ascent, then by each search, and the best passages."""

    unit: Unit
    weights: str

    def run(self) -> Records:
        """The best text of each method as it grows stronger."""
        model = nets.net(TEXT.name, self.weights)
        assert isinstance(model, Reader)
        cell, found, parts = Cell(model, self.unit.layer, self.unit.index), {}, len(METHODS) + 1
        climbed = None
        for place, (name, method) in enumerate(METHODS.items()):
            generator = Generator().manual_seed(SEED)
            if name == ASCENT:
                for climbed in climb(cell, LENGTH, BUDGET, generator):
                    found[name] = climbed.found
                    yield Now(name, climbed.found.read / BUDGET / parts, dict(found), climbed)
                continue
            for one in method(cell, LENGTH, BUDGET, generator):
                if len(one.text) == LENGTH:
                    found[name] = one
                yield Now(name, (place + one.read / BUDGET) / parts, dict(found), climbed)
        for step in strongest_passages(model, cell.layer, [cell.index], LENGTH):
            last = step.passages[0] if step.passages else ()
            yield Now(READING, (parts - 1 + step.done / step.total) / parts, dict(found), climbed, last)
