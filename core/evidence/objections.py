"""What a referee will object, each met by a number of the tests or the curves; and whether measures agree."""

from collections.abc import Callable

import pandas as pd

from core.evidence import curves
from core.evidence.measured import title
from core.evidence.sentences import effect
from core.evidence.tested import HELD, TOO
from core.evidence.verdicts import table
from core.measures.neighbours import listed
from core.models import DIGIT_NETS, RANDOM_LABELS, ROTATIONS, TWIN
from core.models.series import SERIES

LEARNED = {RANDOM_LABELS: "learned random labels by heart", ROTATIONS: "learned to tell turns"}


def objections() -> list[tuple[str, str]]:
    """Each objection with its answer, whichever way the number goes; one that nothing has measured yet is left out."""
    return [(said, answer) for said, of in OBJECTIONS.items() if (answer := of())]


def _radius(subject: str) -> pd.Series | None:
    """The test of the trained net's effective radius; None where it was not measured."""
    rows = table()[(table().claim == "C3") & (table().measure == "effective radius")
                   & (table().subject == subject) & (table().training == "trained")]  # fmt: skip
    return None if rows.empty else rows.iloc[0]


def _by_construction() -> str:
    rows = [_radius(subject) for subject in ("cnn", "photo")]
    said = [f"{effect(row)} ({row.outcome})" for row in rows if row is not None]
    return f"So it does, in twins as well. {'; '.join(said)}. {_smaller()}" if said else ""


def _smaller() -> str:
    """In how many layers training makes the effective field smaller."""
    found = curves.table()
    radii = found[(found.measure == "effective radius") & found.model.isin(["cnn", "photo"])]
    trained = radii[(radii.weights == "trained") & (radii.training == "trained")].set_index(["model", "layer"])
    twins = radii[radii.weights == TWIN].set_index(["model", "layer"])
    less = trained.high < twins.low.reindex(trained.index)
    counts = [f"{int(own.sum())} of {len(own)} layers of `{model}`" for model, own in less.groupby("model")]
    return f"Training makes it smaller than in every twin in {listed(counts)}." if counts else ""


def _random_probe() -> str:
    last = {weights: _last("cnn", "probe", training, weights)
            for training, weights in (("trained", "trained"), ("", TWIN), ("", "pixels"))}  # fmt: skip
    if None in last.values():
        return ""
    trained, twin, pixels = last.values()
    return (
        f"In `cnn` the last hidden layer's probe reads {trained:.1%} of the digits, its untrained twins' {twin:.1%}, "
        f"and that of the pixels {pixels:.1%}: only what lies beyond the twins counts here."
    )


def _last(model: str, measure: str, training: str, weights: str) -> float | None:
    found = curves.table()
    rows = found[(found.model == model) & (found.measure == measure) & (found.training == training)
                 & (found.weights == weights) & (found.layer != "logits")]  # fmt: skip
    return None if rows.empty else float(rows.sort_values("depth").value.iloc[-1])


def _many_meanings() -> str:
    pairs = agreement()
    if pairs.empty:
        return ""
    worst = pairs.sort_values("correlation").iloc[0]
    return (
        "Each measure is one meaning, and all count. Over the layers of all nets their rank correlations have a median "
        f"of {pairs.correlation.median():.2f}; lowest is that of {title(worst['first'])} and {title(worst['second'])}, "
        f"{worst.correlation:.2f}."
    )


def _one_recipe() -> str:
    rows = table()[(table().recipe != "") & table().counts]
    return f"All layers are climbed by one recipe, in all {len(rows)} tests of stimuli." if len(rows) else ""


def _trained_and_plain() -> str:
    return _pairs(
        "training", "trained", "plain", "Each test is made with plain training too: the outcome is the same in"
    )


def _blots() -> str:
    return _pairs("recipe", "regularised", "bare", "Bare optima are measured as well: the outcome is the same in")


def _pairs(column: str, first: str, second: str, said: str) -> str:
    rows = table()[table().counts].assign(of=lambda rows: rows.measure.str.removesuffix(", bare"))
    by = ["claim", "of", "says", "subject", *({"training", "recipe"} - {column})]
    both = rows[rows[column].isin([first, second])].pivot_table("outcome", by, column, aggfunc="first").dropna()
    if both.empty:
        return ""
    same = both[first] == both[second]
    other = [f"{where[0]} {where[1]} in `{where[3]}`" for where in both.index[~same][:3]]
    return f"{said} {same.sum()} of {len(both)} pairs" + (f"; not in {listed(other)}." if other else ".")


