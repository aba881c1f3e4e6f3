"""Long work for many visitors at once: generators that take turns in one thread.

Plain Python; nothing here knows Streamlit. Jobs with equal keys are one job with several watchers. Each running job
gets a slice of time in turn, so a short one is not held up by a long one; what does not fit waits in line. A job that
nobody watches any more is stopped after a moment of grace, in which a reloaded page finds it again.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Generator, Hashable
from dataclasses import dataclass, field
from typing import Any, Literal

AT_ONCE = float("-inf")  # a moment so long ago that any grace is over
State = Literal["waiting", "running", "done", "failed", "stopped"]
Records = Generator[Any, None, None]


class QueueFullError(Exception):
    """There is no room for another job; its text is a sentence for the page."""


@dataclass(frozen=True)
class View:
    """A job as a page sees it: how it stands, and what it has yielded so far, or the last of it."""

    state: State
    position: int  # in the line; 0 when it does not wait
    records: tuple[Any, ...]
    error: Exception | None

    @property
    def over(self) -> bool:
        """Nothing more will come."""
        return self.state in ("done", "failed", "stopped")


@dataclass(eq=False)
class _Job:
    key: Hashable
    make: Callable[[], Records]
    owner: Hashable  # the watcher who asked first
    watchers: set[Hashable]
    declined: set[Hashable] = field(default_factory=set)  # who cancelled it
    state: State = "waiting"
    records: list[Any] = field(default_factory=list)
    last_only: bool = False  # an earlier record is forgotten
    error: Exception | None = None
    work: Records | None = None
    unwatched_since: float | None = None


class Scheduler:
    """Runs jobs in slices, in a thread that lives as long as there is work."""

    def __init__(
        self,
        *,
        running: int = 4,
        waiting: int = 16,
        kept: int = 8,
        turn: float = 0.25,
        grace: float = 5.0,
        make_way: Callable[[], None] = lambda: None,
    ):
        """So many jobs run at once, wait, and are kept when done; a turn and the grace are in seconds.

        `make_way` is called before every record, and may wait for what comes first.
        """
        self._limits = running, waiting, kept
        self._make_way = make_way
        self._turn, self._grace = turn, grace
        self._jobs: OrderedDict[Hashable, _Job] = OrderedDict()  # in the order in which they came
        self._round: list[_Job] = []  # the running ones; the first has the next turn
        self._served: Hashable = None  # the owner of the job that began last
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, key: Hashable, make: Callable[[], Records], watcher: Hashable, *, last_only: bool = False) -> None:
        """Join the job of that key, or queue what `make` makes; one that failed or was stopped begins anew.

        Its records are all kept, or only the last one. Raises QueueFullError where too many jobs wait.
        """
        with self._lock:
            job = self._jobs.get(key)
            if job is None or job.state in ("failed", "stopped"):
                if len(self._line()) >= self._limits[1]:
                    raise QueueFullError("Too many people are computing just now. Try again in a minute.")
                job = self._jobs[key] = _Job(key, make, watcher, set(), last_only=last_only)
                self._jobs.move_to_end(key)
            self._watch(job, watcher)
            if self._thread is None and job.state != "done":
                self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
                self._thread.start()

    def look(self, key: Hashable, watcher: Hashable) -> View | None:
        """How the job of that key stands; whoever looks watches it. None where there is no such job.

        To who cancelled it, it has stopped, even if it runs on for others.
        """
        with self._lock:
            job = self._jobs.get(key)
            if job is None:
                return None
            if job.state in ("waiting", "running"):
                if watcher in job.declined:
                    return View("stopped", 0, tuple(job.records), None)
                self._watch(job, watcher)
            position = self._line().index(job) + 1 if job.state == "waiting" else 0
            return View(job.state, position, tuple(job.records), job.error)

    def leave(self, watcher: Hashable, key: Hashable | None = None) -> None:
        """The watcher has gone, from one job or from all: what nobody watches stops after the grace."""
        self._part(watcher, key, time.monotonic())

    def cancel(self, key: Hashable, watcher: Hashable) -> None:
        """The watcher wants no more of the job: it stops at once, unless others watch it."""
        self._part(watcher, key, AT_ONCE)

    def _part(self, watcher: Hashable, key: Hashable | None, since: float) -> None:
        with self._lock:
            for job in self._jobs.values() if key is None else filter(None, [self._jobs.get(key)]):
                if watcher in job.watchers:
                    job.watchers.discard(watcher)
                    if since == AT_ONCE:
                        job.declined.add(watcher)
                    job.unwatched_since = None if job.watchers else since
                if job.state == "waiting" and self._abandoned(job):
                    job.state = "stopped"

    def _watch(self, job: _Job, watcher: Hashable) -> None:
        job.watchers.add(watcher)
        job.declined.discard(watcher)
        job.unwatched_since = None

    def _line(self) -> list[_Job]:
        return [job for job in self._jobs.values() if job.state == "waiting"]

    def _abandoned(self, job: _Job) -> bool:
        return job.unwatched_since is not None and time.monotonic() - job.unwatched_since >= self._grace

    def _work(self) -> None:
        while job := self._next():
            end = time.monotonic() + self._turn
            while job.state == "running" and time.monotonic() < end:
                self._make_way()
                self._step(job)

    def _next(self) -> _Job | None:
        """The job whose turn it is; None ends the thread."""
        with self._lock:
            self._tidy()
            while len(self._round) < self._limits[0] and (line := self._line()):
                busy = {job.owner for job in self._round}
                job = min(line, key=lambda job: (job.owner in busy, job.owner == self._served))
                job.state, self._served = "running", job.owner
                self._round.append(job)
            if not self._round:
                self._thread = None
                return None
            self._round.append(self._round.pop(0))
            return self._round[-1]

    def _step(self, job: _Job) -> None:
        """One record further; outside the lock, because a record may take long."""
        try:
            if self._stopped(job):
                if job.work:
                    job.work.close()
                self._end(job, "stopped")
                return
            if job.work is None:
                job.work = job.make()
            record = next(job.work)
        except StopIteration:
            self._end(job, "done")
        except Exception as error:  # a job that raises ends, with its error for the page; the others go on
            logging.getLogger(__name__).exception("A job failed: %s", job.key)
            self._end(job, "failed", error)
        else:
            with self._lock:
                if job.last_only:
                    job.records.clear()
                job.records.append(record)

    def _stopped(self, job: _Job) -> bool:
        """Whether nobody watches the job any more; who asks for it from now on, while it closes, gets a new one."""
        with self._lock:
            if self._abandoned(job):
                job.state = "stopped"
            return job.state == "stopped"

    def _end(self, job: _Job, state: State, error: Exception | None = None) -> None:
        with self._lock:
            job.state, job.error, job.work = state, error, None
            self._round.remove(job)

    def _tidy(self) -> None:
        """Stop who waits for nobody, and forget the oldest of the jobs that are over."""
        for job in self._line():
            if self._abandoned(job):
                job.state = "stopped"
        over = [key for key, job in self._jobs.items() if job.state not in ("waiting", "running")]
        for key in over[: max(0, len(over) - self._limits[2])]:
            del self._jobs[key]
