"""The answer in three sentences, and the claims below it: each with its verdict, its effect and a chart by depth."""

from collections.abc import Callable
from html import escape

import streamlit as st

from core import charts, images
from core.evidence import sentences
from core.evidence.claims import CLAIMS
from core.evidence.figures import first_curve
from core.evidence.verdicts import ALSO, DEPENDS, HOLDS, LATER, NO, ONLY, Verdict, verdicts
from pages.frame import link
from pages.frame.glossary import explained
from pages.frame.notice import notice

CLAIM = "claim"  # in the link
VERDICT, CHART, HEIGHT = 186, 250, 58  # pixels
MARKS = {HOLDS: "full", ONLY: "half", DEPENDS: "half", ALSO: "ring", NO: "crossed", LATER: "dotted"}
TERMS = ("untrained twin", "linear probe", "participation ratio", "Holm correction", "confidence interval")


def answer() -> None:
    """Say how we know."""
    first, adds, without = _sentences()
    st.markdown(f"**{first}**", help=explained(*TERMS))
    st.markdown(f"{adds} {without}")


def claim_list(theme: images.Theme, draw: Callable[[str], None]) -> None:
    """Draw all claims, and with `draw` the one that the link names, below its row."""
    opened = link.get(CLAIM)
    if opened is not None and opened not in CLAIMS:
        notice(f"There is no claim {opened[:20]}; there are {', '.join(CLAIMS)}.", ":material/link_off:")
    st.html(_legend())
    with st.container(key="claims", gap=None):
        for name in CLAIMS:
            with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"claim-{name}"):
                _row(name, name == opened, theme)
            if name == opened:
                with st.container(key="opened"):
                    draw(name)


def _row(name: str, opened: bool, theme: images.Theme) -> None:
    claim, chart = CLAIMS[name], _chart(name, theme)
    st.html(_verdict(verdicts()[name], claim.later), width=VERDICT)
    icon = ":material/expand_less:" if opened else ":material/expand_more:"
    with st.container(width="stretch", gap=None):
        st.button(f"**{name}** {claim.says}", type="tertiary", key=f"open-{name}", icon=icon, icon_position="right",
                  on_click=link.put, args=(CLAIM, None if opened else name))  # fmt: skip
        if said := _effect(name):
            st.caption(said)
    with st.container(width=CHART):
        if chart is not None:
            st.vega_lite_chart(spec=chart, width="content", key=f"small-{name}")


def _verdict(verdict: Verdict, later: str) -> str:
    """Its word with a mark, never a colour alone, and how many tests hold, or what it waits for."""
    said = f"<b>{verdict.kind}</b>{escape(str(verdict).removeprefix(verdict.kind))}"
    told = f"{verdict.held} of {verdict.of} tests"
    below = f"waits for {escape(later)}" if later else verdict.counts
    if told in said:
        below = below.removeprefix(f"{told} hold").removeprefix("; ")
    count = f'<span class="count">{below}</span>' if below else ""
    return f'<div class="verdict"><i class="mark {MARKS[verdict.kind]}"></i><div>{said}{count}</div></div>'


def _legend() -> str:
    """What the small charts show, in words and in lines."""
    families = "".join(f'<span class="line" style="--family: {colour}">{family}</span>'
                       for family, colour in charts.FAMILY_COLOURS.items())  # fmt: skip
    return (
        f'<div class="legend"><span>By depth, from the first to the last hidden layer:</span>{families}'
        '<span class="line dashed">untrained twins</span><span class="line dots">pixels</span>'
        '<span class="line wide">band: lowest to highest seed</span></div>'
    )


# What is said and drawn is asked of tables many times: it is kept.
@st.cache_data(show_spinner=False)
def _sentences() -> tuple[str, str, str]:
    return sentences.answer()


@st.cache_data(show_spinner=False)
def _effect(name: str) -> str | None:
    return sentences.support(name)


@st.cache_data(show_spinner=False)
def _chart(name: str, theme: images.Theme) -> charts.Spec | None:
    found = first_curve(CLAIMS[name])
    if found is None:
        return None
    figure, rows = found
    return charts.nets_by_depth(rows, figure.title, theme, CHART, HEIGHT, small=True)
