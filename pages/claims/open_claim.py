"""A claim in full: what speaks against it, its measures by depth, the depth series, and where to see it oneself."""

import math

import streamlit as st

from core import charts, images
from core.circuits import scores
from core.evidence import sentences, sharing
from core.evidence.claims import CLAIMS, TRAININGS
from core.evidence.figures import Figure, figures, lines, series_lines
from core.evidence.verdicts import LATER, verdicts
from core.models import DIGIT_NETS, families, find
from pages.claims.formulas import FORMULAS, formulas
from pages.claims.in_training import in_training
from pages.claims.tests_table import tests_table
from pages.frame.glossary import explained
from pages.frame.navigation import PAGES

WIDTH, HEIGHT, SERIES = 296, 220, 600  # pixels of a chart with its axes and names, and across a depth series
ROOM = 0.5  # points of accuracy beyond the ends of intervals
SYMMETRY, IN_TRAINING, BUILT = "C6", "C10", "C11"  # about nets beside others; an order in time; graphs of units


def open_claim(name: str, theme: images.Theme) -> None:
    """Draw all that there is of it."""
    claim = CLAIMS[name]
    if verdicts()[name].kind == LATER:
        st.markdown(f"Nothing tests it here yet: it waits for {claim.later}.")
        return
    built, graphs, against = _said(name)
    if built:
        st.markdown(built, help=explained("untrained twin"))
    if against:
        st.markdown(f"**What speaks most against it.** {against[0]}", help=explained("confidence interval"))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        training = TRAININGS[0] if name == SYMMETRY else _choose_training()
        _where_to_see(claim.page, against[1] if against else None)
    _charts(name, training, theme)
    _gained(name, theme)
    _series(name, theme)
    if name == IN_TRAINING:
        in_training(theme)
    if graphs:
        st.header("What a graph of units accounts for", anchor=False, help=explained("seed"))
        st.markdown(graphs)
    tests_table(name)
    with st.expander("How these numbers are computed"):
        st.markdown(formulas(test.measure for test in claim.tests))


def _choose_training() -> str:
    return st.segmented_control("Training", TRAININGS, default=TRAININGS[0], required=True, key="training",
                                bind="query-params", help=explained("plain training"))  # fmt: skip


def _where_to_see(page: str, against: str | None) -> None:
    """Links to the page where one sees it with one's own digit, and to the net that goes against it."""
    st.page_link(f"pages/{page}.py", label=f"See it with your own digit: {PAGES[page][1]}", icon=":material/draw:")
    if against == "photo":
        st.page_link("pages/photo.py", label="Look at photo, which goes against it", icon=":material/search:")
    elif against:
        st.page_link(f"pages/{page}.py", label=f"Look at {against}, which goes against it", icon=":material/search:",
                     query_params=query_of(page, against))  # fmt: skip


def query_of(page: str, model: str) -> dict[str, str]:
    """The parameters by which a page shows that net; the Draw page shows the first of each family anyway."""
    if model not in DIGIT_NETS:
        return {}
    if page == "draw":
        family = find(model).family
        return {family: model} if len(families()[family]) > 1 else {}
    if page == "circuits":  # a net by one of its units: the one that five parts explain worst
        return {charts.UNIT: scores.best_and_worst(model)[1][0].split()[0]}
    return {"deep" if page == "weights" else "models": model}


def _charts(name: str, training: str, theme: images.Theme) -> None:
    with st.container(horizontal=True, gap="medium", key="by-depth"):
        for place, (figure, spec, below) in enumerate(_specs(name, training, theme)):
            with st.container(width=WIDTH, gap="xsmall"):
                st.caption(figure.title, help=FORMULAS.get(figure.measure.split(",")[0]))
                st.vega_lite_chart(spec=spec, width="content", key=f"by-depth-{place}")
                if below:
                    st.caption(below)


def _gained(name: str, theme: images.Theme) -> None:
    """Of C6, which is about one net beside another, each gain with its control: a chart each two nets."""
    rows = sharing.by_reading()
    if name != SYMMETRY or rows.empty:
        return
    st.caption("Full: on digits. Hollow: the control, with permuted pixels. Lines are intervals of 95 %.")
    ends = math.floor(min(0, rows.low.min()) - ROOM), math.ceil(max(0, rows.high.max()) + ROOM)
    with st.container(horizontal=True, gap="medium", key="gained"):
        for place, (pair, own) in enumerate(rows.groupby("pair", sort=False)):
            with st.container(width=WIDTH, gap="xsmall"):
                st.caption(str(pair), help=FORMULAS[str(pair)])
                st.vega_lite_chart(spec=charts.gained(own, str(pair), ends, theme, WIDTH), width="content",
                                   key=f"gained-{place}")  # fmt: skip


def _beside(figure: Figure, points: bool) -> str:
    """What the lines of other measures are, or the points, where layers stand side by side."""
    names = [name.split(", ")[-1] for name in figure.beside]
    looks = ("dashes and dots", "dots", "long dashes") if not points else ("diamonds", "squares", "triangles")
    said = [f"{look}: {name}" for look, name in zip(looks, names, strict=False)]
    return "; ".join(["hollow: untrained twins", *said] if points else said).capitalize()


def _series(name: str, theme: images.Theme) -> None:
    found = _series_specs(name, theme)
    if not found:
        return
    st.header("In nets that differ in depth alone", anchor=False, help=explained("depth series"))
    st.caption("A line a net, from its first hidden layer to its last: the deeper the net, the darker. Dashed: twins.")
    with st.container(horizontal=True, gap="medium", key="series"):
        for place, (figure, spec) in enumerate(found):
            with st.container(width=SERIES, gap="xsmall", key=f"series-{place}"):
                st.caption(figure.title)
                st.vega_lite_chart(spec=spec, width="content", key=f"of-series-{place}")


# A claim has up to ten charts, whose rows are asked of the tables: they are kept.
@st.cache_data(show_spinner=False)
def _said(name: str) -> tuple[str, str, tuple[str, str] | None]:
    """Of C11 whose doing it is, and what graphs account for; and what speaks against a claim."""
    if name != BUILT:
        return "", "", sentences.against(name)
    graphs = f"{scores.predicted()} {scores.meaning()}\n\n{scores.influence()} {scores.parts()}"
    return sentences.built(), graphs, sentences.against(name)


@st.cache_data(show_spinner=False)
def _specs(name: str, training: str, theme: images.Theme) -> list[tuple[Figure, charts.Spec, str]]:
    found = [(figure, rows) for figure in figures(CLAIMS[name]) if len(rows := lines(figure, training))]
    return [(figure, charts.nets_by_depth(rows, figure.title, theme, WIDTH, HEIGHT),
             _beside(figure, charts.side_by_side(rows))) for figure, rows in found]  # fmt: skip


@st.cache_data(show_spinner=False)
def _series_specs(name: str, theme: images.Theme) -> list[tuple[Figure, charts.Spec]]:
    found = [(figure, series_lines(figure)) for figure in figures(CLAIMS[name]) if figure.series]
    return [(figure, charts.series_by_depth(rows, figure.title, theme)) for figure, rows in found if len(rows)]
