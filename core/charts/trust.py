"""How far an attribution can be trusted, as charts."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from core.charts.marks import FAINT, FAMILY_COLOURS, QUIET, Spec, checked, filled, table_of
from core.images import Theme

if TYPE_CHECKING:  # it would bring Captum, which takes a second
    from core.trust.examine import Worth

WIDTH, HEIGHT = 88, 84  # pixels of one of the three
FALL_WIDTH, FALL_HEIGHT = 184, 132  # with their axes
CELL = 22  # of a table of methods
TITLES = {"deletion": "pixels gone", "insertion": "pixels come", "stages": "weights random"}
KINDS, DASHES = ["the most important first", "by lot"], [[1, 0], [2, 3]]
COLUMNS = ["model", "family", "curve", "kind", "at", "step", "value"]


def trust_curves(found: Sequence[tuple[str, str, "Worth"]], theme: Theme) -> Spec:
    """What a method is worth in several nets (name, family, worth), in their families' colours; the control is dotted.

    What has not been found yet is left out.
    """
    rows = [row for model, family, worth in found for row in _points(model, family, worth)]
    return filled(_trust_chart(theme), points=pd.DataFrame(rows, columns=COLUMNS))


def _points(model: str, family: str, worth: "Worth") -> Iterator[tuple[Any, ...]]:
    for name, values in worth.curves.items():
        curve, kind = name.split(",")[0], KINDS[name.endswith("random")]
        for part, value in enumerate(values):
            at = part / (len(values) - 1)
            yield model, family, curve, kind, at, f"{100 * at:.0f} % of the pixels", value
    if "all random" in worth.numbers:  # all stages are there
        yield model, family, "stages", KINDS[0], 0.0, "nothing random", 1.0
        for place, (layer, value) in enumerate(worth.stages.items(), 1):
            step = f"{layer} and all behind it random"
            yield model, family, "stages", KINDS[0], place / len(worth.stages), step, value


@cache
def _trust_chart(theme: Theme) -> Spec:
    panels = [_panel(curve, title, theme, first=place == 0) for place, (curve, title) in enumerate(TITLES.items())]
    chart = alt.hconcat(*panels, spacing=12).resolve_scale(color="shared")
    return checked(chart.configure_title(fontSize=11, fontWeight="normal", color=QUIET[theme], anchor="start"))


def _panel(curve: str, title: str, theme: Theme, first: bool) -> alt.LayerChart | alt.FacetChart:
    percent = alt.Axis(values=[0, 0.5, 1], format="%", grid=False, labelFlush=True)
    share = alt.Axis(values=[0, 0.5, 1], gridColor=FAINT[theme], labels=first, ticks=first, domain=False)
    points = table_of("points").transform_filter(f"datum.curve == '{curve}'")
    lines = points.encode(
        x=alt.X("at:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=percent),
        y=alt.Y("value:Q", title=None, scale=alt.Scale(domain=[-0.2, 1], clamp=True), axis=share),
        color=alt.Color("family:N", legend=None,
                        scale=alt.Scale(domain=list(FAMILY_COLOURS), range=list(FAMILY_COLOURS.values()))),
        strokeDash=alt.StrokeDash("kind:N", legend=None, scale=alt.Scale(domain=KINDS, range=DASHES)),
        detail="model:N",
    )  # fmt: skip
    tip = ["model:N", "kind:N", "step:N", alt.Tooltip("value:Q", format=".2f")]
    dots = lines.mark_circle(size=14, opacity=1) if curve == "stages" else lines.mark_circle(size=60, opacity=0)
    return alt.layer(lines.mark_line(strokeWidth=1.8), dots.encode(tooltip=tip)).properties(
        width=WIDTH, height=HEIGHT, title=title
    )


def falls(by_importance: Sequence[float], by_lot: Sequence[float], here: float, family: str, theme: Theme) -> Spec:
    """The answer's share while a digit's ink goes, evenly from all to none of it; `here`, a share, has a line."""
    gone = np.linspace(0, 1, len(by_importance))
    shares = [pd.DataFrame({"gone": gone, "share": values, "kind": kind})
              for kind, values in zip(KINDS, (by_importance, by_lot), strict=True)]  # fmt: skip
    chart = _falls_chart(FAMILY_COLOURS[family], theme)
    return filled(chart, shares=pd.concat(shares), here=pd.DataFrame({"gone": [here]}))


@cache
def _falls_chart(colour: str, theme: Theme) -> Spec:
    shares: dict[str, Any] = {"values": [0, 0.5, 1], "format": "%"}
    x = alt.X("gone:Q", title="ink gone", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(grid=False, **shares))
    up = alt.Axis(gridColor=FAINT[theme], domain=False, **shares)
    y = alt.Y("share:Q", title="its share", scale=alt.Scale(domain=[0, 1], clamp=True), axis=up)
    lines = table_of("shares").encode(
        x=x, y=y, strokeDash=alt.StrokeDash("kind:N", legend=None, scale=alt.Scale(domain=KINDS, range=DASHES)),
        tooltip=["kind:N", alt.Tooltip("gone:Q", format=".0%"), alt.Tooltip("share:Q", format=".0%")],
    )  # fmt: skip
    here = table_of("here").mark_rule(color=QUIET[theme]).encode(x=x)
    drawn = lines.mark_line(strokeWidth=1.8, color=colour)
    return checked(alt.layer(here, drawn).properties(width=FALL_WIDTH, height=FALL_HEIGHT))


def agreement(table: pd.DataFrame, theme: Theme) -> Spec:
    """How far methods agree, a row and a column each, between -1 and 1: the darker, the more."""
    pairs = table.rename_axis("method").reset_index().melt("method", var_name="other")
    return filled(_agreement_chart(tuple(table), theme), pairs=pairs)


@cache
def _agreement_chart(methods: tuple[str, ...], theme: Theme) -> Spec:
    scale = alt.Scale(scheme="purpleorange", domain=[-1, 1])
    place: dict[str, Any] = {"sort": list(methods), "title": None}
    cells = table_of("pairs").mark_rect(stroke=FAINT[theme]).encode(
        x=alt.X("other:N", axis=alt.Axis(labelAngle=-45, labelOverlap=False, domain=False, ticks=False), **place),
        y=alt.Y("method:N", axis=alt.Axis(labelOverlap=False, domain=False, ticks=False), **place),
        color=alt.Color("value:Q", scale=scale, legend=None),
        tooltip=["method:N", "other:N", alt.Tooltip("value:Q", format=".2f")],
    )  # fmt: skip
    return checked(alt.layer(cells).properties(width=alt.Step(CELL), height=alt.Step(CELL)))
