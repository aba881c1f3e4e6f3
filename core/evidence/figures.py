"""What the charts of a claim show: its measures by depth, of which nets, and beside which controls."""

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from core.evidence import curves
from core.evidence.claims import SERIES_NETS, Claim, Test
from core.evidence.gains import GAINS
from core.evidence.measured import MEASURES
from core.evidence.report import TRAINED
from core.evidence.subject import PIXELS
from core.models import DIGIT_NETS, TWIN, find
from core.models.series import SERIES
from core.plane import xor

OWN = "your own"  # a kind of line, and its family
ANSWER = "logits"  # of nets for digits: no test asks about it, so no chart shows it
PHOTO = "photo"
COLUMNS = ["model", "family", "kind", "layer", "depth", "value", "low", "high"]


class Figure(NamedTuple):
    """A measure of a claim: of which nets, of which depth series, and which other measures of them it is put beside."""

    measure: str
    nets: tuple[str, ...] = ()  # for digits or points; or the one for photos, which has a chart of its own
    series: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """With its unit, where the measure has one."""
        measure = MEASURES.get(self.measure)
        return measure.title if measure else self.measure[:1].upper() + self.measure[1:]


def figures(claim: Claim) -> list[Figure]:
    """One a measure, in the order of the claim's tests; where photos are measured, one more for their net."""
    found: dict[tuple[str, bool], Figure] = {}
    for test in claim.tests:
        for photo in (False, True) if test.measure not in GAINS else ():
            figure = found.get((test.measure, photo), Figure(test.measure))
            grown = _with(figure, test, (PHOTO,) if photo else (*DIGIT_NETS, *xor.NETS))
            if grown.nets or grown.series:
                found[test.measure, photo] = grown
    return list(found.values())


def _with(figure: Figure, test: Test, nets: tuple[str, ...]) -> Figure:
    subjects = {*test.subjects, *({test.rival, f"{test.rival} series"} if test.rival else ())}
    series = SERIES_NETS if PHOTO not in nets else {}
    beside = [name for name in (test.control, test.beside) if name and name != TWIN]
    return figure._replace(
        nets=tuple(name for name in nets if name in subjects | set(figure.nets)),
        series=tuple(name for name in series if name in subjects | set(figure.series)),
        beside=tuple(dict.fromkeys([*figure.beside, *beside])),
    )


def first_curve(claim: Claim) -> tuple[Figure, pd.DataFrame] | None:
    """What stands for a claim where there is room for one chart: its first measure of more than one layer."""
    for figure in figures(claim):
        rows = lines(figure, "trained")
        if rows[rows.kind == TRAINED].depth.nunique() > 1:
            return figure, rows
    return None


def lines(figure: Figure, training: str, weights: str = TRAINED) -> pd.DataFrame:
    """The figure's nets, their twins, what they are put beside, and the pixels, a row a hidden layer.

    `kind` is "trained", "untrained", the other measure's name or "pixels". Nets that are not in the table are left out.
    The weights may be a snapshot's; it takes the trained net's place.
    """
    table = curves.table()
    shown = (table.layer != ANSWER) | table.model.isin(xor.NETS)
    own = table[table.model.isin(figure.nets) & shown & table.value.notna()]
    trained = own[(own.weights == weights) & (own.training == training)]
    parts = [
        trained[trained.measure == figure.measure].assign(kind=TRAINED),
        *(trained[trained.measure == name].assign(kind=name) for name in figure.beside),
    ]
    own = own[own.measure == figure.measure]
    parts += [own[own.weights == TWIN].assign(kind=TWIN), own[own.weights == PIXELS].head(1).assign(kind=PIXELS)]
    return _with_families(pd.concat(parts))


def series_lines(figure: Figure) -> pd.DataFrame:
    """The nets of the figure's depth series and their twins, a row a hidden layer; `layers` counts a net's."""
    table = curves.table()
    families = {SERIES[SERIES_NETS[name][0]].family for name in figure.series}
    nets = [name for name, spec in SERIES.items() if spec.family in families]
    own = table[table.model.isin(nets) & (table.measure == figure.measure) & (table.layer != ANSWER)]
    own = own[own.value.notna() & own.weights.isin([TRAINED, TWIN])]
    own = _with_families(own.assign(kind=own.weights))
    return own.assign(layers=own.model.map(lambda name: int(name.split("-")[1])))


def own_lines(rows: Iterable[dict[str, object]]) -> pd.DataFrame:
    """What a visitor has measured, rows of `core.evidence.report.measured`: a layer's mean, or median, of its units."""
    found = pd.DataFrame(rows, columns=["measure", "layer", "depth", "value"])
    hidden = found[found.layer != ANSWER].groupby(["layer", "depth"], sort=False, as_index=False).value
    means = hidden.median() if found.measure.isin(curves.MEDIANS).any() else hidden.mean()
    means = means[means.value.notna()]
    return means.assign(model="yours", family=OWN, kind=OWN, low=means.value, high=means.value)[COLUMNS]


def _with_families(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(family=["dense" if name in xor.NETS else find(name).family for name in rows.model])[COLUMNS]
