"""The Chinook shop on a real PostgreSQL, from its public script."""

from sqlalchemy import create_engine

from tests.conftest import shared


def load_chinook(url: str) -> None:
    """Run the script in the database at `url`, without its own CREATE DATABASE."""
    script = shared("data", "chinook_postgresql.sql").read_text(encoding="utf-8")
    skipped = ("DROP DATABASE", "CREATE DATABASE", "\\c ")
    lines = (line for line in script.splitlines() if not line.startswith(skipped))
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.connection.driver_connection.execute("\n".join(lines))
    engine.dispose()
