"""The demo shop's store on SQLite and PostgreSQL, for tests: the same rows on both."""

import atexit
import functools
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL, create_engine, text

from privacy_svc.cli.demo_store import SCHEMA, build
from tests.conftest import fresh_postgres

ANA = {
    "key": "1",
    "email": "ana.figueiredo@mail.example",
    "phone": "+351 21 099 0042",
    "first": "Ana",
    "last": "Figueiredo",
}
TABLES = (
    "employees",
    "customers",
    "products",
    "orders",
    "order_items",
    "tickets",
    "call_notes",
    "newsletter_subscriptions",
)


def sqlite_shop(folder: Path, customers: int = 30) -> str:
    path = folder / "shop.sqlite"
    build(path, customers, seed=7)
    return f"sqlite:///{path}"


@contextmanager
def postgres_shop(server: URL, customers: int = 30) -> Iterator[str]:
    with fresh_postgres(server, template=_postgres_template(server, customers)) as url:
        yield url


@functools.cache
def _postgres_template(server: URL, customers: int) -> str:
    """A database to copy, for as long as this process lives."""
    database = fresh_postgres(server)
    fill_postgres(database.__enter__(), customers)
    atexit.register(database.__exit__)
    return database.name


def fill_postgres(url: str, customers: int) -> None:
    """The SQLite shop copied table by table; e-mail and phone have the length limits a real CRM has."""
    engine = create_engine(url)
    schema = SCHEMA.replace("id INTEGER PRIMARY KEY", "id SERIAL PRIMARY KEY").replace(
        "email TEXT", "email VARCHAR(60)"
    )
    with TemporaryDirectory() as folder, engine.begin() as connection:
        source = sqlite3.connect(sqlite_shop(Path(folder), customers).removeprefix("sqlite:///"))
        source.row_factory = sqlite3.Row
        for statement in filter(str.strip, schema.replace("phone TEXT", "phone VARCHAR(24)").split(";")):
            connection.execute(text(statement))
        for table in TABLES:
            rows = [dict(r) for r in source.execute(f"SELECT * FROM {table}")]
            names = list(rows[0])
            marks = ", ".join(f":{n}" for n in names)
            connection.execute(text(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"), rows)
            connection.execute(text(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"))
        source.close()
    engine.dispose()