def _easy() -> str:
    row = _radius("photo")
    return f"`photo` takes part where no class is needed. {effect(row)}: {row.outcome}." if row is not None else ""


def _off_the_data() -> str:
    """Whether tests that differ in nothing but the replacement come out alike."""
    rows = table()[table().counts & (table().replacement != "")]
    if rows.empty:
        return ""
    held = rows.assign(held=rows.outcome == HELD)
    apart = held.groupby(["says", "subject", "training"], sort=False).held.nunique() > 1
    other = [f"`{subject}` {training} ({says})" for says, subject, training in apart.index[apart][:3]]
    return (
        "Units are cut in three ways, by their mean, zero, and what they are in another image: all three agree whether "
        f"the test holds in {int((~apart).sum())} of {len(apart)} comparisons"
        + (f"; not in {listed(other)}." if other else ".")
    )


def _arithmetic() -> str:
    """How often the named eighth costs more than others, and how often more so than in twins."""
    rows = table()[table().counts & (table().replacement != "")]
    if rows.empty:
        return ""
    shown, beyond = int(rows.outcome.isin([HELD, TOO]).sum()), int((rows.outcome == HELD).sum())
    return (
        f"Nearly so, and in twins as well: the named eighth costs more than others do in {shown} of {len(rows)} tests, "
        f"and by more than in the untrained twins in {beyond}."
    )


def _small_responses() -> str:
    """Of what is cut, the control that is known least."""
    rows = table()[table().counts & (table().replacement != "")]
    if rows.empty:
        return ""
    row = rows.assign(width=rows.control_high - rows.control_low).sort_values("width").iloc[-1]
    return (
        f"They do. The control that is known least, beside which nothing can be shown: {effect(row)}. Charts show the "
        "median unit."
    )


def _picked() -> str:
    return "All units of all layers are measured, whether they suit or not; stimuli of the first sixteen of each layer."


def _loss() -> str:
    said = []
    for training, what in LEARNED.items():
        rows = table()[~table().counts & (table().claim == "C10") & (table().training == training)]
        held = [f"{title(str(measure))} in {int((own.outcome == HELD).sum())} of {len(own)}"
                for measure, own in rows.groupby("measure", sort=False)]  # fmt: skip
        if held:
            said.append(f"of nets that {what}, it is {listed(held)}")
    return f"What exceeds the untrained twins with no class to learn: {'; '.join(said)}." if said else ""


def _comparisons() -> str:
    rows = table()[table().counts]
    lost = int((rows.alone & (rows.outcome != HELD)).sum())
    return (
        f"All p-values carry Holm's correction over their claim; it takes {lost} of {int(rows.alone.sum())} tests away."
    )


OBJECTIONS: dict[str, Callable[[], str]] = {
    "The receptive field grows by construction.": _by_construction,
    "A random net's probe rises, too.": _random_probe,
    "Simple has many meanings.": _many_meanings,
    "Recipes of ascent differ by depth.": _one_recipe,
    "Nets trained against adversaries are special.": _trained_and_plain,
    "MNIST is easy.": _easy,
    "Regularised ascent draws blots for any net.": _blots,
    "Units were picked.": _picked,
    "A net with units cut out is off its data.": _off_the_data,
    "Shares of a small response say little.": _small_responses,
    "That the largest contributions count most is arithmetic.": _arithmetic,
    "Class separation is what the loss asks for.": _loss,
    "Of many comparisons some succeed.": _comparisons,
}


def agreement() -> pd.DataFrame:
    """Spearman's rank correlation of two measures over all hidden layers of trained nets: first, second, correlation.

    Only measures that most layers have; each pair once.
    """
    found = curves.table()
    hidden = found[(found.weights == "trained") & (found.layer != "logits") & (found.depth > 0)
                   & found.model.isin([*SERIES, *DIGIT_NETS])]  # fmt: skip
    wide = hidden.pivot_table("value", ["model", "training", "depth"], "measure")
    wide = wide.loc[:, wide.notna().mean() > 0.9]
    names, matrix = list(wide), wide.corr(method="spearman").to_numpy()
    rows = [(first, names[other], matrix[place, other]) for place, first in enumerate(names)
            for other in range(place + 1, len(names))]  # fmt: skip
    return pd.DataFrame(rows, columns=["first", "second", "correlation"]).dropna()
