"""The small company on each dialect: privacy database and store."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from privacy_svc.db import Database
from privacy_svc.rights import Worker
from tests.conftest import fresh_postgres
from tests.rights.company import Company, found_company


@pytest.fixture
def company(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Iterator[Company]:
    home = tmp_path / "home"
    home.mkdir()
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'crm.sqlite'}"
        if database.engine.dialect.name == "postgresql":
            url = stack.enter_context(fresh_postgres(request.getfixturevalue("postgres_server")))
        yield stack.enter_context(found_company(home, database, url))


@pytest.fixture
def worker(company: Company) -> Iterator[Worker]:
    with company.requests.worker() as worker:
        yield worker
