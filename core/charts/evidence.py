"""A measure by depth: nets as lines in their families' colours, their twins dashed, the pixels dotted; depth series."""

from functools import cache
from typing import Any

import altair as alt
import pandas as pd
import pyarrow as pa

from core.charts.marks import FAINT, FAMILY_COLOURS, QUIET, TEXT, Spec, checked, ends, filled, table_of
from core.evidence.figures import OWN
from core.images import Theme

TRAINED, TWIN, PIXELS = "trained", "untrained", "pixels"
# Of a kind of line: dashes, width, opacity, its band's opacity, and the shape of a point that stands alone. What is not
# named here is another control.
LOOKS = {
    TRAINED: ([1, 0], 2, 1, 0.25, "circle"), TWIN: ([5, 4], 1.5, 0.6, 0.12, "circle"),
    OWN: ([1, 0], 2.5, 1, 0, "circle"),
}  # fmt: skip
CONTROLS = [
    ([9, 3, 2, 3], 1.5, 0.85, 0.08, "diamond"), ([2, 3], 1.5, 0.85, 0.08, "square"),
    ([12, 3], 1.5, 0.85, 0.08, "triangle"),
]  # fmt: skip
HEADING: dict[str, Any] = {"anchor": "start", "frame": "group", "fontSize": 10, "fontWeight": "normal", "offset": 2}
PADDING = {"left": 0, "right": 2, "top": 2, "bottom": 2}  # Streamlit would leave 20 pixels below
LETTER = 12  # pixels from one name to the next
LETTERS: dict[str, Any] = {"fontWeight": 600, "fontSize": 11}
PAPER = {"light": "#FCFBF8", "dark": "#15171C"}  # behind a name that stands on a line
PANEL_WIDTH, PANEL_HEIGHT = 150, 140  # of a depth series
SHADES = [0.3, 1.0]  # opacity of the shallowest and the deepest net of a series


def nets_by_depth(table: pd.DataFrame, title: str, theme: Theme, width: int, height: int, small: bool = False) -> Spec:
    """A measure of several nets (model, family, kind, layer, depth, value, low, high), a line a net and kind.

    Where a net has one layer alone, layers are points side by side. A small one has hardly an axis, no names, and the
    title, up to its colon, above it; else that is only read aloud.
    """
    drawn = _placed(table[table.kind != PIXELS])
    kinds, places = tuple(dict.fromkeys(drawn.kind)), tuple(dict.fromkeys(drawn.place))
    one = places if side_by_side(drawn) and not small else ()
    chart = _nets_chart(kinds, one, theme, width, height, title.split(":")[0] if small else "")
    labels = _names(drawn, height) if not small and not one else drawn.head(0)
    return filled(chart, _said(title, table), lines=_arrow(drawn), pixels=_arrow(table[table.kind == PIXELS]),
                  names=_arrow(labels))  # fmt: skip


def side_by_side(table: pd.DataFrame) -> bool:
    """Whether layers are points side by side: where lines would leave a net out, of which there is one layer alone."""
    drawn = table[table.kind != PIXELS]
    layers = drawn[drawn.kind == TRAINED].groupby("model").depth.nunique()
    return bool(drawn.depth.nunique() == 1 or (layers == 1).any())


def _placed(table: pd.DataFrame) -> pd.DataFrame:
    """With a name for each point's place: the net's where that is enough, else also the layer's."""
    return table.assign(place=table.model if table.depth.nunique() == 1 else table.model + " " + table.layer)


def _arrow(table: pd.DataFrame) -> pa.Table:
    """The table as Streamlit sends it: pages that keep a chart need not convert it each time they run."""
    return pa.Table.from_pandas(table, preserve_index=False)


