"""A lock that is had in the order in which it was asked for.

Python's own goes to whoever comes first when it is free: a thread that gives it back and asks again, as one does that
works off batches under load, keeps it from all others.
"""

import threading
from collections import deque


class Turns:
    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._queue: deque[threading.Lock] = deque()

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def acquire(self, seconds: float) -> bool:
        """False where the turn did not come in time."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            mine = threading.Lock()
            mine.acquire()
            self._queue.append(mine)
        if mine.acquire(timeout=seconds):
            return True
        with self._guard:
            if mine not in self._queue:
                return True  # it came at the last moment
            self._queue.remove(mine)
            return False

    def release(self) -> None:
        """To who waits longest."""
        with self._guard:
            if self._queue:
                self._queue.popleft().release()
            else:
                self._taken = False
