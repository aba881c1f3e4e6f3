"""Turns for threads that would otherwise wrest the interpreter from each other."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """One at a time, in the order in which they came; who takes long keeps nobody waiting for longer than that."""

    def __init__(self, longest: float) -> None:
        """After so many seconds a turn is over, whatever its thread still does: the next one begins beside it."""
        self._longest = longest
        self._line: deque[threading.Event] = deque()  # the first has the turn
        self._since = 0.0
        self._lock = threading.Lock()
        self._own = threading.local()
        self._free = threading.Event()
        self._free.set()

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for a turn, and have it; it ends however the work ends."""
        mine = self._own.turn = threading.Event()
        with self._lock:
            self._line.append(mine)
            self._free.clear()
            if self._line[0] is mine:
                self._begin()
        try:
            while not mine.wait(self._longest):
                self._pass_over()
            yield
        finally:
            with self._lock:
                self._end(mine)

    def let_go(self) -> None:
        """End the turn of this thread, if it has one, before its work: what follows takes long, or only waits."""
        with self._lock:
            self._end(getattr(self._own, "turn", None))

    def make_way(self, most: float) -> None:
        """Wait until nobody has or wants a turn, or for so many seconds: for what can wait."""
        self._free.wait(most)

    def _begin(self) -> None:
        self._since = time.monotonic()
        self._line[0].set()

    def _end(self, turn: threading.Event | None) -> None:
        if self._line and self._line[0] is turn:  # else it has been passed over
            self._line.popleft()
            if self._line:
                self._begin()
            else:
                self._free.set()

    def _pass_over(self) -> None:
        """End the turn of who has had it for too long."""
        with self._lock:
            if time.monotonic() - self._since >= self._longest:
                self._end(self._line[0])