def _said(title: str, table: pd.DataFrame) -> str:
    """Where each line begins and ends, in words."""
    parts = [f"{model} {kind} {ends(rows.sort_values('depth').value.tolist())}"
             for (model, kind), rows in table[table.kind != PIXELS].groupby(["model", "kind"], sort=False)]  # fmt: skip
    parts += [f"pixels {value:.3g}" for value in table[table.kind == PIXELS].value]
    return f"{title}, by depth: {'; '.join(parts) or 'not measured yet'}."


def _names(table: pd.DataFrame, height: int) -> pd.DataFrame:
    """Each net's name at the end of its line; where lines end together, names stand apart."""
    trained = table[table.kind.isin([TRAINED, OWN])].sort_values("depth").groupby("model", sort=False).tail(1)
    apart = LETTER * float(table.high.max() - table.low.min()) / height
    placed = []
    for _, rows in trained.sort_values("value").groupby("depth"):
        last = float("-inf")
        for row in rows.to_dict("records"):
            last = max(row["value"], last + apart)
            placed.append(row | {"value": last})
    return pd.DataFrame(placed, columns=trained.columns)


def _looks(kinds: tuple[str, ...], place: int) -> list[Any]:
    others = [kind for kind in kinds if kind not in LOOKS]
    looks = LOOKS | {kind: CONTROLS[number % len(CONTROLS)] for number, kind in enumerate(others)}
    return [looks[kind][place] for kind in kinds]


@cache
def _nets_chart(
    kinds: tuple[str, ...], one: tuple[str, ...], theme: Theme, width: int, height: int, above: str
) -> Spec:
    small = bool(above)
    y, tips = _up(theme, 2 if small else 4, small), _tips()
    x = (
        _across(small)
        if not one
        else alt.X("place:N", sort=list(one), title=None, axis=alt.Axis(labelAngle=-30, labelOverlap=False))
    )

    def by_kind(channel: type[Any], place: int) -> Any:
        return channel("kind:N", legend=None,
                       scale=alt.Scale(type="ordinal", domain=list(kinds), range=_looks(kinds, place)))  # fmt: skip

    chart = table_of("lines").encode(x=x, color=_colour(theme), detail=["model:N", "kind:N"])
    high, low = alt.Y("high:Q"), alt.Y2("low:Q")
    bands = chart.mark_area().encode(y=high, y2=low, fillOpacity=by_kind(alt.FillOpacity, 3))
    beside = alt.XOffset("kind:N", sort=list(kinds))  # of one layer, a net's kinds stand side by side
    spans = chart.mark_rule(strokeWidth=2, opacity=0.5).encode(y=high, y2=low, xOffset=beside)
    lines = chart.mark_line().encode(
        y=y, strokeDash=by_kind(alt.StrokeDash, 0), strokeWidth=by_kind(alt.StrokeWidth, 1),
        opacity=by_kind(alt.Opacity, 2),
    )  # fmt: skip
    full = alt.condition(f"datum.kind == '{TRAINED}' || datum.kind == '{OWN}'", alt.value(1), alt.value(0))
    points = chart.mark_point(filled=True, size=12 if small else 26, strokeWidth=1.2).encode(
        y=y, fillOpacity=full, strokeOpacity=by_kind(alt.StrokeOpacity, 2), tooltip=tips
    )
    if one:
        rim = alt.Stroke("family:N", legend=None, scale=_families(theme))  # or hollow points could not be seen
        points = points.encode(xOffset=beside, shape=by_kind(alt.Shape, 4), stroke=rim)
    pixels = table_of("pixels").mark_rule(color=QUIET[theme], strokeDash=[1, 3], strokeWidth=2).encode(y=y)
    base, look = table_of("names").encode(x=_across(small), y=y, text="model:N"), {"align": "left", "dx": 7, **LETTERS}
    paper = base.mark_text(stroke=PAPER[theme], strokeWidth=4, opacity=0.85, **look)
    names = [] if small or one else [paper, base.mark_text(**look).encode(color=_colour(theme))]
    layers = [pixels, *([spans] if one else [bands, lines]), points, *names]
    whole = alt.layer(*layers).properties(width=width, height=height, padding=PADDING)
    return checked(whole.properties(title=alt.Title(above, color=QUIET[theme], **HEADING)) if small else whole)


