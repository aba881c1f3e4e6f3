"""Measure it yourself: a measure of a net's layers, computed here, beside the curve that ships."""

from dataclasses import dataclass
from functools import partial

import pandas as pd
import streamlit as st

from core import charts, images
from core.evidence.figures import Figure, lines, own_lines
from core.evidence.measured import MEASURES
from core.evidence.report import TRAINED, measured
from core.evidence.subject import Images, Subject
from core.models import DIGIT_NETS, TWIN
from core.models.series import SERIES
from pages.frame.glossary import explained
from pages.inputs import nets
from pages.jobs.long_work import long_work
from pages.jobs.scheduler import Records, View

LEAST, MOST, STEP, USUAL = 200, 2000, 100, 1000  # images
FIRST = "neighbours"  # which takes any number of images
WIDTH, HEIGHT = 460, 240


@dataclass(frozen=True)
class Measurement:
    """A measure of all layers of a net, on so many test images."""

    measure: str
    model: str
    weights: str
    images: int

    def run(self) -> Records:
        """The job: the report's own records, a layer each; ValueError where it cannot be measured so."""
        if not LEAST <= self.images <= MOST:
            raise ValueError(f"Choose {LEAST} to {MOST:,} images; {self.images} were asked for.")
        every = nets.test_images()
        step = len(every.images) // self.images  # at MOST it is that of the report
        chosen = Images(every.images[::step][: self.images], every.labels[::step][: self.images])
        subject = Subject(nets.net(self.model, self.weights), chosen, self.model, self.weights)
        yield from measured(subject, [self.measure])


def measure_it(theme: images.Theme) -> None:
    """Draw the choices, all of them in the link, the button, and what comes of it."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        measure = st.selectbox("Measure", list(MEASURES), list(MEASURES).index(FIRST), key="measure",
                               bind="query-params", width=260)  # fmt: skip
        model = st.selectbox("Net", [*DIGIT_NETS, *SERIES], key="net", bind="query-params", width=160)
        weights = _choose_weights(model)
        count = st.slider("Test images", LEAST, MOST, USUAL, STEP, key="n", bind="query-params", width=240)
    wanted = Measurement(measure, model, weights, count)
    long_work([wanted], "Start", partial(_live, wanted, theme), key="measure", last_only=False)


def _choose_weights(model: str) -> str:
    """Of what ships of the net."""
    if model in SERIES:
        return st.selectbox("Weights", ["plain", TWIN], key="weights-series", bind="query-params", width=180,
                            help=explained("plain training", "untrained twin"))  # fmt: skip
    epochs = [name for name in nets.stages().values() if name != "trained"]
    return st.selectbox("Weights", ["trained", "plain", TWIN, *epochs], key="weights", bind="query-params", width=180,
                        help=explained("plain training", "untrained twin", "epoch"))  # fmt: skip


def _live(wanted: Measurement, theme: images.Theme, views: list[View | None]) -> None:
    (job,) = views
    records = job.records if job else ()
    if job and not job.over:
        share = records[-1].done / records[-1].total if records else 0.0
        st.progress(share, f"Layer {records[-1].done} of {records[-1].total}" if records else "About to begin")
    figure = Figure(wanted.measure, (wanted.model,))
    training = "plain" if wanted.model in SERIES or wanted.weights == "plain" else "trained"
    stage = wanted.weights if wanted.weights.startswith("epoch") else TRAINED
    shipped, own = lines(figure, training, stage), own_lines([row for record in records for row in record.rows])
    if shipped.empty and own.empty:
        st.caption("It has no such number." if job and job.state == "done" else "None ships for this net: press Start.")
        return
    st.caption(f"In the family's colour what ships, on {MOST:,} images, its untrained twins dashed; in ink what you "
               f"measure: {wanted.model}, {wanted.weights}, on {wanted.images:,} images.")  # fmt: skip
    spec = charts.nets_by_depth(pd.concat([shipped, own]), figure.title, theme, WIDTH, HEIGHT)
    with st.container(key="measured-anew"):
        st.vega_lite_chart(spec=spec, width="content", key="measured-chart")
