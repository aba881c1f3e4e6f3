"""What the verdicts say, in sentences that are made from their numbers."""

from collections import Counter
from collections.abc import Iterable

import pandas as pd

from core.circuits.eighth import RANDOM
from core.evidence import curves
from core.evidence.claims import CLAIMS, RIVALS, SERIES_NETS, TRAININGS, cells
from core.evidence.measured import title
from core.evidence.tested import AGAINST, HELD, NOT_SHOWN, TOO
from core.evidence.verdicts import ALSO, DEPENDS, HOLDS, LATER, NO, ONLY, counterexample, listed, table, verdicts
from core.models import TWIN, families, find

CUT = "lost by cutting"
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
        f"that could refute them, {counted}; {kinds[LATER]} more wait for theirs."
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
    names = [title(measure) for measure, share in shares.items() if share >= MOST]
    return listed(list(dict.fromkeys(names))) if names else "none"


def effect(row: pd.Series) -> str:
    """A test in numbers, with its interval, beside its control's."""
    where = f"`{row.subject}` {row.training}" + (f", {row.recipe}" if row.recipe else "")
    said = f"{where}: {title(row.measure)}, {row.says}: {_number(row, COLUMNS[0])}"
    if not row.against:
        return said
    control = "its untrained twins" if row.against == TWIN else row.against.split(", ", 1)[-1]
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
    rows = table()[(table().claim == "C11") & (table().measure == CUT) & (table().training == "trained")]
    rows = rows[rows.says.str.endswith(RIVALS[RANDOM])]
    if rows.empty:
        return ""
    pairs = {weights: listed([f"{_level(model, CUT, weights):.2f} / {_level(model, f'{CUT}, {RANDOM}', weights):.2f} "
                              f"(`{model}`)" for model in rows.subject]) for weights in ("trained", TWIN)}  # fmt: skip
    more, less = rows.subject[rows.beyond_low > 0].tolist(), rows.subject[rows.beyond_high < 0].tolist()
    return (
        "Without the eighth of the earlier units that its weights name, or as many at random, a unit loses these "
        f"shares of its response: {pairs['trained']}; in untrained twins {pairs[TWIN]}. That a later unit hangs on few "
        f"earlier ones is {_whose(len(rows), len(more))}: the difference is larger than in the twins in "
        f"{_nets(more)}, and smaller in {_nets(less)}."
    )


def _level(model: str, measure: str, weights: str) -> float:
    """The mean over hidden layers, of nets trained as usual or of twins."""
    found = curves.table()
    training = "" if weights == TWIN else "trained"
    return float(found[(found.model == model) & (found.measure == measure) & (found.weights == weights)
                       & (found.training == training)].value.mean())  # fmt: skip


def _whose(nets: int, more: int) -> str:
    """Whether training or the architecture makes it so."""
    if more == nets:
        return "the training's doing"
    return "the training's doing in some nets only" if more else "the architecture's doing"


def _nets(names: list[str]) -> str:
    return listed([f"`{name}`" for name in names]) if names else "none"


def left_out(claim: str) -> str | None:
    """How many units of a claim's nets say nothing, because they answer all images alike; None where there is none."""
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
        f"Units that answer all images alike are left out: {int(trained.dead.sum())} in trained nets and "
        f"{int(twins.dead.sum())} in untrained twins, of all seeds together, in {names}."
    )


def markdown(names: Iterable[str] = CLAIMS) -> str:
    """The README's table of verdicts."""
    lines = ["| | claim | verdict | tests that hold |", "|---|---|---|---|"]
    for name in names:
        verdict = verdicts()[name]
        count = f"{verdict.held} of {verdict.of}" if verdict.of else ""
        lines.append(f"| {name} | {CLAIMS[name].says} | {verdict} | {count} |")
    return "\n".join(lines)
