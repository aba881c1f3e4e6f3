"""One training as a job: the points and the net, all that it depends on, and every epoch of it."""

import math
from dataclasses import dataclass

from core.data.points import Points
from core.plane.nets import Epoch, Setup, made, train
from pages.jobs.scheduler import Records, View
from pages.plane.own_points import OWN, read

BUNDLE = 25  # epochs a record: each record may wait for pages


@dataclass(frozen=True)
class Training:
    """A setup, and where its points are one's own, these as the link holds them."""

    setup: Setup
    own: str = ""

    def points(self) -> tuple[Points, Points]:
        """To train on, and to test on; of one's own there are no others, so that both are the same."""
        return (read(self.own),) * 2 if self.setup.points == OWN else made(self.setup)

    def run(self) -> Records:
        """Its epochs, some at a time; the start alone, so that there is something to see."""
        bundle: list[Epoch] = []
        try:
            for epoch in train(self.setup, *self.points()):
                if math.isfinite(epoch.loss):  # or else the next step ends it
                    bundle.append(epoch)
                if epoch.epoch == 0 or len(bundle) == BUNDLE:
                    yield tuple(bundle)
                    bundle = []
        except ValueError:
            yield tuple(bundle)  # how it went until then
            raise
        yield tuple(bundle)


def recorded(view: View | None) -> list[Epoch]:
    """All epochs so far."""
    return [epoch for bundle in view.records for epoch in bundle] if view else []
