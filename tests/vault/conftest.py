"""A vault of the test's own."""

from pathlib import Path

import pytest

from privacy_svc.db import Database
from privacy_svc.vault import Vault
from tests.factories import make_vault


@pytest.fixture
def vault(database: Database, tmp_path: Path) -> Vault:
    made = make_vault(tmp_path, database)
    with database.write() as session:
        made.create_index_root(session)
    return made
