"""MariaDB: columns become TEXT or BLOB of a size that holds the sealed form, in the same character set.

The original definition is kept as SHOW CREATE TABLE writes it. A text column in an index needs a prefix length.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, text

from privacy_svc.store import reasons as c
from privacy_svc.store.kinds import BINARY, TEXT
from privacy_svc.store.reasons import Facts, TableFacts

_KINDS = {
    **dict.fromkeys(("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"), TEXT),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), BINARY),
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint"), "integer"),
    **dict.fromkeys(("datetime", "timestamp"), "datetime"),
    "date": "date",
    "decimal": "number",
    "double": "float",
}
_LARGER = {"tiny": "", "": "medium", "medium": "long", "long": None}
"""Sealing makes a value longer by half, so the largest one needs the next size."""
PREFIX = 64
"""Characters of sealed text in an index that had the whole column: it stands where it was, and finds nothing more."""
_COLUMN = """
SELECT column_name AS name, column_type AS type, data_type AS base, column_default AS default_, is_nullable AS nullable,
       extra, character_set_name AS charset, collation_name AS collation_, character_maximum_length AS length,
       column_comment AS comment
FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = :t
"""
_KEYS = """
SELECT index_name AS name, non_unique AS several, column_name AS column_, sub_part AS part, index_type AS type
FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = :t
"""
_REFERENCES = """
SELECT table_name AS here, column_name AS column_, referenced_table_name AS there, referenced_column_name AS target
FROM information_schema.key_column_usage
WHERE table_schema = DATABASE() AND referenced_table_name IS NOT NULL AND :t IN (table_name, referenced_table_name)
"""
_TRIGGERS = """
SELECT trigger_name AS name, action_statement AS source FROM information_schema.triggers
WHERE event_object_schema = DATABASE() AND event_object_table = :t AND event_manipulation = 'UPDATE'
"""


def facts(connection: Connection, table: str, names: Sequence[str]) -> TableFacts:
    quoted = connection.dialect.identifier_preparer.quote(table)
    at = {"t": table}
    kind = connection.execute(
        text("SELECT table_type FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = :t"), at
    ).scalar_one()
    if kind == "SYSTEM VERSIONED":
        return TableFacts({}, ("the database keeps every old row (system versioning), in clear. Drop the versioning",))
    if kind != "BASE TABLE":
        return TableFacts({}, ("it is not a table: map the table it shows",))
    sql = connection.exec_driver_sql(f"SHOW CREATE TABLE {quoted}".replace("%", "%%")).one()[1]
    columns = {r.name: r for r in connection.execute(text(_COLUMN), at)}
    keys = connection.execute(text(_KEYS), at).all()
    references = connection.execute(text(_REFERENCES), at).all()
    triggers = connection.execute(text(_TRIGGERS), at).all()
    found = {
        n: _facts(columns[n], definition(sql, n), sql, [k for k in keys if k.column_ == n], table, references)
        for n in names
    }
    for name in (n for n, f in found.items() if _beyond_signed(connection, quoted, n, f)):
        why = c.TYPE.format("a number of 2^63 or more, which comes back from text as another")
        found[name] = replace(found[name], hindrances=(*found[name].hindrances, why))
    return TableFacts(
        found,
        tuple(c.TRIGGER.format(t.name) for t in triggers if c.looks_back(t.source)),
        keeps=tuple(n for n, r in columns.items() if "on update" in r.extra.lower() and n not in names),
        stamped=tuple(t.name for t in triggers if not c.looks_back(t.source)),
    )


def _beyond_signed(connection: Connection, table: str, name: str, found: Facts) -> bool:
    """MariaDB turns text into BIGINT UNSIGNED by way of a signed number."""
    if not found.original.lower().startswith("bigint") or "unsigned" not in found.original.lower():
        return False
    statement = f"SELECT 1 FROM {table} WHERE {_quote(name)} >= 9223372036854775808 LIMIT 1"  # noqa: S608 - quoted names
    return connection.exec_driver_sql(statement.replace("%", "%%")).first() is not None


def definition(sql: str, name: str) -> str:
    """The column's definition as SHOW CREATE TABLE writes it, without the name."""
    start = f"  {_quote(name)} "
    return next(line.removeprefix(start).removesuffix(",") for line in sql.splitlines() if line.startswith(start))


