"""What the table of fooling images says, in sentences that are made of its numbers."""

import math
from typing import NamedTuple

from core.models import DIGIT_NETS, SHUFFLED, TWIN, controls, metadata
from core.studio.fooling import NOISE, VEIL
from core.studio.fooling_table import DRAWS, EPSILONS, FLIPPED, MULTIPLE, OWN, PHOTO, PLAIN, SMALLEST, table, twins_of
from core.studio.smallest import DOUBLINGS, PRECISION

TWINS = controls(TWIN)
FIRST = 2.0**-DOUBLINGS  # in L-inf the smallest epsilon tried before the search goes on between it and zero
TINY, RAISED = 1e-3, str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Cell(NamedTuple):
    """A number of the table and its interval."""

    value: float
    low: float
    high: float


def cell(net: str, weights: str, measure: str, source: str, epsilon: float = math.nan) -> Cell:
    """What was measured; KeyError where it was not."""
    rows = table().query("net == @net and weights == @weights and measure == @measure and source == @source")
    rows = rows[rows.epsilon.isna()] if math.isnan(epsilon) else rows[rows.epsilon == epsilon]
    if len(rows) != 1:
        raise KeyError((net, weights, measure, source, epsilon))
    return Cell(*rows[["value", "low", "high"]].iloc[0].astype(float))


def sentence(net: str) -> str:
    """How much it takes to fool a net, beside noise, its twins, and other nets' pictures."""
    return " ".join([_smallest(net), *([] if net == PHOTO else [_plain(net)]), _twins(net), _transfer(net)])


def of(net: str) -> str:
    """What was changed: so many digits or photos."""
    return f"{table().query('net == @net').images.iloc[0]} {'photos' if net == PHOTO else 'test digits'}"


def _smallest(net: str) -> str:
    own, times = cell(net, "trained", SMALLEST, OWN), cell(net, "trained", MULTIPLE, NOISE)
    noise = (
        f"noise of random signs changes, at any size tried and in half of {DRAWS} draws, fewer than half of them"
        if math.isinf(times.value)
        else f"noise of random signs has to be **{short(times.value)} times** as large ({_between(times)})"
    )
    return (f"Of `{net}`'s answers to {of(net)}, a change of **{short(own.value)}** in every pixel ({_between(own)}) "
            f"is enough for half; {noise}.")  # fmt: skip


def _plain(net: str) -> str:
    """The rule: intervals that meet are no difference."""
    own, plain = cell(net, "trained", SMALLEST, OWN), cell(net, PLAIN, SMALLEST, OWN)
    steps = ", without the adversarial steps that it was trained with," if metadata(net)["recipe"]["epsilon"] else ""
    meets = own.low <= plain.high and plain.low <= own.high
    change = "no clear difference" if meets else "less" if plain.value < own.value else "more"
    return f"With plain training{steps} it is {short(plain.value)}: {change}."


def _twins(net: str) -> str:
    """The rule: all twins' medians lie on one side of the trained net's interval, or nothing is said of a side."""
    own = cell(net, "trained", SMALLEST, OWN)
    twins = [cell(net, weights, SMALLEST, OWN).value for weights in twins_of(net)]
    if max(twins) < own.low:
        told = "Less is enough for"
    elif min(twins) > own.high:
        told = "More is needed for"
    else:
        told = "No consistent difference is there to"
    whose = f"{len(twins)} untrained twins" if len(twins) > 1 else "the untrained twin"
    reach = " to ".join(dict.fromkeys([short(min(twins)), short(max(twins))]))
    step = f", found to within {short(FIRST * PRECISION)}" if min(twins) < FIRST else ""
    return f"{told} the answers of {whose}, which mean nothing: {reach}{step}."


def _transfer(net: str) -> str:
    """The rule: other nets' pictures do more than noise and all controls where intervals do not meet.

    And a grey veil is compared with the best of them, or where there are none with the net's own, by the mean.
    """
    epsilon = EPSILONS["photos" if net == PHOTO else "digits"][-1]
    own, noise, veil = (cell(net, "trained", FLIPPED, source, epsilon) for source in (OWN, NOISE, VEIL))
    shams = [cell(net, "trained", FLIPPED, source, epsilon) for source in (*TWINS, SHUFFLED)]
    others = [cell(net, "trained", FLIPPED, other, epsilon) for other in DIGIT_NETS if other != net and net != PHOTO]
    said = f"At {epsilon:g} its own picture fools it in {_percent(own.value)}"
    if others:
        bar = max(noise.high, *(sham.high for sham in shams))
        above = sum(other.low > bar for other in others)
        than = {len(others): "each more than", 0: "none of them more than"}.get(above, "some of them more than")
        reach = " to ".join(dict.fromkeys([_percent(min(others).value), _percent(max(others).value)]))
        said += f", the pictures of other nets in {reach}, {than}"
    else:
        said += ", beside"
    said += (f" noise of that size ({_percent(noise.value)}) or steps along an untrained or shuffled net's gradient "
             f"(up to {_percent(max(shams).value)}). A grey veil of that epsilon, with nothing drawn, does it in "
             f"{_percent(veil.value)}")  # fmt: skip
    best, whose = (max(others).value, "other nets' pictures") if others else (own.value, "its own picture")
    return f"{said}, no less often than {whose}." if veil.value >= best else f"{said}."


def short(value: float) -> str:
    """A size in words: two digits that mean something."""
    if math.isinf(value):
        return "more than the range allows"
    if 0 < value < TINY:
        digits, power = f"{value:.1e}".split("e")
        return f"{digits} × 10{str(int(power)).translate(RAISED)}"
    return f"{value:.2g}" if value < 100 else f"{float(f'{value:.2g}'):,.0f}"


def _between(found: Cell) -> str:
    return f"95 % interval {short(found.low)} to {short(found.high)}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
