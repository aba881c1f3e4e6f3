"""The net while it trains: every unit's surface, the output's with the points, and the losses."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from core import charts
from core.charts import UNIT, plane
from core.images import Theme
from core.plane.nets import Epoch, require, with_weights
from core.plane.surfaces import REACH, rows
from pages.frame import link
from pages.frame.clickable import clickable
from pages.frame.notice import notice
from pages.jobs.long_work import by_itself
from pages.jobs.scheduler import View
from pages.plane.own_points import LINKED, OWN
from pages.plane.player import begin, is_playing, player
from pages.plane.said import said
from pages.plane.surface import choose, chosen_unit, surface
from pages.plane.training import Training, recorded

HINT = (
    "White is the middle of a unit's nonlinearity, orange above it, purple below. An edge is a weight: the wider, the "
    "larger; orange excites, purple inhibits. A click on a unit shows it large."
)


def bench(training: Training, theme: Theme) -> None:
    """Train, and draw the net at the epoch that is shown.

    Raises ValueError, with a sentence for the page, for points of one's own that cannot be read.
    """
    points, _ = training.points()
    try:
        require(points)
    except ValueError as error:
        notice(error, ":material/touch_app:")
        surface(training, None, points, theme)
        return
    begin(training)
    moving = is_playing()
    by_itself(training, partial(_draw, training, theme, moving), key="plane", moving=moving)


def _draw(training: Training, theme: Theme, moving: bool, views: list[View | None]) -> None:
    if training.setup.points == OWN and training.own != (link.get(LINKED) or ""):
        st.rerun()  # a click on a place runs only this part of the page
    (view,), points = views, training.points()[0]
    epochs, over = recorded(view), bool(view and view.over)
    if not epochs:
        surface(training, None, points, theme)
        return
    shown = player(epochs, over, training.setup.points != OWN)
    net = with_weights(training.setup, epochs[shown].weights)
    found = rows(net, training.setup, points, plane.side(training.setup.hidden) // plane.FACTOR, REACH)
    chosen = chosen_unit(found)
    with st.container(horizontal=True, gap="medium", key="net-in-plane"):
        with st.container(width="content", gap="xsmall", key="diagram"):
            clickable(charts.diagram(found, theme, chosen), UNIT, "plane-diagram", choose)
        surface(training, net, points, theme, chosen)
        _losses(training, epochs, shown, theme)
    st.caption(HINT)
    said(training, net, found, epochs[shown].epoch, at_rest=over and not is_playing())
    if moving != is_playing():
        st.rerun()  # so that this part of the page runs by itself from now on, or no longer


def _losses(training: Training, epochs: Sequence[Epoch], shown: int, theme: Theme) -> None:
    curves = {"training": [epoch.loss for epoch in epochs]}
    if training.setup.points != OWN:
        curves["test"] = [epoch.test_loss for epoch in epochs]
    with st.container(width="content", gap="xsmall", key="losses"):
        st.vega_lite_chart(spec=charts.losses(curves, shown, theme), width="content", key="plane-losses")
