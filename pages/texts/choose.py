"""The switches: which cell, which text, which weights; all of them stand in the link."""

import random
import re
from dataclasses import dataclass

import streamlit as st
from torch import Tensor

from core.cells import expected, passages, tracked
from core.cells.features import FEATURES
from core.cells.search import LAYERS
from core.data.text import MOST, readable
from core.images import Theme
from core.models import SHUFFLED, TWIN, snapshots
from core.models.text import TEXT, UNITS, Reader
from core.units import Unit
from pages.frame import link
from pages.frame.glossary import explained
from pages.frame.more import more
from pages.frame.notice import notice
from pages.inputs import nets

CHOICE, OWN, PASSAGE, WRITTEN, WHERE = "a cell by its number", "my own", "a passage", "text", "passage"
IN_LINK = 300  # characters of a text of one's own that the link holds
FIRST = 20  # the passage that the page opens on: the first of several speeches that are all longer than a line
LAYER, NUMBER = "cell-layer", "cell-number"  # of a cell by its number


@dataclass(frozen=True)
class Situation:
    """A text as a net with these weights reads it, the cell that is watched, and the feature that it was chosen for."""

    reading: expected.Reading
    unit: Unit
    feature: str | None
    weights: str
    theme: Theme

    @property
    def values(self) -> Tensor:
        """What the cell puts out behind each character."""
        return self.reading.activations[self.unit.layer][self.unit.index]


def choose(theme: Theme) -> Situation | None:
    """Draw the switches; None where there is no text to read."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        unit, feature = _choose_cell()
        own = st.segmented_control("Text", [PASSAGE, OWN], default=PASSAGE, required=True, key="text-is",
                                   bind="query-params") == OWN  # fmt: skip
        if not own:
            st.button("Another passage", icon=":material/shuffle:", on_click=_another)
        with more({"text-weights": ("Weights", "trained")}):
            weights = st.selectbox("Weights", ["trained", TWIN, SHUFFLED, *snapshots(TEXT.name)],
                                   key="text-weights", bind="query-params",
                                   help=explained("untrained twin", "shuffled", "epoch"))  # fmt: skip
    before, text = ("", _written()) if own else passages.to_read(_number())
    if not text:
        notice("There is nothing to read yet: write a few words.", ":material/edit:")
        return None
    return Situation(_read(weights, before, text), unit, feature, weights, theme)


def _choose_cell() -> tuple[Unit, str | None]:
    """The best cell for a feature, or any; before the table is there, any."""
    cells = {name: tracked.unit_of(rows) for name, rows in tracked.of_seed().items()}
    best = tracked.best_tracked()
    names = [*([best] if best else []), *(name for name in cells if name != best), CHOICE]
    asked = st.selectbox("Cell for", names, key="tracks", width=220, bind="query-params")
    if asked in cells:
        return cells[asked], asked
    named, number = link.get(LAYER), link.get(NUMBER) or ""
    st.session_state.setdefault(LAYER, named if named in LAYERS else LAYERS[-1])
    st.session_state.setdefault(NUMBER, min(int(number), UNITS - 1) if re.fullmatch("[0-9]{1,8}", number) else 0)
    layer = st.segmented_control("Layer", LAYERS, required=True, key=LAYER, on_change=_keep_cell)
    index = st.number_input("Cell", 0, UNITS - 1, key=NUMBER, width=120, on_change=_keep_cell)
    assert layer is not None
    unit = Unit(TEXT.name, layer, int(index))
    return unit, next((name for name, own in cells.items() if own == unit), None)


def take_feature(feature: str) -> None:
    """What a click on a feature does."""
    if feature in FEATURES:
        st.session_state["tracks"] = feature


def take_cell(name: str) -> None:
    """What a click on a cell does."""
    unit = Unit.parse(name)
    st.session_state["tracks"] = CHOICE
    st.session_state[LAYER], st.session_state[NUMBER] = unit.layer, unit.index
    _keep_cell()


def _keep_cell() -> None:
    """What is chosen here goes into the link by hand: the switches of a cell are not there until it is asked for."""
    for name in (LAYER, NUMBER):
        link.put(name, str(st.session_state[name]))


def _number() -> int:
    named = link.get(WHERE) or ""
    return int(named) % passages.count() if named.isascii() and named.isdigit() and len(named) < 9 else FIRST


def _another() -> None:
    link.put(WHERE, str(random.randrange(passages.count())))


def _written() -> str:
    """What somebody wrote, in the net's alphabet, with a sentence for what was left out or replaced."""
    kept = st.session_state.get("written-before") or link.get(WRITTEN) or ""
    written = st.text_area("Your text", kept, key="written", on_change=_keep,
                           placeholder="Write as Shakespeare would, or as he would not.")  # fmt: skip
    found = readable(written)
    if found.replaced:
        pairs = [f"{character!r} as {instead!r}" if instead else f"{character!r} left out"
                 for character, instead in list(found.replaced.items())[:8]]  # fmt: skip
        others = len(found.replaced) - len(pairs)
        notice(f"Not in the net's alphabet of 65: {', '.join(pairs)}{f', and {others} more' if others else ''}.",
               ":material/find_replace:")  # fmt: skip
    if found.cut:
        notice(f"The first {MOST:,} characters are read; {found.cut:,} are cut off.", ":material/content_cut:")
    if len(written) > IN_LINK:
        st.caption(f"The link holds texts of up to {IN_LINK} characters; this one stays in this tab.")
    return found.text


def _keep() -> None:
    written = st.session_state["written"]
    short = 0 < len(written) <= IN_LINK
    link.put(WRITTEN, written if short else None)
    st.session_state["written-before"] = None if short else written


@st.cache_data(max_entries=64, show_spinner=False)
def _read(weights: str, before: str, text: str) -> expected.Reading:
    model = nets.net(TEXT.name, weights)
    assert isinstance(model, Reader)
    return expected.read(model, text, before)
