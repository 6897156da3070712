"""A MariaDB for the tests: the one named, else one on the loopback address. Each test makes a database of its own."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

VARIABLE = "PRIVACY_TEST_MARIADB_URL"
LOOPBACK = "mysql+pymysql://root@127.0.0.1:3306/"
HOW = f"no MariaDB: name one in {VARIABLE}, or install Debian's mariadb-server and pymysql"


def find() -> URL | None:
    """A server on which databases may be created."""
    try:
        url = make_url(os.environ.get(VARIABLE) or LOOPBACK)
        engine = create_engine(url, connect_args={"connect_timeout": 2})
    except ModuleNotFoundError:
        return None
    try:
        with engine.connect():
            return url
    except OperationalError:
        return None
    finally:
        engine.dispose()


@contextmanager
def fresh_mariadb(server: URL) -> Iterator[str]:
    """A database of its own on the server, dropped at the end."""
    name = f"privacy_test_{secrets.token_hex(6)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4"))
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        engine.dispose()
