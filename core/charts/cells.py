"""What cells of the net that reads text track, beside their controls; and how uncertain it is along a text."""

from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from core.cells.search import CHARACTER, DIRECTION, LAST, READOUT, SHUFFLED, TWINS
from core.charts.letters import SHOWN
from core.charts.marks import FAINT, FAMILY_COLOURS, FEATURE, PLACE, QUIET, Spec, checked, filled, table_of
from core.images import Theme

ROW, AXIS = 26, 42  # pixels of a feature's row, and of the axis below
NAMES, WIDTH = 150, 350  # pixels of the features' names, and of all
TRACKS, NONE = "cell, tracks it", "cell, does not"
SHAPES = {TRACKS: "circle", NONE: "circle", CHARACTER: "square", LAST[-1]: "diamond", TWINS: "triangle-up",
          SHUFFLED: "triangle-down", DIRECTION: "cross", READOUT: "stroke"}  # fmt: skip
LETTER, HEIGHT, LEAST = 2, 110, 340  # pixels of a character, of the line's height, and least of its width
PADDING = {"left": 0, "right": 6, "top": 4, "bottom": 2}  # Streamlit would leave 20 pixels below
BITS = 6.03  # log2 of the alphabet's 65


def beside_controls(table: pd.DataFrame, title: str, chosen: str, theme: Theme) -> Spec:
    """A row a feature, with the cell's number, its 95 % interval and the controls' numbers; a click takes a feature.

    Columns: feature, kind (of SHAPES), value, low, high. `title` is what the numbers are.
    """
    features = tuple(dict.fromkeys(table.feature))
    own = table[table.kind.isin((TRACKS, NONE))]
    said = "; ".join(f"{row.feature} {row.value:.2f}, {row.kind}" for row in own.itertuples())
    return filled(
        _controls_chart(features, title, theme),
        f"The best cells' {title}: {said}.",
        numbers=table.rename(columns={"feature": "name"}),
        rows=pd.DataFrame({FEATURE: features, "chosen": [name == chosen for name in features]}),
    )


@cache
def _controls_chart(features: tuple[str, ...], title: str, theme: Theme) -> Spec:
    names = alt.Axis(ticks=False, domain=False, labelLimit=NAMES, labelFontSize=12, labelOverlap=False,
                     minExtent=NAMES, maxExtent=NAMES)  # fmt: skip

    def row(field: str) -> alt.Y:
        return alt.Y(f"{field}:N", title=None, sort=list(features), axis=names, scale=alt.Scale(domain=list(features)))

    low = 0.5 if title == "AUC" else 0.0
    axis = alt.Axis(gridColor=FAINT[theme], tickCount=5, domain=False, format=".1f", titleFontWeight="normal")
    scale = alt.Scale(domain=[low, 1], clamp=True)
    x = alt.X("value:Q", title=title, axis=axis, scale=scale)
    is_cell = alt.FieldOneOfPredicate("kind", [TRACKS, NONE])
    colour = alt.condition(is_cell, alt.value(FAMILY_COLOURS["rnn"]), alt.value(QUIET[theme]))
    fill = alt.condition(f"datum.kind == '{TRACKS}'", alt.value(FAMILY_COLOURS["rnn"]), alt.value("transparent"))
    shape = alt.Shape("kind:N", legend=None, scale=alt.Scale(domain=list(SHAPES), range=list(SHAPES.values())))
    tips: list[Any] = [
        "feature:N",
        "kind:N",
        *(alt.Tooltip(f"{name}:Q", format=".3f") for name in ("value", "low", "high")),
    ]
    click = alt.selection_point(name=FEATURE, fields=[FEATURE], on="click", toggle=False)
    lit = alt.condition("datum.chosen", alt.value(0.13), alt.value(0))
    box = table_of("rows").mark_rect(fill=FAMILY_COLOURS["rnn"], cursor="pointer").encode(
        y=row(FEATURE), x=alt.value(-NAMES), x2=alt.value("width"), fillOpacity=lit).add_params(click)  # fmt: skip
    numbers = table_of("numbers").encode(y=row("name"))
    span = numbers.transform_filter(is_cell).mark_rule(strokeWidth=2, color=FAMILY_COLOURS["rnn"])
    points = numbers.mark_point(size=46, strokeWidth=1.5, opacity=1)
    layers = [
        box,
        span.encode(x=alt.X("low:Q", title=title, axis=axis, scale=scale), x2="high:Q"),
        points.encode(x=x, shape=shape, stroke=colour, fill=fill, tooltip=tips),
    ]
    return checked(alt.layer(*layers).properties(width=WIDTH, height=ROW * len(features) + AXIS, padding=PADDING))


def uncertainty(text: str, entropy: np.ndarray, chosen: int, theme: Theme) -> Spec:
    """The entropy of what is expected behind each character, in bits; a click takes a character, by its place."""
    table = pd.DataFrame({PLACE: range(len(text)), "bits": entropy, "character": [SHOWN.get(c, c) for c in text]})
    chart = _line_chart(max(LEAST, LETTER * len(text)), theme)
    span = f"from {entropy.min():.2f} to {entropy.max():.2f}"
    said = f"Entropy along the text: {entropy.mean():.2f} bits on the mean, {span}."
    return filled(chart, said, line=table, here=table[table[PLACE] == chosen])


@cache
def _line_chart(width: int, theme: Theme) -> Spec:
    x = alt.X(f"{PLACE}:Q", title=None, axis=None, scale=alt.Scale(nice=False, zero=False, padding=4))
    axis = alt.Axis(gridColor=FAINT[theme], values=[0, 2, 4, 6], domain=False, ticks=False, titleFontWeight="normal")
    y = alt.Y("bits:Q", title="bits", axis=axis, scale=alt.Scale(domain=[0, BITS]))
    tips = ["character:N", alt.Tooltip("bits:Q", format=".2f")]
    click = alt.selection_point(name=PLACE, fields=[PLACE], on="click", toggle=False, nearest=True)
    line = table_of("line").encode(x=x, y=y)
    layers = [
        table_of("here").mark_rule(color=FAMILY_COLOURS["rnn"], strokeWidth=2).encode(x=x),
        line.mark_line(strokeWidth=1.4, color=FAMILY_COLOURS["rnn"], interpolate="step"),
        line.mark_point(size=80, opacity=0, cursor="pointer").encode(tooltip=tips).add_params(click),
    ]
    return checked(alt.layer(*layers).properties(width=width, height=HEIGHT, padding=PADDING))
