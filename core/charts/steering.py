"""A unit turned up and down: what another one then does beside what was predicted, and the answer before and after."""

from collections.abc import Mapping, Sequence
from functools import cache

import altair as alt
import pandas as pd

from core.charts.marks import FAINT, FAMILY_COLOURS, QUIET, Spec, checked, ends, filled, table_of
from core.images import Theme

MEASURED, BY_GRAPH, BY_GRADIENT = "measured", "predicted by the graph", "by the gradient over all ways"
DASHES = [[1, 0], [6, 3], [1, 3]]
BEFORE, AFTER = "before", "after"
WIDTH, HEIGHT, ROW, AXIS = 350, 230, 18, 50  # pixels of the curves, of a class's bar, and of the axis below


def steered(
    curves: Mapping[str, Sequence[float]], factors: Sequence[float], now: float, value: str, family: str, theme: Theme
) -> Spec:
    """What a unit does by how many times as much another one is, by MEASURED, BY_GRAPH and BY_GRADIENT; `now` a line.

    `value` says what of the unit it is.
    """
    tables = [pd.DataFrame({"times": factors, "value": values, "kind": kind}) for kind, values in curves.items()]
    said = "; ".join(f"{kind} {ends(values)}" for kind, values in curves.items())
    return filled(
        _steered_chart(value, FAMILY_COLOURS[family], theme),
        f"Its {value} while the other goes from {factors[0]:g} to {factors[-1]:g} times its activation: {said}.",
        curves=pd.concat(tables),
        now=pd.DataFrame({"times": [now]}),
    )


@cache
def _steered_chart(value: str, colour: str, theme: Theme) -> Spec:
    x = alt.X("times:Q", title="times its activation", axis=alt.Axis(grid=False, tickCount=5))
    y = alt.Y("value:Q", title=value, scale=alt.Scale(zero=False),
              axis=alt.Axis(gridColor=FAINT[theme], domain=False, tickCount=5))  # fmt: skip
    kinds = [MEASURED, BY_GRAPH, BY_GRADIENT]
    lines = table_of("curves").mark_line(strokeWidth=2).encode(
        x=x, y=y,
        strokeDash=alt.StrokeDash("kind:N", scale=alt.Scale(domain=kinds, range=DASHES), legend=None),
        color=alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=[colour, QUIET[theme], QUIET[theme]]),
                        legend=None),
        tooltip=["kind:N", alt.Tooltip("times:Q", format=".1f"), alt.Tooltip("value:Q", format=".3f")],
    )  # fmt: skip
    now = table_of("now").mark_rule(color=QUIET[theme], opacity=0.6).encode(x=x)
    return checked(alt.layer(now, lines).properties(width=WIDTH, height=HEIGHT))


def before_and_after(
    labels: Sequence[str], before: Sequence[float], after: Sequence[float], family: str, theme: Theme
) -> Spec:
    """Each class's share, in percent, before, as a line, and after, as a bar."""
    table = pd.DataFrame({"label": labels, BEFORE: before, AFTER: after})
    shares = [each for each in zip(labels, before, after, strict=True) if max(each[1:]) >= 1]
    moved = ", ".join(f"{label} from {one:.3g} to {other:.3g} %" for label, one, other in shares)
    return filled(_answer_chart(tuple(labels), FAMILY_COLOURS[family], theme), f"The answer: {moved}.", shares=table)


@cache
def _answer_chart(labels: tuple[str, ...], colour: str, theme: Theme) -> Spec:
    names = alt.Axis(
        ticks=False, domain=False, labelLimit=140, labelOverlap=False, labelFlush=False, labelBound=False, title=None
    )
    share = alt.X(f"{AFTER}:Q", title="% of the answer", scale=alt.Scale(domain=[0, 100]),
                  axis=alt.Axis(gridColor=FAINT[theme], domain=False, values=[0, 50, 100]))  # fmt: skip
    y = alt.Y("label:N", sort=list(labels), axis=names)
    tip = ["label:N", *(alt.Tooltip(f"{name}:Q", format=".3~r", title=f"{name}, %") for name in (BEFORE, AFTER))]
    bars = table_of("shares").mark_bar(color=colour, height=10).encode(x=share, y=y, tooltip=tip)
    marks = table_of("shares").mark_tick(color=QUIET[theme], thickness=2, height=14).encode(
        x=alt.X(f"{BEFORE}:Q"), y=y, tooltip=tip
    )  # fmt: skip
    return checked(alt.layer(bars, marks).properties(width=WIDTH, height=ROW * len(labels) + AXIS))
