"""Who the persons of a store are that nobody mapped: which tables hold them, and which rows lead to them."""

from collections.abc import Mapping, Sequence

from privacy_svc.pii import (
    ColumnFacts,
    Context,
    context_of,
    guess_column,
    is_organisation,
    is_vague,
    only_of_staff,
    subject_of,
)
from privacy_svc.policy import NAMING, within
from privacy_svc.store.schema import Column, ForeignKey, Table
from privacy_svc.vault import is_sealed_text


def facts_of(table: Table, column: Column) -> ColumnFacts:
    """Keys are keys, except that a text which is a primary key can still be somebody's address. What is sealed
    already says nothing about itself."""
    refers = any(f.column == column.name for f in table.foreign_keys)
    key = refers or (column.name in table.key and column.kind != "text")
    values = tuple(v for v in column.values if not is_sealed_text(v))
    return ColumnFacts(column.name, column.kind, values, key, column.unique)


def names_somebody(table: Table, column: str) -> bool:
    """Whether a column says by itself who somebody is: as a key it would outlive them."""
    category = guess_column(facts_of(table, table.column(column)), "person").category
    return category is not None and within(category, NAMING)


def context_of_table(table: Table) -> Context:
    guesses = [guess_column(facts_of(table, c)).category for c in table.columns]
    if is_organisation(table.name) and not {"user.name.first", "user.name.last"} & set(guesses):
        return "none"
    return context_of([facts_of(table, c) for c in table.columns])


def subjects_of(tables: Mapping[str, Table], contexts: Mapping[str, Context]) -> dict[str, str]:
    """Tables whose rows are persons, with their kind. A table that hangs on such a table is not one itself."""
    persons = {n: t for n, t in tables.items() if contexts[n] == "person" and _may_be_known_by_key(t)}
    by_word = {n: s for n, t in persons.items() if (s := _kind(t))}
    by_word = {n: s for n, s in by_word.items() if not _extends(tables[n], by_word)}
    others = {
        n: "employee" if _hired(t) else "customer"
        for n, t in persons.items()
        if n not in by_word and _has_person(t) and not _refers(t, by_word)
    }
    return by_word | {n: s for n, s in others.items() if not _extends(tables[n], others)}


def _may_be_known_by_key(table: Table) -> bool:
    return bool(table.key) and not any(names_somebody(table, name) for name in table.key)


def _kind(table: Table) -> str | None:
    kind = subject_of(table.name)
    return "employee" if kind == "customer" and _hired(table) and is_vague(table.name) else kind


def _hired(table: Table) -> bool:
    return any(only_of_staff(c.name) for c in table.columns)


def _extends(table: Table, persons: Mapping[str, str]) -> bool:
    """Its key is the key of a person elsewhere: a profile, not another person."""
    keys = {f.column for f in table.foreign_keys if f.table in persons and f.table != table.name}
    return bool(table.key) and set(table.key) <= keys


def _refers(table: Table, persons: Mapping[str, str]) -> bool:
    return any(f.table in persons for f in table.foreign_keys)


def _has_person(table: Table) -> bool:
    found = {guess_column(facts_of(table, c), "person").category or "" for c in table.columns}
    named = any(c.startswith("user.name") for c in found)
    reached = bool(
        found & {"user.contact.phone_number", "user.demographic.date_of_birth", "user.contact.address.street"}
    )
    return "user.contact.email" in found or (named and reached)


def owner_of(table: Table, tables: Mapping[str, Table], subjects: Mapping[str, str]) -> str | None:
    """The nearest table of persons by references, as the data map's `owner` finds it."""
    waiting, seen = [table], {table.name}
    while waiting:
        here = waiting.pop(0)
        for fk in _customers_first(here.foreign_keys, subjects):
            if fk.table in subjects:
                return fk.table
            if fk.table not in seen and fk.table in tables:
                seen.add(fk.table)
                waiting.append(tables[fk.table])
    return None


def _customers_first(keys: Sequence[ForeignKey], subjects: Mapping[str, str]) -> list[ForeignKey]:
    """A note about a customer is the customer's, not the colleague's who wrote it."""
    return sorted((f for f in keys if not f.stray), key=lambda f: subjects.get(f.table) == "employee")
