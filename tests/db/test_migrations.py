"""Migrations and models say the same."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from privacy_svc.db import Database
from privacy_svc.db.migrate import check, upgrade
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
