"""References of a store nobody mapped: declared, or given away by names, and those that would lead astray."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from privacy_svc.pii import split
from privacy_svc.store.draft_persons import names_somebody
from privacy_svc.store.schema import Column, ForeignKey, Schema, Table

_KEY_WORDS = frozenset("id ids nr no num number fk key ref uuid guid".split())  # noqa: SIM905 - words


def references(table: Table, schema: Schema) -> tuple[ForeignKey, ...]:
    """Declared foreign keys to one whole key, and such as names give away where nothing is declared. Rows without
    a key of their own cannot be corrected or erased one by one, so they are left to nobody; and what says who somebody
    is holds no rows together, since it has to go."""
    if not table.key:
        return ()
    declared = {f.column: f for f in table.foreign_keys}
    found: list[ForeignKey] = []
    for column in table.columns:
        fk = declared.get(column.name) or _guessed(table, column, schema)
        if fk and (fk.table, fk.target) != (table.name, column.name) and _nameable(fk) and _whole_key(schema, fk):
            found.append(fk)
    return tuple(found)


def _nameable(fk: ForeignKey) -> bool:
    """In a data map a dot separates collection and field."""
    return "." not in fk.table + fk.target


def _whole_key(schema: Schema, fk: ForeignKey) -> bool:
    target = next((t for t in schema.tables if t.name == fk.table), None)
    if target is None or names_somebody(target, fk.target):
        return False
    return target.key == (fk.target,) or target.column(fk.target).unique


def _guessed(table: Table, column: Column, schema: Schema) -> ForeignKey | None:
    """`customer_id` of orders names the key of customers; so does `kundennr` where kunden has that key."""
    if table.key == (column.name,):
        return None
    words = split(column.name)
    stem = words[:-1] if words and words[-1] in _KEY_WORDS else ()
    for other in schema.tables:
        if other.name == table.name or len(other.key) != 1:
            continue
        key = other.column(other.key[0])
        same_name = key.name.lower() == column.name.lower() and key.name.lower() not in _KEY_WORDS
        if key.kind == column.kind and (same_name or (stem and _same(stem, split(other.name)))):
            return ForeignKey(column.name, other.name, key.name, declared=False)
    return None


def _same(stem: Sequence[str], name: Sequence[str]) -> bool:
    """`customer` and `tbl_customers`, `kunden` and `Kunde`, the plural aside."""
    return bool(_forms("".join(stem)) & (_forms("".join(name)) | _forms("".join(n for n in name if n != "tbl"))))


def _forms(word: str) -> set[str]:
    forms = {word} | {word.removesuffix(end) for end in ("s", "es", "n", "en", "e") if len(word) > len(end) + 2}
    return forms | ({word[:-3] + "y"} if word.endswith("ies") else set())


def mark_strays(table: Table, tables: Mapping[str, Table], subjects: Mapping[str, str]) -> Table:
    """With those references marked by which a row would be a colleague's, though a longer way leads to a customer:
    the data map takes the shortest."""
    if table.name in subjects:
        return table
    customers = {n for n, kind in subjects.items() if kind != "employee"}
    way = min(
        (1 + n for f in table.foreign_keys if (n := _way(f.table, customers, tables, subjects)) is not None), default=0
    )
    staff = subjects.keys() - customers
    strays = {
        f.column
        for f in table.foreign_keys
        if (n := _way(f.table, staff, tables, subjects)) is not None and 1 + n < way
    }
    return replace(table, foreign_keys=tuple(replace(f, stray=f.column in strays) for f in table.foreign_keys))


def _way(start: str, ends: AbstractSet[str], tables: Mapping[str, Table], subjects: Mapping[str, str]) -> int | None:
    """How many references from `start` to one of `ends`, past no other table of persons."""
    here, seen, steps = {start}, {start}, 0
    while here:
        if here & ends:
            return steps
        further = {f.table for n in here if n in tables and n not in subjects for f in tables[n].foreign_keys}
        here, steps = further - seen, steps + 1
        seen |= here
    return None
