"""Training of the nets, one beside the other, on sequences that are made for each update."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from core.vanishing.gradients import by_distance
from core.vanishing.nets import NETS, USUAL, Recurrent, build
from core.vanishing.tasks import TASKS, Draw, Sequences, Task

BATCH, TEST, PROBED = 64, 1000, 16  # sequences an update, unseen, and of these for the influence
OF_TEST = 1000  # added to a seed: the unseen sequences
CLIP = 1.0  # the gradient's norm at most (Pascanu, Mikolov, Bengio 2013)
RISE = 0.2  # of the updates, in which the learning rate rises to its peak
READINGS, INFLUENCES = 40, 8  # of a training, besides the one before it
SOLVED = 0.1  # of chance's error, at most
MOST_UNITS, MOST_UPDATES = 32, 3000


@dataclass(frozen=True)
class Setup:
    """All that the trainings depend on."""

    task: str = "adding"  # one of TASKS
    length: int = 30  # numbers to read, or blanks behind the symbol; of digits always 28 rows
    hidden: int = 16  # the LSTM's units; the others have as many parameters
    rate: float = 0.03  # the peak of the learning rate
    updates: int = 1000
    seed: int = 0
    clip: bool = True
    nets: tuple[str, ...] = USUAL  # of NETS

    def __post_init__(self) -> None:
        task = TASKS[self.task]
        if not task.shortest <= self.length <= task.longest:
            raise ValueError(f"The task {self.task} has {task.shortest} to {task.longest} steps, not {self.length}.")
        if not 1 <= self.hidden <= MOST_UNITS or not 1 <= self.updates <= MOST_UPDATES:
            raise ValueError(f"A training here has up to {MOST_UNITS} units and {MOST_UPDATES} updates.")
        if not self.nets or not set(self.nets) <= set(NETS):
            raise ValueError(f"There are the nets {', '.join(NETS)}; choose some of them.")
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise ValueError(f"A learning rate is a number above 0, not {self.rate:g}.")


@dataclass(frozen=True)
class Reading:
    """How far one net is: its loss in training since the reading before, and its error on unseen sequences.

    The loss is NaN before the training; where it is so later, the training has ended, because a gradient exploded.
    """

    net: str
    units: int
    parameters: int
    update: int
    updates: int
    loss: float
    error: float  # as `Task` has it
    norm: float  # the largest gradient's since the reading before, before it is clipped
    influence: tuple[float, ...]  # as `by_distance`; empty where it was not measured
    seconds: float  # of one core, for the updates so far

    @property
    def broken(self) -> bool:
        """Whether the loss is no number any more."""
        return self.update > 0 and not math.isfinite(self.loss)


def train(setup: Setup) -> Iterator[Reading]:
    """The readings of all nets in turn, the starts first; the same setup gives the same numbers.

    All nets see the same sequences in the same order.
    """
    task = TASKS[setup.task]
    seen, unseen = task.draws(setup.length)
    test = unseen(TEST, Generator().manual_seed(setup.seed + OF_TEST))
    work = [_Training(setup, name, task, test) for name in setup.nets]
    batches = [Generator().manual_seed(setup.seed) for _ in work]
    going = list(zip(work, batches, strict=True))
    for training, _ in going:
        yield training.reading(math.nan, 0.0)
    while going:
        for pair in list(going):
            training, generator = pair
            losses, norms = training.go_on(seen, generator)
            yield (reading := training.reading(sum(losses) / len(losses), max(norms)))
            if reading.broken or training.update == setup.updates:
                going.remove(pair)


class _Training:
    """One net's training, which goes on from reading to reading."""

    def __init__(self, setup: Setup, name: str, task: Task, test: Sequences) -> None:
        self.setup, self.name, self.task, self.test = setup, name, task, test
        self.net = build(name, task, setup.hidden, setup.seed)
        self.update, self.seconds = 0, 0.0
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=setup.rate)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, setup.rate, total_steps=setup.updates, pct_start=RISE
        )
        self.ends = [math.ceil(setup.updates * part / READINGS) for part in range(1, READINGS + 1)]

    def go_on(self, seen: Draw, generator: Generator) -> tuple[list[float], list[float]]:
        """Train until the next reading: each update's loss and the norm of its gradient."""
        began = time.thread_time()
        losses: list[float] = []
        norms: list[float] = []
        end = next(end for end in self.ends if end > self.update)
        while self.update < end and (not losses or math.isfinite(losses[-1])):
            loss, norm = self._step(seen(BATCH, generator))
            losses.append(loss)
            norms.append(norm)
            self.update += 1
        self.seconds += time.thread_time() - began
        return losses, norms

    def _step(self, batch: Sequences) -> tuple[float, float]:
        loss = loss_of(self.net(batch.inputs), batch.targets, self.task)
        self.optimizer.zero_grad()
        loss.backward()
        most = CLIP if self.setup.clip else math.inf
        norm = nn.utils.clip_grad_norm_(self.net.parameters(), most)
        self.optimizer.step()
        self.schedule.step()
        return loss.item(), norm.item()

    def reading(self, loss: float, norm: float) -> Reading:
        due = self.update in (0, *self.ends[READINGS // INFLUENCES - 1 :: READINGS // INFLUENCES])
        influence = by_distance(self.net, self.test.inputs[:PROBED]).tolist() if due else ()
        size = sum(weight.numel() for weight in self.net.parameters())
        return Reading(self.name, self.net.recurrent.hidden_size, size, self.update, self.setup.updates, loss,
                       error_of(self.net, self.test, self.task), norm, tuple(influence), self.seconds)  # fmt: skip


def loss_of(outputs: Tensor, targets: Tensor, task: Task) -> Tensor:
    """What training makes small: cross-entropy of classes, or the mean squared error."""
    return F.cross_entropy(outputs, targets) if task.classes else F.mse_loss(outputs[:, 0], targets)


@torch.no_grad()
def error_of(net: Recurrent, test: Sequences, task: Task) -> float:
    """The error on sequences, as `Task` has it."""
    outputs = net(test.inputs)
    if task.classes:
        return float((outputs.argmax(1) != test.targets).float().mean())
    return float(F.mse_loss(outputs[:, 0], test.targets))
