"""Whether the tables of a store are still those that were looked at: one cheap query, so that it can be asked before
each erasure. A column that the CRM added since is one to search, a foreign key one that may stop it."""

from sqlalchemy import Connection, text

_POSTGRESQL = """
SELECT (SELECT concat_ws(' ', count(*),
                 sum(hashtext(concat_ws(' ', attrelid, attnum, attname, atttypid, atttypmod, attnotnull))::bigint))
          FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         WHERE c.relnamespace = current_schema()::regnamespace AND a.attnum > 0 AND NOT a.attisdropped),
       (SELECT concat_ws(' ', count(*), sum(hashtext(concat_ws(' ', oid, conrelid, confdeltype))::bigint))
          FROM pg_constraint WHERE connamespace = current_schema()::regnamespace)
"""
"""Unique indexes are relations with columns of their own."""
_MARIADB = """
SELECT (SELECT concat_ws(' ', count(*), sum(crc32(concat_ws(' ', table_name, column_name, column_type, is_nullable))))
          FROM information_schema.columns WHERE table_schema = database()),
       (SELECT concat_ws(' ', count(*), sum(crc32(concat_ws(' ', table_name, index_name, column_name, non_unique))))
          FROM information_schema.statistics WHERE table_schema = database()),
       (SELECT concat_ws(' ', count(*), sum(crc32(concat_ws(' ', constraint_name, table_name, delete_rule))))
          FROM information_schema.referential_constraints WHERE constraint_schema = database())
"""
_QUERIES = {"sqlite": "PRAGMA schema_version", "postgresql": _POSTGRESQL, "mysql": _MARIADB, "mariadb": _MARIADB}


def schema_mark(connection: Connection) -> tuple[object, ...]:
    """Another one after every change of a table, as far as erasure has to do with it."""
    return tuple(connection.execute(text(_QUERIES[connection.dialect.name])).one())
