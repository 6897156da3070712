"""A customer store that does not answer does not hold up who waits for it."""

import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import URL, create_engine, text

from privacy_svc.db import parse_url
from privacy_svc.errors import StoreUnavailable
from privacy_svc.http import CustomerRef
from privacy_svc.runtime import Runtime
from privacy_svc.store import Question, Stores, limits
from privacy_svc.store.evaluating import Case, Evaluations
from tests import mariadb
from tests.calling import Service
from tests.store.test_authzen import ask, one

LOCK, ENOUGH = 1, 20
"""Seconds a look-up waits for a lock here, and in which it has ended in any case, on a slow machine too."""


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOOK_UP", limits.Limits(lock=LOCK, statement=2))


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Somebody alters the table and has not committed."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.close()
        return
    engine = create_engine(parse_url(url))
    with engine.begin() as altering:
        altering.execute(text("ALTER TABLE customers ADD COLUMN remark TEXT"))
        yield
    engine.dispose()


def test_a_locked_table_is_503_and_no_hanging(service: Service) -> None:
    """While the CRM alters the table, a read and a decision about somebody new answer 503 in time, and a decision
    about somebody known as ever; afterwards all do."""
    record = "/v1/records/shop/customers/1?purpose=service.support"
    assert service.call("support", "GET", record).status_code == 200
    service.runtime.stores.close()  # what was opened before has the limits of before
    service.runtime.stores._engines.clear()
    with locked(service.runtime.settings.stores["shop"]):
        started = time.monotonic()
        answers = [service.call("support", "GET", record), ask(service, one("7"))]
        assert time.monotonic() - started < ENOUGH
        assert [(a.status_code, a.json()["type"]) for a in answers] == [(503, "/problems/store-unavailable")] * 2
        assert ask(service, one("1")).status_code == 200
    assert service.call("support", "GET", record).status_code == 200
    assert ask(service, one("7")).status_code == 200


def test_the_store_is_waited_for_once(shop: Runtime) -> None:
    """Of many in one batch whom only the store knows, the first waits for its lock, and all have the same answer."""
    question = Question("marketing", "marketing", "marketing.email", ())
    cases = [Case(question, CustomerRef(id=str(n))) for n in range(1, ENOUGH + 5)]
    with locked(shop.settings.stores["shop"]), shop.database.write() as session:
        started = time.monotonic()
        answers = Evaluations(shop.policies, shop.directory, shop.pdp).each(session, cases)
        assert time.monotonic() - started < ENOUGH
    assert [type(answer) for answer in answers] == [StoreUnavailable] * len(cases)


def test_a_server_that_takes_no_connection_is_given_up() -> None:
    """One that accepts and says nothing is StoreUnavailable after the seconds for connecting."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        stores = Stores({"crm": f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/crm"})
        started = time.monotonic()
        with pytest.raises(StoreUnavailable), stores.read("crm"):
            pass
        assert time.monotonic() - started < limits.CONNECT_SECONDS + 3


def shown(stores: Stores) -> list[tuple[str, str]]:
    """Limits of a statement and a lock, for a look-up and for a write."""
    both = text("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
    with stores.read("shop") as reading:
        found = [tuple(reading.execute(both).one())]
    with stores.write("shop") as writing:
        found.append(tuple(writing.execute(both).one()))
    with stores.read("shop") as reading:
        assert tuple(reading.execute(both).one()) == found[0]
    return found


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_the_url_says_stands(shop: Runtime) -> None:
    """Look-ups are limited and writes, which may be a whole table's, only in waiting for locks; a limit that the URL
    names is neither shortened nor lifted."""
    assert shown(shop.stores) == [("2s", "1s"), ("0", "30s")]
    more = "options=-c%20statement_timeout%3D7s%20-c%20lock_timeout%3D0&connect_timeout=9"
    url = shop.settings.stores["shop"]
    said = Stores({"shop": url + ("&" if "?" in url else "?") + more})
    assert shown(said) == [("7s", "0"), ("7s", "0")]
    assert said.engine("shop").url.query["connect_timeout"] == "9"
    said.close()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_statement_that_takes_too_long_ends(shop: Runtime) -> None:
    """A look-up ends at its limit and says that it was time; a write of longer goes through."""
    shop.stores.close()
    shop.stores._engines.clear()
    with pytest.raises(StoreUnavailable, match="in time"), shop.stores.read("shop") as connection:
        connection.execute(text("SELECT pg_sleep(10)"))
    with shop.stores.write("shop") as connection:
        connection.execute(text("SELECT pg_sleep(2.5)"))


@pytest.fixture(scope="module")
def mariadb_server() -> URL:
    server = mariadb.find()
    if server is None:
        pytest.skip(mariadb.HOW)
    return server


def test_mariadb_is_limited_too(mariadb_server: URL) -> None:
    """A locked table ends a look-up in time; a write has the longer limits, the next look-up the short ones again; what
    the URL's own `init_command` says stands."""
    with mariadb.fresh_mariadb(mariadb_server) as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE customers (id INTEGER PRIMARY KEY)"))
        stores = Stores({"shop": url, "own": url + "?init_command=SET%20SESSION%20max_statement_time%3D77"})
        asked = text("SELECT @@max_statement_time, @@lock_wait_timeout")
        with stores.read("shop") as connection:
            assert tuple(connection.execute(asked).one()) == (2, 1)
        with stores.write("shop") as connection:
            assert tuple(connection.execute(asked).one()) == (0, 30)
        with stores.read("own") as connection:
            assert tuple(connection.execute(asked).one()) == (77, 1)
        with engine.connect() as altering:
            altering.execute(text("LOCK TABLES customers WRITE"))
            started = time.monotonic()
            with pytest.raises(StoreUnavailable, match="in time"), stores.read("shop") as connection:
                connection.execute(text("SELECT id FROM customers"))
            assert time.monotonic() - started < ENOUGH
        stores.close()
        engine.dispose()
