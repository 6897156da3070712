"""Bringing the privacy database to this version's tables."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from privacy_svc.db.engine import Database
from privacy_svc.errors import Misconfigured


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database) -> None:
    """Run all migrations that are missing, in one transaction."""
    with database.write() as session:
        command.upgrade(_config(session.connection()), "head")


def check(database: Database) -> None:
    """Raises Misconfigured unless the tables are exactly this version's."""
    with database.read() as session:
        present = MigrationContext.configure(session.connection()).get_current_revision()
    wanted = ScriptDirectory.from_config(_config()).get_current_head()
    if present != wanted:
        raise Misconfigured(
            f"The privacy database is at migration {present or 'none'}, this version needs {wanted}: "
            "run `privacy-svc init`, which migrates it."
        )
