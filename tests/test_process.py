"""How the process computes: in a thread that lasts, and on several cores at once."""

import threading
from collections.abc import Iterator

import pytest

from core.process import in_lasting_thread, in_step


def test_the_lasting_thread_is_another_one_and_always_the_same() -> None:
    first, second = in_lasting_thread(threading.get_ident), in_lasting_thread(threading.get_ident)
    assert first == second != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        in_lasting_thread(lambda: 1 // 0)


def own_threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("in-step")}


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_iterators_go_on_in_step_until_the_first_ends(threads: int) -> None:
    assert list(in_step([iter("abc"), iter("defg"), iter("hij")], threads)) == [list("adh"), list("bei"), list("cfj")]
    assert own_threads() == set()


def test_so_many_threads_work_at_once() -> None:
    """Two meet, which one alone would wait for in vain."""
    both = threading.Barrier(2)

    def meet() -> Iterator[int]:
        for number in range(3):
            both.wait(10)
            yield number

    assert list(in_step([meet(), meet()], 2)) == [[0, 0], [1, 1], [2, 2]]


def test_an_end_ends_the_threads() -> None:
    """Closed early, or broken off by what one of the iterators raises."""
    steps = in_step([iter(range(9)), iter(range(9))], 2)
    assert next(steps) == [0, 0] and own_threads()
    steps.close()  # type: ignore[attr-defined]
    assert own_threads() == set()

    def broken() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(in_step([broken(), iter(range(9))], 2))
    assert own_threads() == set()
