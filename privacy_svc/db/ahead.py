"""Databases work while we do: threads are a step ahead."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def ahead(items: Iterable[T]) -> Iterator[T]:
    """The same; the next one is being made, in a thread, while one is worked on."""
    rest = iter(items)
    with ThreadPoolExecutor(1, "ahead") as thread:
        coming = thread.submit(_next, rest)
        while found := coming.result():
            coming = thread.submit(_next, rest)
            yield found[0]


def each_ahead(items: Iterable[T], look: Callable[[T], R], threads: int) -> Generator[tuple[T, R]]:
    """Each with what `look` says of it, in order; so many are being looked at at a time."""
    waiting: deque[tuple[T, Future[R]]] = deque()
    with ThreadPoolExecutor(threads, "look") as pool:
        for item in ahead(items):
            waiting.append((item, pool.submit(look, item)))
            if len(waiting) > threads:
                first, coming = waiting.popleft()
                yield first, coming.result()
        for item, coming in waiting:
            yield item, coming.result()


def _next(rest: Iterator[T]) -> tuple[T] | None:
    for item in rest:
        return (item,)
    return None
