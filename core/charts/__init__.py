"""Tables and pictures made into charts: the palette and the encodings have their home here.

A chart is a Vega-Lite specification whose tables are named and filled in last. Altair checks a specification once and
it is kept, because building one costs a tenth of a second and a page has several; a rerun only brings new tables.
"""

from core.charts.arithmetic import WIDTH as TERMS
from core.charts.arithmetic import Grid, addends, percent, products, signed
from core.charts.cells import SHAPES, beside_controls, uncertainty
from core.charts.circuit_tables import Looks, address, at, edge_address, in_words, number
from core.charts.circuits import circuit
from core.charts.columns import BARS, Column, net_columns, picture_width
from core.charts.cuts import cut_curve, cut_values
from core.charts.evidence import nets_by_depth, series_by_depth, side_by_side
from core.charts.fooling import confidences, transfers
from core.charts.gained import gained
from core.charts.gates import gate_table, over_steps, strips
from core.charts.learned import learning_curves
from core.charts.letters import coloured, expected, gates_along, scale
from core.charts.marks import (
    CLASS_COLOURS,
    EDGE,
    FAMILY_COLOURS,
    FEATURE,
    IMAGE,
    LAYER,
    NODE,
    PHOTO,
    PIXEL,
    PLACE,
    STYLE,
    UNIT,
    Spec,
    choices,
)
from core.charts.measured import beside_pixels, by_depth, eigenvalues, guesses, spread
from core.charts.memory import by_step, intervals, over_lags, steps_read, time_constants
from core.charts.over_training import learning, over_training
from core.charts.plane import diagram, losses, surface
from core.charts.sequences import Line, found_texts, relaxed
from core.charts.sheets import clickable_sheet, gallery, shares
from core.charts.shifts import accuracy_by_shift, answer_curve, error_curves
from core.charts.steering import BY_GRADIENT, BY_GRAPH, MEASURED, before_and_after, steered
from core.charts.trust import GAINS, KINDS, agreement, falls, gains, trust_curves
from core.charts.vanishing import AFTER, BEFORE, errors_by_length, influences, training_losses, unseen_errors

__all__ = [
    "AFTER",
    "BARS",
    "BEFORE",
    "BY_GRADIENT",
    "BY_GRAPH",
    "CLASS_COLOURS",
    "EDGE",
    "FAMILY_COLOURS",
    "FEATURE",
    "GAINS",
    "IMAGE",
    "KINDS",
    "LAYER",
    "MEASURED",
    "NODE",
    "PHOTO",
    "PIXEL",
    "PLACE",
    "SHAPES",
    "STYLE",
    "TERMS",
    "UNIT",
    "Column",
    "Grid",
    "Line",
    "Looks",
    "Spec",
    "accuracy_by_shift",
    "addends",
    "address",
    "agreement",
    "answer_curve",
    "at",
    "before_and_after",
    "beside_controls",
    "beside_pixels",
    "by_depth",
    "by_step",
    "choices",
    "circuit",
    "clickable_sheet",
    "coloured",
    "confidences",
    "cut_curve",
    "cut_values",
    "diagram",
    "edge_address",
    "eigenvalues",
    "error_curves",
    "errors_by_length",
    "expected",
    "falls",
    "found_texts",
    "gained",
    "gains",
    "gallery",
    "gate_table",
    "gates_along",
    "guesses",
    "in_words",
    "influences",
    "intervals",
    "learning",
    "learning_curves",
    "losses",
    "net_columns",
    "nets_by_depth",
    "number",
    "over_lags",
    "over_steps",
    "over_training",
    "percent",
    "picture_width",
    "products",
    "relaxed",
    "scale",
    "series_by_depth",
    "shares",
    "side_by_side",
    "signed",
    "spread",
    "steered",
    "steps_read",
    "strips",
    "surface",
    "time_constants",
    "training_losses",
    "transfers",
    "trust_curves",
    "uncertainty",
    "unseen_errors",
]
