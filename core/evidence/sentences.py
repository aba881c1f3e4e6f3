"""What the verdicts say, in sentences that are made from their numbers."""

from collections import Counter
from collections.abc import Iterable

import pandas as pd

from core.circuits.eighth import RANDOM
from core.evidence import curves
from core.evidence.claims import CLAIMS, RIVALS, SERIES_NETS, TRAININGS, cells
from core.evidence.measured import title
from core.evidence.tested import AGAINST, HELD, NOT_SHOWN, TOO
from core.evidence.verdicts import ALSO, DEPENDS, HOLDS, LATER, NO, ONLY, counterexample, named, table, verdicts
from core.measures.neighbours import listed
from core.models import TWIN, families, find

CUT, KEPT = "lost by cutting", "kept"
OVER = "over one half"
IN_PART = (ONLY, DEPENDS)
SMALL = 0.1  # below which a number needs a third digit
MOST = 0.75  # of a measure's tests, that is said of it
OUTCOMES = {
    HELD: "shown, and beyond its control", TOO: "shown, but not beyond its control", NOT_SHOWN: "not shown",
    AGAINST: "the other way round",
}  # fmt: skip

COLUMNS = ("value", "low", "high"), ("control", "control_low", "control_high")


def answer() -> tuple[str, str, str]:
    """How we know, in three sentences: how the claims fare, what training adds, and what is there without it."""
    kinds = Counter(verdict.kind for verdict in verdicts().values())
    tests = table()[table().counts]
    parts = [(kinds[HOLDS], "in all of them"), (sum(kinds[kind] for kind in IN_PART), "in some only"),
             (kinds[ALSO], "in the controls as well"), (kinds[NO], "not at all")]  # fmt: skip
    counted = listed([f"{count} hold{'s' * (count == 1)} {said}" for count, said in parts if count])
    first = (
        f"By experiment: of {len(CLAIMS) - kinds[LATER]} claims about depth, put to {len(tests)} tests with controls "
        f"that could refute them, {counted}{f'; {kinds[LATER]} more wait for theirs' if kinds[LATER] else ''}."
    )
    return (
        first,
        f"In most nets these exceed their controls, untrained twins above all: {_measures(tests, {HELD})}.",
        f"In most nets these do not, or are not there at all: {_measures(tests, {TOO, NOT_SHOWN, AGAINST})}.",
    )


def _measures(tests: pd.DataFrame, outcomes: set[str]) -> str:
    """The measures of which most tests came out so."""
    shares = {
        str(measure): rows.outcome.isin(outcomes).mean() for measure, rows in tests.groupby("measure", sort=False)
    }
    found = tuple(dict.fromkeys(measure for measure, share in shares.items() if share >= MOST))
    return named(found) if found else "none"


def effect(row: pd.Series) -> str:
    """A test in numbers, with its interval, beside its control's."""
    where = f"`{row.subject}` {row.training}" + (f", {row.recipe}" if row.recipe else "")
    said = f"{where}: {title(row.measure)}, {row.says}: {_number(row, COLUMNS[0])}"
    if not row.against:
        return said
    control = "its untrained twins" if row.against == TWIN else row.against.rsplit(", ", 1)[-1]
    return f"{said}; {control} {_number(row, COLUMNS[1])}"


def _number(row: pd.Series, columns: tuple[str, ...]) -> str:
    numbers = [row[column] for column in columns]
    digits = 2 if max(map(abs, numbers)) >= SMALL else 3
    value, low, high = (f"{number:+.{digits}f}" if round(number, digits) else "0" for number in numbers)
    return f"{value} ({low} to {high})"


def support(claim: str) -> str | None:
    """The test that speaks most clearly for a claim; None where none holds."""
    own = _own(claim)
    held = own[own.outcome == HELD].sort_values("errors")
    return None if held.empty else effect(held.iloc[-1])


def against(claim: str) -> tuple[str, str] | None:
    """The strongest counterexample, and the net to look at; None where there is none."""
    row = counterexample(_own(claim))
    return None if row is None else (f"{effect(row)}: {OUTCOMES[row.outcome]}.", _shown(str(row.subject)))


def _own(claim: str) -> pd.DataFrame:
    return table()[(table().claim == claim) & table().counts]


