"""Small recurrent nets beside each other: losses and errors over updates, influence over distance, errors by length."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from core.charts.marks import FAINT, QUIET, Spec, checked, ends, filled, table_of
from core.images import Theme

WIDTH, HEIGHT = 354, 300  # pixels with axes and legend, which a phone has
# Okabe and Ito's, with two of our own for controls; the LSTM has its family's.
NET_COLOURS = {
    "RNN": "#CC79A7", "LSTM": "#009E73", "GRU": "#56B4E9", "identity RNN": "#7A4FA3", "identity ReLU": "#E69F00",
    "LSTM bias 1": "#8A8F1D",
}  # fmt: skip
BEFORE, AFTER = "before training", "after training"
SHARE = "error, of chance's"
ROOF = 1.5  # times chance: what lies above it is drawn there


def training_losses(table: pd.DataFrame, theme: Theme) -> Spec:
    """The loss in training over updates (net, update, loss), a line a net; the loss's axis is logarithmic."""
    rows = table.dropna(subset=["loss"])
    return filled(_losses(_nets(rows), theme), f"The loss in training: {_lines(rows, 'loss')}.", lines=rows)


@cache
def _losses(nets: tuple[str, ...], theme: Theme) -> Spec:
    y = alt.Y("loss:Q", title="loss in training", scale=alt.Scale(type="log", nice=False), axis=_axis(theme))
    lines = _by_net("lines", nets).mark_line(strokeWidth=2).encode(
        x=_updates(), y=y, tooltip=["net:N", "update:Q", alt.Tooltip("loss:Q", format=".3g")]
    )  # fmt: skip
    return checked(alt.layer(lines).properties(width=WIDTH, height=HEIGHT))


def unseen_errors(table: pd.DataFrame, chance: float, title: str, theme: Theme) -> Spec:
    """The error on unseen sequences over updates (net, update, error), with a dotted line at chance."""
    roof = ROOF * chance
    return filled(
        _errors(_nets(table), title, roof, theme),
        f"{title}, chance is {chance:.3g}: {_lines(table, 'error')}.",
        lines=table.assign(drawn=table.error.clip(upper=roof).fillna(roof)),
        chance=pd.DataFrame({"chance": [chance], "text": ["chance"], "update": [0]}),
    )


@cache
def _errors(nets: tuple[str, ...], title: str, roof: float, theme: Theme) -> Spec:
    scale = alt.Scale(domain=[0, roof], nice=False)
    y = alt.Y("drawn:Q", title=title, scale=scale, axis=_axis(theme))
    lines = _by_net("lines", nets).mark_line(strokeWidth=2).encode(
        x=_updates(), y=y, tooltip=["net:N", "update:Q", alt.Tooltip("error:Q", format=".3g")]
    )  # fmt: skip
    return checked(alt.layer(*_chance("chance", title, scale, theme), lines).properties(width=WIDTH, height=HEIGHT))


def _chance(field: str, title: str, scale: alt.Scale, theme: Theme) -> list[alt.Chart]:
    level = alt.Y(f"{field}:Q", title=title, scale=scale)
    rule = table_of("chance").mark_rule(color=QUIET[theme], strokeDash=[1, 3], strokeWidth=1.5).encode(y=level)
    name = table_of("chance").mark_text(align="right", dx=-2, dy=-7, fontSize=11, color=QUIET[theme])
    return [rule, name.encode(x=alt.value("width"), y=level, text="text:N")]


def influences(table: pd.DataFrame, theme: Theme) -> Spec:
    """||d state_T / d input_s|| over T - s (net, distance, value, when), dashed and lighter before the training.

    The axis is logarithmic: a straight line is a constant factor a step. What is zero, or no number, is left out.
    """
    rows = table[(table.value > 0) & (table.value < float("inf"))]
    said = "; ".join(f"{when}: {_lines(part, 'value')}" for when, part in rows.groupby("when", sort=False))
    return filled(_influences(_nets(rows), theme), f"Influence on the last state, {said}.", lines=rows)


