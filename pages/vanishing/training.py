"""The trainings as one job, and what it has read so far."""

from dataclasses import dataclass

import pandas as pd

from core.charts import AFTER, BEFORE
from core.vanishing.train import Reading, Setup, train
from pages.jobs.scheduler import Records, View

SHORT = 15.0  # seconds of one core: what takes longer has a button
EACH = 1.1e-4  # seconds of one core for an update of a net, by each step of the sequences


@dataclass(frozen=True)
class Training:
    """A setup; equal ones are one job."""

    setup: Setup

    def run(self) -> Records:
        """The nets' readings in turn."""
        yield from train(self.setup)

    @property
    def seconds(self) -> float:
        """About how long it takes, of one core."""
        steps = self.setup.length + (self.setup.task == "recall")
        return EACH * self.setup.updates * steps * len(self.setup.nets)


@dataclass(frozen=True)
class Read:
    """All readings of a training so far, a net after the other."""

    readings: tuple[Reading, ...]
    over: bool

    @staticmethod
    def of(view: View | None) -> "Read":
        """What a job has yielded."""
        return Read(tuple(view.records) if view else (), bool(view and view.over))

    def ends(self) -> list[Reading]:
        """The last reading of each net."""
        return list({reading.net: reading for reading in self.readings}.values())

    def starts(self) -> list[Reading]:
        """The first reading of each net."""
        return [reading for reading in self.readings if not reading.update]

    def measured(self) -> list[Reading]:
        """The last reading of each net that holds its influence."""
        return list({reading.net: reading for reading in self.readings if reading.influence}.values())

    def curves(self) -> pd.DataFrame:
        """Loss and error by net and update."""
        rows = [(reading.net, reading.update, reading.loss, reading.error) for reading in self.readings]
        return pd.DataFrame(rows, columns=["net", "update", "loss", "error"])

    def influences(self) -> pd.DataFrame:
        """Influence by net and distance, before training and as it was measured last."""
        rows = [
            (reading.net, distance, value, when)
            for when, readings in ((BEFORE, self.starts()), (AFTER, self.measured()))
            for reading in readings
            if when == BEFORE or reading.update
            for distance, value in enumerate(reading.influence)
        ]
        return pd.DataFrame(rows, columns=["net", "distance", "value", "when"])
