"""How far an attribution can be trusted, as charts."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from core.charts.marks import FAINT, FAMILY_COLOURS, QUIET, Spec, checked, ends, filled, table_of
from core.images import Theme

if TYPE_CHECKING:  # it would bring Captum, which takes a second
    from core.trust.examine import Worth

WIDTH, HEIGHT = 88, 84  # pixels of one of the three
GAIN_WIDTH, GAIN_ROW = 296, 24  # pixels of a chart of gains with its names, and of a method's row in it
FALL_WIDTH, FALL_HEIGHT = 184, 132  # with their axes
CELL = 22  # of a table of methods
TITLES = {"deletion": "deletion", "insertion": "insertion", "stages": "weights random"}
KINDS, DASHES = ["most important first", "the image itself", "at random"], [[1, 0], [6, 3], [1, 3]]
GAINS = {"pointing": "pointing game", "rival": "against its rival", "deletion": "deletion", "insertion": "insertion"}
COLUMNS = ["model", "family", "curve", "kind", "at", "step", "value"]


def trust_curves(found: Sequence[tuple[str, str, "Worth", Mapping[str, "Worth"]]], theme: Theme) -> Spec:
    """What is found of a method in several nets (name, family, worth, the controls' worth), in their families' colours.

    The image itself as the map is dashed, a random order dotted. What has not been found yet is left out.
    """
    rows = []
    for model, family, own, controls in found:
        rows += list(_points(model, family, KINDS[0], own))
        for kind in KINDS[1:]:
            rows += list(_points(model, family, kind, controls[kind])) if kind in controls else []
    points = pd.DataFrame(rows, columns=COLUMNS)
    return filled(_trust_chart(theme), _said(points[points.kind == KINDS[0]]), points=points)


def _said(points: pd.DataFrame) -> str:
    """Each curve's mean, in words."""
    means = points.groupby(["model", "curve"], sort=False).value.mean().reset_index()
    curves = ", ".join(f"{row.model} {TITLES[str(row.curve)]} {row.value:.2f}" for row in means.itertuples())
    return f"How far the maps can be trusted, the curves' means: {curves or 'not found yet'}."


def _points(model: str, family: str, kind: str, worth: "Worth") -> Iterator[tuple[Any, ...]]:
    for curve in ("deletion", "insertion"):
        values = worth.curves.get(curve, [])
        for part, value in enumerate(values):
            at = part / (len(values) - 1)
            yield model, family, curve, kind, at, f"{100 * at:.0f} % of the ink", value
    if "all random" in worth.numbers:  # all stages are there
        yield model, family, "stages", kind, 0.0, "nothing random", 1.0
        for place, (layer, value) in enumerate(worth.stages.items(), 1):
            step = f"{layer} and all behind it random"
            yield model, family, "stages", kind, place / len(worth.stages), step, value


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


def falls(curves: Mapping[str, Sequence[float]], here: float, family: str, theme: Theme) -> Spec:
    """The answer's share while a digit's ink is deleted, from all to none, by KINDS; `here`, a share, has a line."""
    shares = [pd.DataFrame({"gone": np.linspace(0, 1, len(values)), "share": values, "kind": kind})
              for kind, values in curves.items()]  # fmt: skip
    chart = _falls_chart(FAMILY_COLOURS[family], theme)
    said = "; ".join(f"{kind} {ends(values)}" for kind, values in curves.items())
    return filled(
        chart,
        f"The share while the ink is deleted, {said}; the line stands at {here:.0%}.",
        shares=pd.concat(shares),
        here=pd.DataFrame({"gone": [here]}),
    )


@cache
def _falls_chart(colour: str, theme: Theme) -> Spec:
    shares: dict[str, Any] = {"values": [0, 0.5, 1], "format": "%"}
    x = alt.X("gone:Q", title="ink deleted", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(grid=False, **shares))
    up = alt.Axis(gridColor=FAINT[theme], domain=False, **shares)
    y = alt.Y("share:Q", title="its share", scale=alt.Scale(domain=[0, 1], clamp=True), axis=up)
    lines = table_of("shares").encode(
        x=x, y=y, strokeDash=alt.StrokeDash("kind:N", legend=None, scale=alt.Scale(domain=KINDS, range=DASHES)),
        tooltip=["kind:N", alt.Tooltip("gone:Q", format=".0%"), alt.Tooltip("share:Q", format=".0%")],
    )  # fmt: skip
    here = table_of("here").mark_rule(color=QUIET[theme]).encode(x=x)
    drawn = lines.mark_line(strokeWidth=1.8, color=colour)
    return checked(alt.layer(here, drawn).properties(width=FALL_WIDTH, height=FALL_HEIGHT))


def gains(table: pd.DataFrame, methods: Sequence[str], theme: Theme) -> Spec:
    """Each of the methods' gain over the best control with its 95 % interval, a row a method, a dot a net.

    Columns: method, model, family, value, gain, lower, upper, verdict, control. A full dot beats the controls.
    """
    chart = _gains_chart(tuple(methods), tuple(dict.fromkeys(table.model)), theme)
    better = table[table.verdict == "beats"]
    said = ", ".join(f"{method} in {model}" for method, model in zip(better.method, better.model, strict=True))
    return filled(
        chart,
        f"Gains over the best control with their intervals; {len(better)} of {len(table)} beat it: {said or 'none'}.",
        gains=table,
        zero=pd.DataFrame({"zero": [0]}),
    )


@cache
def _gains_chart(methods: tuple[str, ...], models: tuple[str, ...], theme: Theme) -> Spec:
    names = alt.Axis(ticks=False, domain=False, grid=True, gridColor=FAINT[theme], labelLimit=150)
    base = table_of("gains").encode(
        y=alt.Y("method:N", title=None, sort=list(methods), axis=names, scale=alt.Scale(domain=list(methods))),
        yOffset=alt.YOffset("model:N", sort=list(models), scale=alt.Scale(domain=list(models))),
        color=alt.Color("family:N", legend=None,
                        scale=alt.Scale(domain=list(FAMILY_COLOURS), range=list(FAMILY_COLOURS.values()))),
        tooltip=["method:N", "model:N", "verdict:N", "control:N", alt.Tooltip("value:Q", format=".3f"),
                 *(alt.Tooltip(f"{name}:Q", format="+.3f") for name in ("gain", "lower", "upper"))],
    )  # fmt: skip
    axis = alt.Axis(grid=False, tickCount=4, format="+.1f")
    span = base.mark_rule(strokeWidth=1.6).encode(x=alt.X("lower:Q", title=None, axis=axis), x2="upper:Q")
    full = alt.condition("datum.verdict == 'beats'", alt.value(1), alt.value(0))
    dot = base.mark_point(filled=False, size=26, strokeWidth=1.4).encode(x="gain:Q")
    core = base.mark_circle(size=26).encode(x="gain:Q", opacity=full)
    zero = table_of("zero").mark_rule(color=QUIET[theme], strokeDash=[1, 3], strokeWidth=1.5).encode(x="zero:Q")
    return checked(alt.layer(zero, span, dot, core).properties(width=GAIN_WIDTH, height=GAIN_ROW * len(methods)))


def agreement(table: pd.DataFrame, theme: Theme) -> Spec:
    """How far methods agree, a row and a column each, between -1 and 1: the darker, the more."""
    pairs = table.rename_axis("method").reset_index().melt("method", var_name="other")
    different = pairs[pairs.method < pairs.other].sort_values("value")
    said = "; ".join(f"{pair.method} and {pair.other} {pair.value:.2f}" for pair in different.itertuples())
    return filled(_agreement_chart(tuple(table), theme), f"Rank correlations, the least first: {said}.", pairs=pairs)


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
