"""Connections of a process: a child made by fork must not speak on its parent's."""

import os
import threading
import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerProcess(Generic[T]):
    """Made when first needed, in each process anew; shared by its threads. `lock` is for who must speak alone."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self.lock = threading.RLock()
        self._made: T | None = None
        weak = weakref.WeakMethod(self.start_anew)
        os.register_at_fork(after_in_child=lambda: _call(weak))

    def start_anew(self) -> None:
        """In the child; with a lock of its own, because another thread of the parent may have held the old one."""
        self.lock = threading.RLock()
        self._made = None

    def get(self) -> T:
        with self.lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def drop(self) -> T | None:
        """The next `get` makes another. Returns what there was."""
        with self.lock:
            made, self._made = self._made, None
            return made


def _call(weak: Callable[[], Callable[[], None] | None]) -> None:
    if method := weak():
        method()
