"""The passages of the corpus in which a cell is highest and lowest."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import streamlit as st

from core.cells import passages
from core.cells.passages import Passage, Places, Progress
from core.charts.letters import SHOWN
from core.data.text import corpus
from core.models.text import TEXT, Reader
from pages.inputs import nets
from pages.jobs.long_work import long_work
from pages.jobs.scheduler import Records, View
from pages.texts.choose import Situation

WIDTH = 420  # pixels of a column


@dataclass(frozen=True)
class Searching:
    """The corpus is read by the net with these weights: a job of a minute or two."""

    weights: str

    def run(self) -> Records:
        """Read it, with records of how far it is."""
        model = nets.net(TEXT.name, self.weights)
        assert isinstance(model, Reader)
        yield from passages.outermost(model, corpus())


def excerpts(here: Situation) -> None:
    """Draw both ends of the cell; with other weights than the trained ones the corpus has to be read first."""
    st.header("Where is it highest, where lowest?", anchor=False)
    found = passages.shipped() if here.weights == "trained" else None
    if found:
        _draw(here, found)
        return
    long_work([Searching(here.weights)], "Read the corpus with these weights", lambda views: _progress(here, views),
              key="corpus")  # fmt: skip


def _progress(here: Situation, views: list[View | None]) -> None:
    (job,) = views
    last = job.records[-1] if job and job.records else None
    if isinstance(last, Progress):
        if last.found:
            _draw(here, last.found)
        else:
            st.progress(last.done / last.total, f"{last.done:,} of {last.total:,} characters")


def _draw(here: Situation, found: Mapping[str, Places]) -> None:
    st.markdown(
        "Of the whole corpus of 1.1 million characters, each from another place; behind the framed character the cell "
        "has the value that stands below. The net was trained on the first nine tenths."
    )
    with st.container(horizontal=True, gap="large"):
        for title, highest in (("highest", True), ("lowest", False)):
            with st.container(width=WIDTH, gap="xsmall"):
                st.markdown(f"**{title}**")
                own = passages.around(found[here.unit.layer], here.unit.index, highest)
                st.html("".join(map(_as_html, own)))


def _as_html(passage: Passage) -> str:
    before, after = (escape(part.replace("\n", "⏎ ")) for part in (passage.before, passage.after))
    character = escape(SHOWN.get(passage.character, passage.character))
    side = "held out" if passage.held_out else "training"
    return (f'<div class="excerpt">{before}<b>{character}</b>{after}<span>{passage.value:+.2f} · {side} text, '
            f"character {passage.place:,}</span></div>")  # fmt: skip
