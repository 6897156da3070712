"""The demo shop under the example policies, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from privacy_svc.db import Base, Database
from privacy_svc.examples import folder
from privacy_svc.runtime import Runtime
from tests.factories import make_runtime
from tests.shop import postgres_shop, sqlite_shop


@pytest.fixture
def shop(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Iterator[Runtime]:
    """The composed service over a store of the same dialect as its database."""
    Base.metadata.create_all(database.engine)
    if database.engine.dialect.name == "sqlite":
        runtime = make_runtime(tmp_path, database, {"shop": sqlite_shop(tmp_path)}, folder("policies"))
        yield runtime
        runtime.stores.close()
        return
    server = request.getfixturevalue("postgres_server")
    with postgres_shop(server, tmp_path) as url:
        runtime = make_runtime(tmp_path, database, {"shop": url}, folder("policies"))
        yield runtime
        runtime.stores.close()
