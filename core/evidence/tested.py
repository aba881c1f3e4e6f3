"""Every test of every claim by the report's numbers: the statistic, its control's, and what comes of it."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from core.evidence.claims import CLAIMS, LEVEL, Cell, Claim, cells
from core.evidence.statistics import Estimate, estimate, holm, means, resampled
from core.models import TWIN

HELD, TOO, NOT_SHOWN, AGAINST = "holds", "the control shows it too", "not shown", "against"
ALWAYS = 1e6  # standard errors, where nothing varies
NUMBERS = ("value", "low", "high", "control", "control_low", "control_high", "beyond", "beyond_low", "beyond_high")

ByDepth = dict[int, np.ndarray]  # the values of a layer's units, or its own


class Kind(NamedTuple):
    """Which nets are taken together, one a seed."""

    model: str
    training: str
    weights: str


class Numbers:
    """The report by net and measure; what there is none of, as of dead units, is left out."""

    def __init__(self, report: pd.DataFrame) -> None:
        """Of the columns that the report has."""
        known = report[report.value.notna()]
        self.seeds: dict[Kind, list[int]] = {}
        self._values: dict[tuple[Kind, int, str], ByDepth] = {}
        for (model, training, weights, seed), rows in known.groupby(["model", "training", "weights", "seed"]):
            kind = Kind(str(model), str(training), str(weights))
            self.seeds.setdefault(kind, []).append(int(str(seed)))
            for (measure, depth), own in rows.groupby(["measure", "depth"]):
                of = self._values.setdefault((kind, int(str(seed)), str(measure)), {})
                of[int(str(depth))] = own.value.to_numpy()
        fields = known[known.measure == "field"]
        self.deepest = {str(model): int(depth) for model, depth in fields.groupby("model").depth.max().items()}

    def of(self, kind: Kind, seed: int, measure: str) -> ByDepth:
        """A measure of a net's hidden layers by depth, in the plane the logit's too, and of the pixels at depth 0."""
        pixels = self._values.get((Kind(kind.model, "", "pixels"), 0, measure), {})
        own, classes = self._values.get((kind, seed, measure), {}), self.deepest.get(kind.model, math.inf)
        return pixels | {depth: values for depth, values in own.items() if depth < classes}


def _estimate(numbers: Numbers, cell: Cell, *, control: bool) -> Estimate | None:
    """A test's statistic in its nets, or in their control; None where it was not measured."""
    twin = control and cell.test.control == TWIN
    measure = str(cell.test.control) if control and not twin else cell.test.measure
    observed: list[float] = []
    drawn: list[np.ndarray] = []
    units = 0
    for model in cell.models:
        kind = Kind(model, "", TWIN) if twin else Kind(model, cell.training, "trained")
        for seed in numbers.seeds.get(kind, []):
            own, beside = numbers.of(kind, seed, measure), _beside(numbers, kind, seed, cell)
            if not set(own) - {0} or beside == {}:
                continue
            generator = np.random.default_rng(len(observed))
            observed.append(float(cell.test.statistic(means(own), beside and means(beside))[0]))
            drawn.append(cell.test.statistic(resampled(own, generator), beside and resampled(beside, generator)))
            units = sum(map(len, own.values()))
    return estimate(np.array(observed), np.stack(drawn), units) if observed else None


def _beside(numbers: Numbers, kind: Kind, seed: int, cell: Cell) -> ByDepth | None:
    """What the statistic puts a net beside: another measure, or a net of as many layers; None for nothing."""
    if not cell.test.rival:
        return numbers.of(kind, seed, cell.test.beside) if cell.test.beside else None
    rival = cell.test.rival + kind.model.removeprefix(kind.model.split("-")[0])
    return numbers.of(kind._replace(model=rival), seed, cell.test.measure) if rival in numbers.deepest else {}


def tested(claim: Claim, numbers: Numbers) -> pd.DataFrame:
    """A row a test, net and training that was measured: the statistic, its control's, the difference, the outcome."""
    rows = []
    for cell in cells(claim):
        own = _estimate(numbers, cell, control=False)
        control = _estimate(numbers, cell, control=True) if cell.test.control else None
        if own and (control or not cell.test.control):
            rows.append(_row(cell, own, control))
    if not rows:
        return pd.DataFrame()
    found = pd.DataFrame(rows)
    found["alone"] = (found.p < LEVEL) & (found.p_beyond < LEVEL)  # whether it would hold, were it the only test
    for _, group in found.groupby("counts"):
        corrected = holm([*group.p, *group.p_beyond])
        found.loc[group.index, "p"] = corrected[: len(group)]
        found.loc[group.index, "p_beyond"] = corrected[len(group) :]
    found["outcome"] = [outcome(*each) for each in found[["p", "p_beyond", "sign", "low", "high"]].values.tolist()]
    return found


def _row(cell: Cell, own: Estimate, control: Estimate | None) -> dict[str, object]:
    test, beyond = cell.test, own.less(control) if control else own
    if test.relative:
        own, control = beyond, None
    of_control = (control.value, *control.interval()) if control else (np.nan,) * 3
    numbers = (own.value, *own.interval(), *of_control, beyond.value, *beyond.interval())
    errors = beyond.value / beyond.error if beyond.error else float(np.sign(beyond.value)) * ALWAYS
    return {
        "claim": cell.claim, "measure": test.measure, "says": test.says, "sign": test.sign, "subject": cell.subject,
        "training": cell.training, "recipe": test.recipe, "replacement": test.replacement,
        "against": test.control if control else "", "counts": cell.counts,
        **dict(zip(NUMBERS, numbers, strict=True)), "p": own.p(test.sign), "p_beyond": beyond.p(test.sign),
        "errors": test.sign * errors,
    }  # fmt: skip


def outcome(p: float, p_beyond: float, sign: float, low: float, high: float) -> str:
    """What comes of a test: HELD, TOO, NOT_SHOWN or AGAINST."""
    if p < LEVEL:
        return HELD if p_beyond < LEVEL else TOO
    return AGAINST if (high if sign > 0 else -low) < 0 else NOT_SHOWN


def all_tests(report: pd.DataFrame) -> pd.DataFrame:
    """The tests of all claims that have any."""
    numbers = Numbers(report)
    return pd.concat([tested(claim, numbers) for claim in CLAIMS.values() if claim.tests], ignore_index=True)
