"""SQLite: any column takes sealed text, unless the table is STRICT. https://www.sqlite.org/stricttables.html"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from privacy_svc.store import reasons as c
from privacy_svc.store.kinds import ANY, TEXT
from privacy_svc.store.reasons import Facts, TableFacts

_TEXTUAL = re.compile("^(?!.*INT).*(CHAR|CLOB|TEXT)", re.IGNORECASE)
"""TEXT affinity, https://www.sqlite.org/datatype3.html §3.1."""
_UPDATES = re.compile(r"\bUPDATE\b.*?\bON\b", re.IGNORECASE | re.DOTALL)
_NUMERIC = {"INT", "INTEGER", "REAL"}


def facts(connection: Connection, table: str, names: Sequence[str]) -> TableFacts:
    quoted = connection.dialect.identifier_preparer.quote(table)
    (kind, sql, strict), *_ = [
        *connection.exec_driver_sql(
            "SELECT m.type, coalesce(m.sql, ''), l.strict FROM sqlite_master m "
            "JOIN pragma_table_list l ON l.name = m.name AND l.schema = 'main' WHERE lower(m.name) = lower(?)",
            (table,),
        ),
        ("none", "", 0),
    ]
    if kind != "table" or "VIRTUAL" in sql[:30].upper():
        return TableFacts({}, ("it is not a table: map the table it shows",))
    info = {r[1]: r for r in connection.exec_driver_sql(f"PRAGMA table_xinfo({quoted})")}
    triggers = [r for r in _named(connection, "trigger", table) if _UPDATES.search(r[1].split("BEGIN")[0])]
    return TableFacts(
        {n: _facts(connection, table, sql, info, n, strict=bool(strict)) for n in names},
        tuple(c.TRIGGER.format(n) for n, source in triggers if c.looks_back(source)),
        stamped=tuple(n for n, source in triggers if not c.looks_back(source)),
    )


def widen(connection: Connection, table: str, columns: Mapping[str, Facts]) -> None:
    """Nothing to do: types are not enforced."""


def restore(connection: Connection, table: str, columns: Mapping[str, Facts]) -> None:
    """The same."""


def _named(connection: Connection, kind: str, table: str) -> list[Any]:
    found = connection.exec_driver_sql(
        "SELECT name, coalesce(sql, '') FROM sqlite_master WHERE type = ? AND lower(tbl_name) = lower(?)", (kind, table)
    )
    return list(found)


def _facts(connection: Connection, table: str, sql: str, info: dict[str, Any], name: str, *, strict: bool) -> Facts:
    declared, computed = info[name][2], info[name][6] in {2, 3}
    hindrances = [*([c.COMPUTED] if computed else []), *([c.KEY] if info[name][5] else [])]
    if strict and declared.upper() in _NUMERIC:
        hindrances.append(c.TYPE.format(f"{declared} in a STRICT table"))
    if any(c.mentions(body, name) for body in c.bodies(sql, "CHECK")):
        hindrances.append(c.CHECKED.format("a CHECK constraint"))
    if not computed and any(c.mentions(body, name) for body in c.bodies(sql, "AS")):
        hindrances.append(c.SOURCE.format("a generated column"))
    hindrances += _indexes(connection, table, name)
    hindrances += _references(connection, table, name)
    return Facts(TEXT if _TEXTUAL.search(declared) else ANY, declared, hindrances=tuple(hindrances))


def _indexes(connection: Connection, table: str, name: str) -> Iterator[str]:
    sources = dict(_named(connection, "index", table))
    quote = connection.dialect.identifier_preparer.quote
    for row in connection.exec_driver_sql(f"PRAGMA index_list({quote(table)})").all():
        index, unique, origin, partial = row[1], row[2], row[3], row[4]
        columns = [r[2] for r in connection.exec_driver_sql(f"PRAGMA index_xinfo({quote(index)})") if r[5]]
        body = sources.get(index, "").partition("(")[2]
        touches = name in columns or ((partial or None in columns) and c.mentions(body, name))
        if touches and unique and origin != "pk":
            yield c.UNIQUE.format("a UNIQUE constraint" if origin == "u" else f"index {index}")
        elif touches and (partial or None in columns) and c.mentions(body, name):
            yield c.EXPRESSION.format(index)


def _references(connection: Connection, table: str, name: str) -> Iterator[str]:
    quote = connection.dialect.identifier_preparer.quote
    others = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
    for other in others:
        for row in connection.exec_driver_sql(f"PRAGMA foreign_key_list({quote(other)})"):
            if other.lower() == table.lower() and row[3].lower() == name.lower():
                yield c.REFERS.format(f"{row[2]}.{row[4] or 'its key'}")
            if row[2].lower() == table.lower() and (row[4] or "").lower() == name.lower():
                yield c.REFERRED.format(f"{other}.{row[3]}")