@cache
def _influences(nets: tuple[str, ...], theme: Theme) -> Spec:
    x = alt.X("distance:Q", title="steps before the last one", axis=alt.Axis(grid=False, tickCount=6, tickMinStep=1),
              scale=alt.Scale(nice=False))  # fmt: skip
    y = alt.Y("value:Q", title="influence on the last state", scale=alt.Scale(type="log"),
              axis=alt.Axis(gridColor=FAINT[theme], domain=False, tickCount=6, format=".0e"))  # fmt: skip

    def by_time(channel: type[Any], values: list[Any]) -> Any:
        return channel("when:N", legend=None, scale=alt.Scale(domain=[BEFORE, AFTER], range=values))

    lines = _by_net("lines", nets).mark_line(strokeWidth=2).encode(
        x=x, y=y, strokeDash=by_time(alt.StrokeDash, [[4, 3], [1, 0]]), opacity=by_time(alt.Opacity, [0.6, 1]),
        tooltip=["net:N", "when:N", "distance:Q", alt.Tooltip("value:Q", format=".2e")],
    )  # fmt: skip
    return checked(alt.layer(lines).properties(width=WIDTH, height=HEIGHT))


def errors_by_length(table: pd.DataFrame, solved: float, title: str, theme: Theme) -> Spec:
    """Mean error as a share of chance's over the length (net, length, value, low, high), a line a net.

    Bars reach from the best seed to the worst; below the dotted line at `solved` a task counts as solved.
    """
    marks = pd.DataFrame({"level": [1.0, solved], "text": ["chance", "solved below"]})
    return filled(
        _lengths(_nets(table), title, theme),
        f"Error as a share of chance's over {title}: {_lines(table, 'value')}.",
        lines=table.assign(**{name: table[name].clip(upper=ROOF) for name in ("value", "low", "high")}),
        chance=marks,
    )


@cache
def _lengths(nets: tuple[str, ...], title: str, theme: Theme) -> Spec:
    x = alt.X(
        "length:Q",
        title=title,
        axis=alt.Axis(grid=False, tickCount=5, format="d"),
        scale=alt.Scale(nice=False, zero=False, padding=12),
    )
    scale = alt.Scale(domain=[0, ROOF], nice=False)
    y = alt.Y("value:Q", title=SHARE, scale=scale, axis=_axis(theme, "%"))
    base = _by_net("lines", nets)
    numbers = [alt.Tooltip(f"{name}:Q", format=".1%") for name in ("value", "low", "high")]
    spans = base.mark_rule(strokeWidth=1.5, opacity=0.6).encode(
        x=x, y=alt.Y("low:Q", title=SHARE, scale=scale), y2="high:Q"
    )
    lines = base.mark_line(strokeWidth=2).encode(x=x, y=y)
    dots = base.mark_circle(size=34, opacity=1).encode(x=x, y=y, tooltip=["net:N", "length:Q", *numbers])
    return checked(alt.layer(*_chance("level", SHARE, scale, theme), spans, lines, dots).properties(
        width=WIDTH, height=HEIGHT))  # fmt: skip


def _nets(table: pd.DataFrame) -> tuple[str, ...]:
    present = set(table.net)
    return tuple(net for net in NET_COLOURS if net in present)


def _lines(table: pd.DataFrame, column: str) -> str:
    return "; ".join(f"{net} {ends(rows[column].tolist())}" for net, rows in table.groupby("net", sort=False))


def _by_net(table: str, nets: Sequence[str]) -> alt.Chart:
    colours = alt.Scale(domain=list(nets), range=[NET_COLOURS[net] for net in nets])
    legend = alt.Legend(orient="top", symbolType="stroke", columns=3, labelFontSize=10, columnPadding=6)
    return table_of(table).encode(color=alt.Color("net:N", title=None, scale=colours, legend=legend))


def _updates() -> alt.X:
    return alt.X("update:Q", title="updates", axis=alt.Axis(grid=False, tickCount=5), scale=alt.Scale(nice=False))


def _axis(theme: Theme, numbers: str = "~g") -> alt.Axis:
    return alt.Axis(gridColor=FAINT[theme], domain=False, tickCount=5, format=numbers)