def _quote(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _facts(column: Any, original: str, sql: str, keys: Sequence[Any], table: str, references: Sequence[Any]) -> Facts:
    kind = _KINDS.get(column.base)
    target = _target(column, kind, original) if kind else None
    whole = dict.fromkeys(k.name for k in keys if k.part is None and k.several)
    hindrances = [
        *_declared(column, kind, original, sql),
        *_keys(keys),
        *_references(table, column.name, references),
    ]
    needs_prefix = target is not None or column.base.endswith(("text", "blob"))
    return Facts(
        kind or TEXT,
        original,
        target,
        wide=column.base.endswith(("text", "blob")),
        indexes=tuple(whole) if needs_prefix else (),
        hindrances=tuple(hindrances),
    )


def _target(column: Any, kind: str, original: str) -> str | None:
    """The whole new definition; None where the column holds sealed values as it is."""
    if column.base in {"longblob", "longtext"} and "CHECK (json_valid" not in original:
        return None
    size = _size(column)
    words = [f"{size}{'blob' if kind == BINARY else 'text'}"]
    if kind != BINARY:
        words.append(f"CHARACTER SET {column.charset or 'utf8mb4'} COLLATE {column.collation_ or 'utf8mb4_bin'}")
    words.append("NULL" if column.nullable == "YES" else "NOT NULL")
    if column.default_ is not None:
        words.append(f"DEFAULT {column.default_}")
    if column.comment:
        words.append("COMMENT '" + column.comment.replace("\\", "\\\\").replace("'", "''") + "'")
    return " ".join(words)


def _size(column: Any) -> str:
    """Up to 3,000 characters of four bytes stay within TEXT's 64 KiB when sealed."""
    found = re.fullmatch("(tiny|medium|long|)(text|blob)", column.base)
    if found:
        return _LARGER[found[1]] or "long"
    return "" if (column.length or 0) <= 3000 else "medium"


def _declared(column: Any, kind: str | None, original: str, sql: str) -> Iterator[str]:
    if kind is None:
        yield c.TYPE.format(column.type)
    if "GENERATED" in column.extra.upper():
        yield c.COMPUTED
    elif any(c.mentions(body, column.name) for body in c.bodies(sql, "AS")):
        yield c.SOURCE.format("a generated column")
    if "auto_increment" in column.extra:
        yield "the database numbers it. Leave it in clear"
    if "on update" in column.extra.lower():
        yield "the database stamps it at every update. Leave it in clear"
    checks = [b for b in c.bodies(sql, "CHECK") if c.mentions(b, column.name)]
    if checks != ([f"json_valid({_quote(column.name)})"] if "CHECK (json_valid" in original else []):
        yield c.CHECKED.format("a CHECK constraint")
    if any(c.mentions(body, column.name) for body in c.bodies(sql, "PARTITION BY [A-Z ]+")):
        yield "the table is partitioned by it. Leave it in clear"


def _keys(keys: Sequence[Any]) -> Iterator[str]:
    for key in keys:
        if key.name == "PRIMARY":
            yield c.KEY
        elif not key.several:
            yield c.UNIQUE.format(f"index {key.name}")
        elif key.type in {"FULLTEXT", "SPATIAL"}:
            yield f"index {key.name} keeps the words of old values. Drop it: sealed values are found by our index"


def _references(table: str, name: str, references: Sequence[Any]) -> Iterator[str]:
    for found in references:
        if (found.here, found.column_) == (table, name):
            yield c.REFERS.format(f"{found.there}.{found.target}")
        if (found.there, found.target) == (table, name):
            yield c.REFERRED.format(f"{found.here}.{found.column_}")


def widen(connection: Connection, table: str, columns: Mapping[str, Facts]) -> None:
    """One ALTER a table: columns, and the indexes that now need a prefix length."""
    steps = [f"MODIFY {_quote(n)} {f.target}" for n, f in columns.items() if f.target]
    steps += _reindexed(connection, table, {n: f.indexes for n, f in columns.items()}, rf"\1({PREFIX})")
    _alter(connection, table, steps)


def restore(connection: Connection, table: str, columns: Mapping[str, Facts]) -> None:
    steps = [f"MODIFY {_quote(n)} {f.original}" for n, f in columns.items()]
    steps += _reindexed(connection, table, {n: f.indexes for n, f in columns.items()}, r"\1")
    _alter(connection, table, steps)


def _reindexed(
    connection: Connection, table: str, indexes: dict[str, tuple[str, ...]], replacement: str
) -> Iterator[str]:
    """Those indexes anew, each with the prefix lengths of these columns added or taken away."""
    lines = connection.exec_driver_sql(f"SHOW CREATE TABLE {_quote(table)}".replace("%", "%%")).one()[1].splitlines()
    for index in dict.fromkeys(i for names in indexes.values() for i in names):
        start = f"  KEY {_quote(index)} "
        line = next((one for one in lines if one.startswith(start)), None)
        if line is None:
            continue
        parts = line.removeprefix(start).removesuffix(",")
        for column, names in indexes.items():
            if index in names:
                parts = re.sub(rf"({re.escape(_quote(column))})(\({PREFIX}\))?(?=[,) ])", replacement, parts, count=1)
        yield f"DROP INDEX {_quote(index)}"
        yield f"ADD INDEX {_quote(index)} {parts}"


def _alter(connection: Connection, table: str, steps: list[str]) -> None:
    """Strictly and in UTC, whatever the server's settings: a value that does not fit is an error, never cut."""
    if not steps:
        return
    connection.exec_driver_sql("SET @privacy_mode = @@sql_mode, @privacy_zone = @@time_zone")
    connection.exec_driver_sql("SET sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), time_zone = '+00:00'")
    try:
        connection.exec_driver_sql(f"ALTER TABLE {_quote(table)} {', '.join(steps)}".replace("%", "%%"))
    finally:
        connection.exec_driver_sql("SET sql_mode = @privacy_mode, time_zone = @privacy_zone")
