"""Bringing the privacy database to this version's tables.

Alembic is imported by those who migrate: every other start would wait for it, and for the highlighters it brings.
"""

from pathlib import Path

from sqlalchemy import inspect, text

from privacy_svc.db.engine import Database
from privacy_svc.errors import Misconfigured

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Database) -> None:
    """Run all migrations that are missing, in one transaction."""
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.write() as session:
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "head")


def check(database: Database) -> None:
    """Raises Misconfigured unless the tables are exactly this version's."""
    with database.read() as session:
        migrated = inspect(session.connection()).has_table("alembic_version")
        present = session.scalar(text("SELECT version_num FROM alembic_version")) if migrated else None
    if present != (wanted := newest()):
        raise Misconfigured(
            f"The privacy database is at migration {present or 'none'}, this version needs {wanted}: "
            "run `privacy-svc init`, which migrates it."
        )


def newest() -> str:
    """This version's last migration: their files begin with their numbers."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))
