"""Databases that a benchmark has to itself: the service's own, and a customer store beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from tests import postgres
from tests.conftest import fresh_postgres
from tests.shop import postgres_shop, sqlite_shop

DIALECTS = ("SQLite", "PostgreSQL")


@contextmanager
def with_shop(dialect: str, home: Path, customers: int) -> Iterator[tuple[str, str]]:
    """URLs of our database and of a shop of so many customers."""
    assert dialect in DIALECTS
    if dialect == "SQLite":
        yield f"sqlite:///{home / 'privacy.sqlite3'}", sqlite_shop(home, customers)
        return
    server = make_url(postgres.find())
    with fresh_postgres(server) as ours, postgres_shop(server, customers) as store:
        yield ours, store


@contextmanager
def with_empty_store(dialect: str, home: Path) -> Iterator[tuple[str, str]]:
    """URLs of our database and of a store without tables."""
    assert dialect in DIALECTS
    if dialect == "SQLite":
        (home / "store.sqlite").touch()
        yield f"sqlite:///{home / 'privacy.sqlite3'}", f"sqlite:///{home / 'store.sqlite'}"
        return
    server = make_url(postgres.find())
    with fresh_postgres(server) as ours, fresh_postgres(server) as store:
        yield ours, store
