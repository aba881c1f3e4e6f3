"""The verdicts: what becomes of each claim by its tests, and by the rule in `core.evidence.claims`."""

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pandas as pd

from core.evidence.claims import CLAIMS
from core.evidence.measured import title
from core.evidence.tested import HELD, NUMBERS, TOO
from core.measures.neighbours import listed

TABLE = Path(__file__).with_suffix(".csv")
HOLDS, ONLY, ALSO, NO, DEPENDS, LATER = (
    "holds", "holds only for", "holds, but the control shows it too", "does not hold", "depends on an assumption",
    "not tested yet",
)  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """What becomes of a claim: one of HOLDS, ONLY, ALSO, NO, DEPENDS and LATER, for what, and how many tests hold."""

    claim: str
    kind: str
    held: int = 0
    of: int = 0
    names: tuple[str, ...] = ()  # the nets or measures for which it holds, or the assumption
    too: int = 0  # of how many tests the control shows it too

    @property
    def counts(self) -> str:
        """How many tests hold, and in how many the control does, too; nothing without tests."""
        also = f"; in {self.too} the control shows it too" if self.too else ""
        return f"{self.held} of {self.of} tests hold{also}" if self.of else ""

    def __str__(self) -> str:
        if self.kind == ONLY:
            return f"{self.kind} {named(self.names)}"
        return f"{self.kind}: {self.names[0]}" if self.names else self.kind


def named(names: tuple[str, ...]) -> str:
    """Nets or measures in a row; of measures that differ behind their comma alone, what stands before it once."""
    found: dict[str, list[str]] = {}
    for name in names:
        of, _, at = title(name).partition(", ")
        found.setdefault(of, []).extend([at] if at else [])
    return listed([f"{of} ({listed(at)})" if at else of for of, at in found.items()])


def verdict(claim: str, tests: pd.DataFrame) -> Verdict:
    """By the rule, from the tests that count."""
    tests = tests[tests.counts] if len(tests) else tests
    outcomes = Counter(tests.outcome) if len(tests) else Counter[str]()
    return replace(_by_rule(claim, tests, outcomes), too=outcomes[TOO])


def _by_rule(claim: str, tests: pd.DataFrame, outcomes: Counter[str]) -> Verdict:
    if not len(tests):
        return Verdict(claim, LATER)
    holds = tests.outcome == HELD
    held, count = outcomes[HELD], len(tests)
    if held == count:
        return Verdict(claim, HOLDS, held, count)
    if not held:
        return Verdict(claim, ALSO if 2 * outcomes[TOO] > count else NO, held, count)
    if parted := _parted(tests, holds):
        return Verdict(claim, DEPENDS, held, count, (parted,))
    for assumption in ("training", "recipe"):
        where = tests[assumption][holds].unique()
        if len(where) == 1 and where[0] and (holds == (tests[assumption] == where[0])).all():
            return Verdict(claim, DEPENDS, held, count, (f"the {assumption} is {where[0]}",))
    return Verdict(claim, ONLY, held, count, _where(tests, holds) or (f"{held} of {count} tests",))


def _parted(tests: pd.DataFrame, holds: pd.Series) -> str:
    """The replacement, where tests that differ in it alone do not agree whether they hold; else nothing."""
    cut = tests[tests.replacement != ""]
    groups = holds[cut.index].groupby([cut[name] for name in ("says", "subject", "training")])
    apart = int((groups.nunique() > 1).sum())
    return f"what stands in for a unit that is cut, in {apart} of {groups.ngroups} comparisons" if apart else ""


def _where(tests: pd.DataFrame, holds: pd.Series) -> tuple[str, ...]:
    """The nets in which all tests hold; without any, the measures."""
    for part in ("subject", "measure"):
        names = [name for name in tests[part].unique() if holds[tests[part] == name].all()]
        if names:
            return tuple(names)
    return ()


def counterexample(tests: pd.DataFrame) -> pd.Series | None:
    """The test that goes farthest against its claim, in standard errors; None where all hold."""
    against = tests[tests.counts & (tests.outcome != HELD)].sort_values("errors")
    return None if against.empty else against.iloc[0]


@cache
def table() -> pd.DataFrame:
    """The shipped tests, a row each."""
    return pd.read_csv(TABLE, keep_default_na=False, na_values=dict.fromkeys(NUMBERS, ""))


@cache
def verdicts() -> dict[str, Verdict]:
    """By the shipped tests, a verdict a claim."""
    return {name: verdict(name, table()[table().claim == name]) for name in CLAIMS}
