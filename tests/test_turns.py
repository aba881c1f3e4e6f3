"""Turns: one at a time, first come, first served; nobody waits for who takes long, or for who has gone."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from core.turns import Turns


def begun(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_one_at_a_time_in_the_order_in_which_they_came() -> None:
    turns, at_work, order = Turns(longest=60), [], []

    def work(name: int) -> None:
        with turns.take():
            at_work.append(name)
            assert len(at_work) == 1
            order.append(name)
            time.sleep(0.005)
            at_work.remove(name)

    with turns.take():
        threads = []
        for name in range(8):
            threads.append(begun(lambda name=name: work(name)))
            while len(turns._line) < name + 2:
                time.sleep(0.001)
    for thread in threads:
        thread.join(10)
    assert order == list(range(8))


@pytest.mark.parametrize("ending", [ValueError, SystemExit, GeneratorExit])
def test_a_turn_ends_however_the_work_ends(ending: type[BaseException]) -> None:
    turns = Turns(longest=60)
    with pytest.raises(ending), turns.take():
        raise ending
    begin = time.monotonic()
    with turns.take():
        assert time.monotonic() - begin < 1


def test_who_lets_go_works_on_beside_the_next() -> None:
    turns, held = Turns(longest=60), ExitStack()
    turns.let_go()  # there is none: nothing happens
    with turns.take():
        turns.let_go()
        other = begun(lambda: held.enter_context(turns.take()))
        other.join(10)
        assert not other.is_alive()
        turns.let_go()  # that is the other's
    assert len(turns._line) == 1


def test_what_can_wait_makes_way_until_nobody_wants_a_turn_or_it_has_waited_enough() -> None:
    turns, begin = Turns(longest=60), time.monotonic()
    turns.make_way(60)
    assert time.monotonic() - begin < 5
    with turns.take():
        begin = time.monotonic()
        turns.make_way(0.05)
        assert 0.04 < time.monotonic() - begin < 5
    turns.make_way(60)
    assert time.monotonic() - begin < 10


def test_who_takes_long_keeps_the_others_waiting_no_longer_than_that() -> None:
    """Nor does the end of it disturb who has the turn by then."""
    turns, gate, begin, order = Turns(longest=0.1), threading.Event(), time.monotonic(), []

    def hold() -> None:
        with turns.take():
            gate.wait(10)

    def follow() -> None:
        with turns.take():
            order.append("third")

    long = begun(hold)
    while not turns._line:
        time.sleep(0.001)
    with turns.take():
        assert 0.05 < time.monotonic() - begin < 5
        turns._longest = 60
        gate.set()
        long.join(10)
        third = begun(follow)
        time.sleep(0.05)
        order.append("second")
    third.join(10)
    assert order == ["second", "third"]
