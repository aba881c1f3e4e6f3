"""The scheduler: fair, shared, stopped when nobody watches, and never brought down by a job."""

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from itertools import groupby
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pages.jobs.scheduler import QueueFullError, Records, Scheduler, View


def until(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.002)


def counting(to: int, pause: float = 0.0) -> Callable[[], Records]:
    def make() -> Records:
        for number in range(to):
            time.sleep(pause)
            yield number

    return make


def look(scheduler: Scheduler, key: Hashable, watcher: Hashable = "a") -> View:
    view = scheduler.look(key, watcher)
    assert view is not None
    return view


def test_a_job_yields_its_records_and_ends() -> None:
    scheduler = Scheduler()
    scheduler.start("k", counting(5), "a")
    until(lambda: look(scheduler, "k").over)
    assert look(scheduler, "k") == View("done", 0, (0, 1, 2, 3, 4), None)
    assert scheduler.look("other", "a") is None


def test_before_every_record_it_makes_way() -> None:
    """For what comes first: nothing is made before."""
    gate, asked = threading.Event(), []

    def make_way() -> None:
        asked.append(1)
        gate.wait(10)

    scheduler = Scheduler(make_way=make_way)
    scheduler.start("k", counting(3), "a")
    until(lambda: asked)
    assert look(scheduler, "k").records == ()
    gate.set()
    until(lambda: look(scheduler, "k").over)
    assert len(asked) == 4  # the last time there is none


def test_equal_keys_share_one_run_and_its_result() -> None:
    made = []

    def make() -> Records:
        made.append(1)
        yield from counting(20, 0.005)()

    scheduler = Scheduler()
    for watcher in "abc":
        scheduler.start("k", make, watcher)
    until(lambda: look(scheduler, "k", "b").over)
    scheduler.start("k", make, "d")
    assert look(scheduler, "k", "d").records == tuple(range(20))
    assert len(made) == 1


def test_a_short_job_is_not_held_up_by_a_long_one() -> None:
    scheduler = Scheduler(turn=0.01)
    scheduler.start("long", counting(10_000, 0.001), "a")
    until(lambda: look(scheduler, "long").records)
    scheduler.start("short", counting(5), "b")
    until(lambda: look(scheduler, "short", "b").over)
    assert look(scheduler, "long").state == "running"
    scheduler.cancel("long", "a")


def test_running_jobs_get_equal_turns() -> None:
    scheduler = Scheduler(turn=0.01)
    for name in "ab":
        scheduler.start(name, counting(10_000, 0.001), name)
    until(lambda: len(look(scheduler, "a").records) > 100)
    lengths = [len(look(scheduler, name, name).records) for name in "ab"]
    assert min(lengths) > 0.5 * max(lengths)
    for name in "ab":
        scheduler.cancel(name, name)


def gated(gate: threading.Event, began: list[str] | None = None, name: str = "") -> Callable[[], Records]:
    """A job that notes its beginning, and then yields zeros until its gate opens."""

    def make() -> Records:
        if began is not None:
            began.append(name)
        yield 0
        while not gate.wait(0.001):
            yield 0

    return make


@pytest.mark.parametrize("running", [1, 2])
def test_a_visitors_queue_does_not_keep_the_others_waiting(running: int) -> None:
    """Of one visitor's five jobs some run and some wait; who has none goes before them, each in turn."""
    scheduler, began, gates = Scheduler(running=running, turn=0.001), [], {}
    for name in ("a1", "a2", "a3", "a4", "a5", "b1", "b2", "c1"):
        gates[name] = threading.Event()
        scheduler.start(name, gated(gates[name], began, name), name[0])
        until(lambda: len(began) == min(running, len(gates)))
    positions = [look(scheduler, key, key[0]).position for key in ("b1", "b2", "c1")]
    assert positions == [6 - running, 7 - running, 8 - running]
    for count in range(running, 8):
        gates[began[count - running]].set()
        until(lambda count=count: len(began) == count + 1)
    gates[began[-1]].set(), gates[began[-running]].set()
    expected = {
        1: ["a1", "b1", "a2", "b2", "a3", "c1", "a4", "a5"],
        2: ["a1", "a2", "b1", "a3", "b2", "a4", "c1", "a5"],
    }
    assert began == expected[running]


