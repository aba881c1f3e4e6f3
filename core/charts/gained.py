"""What one net gains over another in several readings, on digits and on the control, with intervals."""

from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from core.charts.marks import FAINT, FAMILY_COLOURS, QUIET, TEXT, Spec, checked, filled, table_of
from core.images import Theme

ROW, AXIS, NAMES = 30, 46, 104  # pixels of a reading, of the axis below, and of the readings' names
APART = 4  # pixels of a dot from the middle of its row
DIGITS, PERMUTED = "digits", "permuted"


def gained(table: pd.DataFrame, title: str, ends: tuple[float, float], theme: Theme, width: int) -> Spec:
    """A row a reading (reading, kind, value, low, high): full on digits, hollow with permuted pixels, on one axis.

    `ends` are the axis's, in points of accuracy, so that charts side by side can be compared.
    """
    said = "; ".join(f"{row.reading}, {row.kind}, {row.value:+.2g} ({row.low:+.2g} to {row.high:+.2g})"
                     for row in table.itertuples())  # fmt: skip
    chart = _chart(tuple(dict.fromkeys(table.reading)), ends, theme, width)
    return filled(chart, f"{title}, in points of accuracy: {said}.", gains=table)


@cache
def _chart(readings: tuple[str, ...], ends: tuple[float, float], theme: Theme, width: int) -> Spec:
    colour = FAMILY_COLOURS["cnn"]
    names = alt.Axis(ticks=False, domain=False, labelLimit=NAMES, labelOverlap=False, minExtent=NAMES, maxExtent=NAMES)
    x: dict[str, Any] = {"title": "points of accuracy", "scale": alt.Scale(domain=list(ends)),
                         "axis": alt.Axis(gridColor=FAINT[theme], domain=False, ticks=False, tickCount=4)}  # fmt: skip
    tips: list[Any] = ["reading:N", "kind:N",
                       *(alt.Tooltip(f"{name}:Q", format="+.2f") for name in ("value", "low", "high"))]  # fmt: skip
    base = table_of("gains").encode(y=alt.Y("reading:N", sort=list(readings), title=None, axis=names), tooltip=tips)
    layers: list[Any] = [
        table_of("gains").mark_rule(color=TEXT[theme], strokeWidth=1).encode(x=alt.datum(0, type="quantitative"))
    ]
    for kind, ink, filled_in, shift in ((DIGITS, colour, True, -APART), (PERMUTED, QUIET[theme], False, APART)):
        own = base.transform_filter(f"datum.kind == '{kind}'")
        layers += [
            own.mark_rule(color=ink, strokeWidth=1.5, yOffset=shift).encode(x=alt.X("low:Q", **x), x2="high:Q"),
            own.mark_point(color=ink, filled=filled_in, size=48, opacity=1, yOffset=shift).encode(
                x=alt.X("value:Q", **x)
            ),
        ]
    return checked(alt.layer(*layers).properties(width=width, height=ROW * len(readings) + AXIS))