def _shown(subject: str) -> str:
    """Of a depth series the net of its family that pages show."""
    return families()[find(SERIES_NETS[subject][0]).family][0] if subject in SERIES_NETS else subject


def built() -> str:
    """What cutting the named eighth costs beside as many at random, trained and untrained, and whose doing it is."""
    rows = table()[(table().claim == "C11") & table().counts]
    cut = rows[(rows.measure == CUT) & rows.says.str.endswith(RIVALS[RANDOM])]
    if cut.empty:
        return ""
    shown, beyond = int(cut.outcome.isin([HELD, TOO]).sum()), int((cut.outcome == HELD).sum())
    nets = list(dict.fromkeys(cut.subject))
    return (
        "Without the eighth of the earlier units that its weights name, or as many at random, the median unit loses "
        f"these shares of its response: {_medians(nets, CUT, 'trained')}; in untrained twins "
        f"{_medians(nets, CUT, TWIN)}. Named ones cost more in {shown} of {len(cut)} nets and trainings, and more than "
        f"in the twins in {beyond}: {_whose(shown, beyond)}. {_spread(rows[rows.measure == KEPT])}"
    )


def _spread(kept: pd.DataFrame) -> str:
    """In which nets training spreads a unit over more parts, by the intervals of what the named eighth keeps."""
    beyond = kept[kept.says != OVER].groupby("subject", sort=False)
    less = [str(net) for net, own in beyond if (own.beyond_high < 0).all()]
    more = [str(net) for net, own in beyond if (own.beyond_low > 0).all()]
    return (
        "What the named eighth alone keeps, less what as many at random do, is by both trainings smaller than in the "
        f"twins in {_nets(less)}, where training spreads a unit over more parts, and larger in {_nets(more)}."
    )


def _medians(nets: list[str], measure: str, weights: str) -> str:
    """Of the named and of the random eighth, the mean over hidden layers of the median unit."""
    found = curves.table()
    own = found[(found.weights == weights) & (found.training == ("" if weights == TWIN else "trained"))]
    middle = own.groupby(["model", "measure"]).value.mean()
    pairs = [(net, middle[net, measure], middle[net, f"{measure}, {RANDOM}"]) for net in nets]
    return listed([f"{named:.2f} / {random:.2f} (`{net}`)" for net, named, random in pairs])


def _whose(shown: int, beyond: int) -> str:
    """Whether training or the architecture makes it so that units hang on few others."""
    if not shown:
        return "that a later unit hangs on few earlier ones is not shown"
    doing = "the architecture's" if not beyond else "the training's" if beyond == shown else "in part the training's"
    return f"that a later unit hangs on few earlier ones is {doing} doing"


def _nets(names: list[str]) -> str:
    return listed([f"`{name}`" for name in names]) if names else "none"


def left_out(claim: str) -> str | None:
    """Of how many units of a claim's nets a measure says nothing; None where there is none."""
    found = curves.table()
    models = {model for cell in cells(CLAIMS[claim]) for model in cell.models}
    rows = found[
        found.measure.isin(test.measure for test in CLAIMS[claim].tests) & found.model.isin(models) & (found.dead > 0)
    ]
    counts = rows.groupby(["model", "training", "weights", "layer"], sort=False).dead.max().reset_index()
    trained = counts[(counts.weights == "trained") & counts.training.isin(TRAININGS)]
    twins = counts[counts.weights == TWIN]
    if trained.empty and twins.empty:
        return None
    names = listed(list(dict.fromkeys([*trained.model, *twins.model])))
    return (
        "Units of which a measure says nothing, such as those that answer all images alike, are left out: "
        f"{int(trained.dead.sum())} in trained nets and "
        f"{int(twins.dead.sum())} in untrained twins, of all seeds together, in {names}."
    )


def markdown(names: Iterable[str] = CLAIMS) -> str:
    """The README's table of verdicts."""
    lines = ["| | claim | verdict | tests |", "|---|---|---|---|"]
    for name in names:
        verdict = verdicts()[name]
        lines.append(f"| {name} | {CLAIMS[name].says} | {verdict} | {verdict.counts} |")
    return "\n".join(lines)