def test_so_many_run_and_wait_as_is_said_and_then_it_is_full() -> None:
    """Four run and sixteen wait, if nothing else is said."""
    scheduler, gate = Scheduler(turn=0.001), threading.Event()
    for number in range(20):
        scheduler.start(number, gated(gate), number)
        until(lambda number=number: look(scheduler, number, number).state == "running" or number >= 4)
    until(lambda: all(len(look(scheduler, number, number).records) > 5 for number in range(4)))
    assert [look(scheduler, number, number).position for number in range(20)] == [0] * 4 + list(range(1, 17))
    with pytest.raises(QueueFullError, match="Try again"):
        scheduler.start(20, gated(gate), 20)
    assert scheduler.look(20, 20) is None
    scheduler.start(3, gated(gate), 20)  # to join there is always room
    gate.set()
    until(lambda: scheduler._thread is None)
    assert sum(scheduler.look(number, 0) is not None for number in range(20)) == 8


def test_cancelling_stops_within_half_a_second_and_closes_the_generator() -> None:
    closed = threading.Event()

    def make() -> Records:
        try:
            yield from counting(10_000, 0.01)()
        finally:
            closed.set()

    scheduler = Scheduler()
    scheduler.start("k", make, "a")
    until(lambda: look(scheduler, "k").records)
    scheduler.cancel("k", "a")
    assert look(scheduler, "k").state == "stopped"  # and looking does not wake it
    assert closed.wait(0.5)
    until(lambda: scheduler._thread is None)
    scheduler.start("k", counting(3), "a")
    until(lambda: look(scheduler, "k").state == "done")


def test_who_asks_for_a_job_while_it_closes_gets_a_new_run() -> None:
    made: list[int] = []
    closing, closed = threading.Event(), threading.Event()

    def make() -> Records:
        made.append(len(made))
        try:
            yield made[-1]
            while len(made) == 1:
                time.sleep(0.002)
                yield made[-1]
        finally:
            if len(made) == 1:
                closing.set()
                closed.wait(10)

    scheduler = Scheduler()
    scheduler.start("k", make, "a")
    until(lambda: look(scheduler, "k").records)
    scheduler.cancel("k", "a")
    assert closing.wait(10)
    scheduler.start("k", make, "b")
    assert look(scheduler, "k", "b") == View("waiting", 1, (), None)
    closed.set()
    until(lambda: look(scheduler, "k", "b").over)
    assert look(scheduler, "k", "b") == View("done", 0, (1,), None)


def test_what_waits_and_is_cancelled_never_begins() -> None:
    scheduler, gate, began = Scheduler(running=1, grace=0.2), threading.Event(), []
    scheduler.start("runs", gated(gate), "a")
    until(lambda: look(scheduler, "runs").records)
    for key, name in (("cancelled", "b"), ("left", "c"), ("shared", "d"), ("shared", "e"), ("kept", "f")):
        scheduler.start(key, gated(gate, began, key), name)
    scheduler.cancel("cancelled", "b")
    scheduler.cancel("shared", "d")
    scheduler.cancel("kept", "b")  # who does not watch it
    scheduler.leave("c")
    assert look(scheduler, "cancelled", "b") == View("stopped", 0, (), None)
    assert [scheduler._jobs[key].state for key in ("left", "shared", "kept")] == ["waiting"] * 3
    until(lambda: scheduler._jobs["left"].state == "stopped", 2)  # while another job runs on
    assert look(scheduler, "shared", "e").position == 1
    gate.set()
    until(lambda: look(scheduler, "kept", "f").over and look(scheduler, "shared", "e").over)
    assert began == ["shared", "kept"]


