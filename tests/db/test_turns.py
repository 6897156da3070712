"""SQLite's writers of one process take turns in the order in which they came."""

import threading
import time
from pathlib import Path

from privacy_svc.db import Database
from privacy_svc.db.turns import Turns


def until_waiting(turns: Turns, count: int) -> None:
    while turns.waiting < count:
        time.sleep(0.001)


def test_a_busy_writer_lets_another_in(tmp_path: Path) -> None:
    """One that writes again as soon as it has written, as batches do under load: who waits comes in between."""
    database, order = Database(f"sqlite:///{tmp_path / 'a.sqlite3'}"), list[str]()
    turns = database._turn
    assert turns is not None

    def sequencer() -> None:
        with database.write():
            order.append("sequencer")

    other = threading.Thread(target=sequencer)
    with database.write():
        other.start()
        until_waiting(turns, 1)
    for _ in range(50):
        with database.write():
            order.append("batch")
    other.join()
    assert order == ["sequencer", *["batch"] * 50]


def test_turns_come_in_order() -> None:
    """The first to ask is the first to have it."""
    turns, order = Turns(), list[int]()
    assert turns.acquire(0)

    def ask(number: int) -> None:
        assert turns.acquire(30)
        order.append(number)
        turns.release()

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(5)]
    for count, thread in enumerate(threads, 1):
        thread.start()
        until_waiting(turns, count)
    turns.release()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_who_gave_up_is_passed_over() -> None:
    """One whose time is over has no turn, and takes nobody's."""
    turns = Turns()
    assert turns.acquire(0)
    assert not turns.acquire(0.01)
    assert turns.waiting == 0
    turns.release()
    assert turns.acquire(0)
