"""Tables and pictures made into charts: the palette and the encodings have their home here.

A chart is a Vega-Lite specification whose tables are named and filled in last. Altair checks a specification once and
it is kept, because building one costs a tenth of a second and a page has several; a rerun only brings new tables.
"""

from core.charts.arithmetic import WIDTH as TERMS
from core.charts.arithmetic import Grid, addends, percent, products, signed
from core.charts.circuit_tables import Looks, address, at, edge_address, in_words, number
from core.charts.circuits import circuit
from core.charts.columns import BARS, Column, net_columns, picture_width
from core.charts.cuts import cut_curve, cut_values
from core.charts.evidence import nets_by_depth, series_by_depth, side_by_side
from core.charts.gained import gained
from core.charts.gates import gate_table, over_steps, strips
from core.charts.learned import learning_curves
from core.charts.marks import (
    CLASS_COLOURS,
    EDGE,
    FAMILY_COLOURS,
    IMAGE,
    LAYER,
    NODE,
    PHOTO,
    PIXEL,
    PLACE,
    UNIT,
    Spec,
    choices,
)
from core.charts.measured import beside_pixels, by_depth, eigenvalues, guesses, spread
from core.charts.over_training import learning, over_training
from core.charts.plane import diagram, losses, surface
from core.charts.sheets import clickable_sheet, gallery, shares
from core.charts.shifts import accuracy_by_shift, answer_curve, error_curves
from core.charts.steering import BY_GRADIENT, BY_GRAPH, MEASURED, before_and_after, steered
from core.charts.trust import GAINS, KINDS, agreement, falls, gains, trust_curves

__all__ = [
    "BARS",
    "BY_GRADIENT",
    "BY_GRAPH",
    "CLASS_COLOURS",
    "EDGE",
    "FAMILY_COLOURS",
    "GAINS",
    "IMAGE",
    "KINDS",
    "LAYER",
    "MEASURED",
    "NODE",
    "PHOTO",
    "PIXEL",
    "PLACE",
    "TERMS",
    "UNIT",
    "Column",
    "Grid",
    "Looks",
    "Spec",
    "accuracy_by_shift",
    "addends",
    "address",
    "agreement",
    "answer_curve",
    "at",
    "before_and_after",
    "beside_pixels",
    "by_depth",
    "choices",
    "circuit",
    "clickable_sheet",
    "cut_curve",
    "cut_values",
    "diagram",
    "edge_address",
    "eigenvalues",
    "error_curves",
    "falls",
    "gained",
    "gains",
    "gallery",
    "gate_table",
    "guesses",
    "in_words",
    "learning",
    "learning_curves",
    "losses",
    "net_columns",
    "nets_by_depth",
    "number",
    "over_steps",
    "over_training",
    "percent",
    "picture_width",
    "products",
    "series_by_depth",
    "shares",
    "side_by_side",
    "signed",
    "spread",
    "steered",
    "strips",
    "surface",
    "trust_curves",
]
