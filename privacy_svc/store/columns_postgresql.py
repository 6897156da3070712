"""PostgreSQL: other types become TEXT, `bytea` stays. DDL is part of the transaction: all columns or none."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from privacy_svc.store import reasons as c
from privacy_svc.store.kinds import BINARY, TEXT
from privacy_svc.store.reasons import Facts, TableFacts

_KINDS = {
    **dict.fromkeys(("text", "varchar", "bpchar", "citext"), TEXT),
    **dict.fromkeys(("int2", "int4", "int8"), "integer"),
    **dict.fromkeys(("timestamp", "timestamptz"), "datetime"),
    **dict.fromkeys(("float4", "float8"), "float"),
    **dict.fromkeys(("json", "jsonb"), "json"),
    "date": "date",
    "numeric": "number",
    "bool": "boolean",
    "bytea": BINARY,
}
LONGEST_KEY = 1900
"""Bytes of clear text whose sealed form still fits a B-tree entry (2,704 bytes)."""

_COLUMNS = """
SELECT a.attname, a.attnum, format_type(a.atttypid, a.atttypmod) AS type, b.typname AS base, b.typtype,
       a.attgenerated <> '' AS computed, a.attidentity <> '' AS identity, pg_get_expr(d.adbin, d.adrelid) AS default_
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = to_regclass(:t) AND a.attname = ANY (:names)
"""
_CONSTRAINTS = """
SELECT k.conname AS name, k.contype AS kind, k.conrelid::regclass::text AS here, k.confrelid::regclass::text AS there,
       (k.conrelid = to_regclass(:t) AND a.attnum = ANY (k.conkey)) AS mine,
       (k.confrelid = to_regclass(:t) AND a.attnum = ANY (k.confkey)) AS referred
FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = to_regclass(:t) AND a.attname = :c
WHERE k.conrelid = to_regclass(:t) AND a.attnum = ANY (k.conkey)
   OR k.confrelid = to_regclass(:t) AND a.attnum = ANY (k.confkey)
"""
_INDEXES = """
SELECT DISTINCT i.indexrelid::regclass::text AS name, i.indisunique AS "unique",
       a.attnum = ANY (i.indkey::int2[]) AS plain, i.indexprs IS NOT NULL OR i.indpred IS NOT NULL AS expression
FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attname = :c
JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum
WHERE i.indrelid = to_regclass(:t)
UNION
SELECT i.indexrelid::regclass::text, i.indisunique, true, i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attname = :c AND a.attnum = ANY (i.indkey::int2[])
WHERE i.indrelid = to_regclass(:t)
"""
_DEPENDENTS = """
SELECT DISTINCT coalesce(v.relkind::text, CASE WHEN p.oid IS NOT NULL THEN 'policy'
       WHEN g.oid IS NOT NULL THEN 'computed' WHEN tr.oid IS NOT NULL THEN 'trigger' END) AS kind,
       coalesce(v.oid::regclass::text, p.polname::text, ga.attname::text, tr.tgname::text) AS name
FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid AND a.attname = :c
LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
LEFT JOIN pg_class v ON v.oid = r.ev_class
LEFT JOIN pg_policy p ON d.classid = 'pg_policy'::regclass AND p.oid = d.objid
LEFT JOIN pg_trigger tr ON d.classid = 'pg_trigger'::regclass AND tr.oid = d.objid
LEFT JOIN pg_attrdef g ON d.classid = 'pg_attrdef'::regclass AND g.oid = d.objid AND g.adnum <> a.attnum
LEFT JOIN pg_attribute ga ON ga.attrelid = g.adrelid AND ga.attnum = g.adnum
WHERE d.refobjid = to_regclass(:t)
"""
_TRIGGERS = """
SELECT t.tgname AS name, pg_get_triggerdef(t.oid) AS definition, p.prosrc AS source, l.lanname AS language
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_language l ON l.oid = p.prolang
WHERE t.tgrelid = to_regclass(:t) AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 16 <> 0
"""
_TABLE = """
SELECT relkind, (SELECT array_agg(a.attname::text) FROM pg_partitioned_table p
                 JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs::int2[])
                 WHERE p.partrelid = to_regclass(:t)) AS partitioned
