"""What text a cell waits for: found by gradient ascent and by search, beside the best passages of the training text."""

import math
from functools import partial
from pathlib import Path

import streamlit as st

from core import charts
from core.images import Theme
from core.sequences import compare
from core.sequences.climb import RECIPE
from core.sequences.compare import CORPUS
from core.sequences.methods import LENGTH, RANDOM
from core.sequences.search import TRIED
from core.units import Unit
from pages.frame.glossary import explained
from pages.jobs.long_work import long_work
from pages.jobs.scheduler import View
from pages.sequences.finding import Finding, Now

STYLE = Path(__file__).with_name("sequences.css")
COMPUTED = f"""
**The strength** of a cell behind a text is atanh of its output behind the last of {LENGTH} characters, which are read
from a state of zeros: the output itself is nearly flat where it is strong. Beyond 7.25 float32 hardly tells it from 1.

**Gradient ascent** climbs relaxed texts, in which each character has a share at each place: {RECIPE.starts} at once,
while the temperature falls from {max(RECIPE.temperatures):g} to {min(RECIPE.temperatures):g}; they begin with the best
of {RECIPE.drawn} drawn at random. *Gumbel-softmax ascent* draws characters by their shares, softly (Jang, Gu, Poole
2017; of neurons of a net that reads words Poerner, Roth, Schütze 2018). Counted is the best text of the largest
shares, not the mixture, which no text is.

**Searches.** *Exchange*: place by place the best of all characters, until none can be exchanged; *by gradient*: of the
{TRIED} exchanges anywhere that the gradient names the best one (HotFlip: Ebrahimi et al. 2018); *beam*: from left to
right, the best beginnings go on. *Random* are the best of {RANDOM:,} texts, of characters or of passages of the
training text; all the others may read as many characters as these, with the gradient each counts three. *Best passage*
is the strongest of all in the training text, again from a state of zeros.

`python -m core.sequences` makes the table.
"""


def preferred(theme: Theme, unit: Unit, weights: str = "trained") -> None:
    """Draw the texts behind which a cell is strongest, as they ship or as they are found, and how they are found."""
    st.html(STYLE)
    st.header("What is it waiting for?", anchor=False, help=explained("gradient ascent"))
    shipped = _shipped(unit, weights)
    if shipped:
        st.markdown(_said(shipped))
        st.html(charts.found_texts(shipped))
    else:
        st.markdown(f"The {LENGTH} characters behind which `{unit}` puts out most, by gradient ascent and by search.")
    long_work([Finding(unit, weights)], "Watch them form" if shipped else "Find them", partial(_live, bool(shipped)),
              key="preferred", help="About half a minute")  # fmt: skip
    if compare.TABLE.exists():
        st.caption(_over_cells(unit.layer))
    with st.expander("How these texts are found", key="preferred-computed"):
        st.markdown(COMPUTED)


@st.cache_data(show_spinner=False)
def _over_cells(layer: str) -> str:
    """What the table says of a layer's cells; its intervals are bootstraps, which no rerun has to draw again."""
    both = "\n\n".join(compare.said(each, layer) for each in compare.WEIGHTS)
    return f"Over {compare.CELLS} cells of each layer:\n\n{both}"


def _shipped(unit: Unit, weights: str) -> list[charts.Line]:
    if not compare.TABLE.exists():
        return []
    table = compare.table()
    rows = table[(table.weights == weights) & (table.layer == unit.layer) & (table.unit == unit.index)]
    return _lines(list(zip(rows.method, rows.text, rows.strength, strict=True)))


def _lines(found: list[tuple[str, str, float]]) -> list[charts.Line]:
    """The strongest first; its bar is full."""
    found = sorted(found, key=lambda one: -one[2])
    most = max((strength for *_, strength in found), default=1.0)
    return [charts.Line(by, text, strength / most if most > 0 else 0.0, f"{math.tanh(strength):.3f}".replace("-", "−"))
            for by, text, strength in found]  # fmt: skip


def _said(lines: list[charts.Line]) -> str:
    """Who found the strongest text, and how near the training text comes."""
    first, passage = lines[0], next(line for line in lines if line.by == CORPUS)
    also = [line.by for line in lines[1:] if line.text == first.text]
    return (
        f"Strongest of all is the text that *{first.by}* found{' (so did ' + ', '.join(also) + ')' if also else ''}: "
        f"behind it the cell puts out {first.said}, behind the best passage of the training text {passage.said}."
    )


def _live(shipped: bool, views: list[View | None]) -> None:
    (job,) = views
    if job is None or not job.records:
        if not shipped or job:
            st.caption("Nothing has been computed for this cell yet." if job is None else "About to begin")
        return
    now: Now = job.records[-1]
    if not job.over:
        st.progress(min(now.done, 1.0), f"{now.by[:1].upper()}{now.by[1:]}")
    if now.climbed:
        st.html(charts.relaxed(now.climbed.shares))
        strongest = math.tanh(now.climbed.strengths.max().item())
        best = math.tanh(now.climbed.found.strength)
        st.caption(
            f"Relaxed texts, the fainter a character the smaller its share; behind the best of them the cell puts out "
            f"{strongest:.3f}, behind the best real text so far {best:.3f}.".replace("-", "−")
        )
    if not shipped or not job.over:
        found = [(by, one.text, one.strength) for by, one in now.found.items()]
        found += [(CORPUS, one.text, one.strength) for one in now.passages[:1]]
        st.html(charts.found_texts(_lines(found)))
        for one in now.passages[1:]:
            st.caption(f"Another passage: {one.text!r}, {math.tanh(one.strength):.3f}")
