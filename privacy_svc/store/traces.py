"""The old copies of values in a store's files, after they were sealed."""

from collections.abc import Sequence

from privacy_svc.policy import Collection
from privacy_svc.store.binding import Stores


def forget_old_bytes(stores: Stores, collections: Sequence[Collection]) -> None:
    """They leave the files of these tables: VACUUM, on SQLite the write-ahead log as well, on MariaDB a rebuild.

    PostgreSQL's planner keeps frequent values in `pg_statistic`: they are gathered anew, and the old ones vacuumed
    where this role may."""
    for dataset in dict.fromkeys(c.dataset for c in collections):
        tables = [c.name for c in collections if c.dataset == dataset]
        engine = stores.engine(dataset)
        quoted = [engine.dialect.identifier_preparer.quote(t) for t in tables]
        statements = {
            "sqlite": ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"],
            "postgresql": [*(f"VACUUM (ANALYZE) {t}" for t in quoted), "VACUUM pg_statistic"],
            "mysql": [f"ALTER TABLE {t} FORCE" for t in quoted],
        }
        with stores.answering(), engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            raw = connection.connection.dbapi_connection
            assert raw is not None
            cursor = raw.cursor()
            for statement in statements.get(engine.dialect.name, []):
                cursor.execute(statement)
            cursor.close()
