"""What all charts are made of: the palette, named tables, boxes in pixels, what a click selects."""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pyarrow as pa

# Okabe and Ito's colours, safe for colour-blind eyes: https://jfly.uni-koeln.de/color/
FAMILY_COLOURS = {"dense": "#D55E00", "cnn": "#0072B2", "rnn": "#009E73"}
# Ten colours for ten classes, safe for colour-blind eyes (Petroff 2021, https://arxiv.org/abs/2107.02270).
CLASS_COLOURS = ("#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581",
                 "#92dadd")  # fmt: skip
HOVER = "#E69F00"
TEXT = {"light": "#171512", "dark": "#ECE9E1"}
QUIET = {"light": "#6B675F", "dark": "#A19D94"}
FAINT = {"light": "#DEDAD0", "dark": "#3A3E47"}
BOX = ["left", "top", "right", "bottom"]  # a place in a chart, in its pixels
# The names of what a click selects: a unit's address, a test image's number, a layer's name, a sample photo's name,
# a pixel's number, a place in a layer, a node of a graph and an edge between two.
UNIT, IMAGE, LAYER, PHOTO, PIXEL, PLACE = "unit", "digit", "layer", "photo", "pixel", "place"
NODE, EDGE = "node", "edge"
FEATURE = "feature"  # of a text, that a cell may track
STYLE = "style"  # a style image's name

Spec = dict[str, Any]  # Vega-Lite, with its tables under "datasets"


def checked(chart: alt.LayerChart | alt.FacetChart | alt.HConcatChart) -> Spec:
    """The chart as a specification, with Altair's check; its tables have names and are empty.

    To who listens it is one picture with a description, not hundreds of marks.
    """
    spec = chart.configure_view(stroke=None).to_dict()
    spec["config"]["mark"] = {"aria": False}
    return spec


def filled(spec: Spec, description: str, **tables: pd.DataFrame | pa.Table) -> Spec:
    """The specification with its tables, and for who does not see it what it shows, in words.

    It shares nothing with the one that is kept.
    """
    copied: Spec = pickle.loads(pickle.dumps(spec))  # ten times as fast as copy.deepcopy
    return copied | {"description": description, "datasets": tables}


def ends(values: Sequence[float]) -> str:
    """Where a row of numbers begins and ends, in words."""
    return f"from {values[0]:.3g} to {values[-1]:.3g}"


def choices(spec: Spec, name: str) -> list[Any]:
    """What a click in a chart can select under that name."""
    for table in spec["datasets"].values():
        if isinstance(table, pa.Table) and name in table.column_names:
            return table[name].to_pylist()
        if isinstance(table, pd.DataFrame) and name in table:
            return table[name].tolist()
    return []


@dataclass(frozen=True)
class Pixels:
    """A chart's pixels as a scale, downwards for y, so that tables can hold places."""

    channel: str
    size: int

    def __call__(self, field: str) -> alt.X | alt.Y:
        """The encoding of a field that holds places."""
        scale = alt.Scale(domain=[0, self.size], range=[0, self.size], nice=False, zero=False)
        return (alt.X if self.channel == "x" else alt.Y)(f"{field}:Q", scale=scale, axis=None)


def sides(boxes: np.ndarray) -> dict[str, np.ndarray]:
    """Boxes (n, 4) as the columns of a table."""
    return dict(zip(BOX, boxes.T, strict=True))


def table_of(name: str) -> alt.Chart:
    """A chart of the table with that name."""
    return alt.Chart(alt.NamedData(name))


def boxes_of(table: str, x: Pixels, y: Pixels, **look: Any) -> alt.Chart:
    """A table's boxes, unseen unless they are given a look."""
    box = table_of(table).mark_rect(**{"fillOpacity": 0, **look})
    return box.encode(x=x("left"), x2="right:Q", y=y("top"), y2="bottom:Q")


def selectable(table: str, field: str, x: Pixels, y: Pixels) -> alt.Chart:
    """Invisible boxes that light up under the pointer; a click selects the box's value of `field`, under that name."""
    click = alt.selection_point(name=field, fields=[field], on="click", toggle=False)
    hover = alt.selection_point(name="hover", fields=[field], on="pointerover", clear="pointerout", empty=False)
    width = alt.condition(hover, alt.value(2), alt.value(0))
    boxes = boxes_of(table, x, y, fill="white", stroke=HOVER, cursor="pointer")
    return boxes.encode(tooltip=f"{field}:N", strokeWidth=width).add_params(click, hover)
