"""How the process computes: set once, by whatever starts it."""

import ctypes
import gc
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
import torch

T = TypeVar("T")
M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8  # https://man7.org/linux/man-pages/man3/mallopt.3.html


def settle() -> None:
    """One thread for torch, so that sums run in one order and sessions side by side stay out of each other's way.

    And freed memory is kept for the next step: glibc would return every large tensor to the system, which then clears
    it, page by page, when it is asked for again. That took a third of the time of an ascent in EfficientNet-Lite0.
    """
    torch.set_num_threads(1)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl and macOS have none
    if mallopt:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(M_ARENA_MAX, 1)  # what one thread frees the next one takes, in place of each keeping its own


def give_back() -> None:
    """Return the memory that is free just now to the system, once, after work that needed much more than what follows.

    And keep the garbage collector from sweeping ever again what there is. Streamlit collects after every run: with
    torch loaded that costs 110 to 200 ms, and 10 ms once the heap is frozen.
    """
    gc.collect()
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)


def in_lasting_thread(work: Callable[[], T]) -> T:
    """The same in a thread that all sessions share: for what takes milliseconds.

    Streamlit runs every script in a new thread, and in a new one torch's first convolution takes 5 ms longer.
    """
    return _LASTING.submit(work).result()


_LASTING = ThreadPoolExecutor(1, "lasting")


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_step(works: Sequence[Iterator[T]], threads: int) -> Iterator[list[T]]:
    """What each of the iterators yields next, again and again until the first ends; so many threads ask them.

    The threads end with this iterator, also where it is closed early.
    """
    if min(threads, len(works)) < 2:
        yield from map(list, zip(*works, strict=False))
        return
    with ThreadPoolExecutor(threads, "in-step") as pool:
        while True:
            found = list(pool.map(lambda work: next(work, None), works))
            there = [each for each in found if each is not None]
            if len(there) < len(works):
                return
            yield there


@contextmanager
def seeded(seed: int = 0) -> Iterator[None]:
    """For what draws from torch's and numpy's own generators: one thread at a time; both are left as they were."""
    with _DRAWING, torch.random.fork_rng(devices=[]):
        state = np.random.get_state()
        torch.manual_seed(seed)
        np.random.seed(seed)
        try:
            yield
        finally:
            np.random.set_state(state)


_DRAWING = threading.RLock()
