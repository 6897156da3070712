"""What is looked at ahead comes as if it were not."""

import threading
from collections.abc import Iterator

import pytest

from privacy_svc.db import ahead, each_ahead


def test_everything_comes_once_and_in_order() -> None:
    """Also where the first look ends after the others: here it waits for the next one."""
    second = threading.Event()

    def look(number: int) -> int:
        if number == 0:
            assert second.wait(30)
        second.set()
        return number * number

    assert list(each_ahead(range(7), look, threads=2)) == [(n, n * n) for n in range(7)]
    assert list(ahead(range(3))) == [0, 1, 2]
    assert list(each_ahead([], look, threads=2)) == []


def test_what_fails_is_raised() -> None:
    """In the making of an item, and in the look at one, after those before it."""

    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    for items in (ahead(broken()), (n for n, _ in each_ahead(broken(), str, threads=2))):
        with pytest.raises(ValueError, match="no more"):
            list(items)
    looked = each_ahead([1, 0], lambda n: 1 // n, threads=2)
    assert next(looked) == (1, 1)
    with pytest.raises(ZeroDivisionError):
        next(looked)