def _across(small: bool) -> alt.X:
    axis = alt.Axis(grid=False, tickMinStep=1, format="d", domain=not small, labels=not small, ticks=not small,
                    titleFontSize=10, titlePadding=2)  # fmt: skip
    return alt.X("depth:Q", title=None if small else "depth", axis=axis,
                 scale=alt.Scale(zero=False, nice=False, padding=6))  # fmt: skip


def _up(theme: Theme, ticks: int, small: bool) -> alt.Y:
    axis = alt.Axis(gridColor=FAINT[theme], tickCount=ticks, ticks=False, domain=False, format="~r",
                    labelFontSize=9 if small else 10, minExtent=30, maxExtent=30)  # fmt: skip
    return alt.Y("value:Q", title=None, axis=axis, scale=alt.Scale(zero=False, nice=True))


def _tips() -> list[Any]:
    return ["model:N", "kind:N", "layer:N", *(alt.Tooltip(f"{name}:Q", format=".3~r") for name in
                                              ("value", "low", "high"))]  # fmt: skip


def _colour(theme: Theme) -> alt.Color:
    return alt.Color("family:N", legend=None, scale=_families(theme))


def _families(theme: Theme) -> alt.Scale:
    colours = FAMILY_COLOURS | {OWN: TEXT[theme]}
    return alt.Scale(domain=list(colours), range=list(colours.values()))


def series_by_depth(table: pd.DataFrame, title: str, theme: Theme) -> Spec:
    """A measure in nets that differ in depth alone, a panel a family, a line a net: the deeper, the darker.

    The table is that of `nets_by_depth`, and has the number of each net's layers.
    """
    families = tuple(family for family in FAMILY_COLOURS if family in set(table.family))
    spans = {family: table[table.family == family].layers for family in families}
    titles = tuple(f"{family}, {own.min()} to {own.max()} layers" for family, own in spans.items())
    return filled(_series_chart(families, titles, theme), _said(title, table), lines=_arrow(table))


@cache
def _series_chart(families: tuple[str, ...], titles: tuple[str, ...], theme: Theme) -> Spec:
    panels = [_panel(family, said, theme, first=place == 0)
              for place, (family, said) in enumerate(zip(families, titles, strict=True))]  # fmt: skip
    chart = alt.hconcat(*panels, spacing=14).resolve_scale(y="shared", color="shared")
    return checked(chart.configure_title(fontSize=11, fontWeight="normal", color=QUIET[theme], anchor="start"))


def _panel(family: str, title: str, theme: Theme, first: bool) -> alt.LayerChart | alt.FacetChart:
    axis = alt.Axis(gridColor=FAINT[theme], tickCount=4, ticks=False, domain=False, format="~r", labels=first)
    y = alt.Y("value:Q", title=None, axis=axis, scale=alt.Scale(zero=False))
    shade = alt.Opacity("layers:Q", legend=None, scale=alt.Scale(range=SHADES))
    chart = (
        table_of("lines")
        .transform_filter(f"datum.family == '{family}'")
        .encode(x=_across(small=False), y=y, color=_colour(theme), opacity=shade, detail=["model:N", "kind:N"])
    )
    own, twin = (chart.transform_filter(f"datum.kind == '{kind}'") for kind in (TRAINED, TWIN))
    layers = [
        twin.mark_line(strokeDash=[5, 4], strokeWidth=0.8), own.mark_line(strokeWidth=1.6),
        own.mark_circle(size=16).encode(tooltip=_tips()),
    ]  # fmt: skip
    return alt.layer(*layers).properties(width=PANEL_WIDTH, height=PANEL_HEIGHT, title=title)
