"""The small company on each dialect: privacy database and store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from privacy_svc.db import Database
from privacy_svc.rights import Worker
from tests.rights.company import Company, found_company, store_url


@pytest.fixture
def company(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Iterator[Company]:
    home = tmp_path / "home"
    home.mkdir()
    with store_url(request, database, tmp_path) as url, found_company(home, database, url) as company:
        yield company


@pytest.fixture
def worker(company: Company) -> Iterator[Worker]:
    with company.requests.worker() as worker:
        yield worker
