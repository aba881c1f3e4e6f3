"""What can be said exactly of the points and of the net as it is shown, in plain sentences."""

from collections.abc import Sequence

import streamlit as st
from torch import nn

from core.data.points import xor
from core.plane.exact import best_line, first_separable, linear_fit, linear_regions
from core.plane.surfaces import INPUT, OUTPUT, REACH, Row
from pages.plane.training import Training


def said(training: Training, net: nn.Sequential, rows: Sequence[Row], epoch: int, *, at_rest: bool) -> None:
    """Write it; what takes long only where the net stands still."""
    st.header("What is so, exactly", anchor=False)
    lines = [_line(training), _thresholds(rows), _separable(training, net)]
    lines.append(_regions(training, net, epoch) if at_rest else "**Linear regions** are counted when it stands still.")
    st.markdown("\n".join(f"- {line}" for line in lines))


def _line(training: Training) -> str:
    best, fit, count = _of_points(training)
    corners = xor(4, 0.0, 0)
    return (
        f"**A straight line** gets at most **{_percent(best)}** of these {count} points right; all lines were tried. "
        f"A linear prediction explains R² = {abs(fit):.2f} of the class. Of XOR's four corners a line gets "
        f"{_percent(best_line(corners))}, and R² = {abs(linear_fit(corners)):.0f}."
    )


@st.cache_data(max_entries=64, show_spinner="Trying all straight lines ...")
def _of_points(training: Training) -> tuple[float, float, int]:
    points, _ = training.points()
    return best_line(points), linear_fit(points), len(points.labels)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _thresholds(rows: Sequence[Row]) -> str:
    layers = ", ".join(f"{row.name} **{_percent(max(row.right))}**" for row in rows if row.name != INPUT)
    first = "hidden 1" if len(rows) > 2 else "output"
    return (
        f"**One unit and a threshold on it**, the best of each layer: {layers}. A unit of {first} is level along "
        "straight lines, so that none of them does better than the best line."
    )


def _separable(training: Training, net: nn.Sequential) -> str:
    first = first_separable(net, training.points()[0])
    if first is None:
        return "**A linear readout** separates the classes in no layer, as the net is now."
    if first == INPUT:
        return "**A linear readout** separates the classes already in the plane itself: a line does."
    name = OUTPUT if first == "logits" else f"hidden {''.join(filter(str.isdigit, first))}"
    return f"**A linear readout** separates the classes, all points, first behind **{name}**."


def _regions(training: Training, net: nn.Sequential, epoch: int) -> str:
    if not training.setup.hidden:
        return "**Linear regions**: one, because without a hidden layer the net is linear."
    if training.setup.activation != "ReLU":
        return f"**Linear regions**: none to count, because a net of {training.setup.activation} units is curved; only ReLUs have them."  # noqa: E501
    return f"**Linear regions**: the ReLUs cut the square in view into **{_counted(training, epoch, net):,}** pieces, on each of which the net is linear."  # noqa: E501


@st.cache_data(max_entries=64, show_spinner="Counting linear regions ...")
def _counted(training: Training, epoch: int, _net: nn.Sequential) -> int:
    return linear_regions(_net, REACH)
