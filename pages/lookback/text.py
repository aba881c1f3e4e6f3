"""The part on text, from its switches down to how it is computed."""

import streamlit as st

from core.images import Theme
from pages.frame.notice import notice
from pages.lookback.at_work import at_work
from pages.lookback.moved import moved
from pages.lookback.over_texts import over_texts
from pages.sequences.preferred import preferred
from pages.texts.beside_controls import beside_controls
from pages.texts.choose import choose
from pages.texts.coloured import coloured
from pages.texts.excerpts import excerpts
from pages.texts.next_character import chosen_place, next_character

COMPUTED = """
**The text** is read character by character; what a cell puts out behind a character depends on all that stands before
it. Before a passage the net has read 600 more characters of the same text, before your own none.

**Features** are found in the text alone, by fixed patterns. *AUC* is the share of pairs of a character with the feature
and one without in which the cell puts out more behind the former (0.5 by chance; where a cell falls, its sign is
turned); of features that are numbers it is Spearman's rank correlation. Of the 512 cells the best on 100,000 characters
of training text is chosen, and its number is that on 100,000 held-out ones. Intervals are 95 % percentile bootstrap
intervals over passages of 1,000 characters.

**Controls.** *Current character*: the feature's mean behind that character, as an input tells it without memory;
*last 5 characters*: the same behind those, drawn to that behind fewer where they are rare. *Untrained*, *shuffled* and
*random direction* are chosen as the cell was, among five twins' cells, among those of the trained weights in a random
order, and among as many directions as there are cells, by a random rotation of each layer. *Readout* is a regression on
the whole layer: no rival, but a bound on what one cell can do.

**The rule**, made before the numbers: a cell *tracks* a feature where its lead over the current character, untrained,
shuffled and random direction lies above zero with its whole 95 % interval, the same passages drawn for both.
`python -m core.cells` computes all of it.

**What still moves the state** is ||d h_t / d x_s||, the Frobenius norm of how the layer's output behind one character
changes with the embedding of another (see the part on a digit), from eight random directions in each: its square is
unbiased (Hutchinson 1990). By *one character blanked* it is ||h_t - h_t without the embedding of s|| / ||h_t||.
*Time constant*: -1 / ln f, where f is the cell's forget gate on the mean over 20 held-out passages.

**Further back.** 2,000 places spread over the held-out text, each told from the 100 characters before it, of which the
last few stay; those before them are another place's, or the same words in another order. *n-gram*: counts of the
training text, interpolated by Witten and Bell (1991, method C). `python -m core.memory.contexts` computes it.

**What can be read off the state**: R² of a ridge regression from the state to the character so far back, on held-out
ones of 300 passages; `python -m core.memory.of_text` computes it, and how far back the state is moved.
"""


def text(theme: Theme) -> None:
    """Draw all of the part; what cannot be shown gets a sentence."""
    try:
        here = choose(theme)
    except ValueError as error:
        notice(error, ":material/search_off:")
        here = None
    if here:
        chosen = chosen_place(here)
        coloured(here, chosen)
        next_character(here, chosen)
        at_work(here, chosen)
        moved(here, chosen)
        excerpts(here)
        preferred(theme, here.unit, here.weights)
    beside_controls(here.feature if here else None, theme)
    over_texts(here.unit.layer if here else "lstm2", theme)
    with st.expander("How this is computed", key="text-computed"):
        st.markdown(COMPUTED)
