"""A vault and a log."""

from pathlib import Path

import pytest

from privacy_svc.auditlog import EntryView, Log
from privacy_svc.db import Database
from privacy_svc.vault import Vault
from tests.factories import make_log, make_vault


@pytest.fixture
def vault(database: Database, tmp_path: Path) -> Vault:
    return make_vault(tmp_path, database)


@pytest.fixture
def log(tmp_path: Path, vault: Vault) -> Log:
    return make_log(tmp_path, vault)


def entries(database: Database, log: Log) -> list[EntryView]:
    """The whole log, oldest first."""
    log.integrate(database)
    with database.read() as session:
        return log.search(session, limit=1000)[::-1]