def test_of_some_jobs_only_the_last_record_is_kept() -> None:
    scheduler = Scheduler()
    scheduler.start("last", counting(5), "a", last_only=True)
    until(lambda: look(scheduler, "last").over)
    assert look(scheduler, "last") == View("done", 0, (4,), None)


def test_who_leaves_one_job_goes_on_watching_the_others() -> None:
    scheduler, gate = Scheduler(grace=0.0), threading.Event()
    for key in "xy":
        scheduler.start(key, gated(gate), "a")
    scheduler.leave("a", "x")
    until(lambda: scheduler._jobs["x"].state == "stopped")
    time.sleep(0.05)
    assert look(scheduler, "y").state == "running"
    scheduler.leave("a")
    until(lambda: scheduler._thread is None)
    assert scheduler._jobs["y"].state == "stopped"


def test_a_job_that_is_over_is_not_made_again_unless_it_failed_or_was_stopped() -> None:
    scheduler, made = Scheduler(), []

    def fails() -> Records:
        made.append(1)
        yield 0
        raise ValueError(f"run {len(made)}")

    for run in (1, 2):
        scheduler.start("fails", fails, "a")
        until(lambda: look(scheduler, "fails").over)
        assert str(look(scheduler, "fails").error) == f"run {run}"
    scheduler.start("done", counting(2), "a")
    until(lambda: scheduler._thread is None)
    scheduler.start("done", fails, "a")
    assert scheduler._thread is None and look(scheduler, "done") == View("done", 0, (0, 1), None)
    assert len(made) == 2


def test_the_thread_ends_with_the_process_and_has_a_name() -> None:
    scheduler, gate = Scheduler(), threading.Event()
    scheduler.start("k", gated(gate), "a")
    thread = scheduler._thread
    assert thread is not None and thread.daemon and thread.name == "jobs"
    gate.set()
    until(lambda: scheduler._thread is None)


