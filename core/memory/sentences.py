"""What the numbers on memory say, in words; every sentence is made of the table."""

from core.measures.neighbours import listed
from core.memory.order import IN_ORDER, SHUFFLED_ROWS
from core.memory.tables import (
    FOR_ORDER,
    GRADIENT,
    HALF,
    HELD,
    IMAGES,
    KINDS,
    MIXED,
    OTHERS,
    RECURRENT,
    ROW,
    over_seeds,
    table,
)
from core.models import SHUFFLED, TWIN

LAYERS = ("lstm1", "lstm2")
LAST = LAYERS[-1]
FAR_BACK = 8  # rows: more than neighbours give away
DELAY = 14  # empty rows: as many as a digit's other half


def horizons() -> str:
    """How far back each layer's state is moved, trained, untrained and shuffled."""
    means, low, high = (_over_seeds(GRADIENT, part) for part in ("value", "low", "high"))
    parts = []
    for layer in LAYERS:
        at = RECURRENT, "trained", layer, 0
        parts.append(f"In `{layer}` it is **{means[at]:.1f} rows** (95 % interval {low[at]:.1f} to {high[at]:.1f}) "
                     f"trained and {means[RECURRENT, TWIN, layer, 0]:.1f} in the untrained twin")  # fmt: skip
    shuffled, trained, twin = (means[RECURRENT, kind, LAST, 0] for kind in (SHUFFLED, "trained", TWIN))
    nearer = abs(shuffled - trained) < abs(shuffled - twin)
    warning = (
        "a long reach comes with large weights, whatever they have learnt, and so it does not yet show that anything "
        "is kept on purpose"
        if nearer
        else "it takes more than large weights"
    )
    return (
        f"**How far back is the state moved?** {'. '.join(parts)}. With the trained weights shuffled it is "
        f"{shuffled:.1f} in `{LAST}`: {warning}."
    )


def capacities() -> str:
    """How many rows lie open in the state, in all and from FAR_BACK rows back on."""
    whole, far = _rows(IMAGES, 0), _rows(IMAGES, FAR_BACK)
    alone = _rows(MIXED, 0)
    trained, twin, none = whole["trained", LAST], whole[TWIN, LAST], (ROW, ROW)
    more = "fewer" if trained < twin else "more"
    far_more = "more" if far["trained", LAST] > far[TWIN, LAST] else "no more"
    return (
        f"**How much can be read off the state?** A linear readout of `{LAST}` recovers **{trained:.1f} rows** in all, "
        f"{more} than from its untrained twin ({twin:.1f}): {_forgets(trained < twin)} Of the rows {FAR_BACK} and more "
        f"back it recovers **{far['trained', LAST]:.1f}**, {far_more} than from the twin ({far[TWIN, LAST]:.1f}); with "
        f"the weights shuffled it is {far[SHUFFLED, LAST]:.1f}. The present row alone gives away {whole[none]:.1f} in "
        f"all, and {far[none]:.1f} of those far back. Where rows of different images are mixed, so that none tells "
        f"anything of another, it is {alone['trained', LAST]:.1f} trained and {alone[TWIN, LAST]:.1f} untrained."
    )


def _forgets(fewer: bool) -> str:
    return "training makes it forget pixels." if fewer else "training makes it keep pixels."


def _rows(measure: str, least: int) -> dict[tuple[str, str], float]:
    """The capacity from a lag on, on the mean over seeds, by weights and layer."""
    own = table()[(table().measure == measure) & (table()["at"] >= least)]
    found = own.groupby(["weights", "where", "seed"]).value.sum().groupby(["weights", "where"]).mean().reset_index()
    return {(weights, layer): value for weights, layer, value in found.itertuples(index=False)}


def _over_seeds(measure: str, part: str = "value") -> dict[tuple[str, str, str, float], float]:
    """The mean over seeds, or an end of its interval, by model, weights, layer or condition, and lag."""
    found = over_seeds(measure)[["model", "weights", "where", "at", part]]
    return {(model, weights, where, at): value for model, weights, where, at, value in found.itertuples(index=False)}


def delays() -> str:
    """What is left of half a digit behind as many empty rows as the other half has."""
    means = _over_seeds(HELD)

    def at(weights: str, blank: int) -> float:
        return means[RECURRENT, weights, LAST, blank]

    def said(weights: str) -> str:
        return f"{at(weights, DELAY):.0f} % (at once {at(weights, 0):.0f} %)"

    return (
        f"**How long does it hold what it needs?** {HALF} rows of a digit, then {DELAY} empty ones: off the state of "
        f"`{LAST}` a linear probe still reads the class of **{said('trained')}** of held-out images, off its untrained "
        f"twin's of {said(TWIN)}, with shuffled weights {said(SHUFFLED)}. The present row says nothing by then: "
        f"without memory it would be one in ten."
    )


def orders() -> str:
    """What shuffled rows cost the recurrent net, and nets that know no time."""
    means = _over_seeds("accuracy")

    def right(model: str, how: str) -> float:
        return means[model, "trained", how, 0]

    def fallen(model: str) -> str:
        return f"{right(model, IN_ORDER):.1f} % to {right(model, SHUFFLED_ROWS):.0f} %"

    others = [f"`{model}` from {fallen(model)}" for model in OTHERS]
    least = min(right(model, SHUFFLED_ROWS) for model in OTHERS)
    alike = least <= right(RECURRENT, SHUFFLED_ROWS) + 5
    so = "so that the fall alone says nothing of time" if alike else "but less"
    return (
        f"**Does the order matter?** With its rows in another order, the recurrent net falls from "
        f"**{fallen(RECURRENT)}** of {FOR_ORDER:,} test images. But nets that know no time fall, too: "
        f"{listed(others)}, {so}."
    )


def markdown() -> str:
    """The README's table: a row a kind of weights and layer, means over five seeds."""
    reach, held = _over_seeds(GRADIENT), _over_seeds(HELD)
    whole, far = _rows(IMAGES, 0), _rows(IMAGES, FAR_BACK)
    lines = [
        f"| weights | layer | horizon, rows | rows recovered | {FAR_BACK} and more back | class held |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for weights in KINDS:
        for layer in LAYERS:
            at = RECURRENT, weights, layer
            lines.append(f"| {weights} | {layer} | {reach[*at, 0]:.1f} | {whole[weights, layer]:.1f} | "
                         f"{far[weights, layer]:.1f} | {held[*at, DELAY]:.0f} % |")  # fmt: skip
    lines.append(f"| {ROW} | | | {whole[ROW, ROW]:.1f} | {far[ROW, ROW]:.1f} | |")
    return "\n".join(lines)
