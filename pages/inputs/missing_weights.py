"""Nets whose weights may not be on this machine: what is missing, a download with progress, the twin meanwhile."""

from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

from pages.frame.notice import notice
from pages.inputs import nets
from pages.jobs.long_work import downloads, long_work
from pages.jobs.scheduler import Records, View


def weights_at_hand(models: Iterable[str], weights: str) -> str:
    """These weights, if all of the nets have them here; else "untrained", a sentence, and the offer to fetch them."""
    found = weights
    for model in models:
        try:
            nets.net(model, weights)
        except ValueError as error:
            notice(f"{error} Below stands its untrained twin.", ":material/cloud_off:")
            _offer(model)
            found = "untrained"
    return found


@dataclass(frozen=True)
class Fetching:
    """A download of a net's weights: a job."""

    model: str

    def run(self) -> Records:
        """Fetch them, with records of how far it is."""
        from core.models import zoo  # torchvision takes seconds to import

        yield from zoo.download(self.model)


def _offer(model: str) -> None:
    long_work([Fetching(model)], "Download the weights", _progress, key=f"fetch-{model}", by=downloads())


def _progress(views: list[View | None]) -> None:
    (job,) = views
    if job and job.records and not job.over:
        last = job.records[-1]
        st.progress(last.done / max(last.total, last.done), f"{last.done / 1e6:.0f} of {last.total / 1e6:.0f} MB")
