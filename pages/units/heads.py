"""What stands above a unit, in its family's colour, and what is said of its pictures."""

import html

import streamlit as st

from core import atlas, charts, telling
from core.models import find
from core.units import Unit
from pages.frame import link
from pages.inputs import nets


def unit_head(unit: Unit) -> None:
    """Draw the address, and the class that it stands for, if it does."""
    spec = find(unit.model)
    last = nets.layers(unit.model)[-1].name
    name = f" {html.escape(spec.labels[unit.index])}" if unit.layer == last and spec.sees == "photos" else ""
    colour = charts.FAMILY_COLOURS[spec.family]
    st.html(f'<code class="unit" style="--family: {colour}">{unit}</code>{name}', width="content")


def closable_head(unit: Unit) -> None:
    """The same, and a button that takes the unit out of the link."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        unit_head(unit)
        st.button("Close", icon=":material/close:", type="tertiary", on_click=link.put, args=(charts.UNIT, None))


def stimulus_caption(weights: str, stimulus: atlas.Stimulus, best: str) -> str:
    """What a shipped stimulus is, and how it excites its unit beside the `best` real image."""
    if stimulus.dead:
        return f"{weights}: silent, whatever it is shown"
    what = f"{weights}: what it looks for"
    if stimulus.strongest <= 0:
        return what
    if not stimulus.found:
        return f"{what}; not found: no ascent excites it as much as the best {best}"
    return f"{what}; excites it {stimulus.reached / stimulus.strongest:.2g} times as much as the best {best}"


def reached_caption(stimulus: atlas.Stimulus) -> str:
    """How strongly a picture excites its unit, in a word or as a multiple of the best real image."""
    if stimulus.dead:
        return "silent, whatever it is shown"
    if stimulus.strongest <= 0:
        return ""
    share = f"{stimulus.reached / stimulus.strongest:.2g} x"
    return share if stimulus.found else f"not found: {share}"


def telling_caption(unit: Unit, weights: str) -> str:
    """How much a unit's picture tells of what excites it, in words; nothing where it was not asked."""
    found = telling.told(unit, weights)
    if found is None:
        return ""
    said = (
        f"Shown it, other nets pick the image that excites the unit more in {100 * found.picture:.0f} % of pairs; "
        f"shown its best real image, {100 * found.real:.0f} %; by chance 50 %."
    )
    with_prior, without = (telling.paths_of(unit, weights, name) for name in (telling.PICTURE, telling.WITHOUT))
    if with_prior:
        said += (
            f" Path similarity of its layer's pictures: {min(with_prior.values()):.2f}, without a prior "
            f"{min(without.values()):.2f}; 1 is like its real images."
        )
    return said


def take_apart(unit: Unit, weights: str) -> None:
    """Draw a link to the page on which the unit is taken apart."""
    st.page_link("pages/circuits.py", label="What is it built of? Take it apart", icon=":material/account_tree:",
                 query_params={charts.UNIT: str(unit), "of": weights})  # fmt: skip