FROM pg_class WHERE oid = to_regclass(:t)
"""


def facts(connection: Connection, table: str, names: Sequence[str]) -> TableFacts:
    here = {"t": connection.dialect.identifier_preparer.quote(table)}
    relkind, partitioned = connection.execute(text(_TABLE), here).one()
    if relkind not in {"r", "p"}:
        return TableFacts({}, ("it is not a table of this database: map the table it shows, or connect where it is",))
    triggers = connection.execute(text(_TRIGGERS), here).all()
    old = [t.name for t in triggers if t.language in {"c", "internal"} or c.looks_back(t.definition, t.source)]
    rows = connection.execute(text(_COLUMNS), {**here, "names": list(names)}).all()
    return TableFacts(
        {r.attname: _facts(connection, {**here, "c": r.attname}, r, r.attname in (partitioned or ())) for r in rows},
        tuple(c.TRIGGER.format(n) for n in old),
        stamped=tuple(t.name for t in triggers if t.name not in old),
    )


def _facts(connection: Connection, at: dict[str, str], column: Any, partitions: bool) -> Facts:
    kind = TEXT if column.typtype == "e" else _KINDS.get(column.base)
    fits = column.type == "text" or kind == BINARY
    hindrances = [*_constraints(connection, at), *_indexes(connection, at, kind), *_dependents(connection, at, fits)]
    if kind is None:
        hindrances.append(c.TYPE.format(column.type))
    if column.computed:
        hindrances.append(c.COMPUTED)
    if column.identity or "nextval(" in (column.default_ or ""):
        hindrances.append("the database numbers it. Leave it in clear")
    if partitions:
        hindrances.append("the table is partitioned by it. Leave it in clear")
    target = None if fits else "text"
    return Facts(kind or TEXT, column.type, target, column.default_, hindrances=tuple(hindrances))


def _constraints(connection: Connection, at: dict[str, str]) -> Iterator[str]:
    for found in connection.execute(text(_CONSTRAINTS), at):
        if found.referred and found.kind == "f":
            yield c.REFERRED.format(f"{found.here} ({found.name})")
        if not found.mine:
            continue
        if found.kind == "p":
            yield c.KEY
        elif found.kind == "f":
            yield c.REFERS.format(found.there)
        elif found.kind in {"u", "x"}:
            yield c.UNIQUE.format(f"constraint {found.name}")
        elif found.kind == "c":
            yield c.CHECKED.format(f"constraint {found.name}")


def _indexes(connection: Connection, at: dict[str, str], kind: str | None) -> Iterator[str]:
    constraints = {str(found.name) for found in connection.execute(text(_CONSTRAINTS), at)}
    plain = False
    for found in connection.execute(text(_INDEXES), at).all():
        if found.unique and found.name.strip('"').rpartition(".")[2] not in constraints:
            yield c.UNIQUE.format(f"index {found.name}")
        elif found.expression and not found.unique:
            yield c.EXPRESSION.format(found.name)
        plain = plain or (found.plain and not found.unique)
    if plain and kind in {TEXT, "json", BINARY}:
        column = connection.dialect.identifier_preparer.quote(at["c"])
        longest = connection.execute(text(f"SELECT max(octet_length({column}::text)) FROM {at['t']}")).scalar()  # noqa: S608 - quoted
        if (longest or 0) > LONGEST_KEY:
            yield f"it is indexed and holds {longest} bytes: sealed, too long for an index entry. Drop the index"


def _dependents(connection: Connection, at: dict[str, str], fits: bool) -> Iterator[str]:
    for found in connection.execute(text(_DEPENDENTS), at):
        if found.kind == "m":
            yield c.COPY.format(found.name)
        elif found.kind == "computed":
            yield c.SOURCE.format(found.name)
        elif found.kind == "policy":
            yield f"row security policy {found.name} tests it, and would see only sealed values. Drop the policy"
        elif found.kind in {"v", "trigger"} and not fits:
            yield c.VIEW.format(f"{'view' if found.kind == 'v' else 'the condition of trigger'} {found.name}")


def widen(connection: Connection, table: str, columns: Mapping[str, Facts]) -> None:
    """All columns of the table in one rewrite. Dates as ISO 8601, instants in UTC, whatever the server's settings."""
    _alter(connection, table, {n: (f, "text", f.default and f"({f.default})::text") for n, f in columns.items()})


def restore(connection: Connection, table: str, columns: Mapping[str, Facts]) -> None:
    _alter(connection, table, {n: (f, f.original, f.default) for n, f in columns.items()})


def _alter(connection: Connection, table: str, columns: dict[str, tuple[Facts, str, str | None]]) -> None:
    quote = connection.dialect.identifier_preparer.quote
    for setting in ("DateStyle = 'ISO, YMD'", "TimeZone = 'UTC'", "extra_float_digits = 1"):
        connection.exec_driver_sql(f"SET LOCAL {setting}")
    steps = []
    for name, (facts_, type_, default) in columns.items():
        column = f"ALTER COLUMN {quote(name)}"
        if facts_.default:
            connection.exec_driver_sql(f"ALTER TABLE {quote(table)} {column} DROP DEFAULT")
        steps.append(f"{column} TYPE {type_} USING {quote(name)}::{type_}")
        steps += [f"{column} SET DEFAULT {default}"] if default else []
    if steps:
        connection.exec_driver_sql(f"ALTER TABLE {quote(table)} {', '.join(steps)}".replace("%", "%%"))
