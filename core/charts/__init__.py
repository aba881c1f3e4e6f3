"""Tables and pictures made into charts: the palette and the encodings have their home here.

A chart is a Vega-Lite specification whose tables are named and filled in last. Altair checks a specification once and
it is kept, because building one costs a tenth of a second and a page has several; a rerun only brings new tables.
"""

from core.charts.columns import BARS, Column, net_columns, picture_width
from core.charts.evidence import nets_by_depth, series_by_depth, side_by_side
from core.charts.marks import CLASS_COLOURS, FAMILY_COLOURS, IMAGE, LAYER, PHOTO, PIXEL, PLACE, UNIT, Spec, choices
from core.charts.measured import beside_pixels, by_depth, eigenvalues, guesses, spread
from core.charts.over_training import learning, over_training
from core.charts.sheets import clickable_sheet, gallery, shares
from core.charts.trust import GAINS, KINDS, agreement, falls, gains, trust_curves

__all__ = [
    "BARS",
    "CLASS_COLOURS",
    "FAMILY_COLOURS",
    "GAINS",
    "IMAGE",
    "KINDS",
    "LAYER",
    "PHOTO",
    "PIXEL",
    "PLACE",
    "UNIT",
    "Column",
    "Spec",
    "agreement",
    "beside_pixels",
    "by_depth",
    "choices",
    "clickable_sheet",
    "eigenvalues",
    "falls",
    "gains",
    "gallery",
    "guesses",
    "learning",
    "net_columns",
    "nets_by_depth",
    "over_training",
    "picture_width",
    "series_by_depth",
    "shares",
    "side_by_side",
    "spread",
    "trust_curves",
]
