"""The large surface, with the points: the output's, or that of a unit on which one has clicked."""

import streamlit as st
from torch import nn

from core import charts
from core.charts import UNIT, plane
from core.data.points import Points
from core.images import Theme
from core.plane.surfaces import OUTPUT, REACH, Row, output, rows, wrong
from pages.frame import link
from pages.frame.clickable import clickable
from pages.frame.notice import notice
from pages.plane.own_points import OWN, choose_colour, places, put_or_take
from pages.plane.training import Training

CLICK = "A click adds a point, or takes it away"


def choose(address: str) -> None:
    """What a click does: the unit is shown; a second one on it, or one on the output, goes back to the output."""
    back = address == link.get(UNIT) or address.startswith(OUTPUT)
    link.put(UNIT, None if back else address)


def chosen_unit(found: list[Row]) -> str | None:
    """The unit that the link names; None for the output, and a sentence where this net has none of that name."""
    address = link.get(UNIT)
    if address is None or address in found[-1].addresses:
        return None
    if not any(address in row.addresses for row in found):
        notice(f"This net has no unit {address[:60]!r}; here is its output. A click on a unit chooses it.",
               ":material/search_off:")  # fmt: skip
        return None
    return address


def surface(training: Training, net: nn.Module | None, points: Points, theme: Theme, chosen: str | None = None) -> None:
    """Draw it, of one's own points with the places where a click puts some; without a net these alone."""
    own = training.setup.points == OWN
    with st.container(width=plane.SURFACE, gap="xsmall", key="output"):
        if own:
            choose_colour()
        if net is None:
            values, missed, said = None, [False] * len(points.labels), CLICK
        elif chosen is None:
            values, missed = output(net, plane.FINE, REACH), wrong(net, points)
            said = f"The output, with the {len(points.labels)} training points{_ringed(missed)}"
        else:
            row, unit = _of(net, training, points, chosen)
            values, missed, said = row.values[unit], row.wrong[unit].tolist(), _about(row, unit, training)
        spec = charts.surface(values, points, missed, REACH, theme, places() if own else None, chosen or "the output")
        if own:
            clickable(spec, charts.PLACE, "surface", put_or_take)
        else:
            st.vega_lite_chart(spec=spec, width="content", key="plane-surface")
        st.caption(f"{said}. {CLICK}" if own and net is not None else said)
        if chosen:
            st.button("Back to the output", icon=":material/arrow_back:", on_click=link.put, args=(UNIT, None))


def _of(net: nn.Module, training: Training, points: Points, address: str) -> tuple[Row, int]:
    """The row of a unit, as fine as the large picture, and its place in it."""
    for row in rows(net, training.setup, points, plane.FINE, REACH):
        if address in row.addresses:
            return row, row.addresses.index(address)
    raise ValueError(f"This net has no unit {address!r}.")


def _ringed(missed: list[bool]) -> str:
    return f"; {sum(missed)} on the wrong side are ringed" if any(missed) else ""


def _about(row: Row, unit: int, training: Training) -> str:
    """What a unit is: its address, its kind, its range in view, and what a threshold on it can do."""
    low, high = row.ranges[unit]
    kind = "a coordinate" if row.weights is None else f"a {training.setup.activation} unit of {row.name}"
    return (
        f"{row.addresses[unit]}, {kind}: its activation goes from {low:.2f} to {high:.2f} in view. The best "
        f"threshold on it gets **{100 * row.right[unit]:.3g} %** of the {row.wrong.shape[1]} training points right"
        f"{_ringed(row.wrong[unit].tolist())}"
    )
