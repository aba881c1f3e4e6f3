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

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for a turn, and have it; it ends however the work ends."""
        mine = threading.Event()
        with self._lock:
            self._line.append(mine)
            if self._line[0] is mine:
                self._begin()
        try:
            while not mine.wait(self._longest):
                self._pass_over()
            yield
        finally:
            with self._lock:
                self._end(mine)

    def _begin(self) -> None:
        self._since = time.monotonic()
        self._line[0].set()

    def _end(self, turn: threading.Event) -> None:
        if self._line and self._line[0] is turn:  # else it has been passed over
            self._line.popleft()
            if self._line:
                self._begin()

    def _pass_over(self) -> None:
        """End the turn of who has had it for too long."""
        with self._lock:
            if time.monotonic() - self._since >= self._longest:
                self._end(self._line[0])
