"""The scheduler: fair, shared, stopped when nobody watches, and never brought down by a job."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pages.shared.jobs import QueueFullError, Records, Scheduler, View


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


def look(scheduler: Scheduler, key: str, watcher: str = "a") -> View:
    view = scheduler.look(key, watcher)
    assert view is not None
    return view


def test_a_job_yields_its_records_and_ends() -> None:
    scheduler = Scheduler()
    scheduler.start("k", counting(5), "a")
    until(lambda: look(scheduler, "k").over)
    assert look(scheduler, "k") == View("done", 0, (0, 1, 2, 3, 4), None)
    assert scheduler.look("other", "a") is None


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


def test_what_does_not_fit_waits_in_line_and_those_without_a_job_go_first() -> None:
    scheduler = Scheduler(running=1, turn=0.01)
    scheduler.start("a1", counting(30, 0.005), "a")
    until(lambda: look(scheduler, "a1").state == "running")
    scheduler.start("a2", counting(2), "a")
    scheduler.start("b1", counting(2), "b")
    assert [look(scheduler, key, key[0]).position for key in ("a2", "b1")] == [1, 2]
    until(lambda: all(look(scheduler, key, key[0]).over for key in ("a1", "a2", "b1")))


def test_a_full_queue_says_so() -> None:
    scheduler = Scheduler(running=1, waiting=1)
    scheduler.start("a", counting(1000, 0.01), "a")
    until(lambda: look(scheduler, "a").state == "running")
    scheduler.start("b", counting(1), "b")
    with pytest.raises(QueueFullError, match="Try again"):
        scheduler.start("c", counting(1), "c")
    scheduler.cancel("a", "a")


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


def test_a_job_that_raises_fails_alone() -> None:
    def make() -> Records:
        yield 1
        raise ValueError("no such unit")

    scheduler = Scheduler()
    scheduler.start("bad", make, "a")
    scheduler.start("good", counting(100, 0.001), "b")
    until(lambda: look(scheduler, "good", "b").over and look(scheduler, "bad").over)
    assert (look(scheduler, "bad").state, str(look(scheduler, "bad").error)) == ("failed", "no such unit")
    assert look(scheduler, "good", "b").state == "done"


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
