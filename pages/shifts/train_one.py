"""One point of the learning curves, trained here by the code that made the shipped numbers, beside these."""

from dataclasses import dataclass
from functools import partial

import pandas as pd
import streamlit as st

from core import charts, images, learning_curves
from core.data.digits import at_hand, is_named, training_set
from core.evidence.sharing import beside_shipped
from core.learning_curves import CNN, DENSE, LSTM, SIZES, UNSHARED, UNSHARED_SIZES, UPDATES, Cell, Reading
from core.process import give_back
from pages.frame.glossary import explained
from pages.jobs.long_work import downloads, long_work
from pages.jobs.scheduler import Records, View

SECONDS = {DENSE: 2, CNN: 15, LSTM: 7, UNSHARED: 70}  # that a training takes on one core
BUNDLE = 5  # updates a record: each may wait for pages
PIXELS = {"as they are": False, "permuted": True}
WIDTH = 470
HERE = "trained here"
STAND_INS = (
    "The 60,000 training images are not on this machine, so that test images stand in: it learns from images drawn "
    "from the first 5,000 of them, and is tested on the other 5,000. That is near the shipped training, and not the "
    "same. To have the same, put MNIST into the folder that LAYERSCOPE_DATA names"
)


@dataclass(frozen=True)
class LiveTraining:
    """A training of the learning curves, on training images or on what stands in for them."""

    cell: Cell
    training_images: bool

    def run(self) -> Records:
        """The job: every few updates, and each behind which accuracy is read."""
        seen, unseen = learning_curves.images_for(self.training_images)
        rate = learning_curves.best_rate(learning_curves.table(), self.cell)
        for update in learning_curves.train(self.cell, rate, seen, {(0, 0): unseen}):
            if update.readings or update.updates % BUNDLE == 0:
                yield update
        give_back()


@dataclass(frozen=True)
class Fetching:
    """The download of the training images: a job."""

    def run(self) -> Records:
        """Fetch them; ValueError, with a sentence for the page, where they cannot be had."""
        try:
            training_set()
        except (OSError, RuntimeError) as error:
            raise ValueError(f"The training images cannot be downloaded: {error}") from error
        yield "here"


def train_one(theme: images.Theme) -> None:
    """Draw the choices, all of them in the link, the button, and the curve as it grows."""
    st.header("Train one of these points yourself", anchor=False)
    there = at_hand()
    if not there:
        st.caption(f"{STAND_INS}{'.' if is_named() else ', or download it below.'}")
    cell = _choose(there)
    st.caption(f"About {SECONDS[cell.net]} seconds on one core, longer where others compute, too.")
    wanted = LiveTraining(cell, there)
    long_work([wanted], "Train it", partial(_draw, wanted, theme), key="train-one", last_only=False)
    if not (there or is_named()):
        long_work([Fetching()], "Download the training images, 11 MB", lambda views: None, key="fetch-digits",
                  by=downloads())  # fmt: skip


def _choose(training_images: bool) -> Cell:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        net = st.segmented_control("Net", list(learning_curves.NETS), default=DENSE, required=True, key="learn-net",
                                   bind="query-params")  # fmt: skip
        pixels = st.segmented_control("Pixels", list(PIXELS), default="as they are", required=True, key="learn-pixels",
                                      bind="query-params")  # fmt: skip
        few = net == UNSHARED
        most = max(SIZES) if training_images else learning_curves.HALF
        sizes = [str(size) for size in sorted(UNSHARED_SIZES if few else SIZES) if size <= most]
        key = "learn-images-unshared" if few else "learn-images"
        count = st.selectbox("Images", sizes, sizes.index("300"), key=key, bind="query-params", width=120)
        seed = st.number_input("Seed", 0, 9999, 0, key="learn-seed", bind="query-params", width=120,
                               help=explained("seed"))  # fmt: skip
    return Cell(net, PIXELS[pixels], int(count), seed)


def _draw(wanted: LiveTraining, theme: images.Theme, views: list[View | None]) -> None:
    (job,) = views
    updates = job.records if job else ()
    if job and not job.over:
        done = updates[-1].updates if updates else 0
        st.progress(done / UPDATES, f"Update {done:,} of {UPDATES:,}" if updates else "It reads the images")
    readings = [reading for update in updates for reading in update.readings]
    with st.container(width=WIDTH, key="learned-one"):
        st.vega_lite_chart(spec=_spec(wanted.cell, readings, theme), width="content", key="curve-trained-one")
    if job and job.state == "done":
        st.markdown(beside_shipped(wanted.cell, readings[-1].accuracy))


def _spec(cell: Cell, readings: list[Reading], theme: images.Theme) -> charts.Spec:
    """What ships of its kind over updates, and dashed what is trained here."""
    found = learning_curves.over_seeds()
    kind = (found.net == cell.net) & (found.permuted == cell.permuted) & (found.images == cell.images)
    own = pd.DataFrame([(HERE, reading.updates, *[reading.accuracy] * 3, 1) for reading in readings],
                       columns=["net", "updates", "value", "low", "high", "seeds"])  # fmt: skip
    rows = pd.concat([found[kind], own]) if readings else found[kind]
    families = {cell.net: learning_curves.FAMILIES[cell.net], HERE: learning_curves.FAMILIES[cell.net]}
    bottom = int(rows.low.min()) // 10 * 10 if len(rows) else 0
    across = f"updates, on {cell.images:,} images"
    return charts.learning_curves(rows, families, "updates", across, cell.permuted, bottom, theme, WIDTH)
