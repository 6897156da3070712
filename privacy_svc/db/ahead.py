"""Databases work while we do: a thread is one step ahead."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T]) -> Iterator[T]:
    """The same; the next one is being made, in a thread, while one is worked on."""
    rest = iter(items)
    with ThreadPoolExecutor(1, "ahead") as thread:
        coming = thread.submit(_next, rest)
        while found := coming.result():
            coming = thread.submit(_next, rest)
            yield found[0]


def _next(rest: Iterator[T]) -> tuple[T] | None:
    for item in rest:
        return (item,)
    return None
