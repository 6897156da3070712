"""Migrations and models say the same."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from privacy_svc.db import Database
from privacy_svc.db.migrate import MIGRATIONS, check, newest, upgrade
from privacy_svc.db.tables import metadata
from privacy_svc.errors import Misconfigured


def test_migrated_tables_are_the_models(database: Database) -> None:
    """A database brought up from empty by the migrations has exactly the models' tables and columns."""
    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []


def test_upgrade_twice_changes_nothing(database: Database) -> None:
    """Upgrading an up-to-date database is harmless."""
    upgrade(database)
    check(database)


def test_a_database_without_tables_is_refused() -> None:
    """The service does not start on a database of another version, and says which it needs."""
    with pytest.raises(Misconfigured, match="this version needs 0"):
        check(Database("sqlite://"))


def test_files_are_numbered_as_their_migrations_follow() -> None:
    """What is checked at every start, without Alembic, is what Alembic would end at; there is one line of them."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    migrations = list(ScriptDirectory.from_config(config).walk_revisions())
    assert [m.revision for m in migrations] == sorted((m.revision for m in migrations), reverse=True)
    assert newest() == migrations[0].revision
    assert all(m.module.__file__ and Path(m.module.__file__).name.startswith(f"{m.revision}_") for m in migrations)


def test_a_start_does_not_wait_for_alembic() -> None:
    """Whoever opens the service does not import Alembic, nor what it brings: together a tenth of the start."""
    found = "import sys, privacy_svc.app; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    modules = subprocess.run([sys.executable, "-c", found], check=True, capture_output=True, text=True).stdout.split()
    assert "sqlalchemy" in modules
    assert not {"alembic", "mako"} & set(modules)