def test_after_a_quarter_of_a_second_it_is_the_nexts_turn_and_after_five_seconds_grace_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By a clock that each record sets forward by a sixteenth of a second."""
    now = [0.0]
    monkeypatch.setattr("pages.jobs.scheduler.time", SimpleNamespace(monotonic=lambda: now[0]))
    scheduler, order, gate = Scheduler(), [], threading.Event()

    def make(name: str) -> Callable[[], Records]:
        def work() -> Records:
            gate.wait(10)
            while len(order) < 200:
                now[0] += 1 / 16
                order.append(name)
                yield now[0]

        return work

    for name in "ab":
        scheduler.start(name, make(name), name)
    scheduler.leave("b")
    thread = scheduler._thread
    assert thread is not None
    gate.set()
    thread.join(10)
    together = order[: len(order) - order[::-1].index("b")]  # until b is stopped
    first, *turns, last = [len(list(group)) for _, group in groupby(together)]
    assert turns == [4] * len(turns) and len(turns) > 14 and last <= 4
    assert first in (4, 8)  # two turns, where b comes after a has begun
    assert scheduler._jobs["b"].state == "stopped" and scheduler._jobs["b"].records[-1] == pytest.approx(5, abs=0.25)


def test_cancelling_a_shared_job_leaves_it_to_the_others() -> None:
    scheduler = Scheduler()
    scheduler.start("k", counting(50, 0.005), "a")
    scheduler.start("k", counting(50, 0.005), "b")
    scheduler.cancel("k", "a")
    assert look(scheduler, "k", "a").state == "stopped"
    until(lambda: look(scheduler, "k", "b").over)
    assert look(scheduler, "k", "b").state == "done"


def test_a_job_that_nobody_watches_stops_after_the_grace_and_not_before() -> None:
    scheduler = Scheduler(grace=0.3)
    scheduler.start("k", counting(10_000, 0.005), "a")
    until(lambda: look(scheduler, "k").records)
    scheduler.leave("a")
    time.sleep(0.1)
    assert look(scheduler, "k", "a").state == "running"  # a reloaded page finds it, and watches again
    time.sleep(0.4)
    assert look(scheduler, "k", "a").state == "running"
    scheduler.leave("a")
    until(lambda: scheduler._jobs["k"].state == "stopped", 2)


def test_a_job_that_raises_fails_alone(caplog: pytest.LogCaptureFixture) -> None:
    def make() -> Records:
        yield 1
        raise ValueError("no such unit")

    scheduler = Scheduler()
    scheduler.start("bad", make, "a")
    scheduler.start("good", counting(100, 0.001), "b")
    until(lambda: look(scheduler, "good", "b").over and look(scheduler, "bad").over)
    assert (look(scheduler, "bad").state, str(look(scheduler, "bad").error)) == ("failed", "no such unit")
    assert look(scheduler, "good", "b").state == "done"
    assert "A job failed: bad" in caplog.text and "ValueError: no such unit" in caplog.text


def test_the_oldest_results_are_forgotten() -> None:
    scheduler = Scheduler(kept=3)
    for number in range(6):
        scheduler.start(number, counting(1), "a")
        until(lambda number=number: look(scheduler, number).over)
    assert [number for number in range(6) if scheduler.look(number, "a")] in ([2, 3, 4, 5], [3, 4, 5])


def test_many_threads_may_ask_at_once() -> None:
    scheduler = Scheduler(running=4, waiting=100, turn=0.002)
    errors: list[BaseException] = []

    def visit(name: str) -> None:
        try:
            for number in range(10):
                key = f"{number % 5}"
                scheduler.start(key, counting(20, 0.0005), name)
                scheduler.look(key, name)
                if number % 3 == 0:
                    scheduler.cancel(key, name)
            scheduler.leave(name)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=visit, args=(str(number),)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


class Visits(RuleBasedStateMachine):
    """Whatever visitors do, in whatever order: counts never go backwards, and all work ends in the end."""

    keys, watchers = st.sampled_from("xyz"), st.sampled_from("abc")

    @initialize()
    def begin(self) -> None:
        self.scheduler = Scheduler(running=2, waiting=3, kept=2, turn=0.001, grace=0.01)
        self.seen: dict[str, tuple[Any, ...]] = {}

    @rule(key=keys, watcher=watchers, length=st.integers(0, 5), fails=st.booleans())
    def start(self, key: str, watcher: str, length: int, fails: bool) -> None:
        def make() -> Iterator[int]:
            yield from range(length)
            if fails:
                raise RuntimeError(key)

        self.seen.pop(key, None)
        try:
            self.scheduler.start(key, make, watcher)  # type: ignore[arg-type]
        except QueueFullError:
            assert len(self.scheduler._line()) <= 3

    @rule(key=keys, watcher=watchers)
    def look(self, key: str, watcher: str) -> None:
        view = self.scheduler.look(key, watcher)
        if view is not None:
            assert view.records == tuple(range(len(view.records)))
            assert (view.error is not None) == (view.state == "failed")
            assert (view.position > 0) == (view.state == "waiting")

    @rule(key=keys, watcher=watchers)
    def cancel(self, key: str, watcher: str) -> None:
        self.scheduler.cancel(key, watcher)

    @rule(watcher=watchers)
    def leave(self, watcher: str) -> None:
        self.scheduler.leave(watcher)

    @invariant()
    def no_more_run_than_may(self) -> None:
        if hasattr(self, "scheduler"):
            assert len(self.scheduler._round) <= 2

    def teardown(self) -> None:
        if hasattr(self, "scheduler"):
            for watcher in "abc":
                self.scheduler.leave(watcher)
            until(lambda: self.scheduler._thread is None)


TestVisits = Visits.TestCase
TestVisits.settings = settings(
    max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
