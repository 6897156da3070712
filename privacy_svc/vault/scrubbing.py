"""Old copies of key rows leave the database's files: what was updated or deleted may still stand in free space.

SQLite overwrites what it deletes (`secure_delete`); its write-ahead log is emptied here. PostgreSQL keeps old rows
until VACUUM, and their bytes in a page's free space until the table is rewritten (VACUUM FULL). Its write-ahead
log and archived segments count as backups: they end with the window.
"""

from privacy_svc.db import Database

TABLES = ("page_keys", "subject_keys", "index_roots", "index_entries", "audit_payloads", "request_packages", "requests")


def scrub(database: Database, *, rewrite: bool) -> None:
    """`rewrite` locks each table while it is rewritten: about a second for 100,000 people."""
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            raw = connection.connection.dbapi_connection
            assert raw is not None
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            for table in TABLES:
                connection.exec_driver_sql(f"VACUUM {'FULL ' if rewrite else ''}{table}")
            connection.exec_driver_sql("CHECKPOINT")
