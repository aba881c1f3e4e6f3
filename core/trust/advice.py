"""What follows from the table, in sentences: what beats the controls, by how much, and what we advise.

**The rule**, fixed before the table, but after a trial on 20 digits of two nets: a method is advised for a net where it
beats the controls (`core.trust.table`) in the pointing game, if the net can play it, against the rival and in deletion,
and keeps less than half of its order when all weights are random; of methods that multiply by the pixel this is asked
of the map divided by it.
"""

from collections import Counter
from collections.abc import Container, Sequence
from typing import Any

import pandas as pd

from core.models import DIGIT_NETS
from core.trust.controls import CONTROLS, IMAGE
from core.trust.table import TASKS, table, verdict

MUST_BEAT = ("pointing", "rival", "deletion")
KEEPS = 0.5  # of its order, at most
NAMES = {"pointing": "the pointing game", "rival": "a digit against its strongest rival", "deletion": "deletion",
         "insertion": "insertion", "deletion, signed": "deletion by sign", "insertion, signed": "insertion by sign",
         "infidelity": "infidelity"}  # fmt: skip


def of_task(model: str, number: str, weights: str = "trained") -> pd.DataFrame:
    """The methods' rows of one number in one net, the largest gain first, with what the rule says of each."""
    rows = table().query("model == @model and weights == @weights and number == @number").dropna(subset=["gain"])
    rows = rows.sort_values("gain", ascending=False)
    return rows.assign(verdict=[verdict(row) for _, row in rows.iterrows()])


def value(model: str, method: str, number: str, weights: str = "trained") -> float:
    """A number of the table."""
    rows = table().query("model == @model and method == @method and number == @number and weights == @weights")
    return float(rows.value.iloc[0])


def advised(model: str, weights: str = "trained") -> list[str]:
    """The methods that pass the rule in this net, the one that gains most against the rival first."""
    beats = [set(rows[rows.verdict == "beats"].method)
             for number in MUST_BEAT if len(rows := of_task(model, number, weights))]  # fmt: skip
    passed = set.intersection(*beats) - _keepers(model, weights)
    return [name for name in of_task(model, "rival", weights).method if name in passed]


def most_advised(among: Container[str], count: int) -> list[str]:
    """Of these methods the few that pass the rule in the most nets for digits; of equals, the first net's order."""
    names = [name for model in DIGIT_NETS for name in advised(model) if name in among]
    return [name for name, _ in Counter(names).most_common(count)]


def _keepers(model: str, weights: str) -> set[str]:
    """The methods whose maps keep half of their order when all weights are random."""
    rows = table().query("model == @model and weights == @weights")
    kept: dict[str, float] = {}
    for number in ("all random", "all random, divided"):  # where there is the second, it counts
        own = rows[rows.number == number]
        kept |= dict(zip(own.method, own.high, strict=True))
    return {name for name, high in kept.items() if high >= KEEPS}


def sentence(model: str, number: str, weights: str = "trained") -> str:
    """How many methods beat the best control of a number in a net, and which gains most.

    Beside it stand those whose intervals reach into its own: between them there is no ranking.
    """
    rows = of_task(model, number, weights)
    best, beats = rows.iloc[0], int((rows.verdict == "beats").sum())
    control = value(model, best.control, number, weights)
    if not beats:
        return f"{NAMES[number]}: none of {len(rows)} methods beats {_the(best.control)} ({control:.2f})"
    interval = f"{best['gain low']:.3f} to {best['gain high']:.3f}"
    level = rows[rows["gain high"] >= best["gain low"]].method.iloc[1:]
    beside = f", not told apart from {_listed(list(level))}" if len(level) else ""
    return (
        f"{NAMES[number]}: {beats} of {len(rows)} methods beat {_the(best.control)} ({control:.2f}); most gains "
        f"{best.method}, {best.value:.2f}, better by {interval}{beside}"
    )


def _the(control: str) -> str:
    return control if control == IMAGE else f"the control *{control}*"


def count(models: Sequence[str], number: str, weights: str = "trained") -> str:
    """How many methods beat the best control of a number, net by net; empty where no net has it."""
    found = []
    for model in models:
        rows = of_task(model, number, weights)
        beats = int((rows.verdict == "beats").sum())
        if len(rows):
            found.append(f"{beats or 'none'} of {len(rows)} in `{model}`")
    return f"{NAMES[number]}: {', '.join(found)}" if found else ""


def advice(models: Sequence[str], weights: str = "trained") -> str:
    """What to use in each of the nets, by the rule, in one sentence a net."""
    found = []
    for model in models:
        names = advised(model, weights)
        found.append(f"in `{model}` {_listed(names)}" if names else f"in `{model}` none passes")
    return "; ".join(found)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def summary(model: str, weights: str = "trained") -> list[str]:
    """One sentence for each number of TASKS that the net has."""
    return [sentence(model, number, weights) for number in TASKS if len(of_task(model, number, weights))]


def markdown(model: str) -> str:
    """The README's part of one net: what we advise, a sentence a number, and the table.

    In bold what beats the best control, in order of the gain against the rival; the controls stand below.
    """
    rows = table().query("model == @model and weights == 'trained'")
    columns = [number for number in (*TASKS, "all random", "all random, divided") if number in set(rows.number)]
    order = [*of_task(model, "rival").method, *CONTROLS]
    by_place = {(row.method, row.number): row for _, row in rows.iterrows()}
    lines = [f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name in order:
        cells = [_cell(by_place[name, number]) if (name, number) in by_place else "" for number in columns]
        lines.append(f"| {f'*{name}*' if name in CONTROLS else name} | {' | '.join(cells)} |")
    said = [f"- {words}" for words in summary(model)]
    return "\n".join([f"What passes: {advice(DIGIT_NETS)}. In `{model}`:", "", *said, "", *lines])


def _cell(row: "pd.Series[Any]") -> str:
    shown = f"{row.value:.2f}"
    return f"**{shown}**" if row["gain low"] > 0 else shown
