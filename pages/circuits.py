"""What is a unit built of? It is taken apart, layer by layer, down to the pixels."""

import streamlit as st

from pages.frame import navigation

navigation.enter(
    "circuits",
    "What is a unit built of?",
    "The unit on top adds up what the units below it contribute, each of them does so in turn, down to the pixels; "
    "the numbers are the net's own, for the image at the bottom.",
)

with navigation.loading():
    from core import charts
    from core.circuits import scores
    from pages.frame import link
    from pages.frame.notice import notice
    from pages.graphs.arithmetic import arithmetic
    from pages.graphs.assembled import assembled
    from pages.graphs.choose import choose
    from pages.graphs.graph_view import chosen_edge, graph_view, silence
    from pages.graphs.scissors import scissors
    from pages.graphs.score import score
    from pages.graphs.situation import Situation
    from pages.graphs.steering import steering

ARITHMETIC, CUT, TURN, TOGETHER = "the arithmetic", "cut units out", "turn a unit", "put it together"
COMPUTED = """
**What each unit contributes.** In the nets for digits a pre-activation is the sum over the window of weight x
activation, and the bias; average pooling and flattening in between are resolved, so that the terms add up exactly. A
recurrent unit's output is such a sum with its gates held as they are for this input (Arras, Montavon, Müller, Samek
2017). Between the blocks of the net for photos the terms are gradient x activation, and the *gap* is what they miss.

**Which units stand here.** In each row those with the greatest influence on the unit on top: it has 1, and each unit
hands its own down, in proportion to the size of what each term contributes, the bias among them. A unit that is read
at several places is taken apart at the one where most of its influence comes from. *Kept* is what ends at the pixels or
at a bias on ways through these units alone, as the replacement score of Ameisen et al. 2025; where the rows end before
the pixels, what arrives in the last row counts as kept. *At random* are five draws, with the seeds 0 to 4, of units
that contribute anything.

**With these units only.** A real forward pass in which, of every layer of the graph, only the graph's units keep their
activations for this input; all others have their mean over 1,000 test images, or over the photos, at each place.

**Turned.** A real forward pass, too: the unit's whole map, or all its steps, times the factor. The graph predicts from
its edges only, through each unit's nonlinearity; the gradient over all ways is the net's own at this input.

**Cut out.** A real forward pass in which the whole maps, or all steps, of the named units are replaced: by their mean,
by zero, or by what another image makes of them. Lost is 1 - the unit's activation at its place / what it was. At random
are five orders of the units that contribute anything, the seed is 0. Over the test images each has its own named units,
and the unit is read where it is strongest; of the shares stands the median.

**Put together.** The image climbs sum of weight x activation over the named units alone, at all places that the unit
reads at its place; beside it, by the same recipe, the unit at that place. Compared are the unit's strongest values for
the pictures, before its nonlinearity. Digits are climbed as on the page Features, photos at their full size.

**Pictures.** What the unit looks for, by gradient ascent; its activation for this input, in its own scale, its place
framed; and what it sees of the input, or, in the first layer, what each pixel that it sees contributes.
"""


def show_arithmetic(here: Situation) -> None:
    """Of the edge that the link names, or else of the strongest."""
    node, part = chosen_edge(here)
    arithmetic(here, node.stage.layer.name, node.unit, part)


def open_edge(edge: str) -> None:
    """What a click on an edge does."""
    link.put(charts.EDGE, edge)
    st.session_state["closer"] = ARITHMETIC


CLOSER = {ARITHMETIC: show_arithmetic, CUT: scissors, TURN: steering, TOGETHER: assembled}
theme = st.context.theme.type or "light"
try:
    here, about = choose(theme)
    top = st.container()
    if said := silence(here):
        st.markdown(said)
    graph_view(here, about, open_edge)
    with top:
        score(here)
    asked = st.segmented_control("Look closer", list(CLOSER), default=ARITHMETIC, required=True, key="closer",
                                 bind="query-params")  # fmt: skip
    CLOSER[asked](here)
except ValueError as error:
    notice(error, ":material/search_off:")

with st.expander("How this is computed"):
    st.markdown(COMPUTED)
    st.markdown(f"**In general.** {scores.predicted()} {scores.meaning()} {scores.influence()} {scores.parts()}")
