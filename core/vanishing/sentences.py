"""What the trainings say, in sentences that are made from their numbers."""

import math
from collections.abc import Sequence

import pandas as pd

from core.measures.neighbours import listed
from core.vanishing.gradients import decay
from core.vanishing.nets import CONTROLS, NETS
from core.vanishing.tasks import TASKS
from core.vanishing.train import SOLVED, Reading

UNGATED = tuple(name for name in CONTROLS if NETS[name].matrices == 1)
LENGTH_OF = {"adding": "{} numbers", "recall": "{} blanks", "digits": "{} rows"}
NO_LONGER = 1e-3  # a factor nearer to 1 than that is no change that would be seen


def per_step(factor: float) -> str:
    """What a factor a step does."""
    if math.isnan(factor):
        return "is not there at all"
    if abs(factor - 1) < NO_LONGER:
        return "stays as large"
    return f"{'shrinks' if factor < 1 else 'grows'} by {100 * abs(factor - 1):.2g} % a step"


def is_solved(error: float, task: str) -> bool:
    """Whether an error is at most SOLVED of chance's."""
    return error <= SOLVED * TASKS[task].chance


def outcome(task: str, starts: Sequence[Reading], ends: Sequence[Reading]) -> str:
    """Which nets have solved the task, and what became of the gradient, of each net before and after the training."""
    solved = [end.net for end in ends if is_solved(end.error, task)]
    failed = [end.net for end in ends if end.net not in solved]
    said = []
    if solved:
        said.append(f"**Solved by {listed(solved)}**" + (f", not by {listed(failed)}." if failed else "."))
    else:
        said.append(f"**Solved by none of them**: {listed(failed)}.")
    for start, end in zip(starts, ends, strict=True):
        before, after = (per_step(decay(reading.influence).factor) for reading in (start, end))
        said.append(f"An input's influence on the last state of {end.net} {before} before the training, and {after} "
                    "after it.")  # fmt: skip
    return " ".join(said)


def solved_up_to(rows: pd.DataFrame, net: str) -> int:
    """Up to which of the measured lengths of one task all seeds solve it; 0 where they do not solve the first."""
    longest = 0
    for length, own in rows[rows.net == net].groupby("length"):
        if not all(is_solved(error, task) for task, error in zip(own.task, own.error, strict=True)):
            break
        longest = int(str(length))
    return longest


def by_length(rows: pd.DataFrame) -> str:
    """How far each net gets in one task, the rows being `core.vanishing.lengths.best`'s."""
    task, seeds, longest = rows.task.iloc[0], rows.seed.nunique(), rows.length.max()
    reached: dict[int, list[str]] = {}
    for net in dict.fromkeys(rows.net):
        reached.setdefault(solved_up_to(rows, net), []).append(net)
    said = [
        f"{'up to' if length < longest else 'all'} {LENGTH_OF[task].format(length)}: {listed(nets)}"
        if length else f"not even {LENGTH_OF[task].format(rows.length.min())}: {listed(nets)}"
        for length, nets in sorted(reached.items(), reverse=True)
    ]  # fmt: skip
    if rows.length.nunique() == 1:
        solved, failed = reached.get(longest, []), reached.get(0, [])
        said = [f"with {LENGTH_OF[task].format(longest)}, by {listed(solved) if solved else 'none'}"]
        said += [f"not by {listed(failed)}"] if solved and failed else []
    return f"Solved from each of {seeds} seeds, {'; '.join(said)}."


def gradients(rows: pd.DataFrame, length: int, nets: Sequence[str]) -> str:
    """The influence's factors a step at one length, the smallest and the largest of the seeds."""
    said = []
    for net in nets:
        own = rows[(rows.length == length) & (rows.net == net)]
        before, after = (f"{own[when].min():.2f} to {own[when].max():.2f}" for when in ("before", "after"))
        said.append(f"{net} {before} before the training and {after} after it")
    place = LENGTH_OF[rows.task.iloc[0]].format(length)
    return f"At {place} the influence has this factor a step: {'; '.join(said)}."


def gates_or_start(rows: pd.DataFrame) -> str:
    """Whether it is the gates, or the weights that training begins with: nets without gates that begin as identity."""
    noun = LENGTH_OF[rows.task.iloc[0]]
    reach = {net: solved_up_to(rows, net) for net in NETS}
    far = {net: f"up to {noun.format(length)}" if length else "none of these" for net, length in reach.items()}
    as_far = [net for net in UNGATED if reach[net] >= reach["LSTM"] > 0]
    if reach["RNN"] >= reach["LSTM"]:
        verdict = "Here the plain RNN gets as far as the LSTM, so that gates show no advantage."
    elif as_far:
        verdict = f"So gates are not the only way: without any, {listed(as_far)} gets as far as the LSTM."
    else:
        verdict = "So no net without gates gets as far as the LSTM, however it begins."
    return (
        f"**Is it the gates, or the weights at the start?** The LSTM solves {far['LSTM']}, with a forget bias of 1 at "
        f"the start {far['LSTM bias 1']}. Of the nets without gates, the RNN solves {far['RNN']}, the one that begins "
        f"at the identity {far['identity RNN']}, and the same with ReLUs {far['identity ReLU']}. "
        f"{verdict}"
    )
