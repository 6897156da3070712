"""Callers who wait at the same time share one transaction."""

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from privacy_svc.db import Database, Together
from privacy_svc.db.together import Change, each
from privacy_svc.errors import Conflict, DatabaseBusy
from privacy_svc.identity.model import Client


def client(name: str) -> Client:
    return Client(name=name, role="module", token_hash=name.encode().ljust(32))


def count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Client)) or 0


def test_many_share_few_commits(database: Database) -> None:
    """A hundred callers in twenty threads get each their own answer, of far fewer transactions, all committed."""
    batches: list[int] = []
    gate = threading.Barrier(20)

    def work(session: Session, names: Sequence[str]) -> list[str]:
        batches.append(len(names))
        session.add_all(client(n) for n in names)
        session.flush()
        return [n.upper() for n in names]

    together = Together[str, str](database.write, work)

    def ask(number: int) -> None:
        gate.wait()
        for n in range(5):
            assert asyncio.run(together.do(f"c{number}-{n}")) == f"C{number}-{n}"

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(ask, range(20)))
    assert sum(batches) == 100 == count(database)
    assert len(batches) < 60


def test_an_answer_follows_the_commit(database: Database) -> None:
    """When a caller has its answer, another connection sees what was written."""

    def work(session: Session, names: Sequence[str]) -> list[bool]:
        session.add_all(client(n) for n in names)
        return [True] * len(names)

    together = Together[str, bool](database.write, work)

    def ask(number: int) -> bool:
        asyncio.run(together.do(f"c{number}"))
        with database.read() as session:
            return session.scalar(select(Client.id).where(Client.name == f"c{number}")) is not None

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(40)))


@pytest.mark.parametrize("way", ["answered", "raised"])
def test_who_fails_fails_alone(database: Database, way: str) -> None:
    """An item that cannot be answered is an error for its caller; the others of its batch are answered once."""

    def work(session: Session, names: Sequence[str]) -> list[str | Exception]:
        if way == "raised" and any(n.startswith("bad") for n in names):
            raise Conflict("bad")
        good = [n for n in names if not n.startswith("bad")]
        session.add_all(client(n) for n in good)
        session.flush()
        return [n if n in good else Conflict("bad") for n in names]

    together = Together[str, str](database.write, work)

    def ask(number: int) -> bool:
        name = f"bad{number}" if number % 5 == 0 else f"c{number}"
        try:
            return asyncio.run(together.do(name)) == name
        except Conflict:
            return name.startswith("bad")

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(60)))
    assert count(database) == 48


def test_a_database_that_is_away_fails_all_and_later_works_again(database: Database) -> None:
    """While the database is away everybody is told so; afterwards the next caller is answered."""
    away = threading.Event()
    away.set()
    calls: list[int] = []

    def work(_session: Session, items: Sequence[int]) -> list[int]:
        calls.append(len(items))
        if away.is_set():
            raise DatabaseBusy("away")
        return list(items)

    together = Together[int, int](database.write, work)

    def ask(number: int) -> bool:
        with pytest.raises(DatabaseBusy):
            asyncio.run(together.do(number))
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(16)))
    assert sum(calls) == 16, "nobody was tried again alone"
    away.clear()
    assert asyncio.run(together.do(7)) == 7


def test_a_refused_change_leaves_nothing_behind(database: Database) -> None:
    """Changes that share a transaction: one is refused after it has written, and the others stand."""

    def change(number: int) -> Change[int]:
        def work(session: Session) -> int:
            session.add(client(f"c{number}"))
            session.flush()
            if number % 3 == 0:
                raise Conflict("refused")
            return number

        return work

    async def all_at_once() -> list[int | BaseException]:
        together = Together[Change[int], int](database.write, each)
        changes = (together.do(change(n)) for n in range(30))
        return await asyncio.gather(*changes, return_exceptions=True)

    answers = asyncio.run(all_at_once())
    assert [a for a in answers if isinstance(a, int)] == [n for n in range(30) if n % 3]
    assert all(isinstance(a, Conflict) for n, a in enumerate(answers) if n % 3 == 0)
    assert count(database) == 20


def test_of_two_batches_that_lock_each_others_rows_one_is_done_again_alone(database: Database) -> None:
    """Two engines, as of two processes, change the same two rows in opposite order: PostgreSQL ends one transaction,
    whose changes are then made one by one. Nobody fails, and nothing is lost or done twice."""
    if database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    with database.write() as session:
        session.add_all([client("one"), client("two")])
    other = Database(database.engine.url.render_as_string(hide_password=False))
    both_hold_one, sizes = threading.Barrier(2), Counter[int]()

    def ask(database: Database, names: Sequence[str]) -> list[str]:
        begun, gathered = threading.Event(), threading.Event()

        def work(session: Session, names: Sequence[str]) -> list[str]:
            if names == ["first"]:
                begun.set()
                gathered.wait(timeout=30)
                return ["first"]
            sizes[len(names)] += 1
            for place, name in enumerate(names):
                session.execute(update(Client).where(Client.name == name).values(role=Client.role + "!"))
                if len(names) == 2 and place == 0:
                    both_hold_one.wait(timeout=30)
            return list(names)

        together = Together[str, str](database.write, work)

        async def all_at_once() -> list[str]:
            first = asyncio.create_task(together.do("first"))  # whoever comes meanwhile is in one batch
            await asyncio.to_thread(begun.wait)
            pair = [asyncio.create_task(together.do(n)) for n in names]
            await asyncio.sleep(0)
            gathered.set()
            await first
            return await asyncio.gather(*pair)

        return asyncio.run(all_at_once())

    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(ask, [database, other], [["one", "two"], ["two", "one"]])
        assert list(answers) == [["one", "two"], ["two", "one"]]
    other.engine.dispose()
    with database.read() as session:
        assert set(session.scalars(select(Client.role))) == {"module!!"}
    assert sizes == {2: 2, 1: 2}, "one batch was ended and done again, in two"


class Panic(BaseException):
    """As a library's own code in Rust raises it: no Exception."""


def test_a_panic_ends_nobody_elses_calls(database: Database) -> None:
    """Its caller gets an error; who waits, and who comes later, is served."""

    def work(_session: Session, names: Sequence[str]) -> list[str]:
        if "bad" in names:
            raise Panic
        return [n.upper() for n in names]

    together = Together[str, str](database.write, work)

    async def calls() -> list[str | BaseException]:
        bad = asyncio.ensure_future(together.do("bad"))
        good = asyncio.ensure_future(together.do("good"))
        await asyncio.wait([bad, good], timeout=30)
        return [bad.exception() or "", await asyncio.wait_for(together.do("late"), 30)]

    failed, late = asyncio.run(calls())
    assert (type(failed), late) == (RuntimeError, "LATE")
