"""Rectification (Art. 16 GDPR): a correct value wherever the same wrong one stands for the person.

A field named without its collection is one of the identity row; one named with it, of every row of the person there.
From these the wrong value is known, and every other field of the person's rows, in whatever database, that is of the
same category or the same kind of address and holds it, is a copy of it. What the data map keeps by law is a record of
what was: it stays as it is unless it is named. In rows that are others' as well only what names the person alone is
corrected, a name or an address by which people are known: the rest may be right for them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.errors import BadRequest, Fault
from privacy_svc.policy import Collection, Erase, Field, PolicySet, within
from privacy_svc.store import blind
from privacy_svc.store.binding import Stores
from privacy_svc.store.changing import Writer
from privacy_svc.store.emptying import unique_columns
from privacy_svc.store.errors import CannotRectify, Moved, UnknownField
from privacy_svc.store.fitting import as_typed, why_not
from privacy_svc.store.opening import open_with
from privacy_svc.store.refused import why_refused
from privacy_svc.store.rows import by_keys, one_row, row_key
from privacy_svc.store.walk import FoundRow, walk
from privacy_svc.vault import SubjectCipher, Vault, normalise

_ALONE = ("user.name", "user.contact.email", "user.contact.phone_number")


@dataclass(frozen=True, slots=True)
class Change:
    """One value that is to be corrected, or was. Values never appear in `repr`."""

    collection: Collection
    key: str
    field: Field
    old: Any
    new: Any

    def __repr__(self) -> str:
        return f"Change({self.collection.path}.{self.field.name})"

    @property
    def place(self) -> str:
        return f"{self.collection.path}/{self.key}.{self.field.name}"


@dataclass(frozen=True, slots=True)
class Planned:
    """`kept`: copies that stay as they are, because a law keeps them; `shared`: because they are others' as well."""

    changes: Sequence[Change]
    kept: Sequence[Change] = ()
    shared: Sequence[Change] = ()


def check_changes(policies: PolicySet, kind: str, changes: Mapping[str, Any], stores: Stores | None = None) -> None:
    """Raises UnknownField, BadRequest or CannotRectify, naming every field, for what can never be carried out. Looks at
    no row: the answer is the same whoever asks."""
    faults: list[Fault] = []
    for name, new in changes.items():
        collection, field = _resolved(policies, kind, name)
        if field.primary_key or field.reference is not None:
            raise BadRequest(f"{collection.path}.{field.name} links records and cannot be rectified.")
        why = why_not(stores.bind(collection), field, new, policies.organisation.phone_region) if stores else None
        if why:
            faults.append(Fault(f"details.changes.{name}", why))
    if faults:
        raise CannotRectify("The values do not fit their fields.", faults=faults)


def _resolved(policies: PolicySet, kind: str, name: str) -> tuple[Collection, Field]:
    found = policies.resolve_field(name, kind)
    if found is None:
        raise UnknownField(f"The data map has no field {name!r} for a {kind}.")
    return found


def plan_rectification(
    session: Session,
    stores: Stores,
    vault: Vault,
    policies: PolicySet,
    subject_id: str,
    changes: Mapping[str, Any],
    kind: str = "customer",
) -> Planned:
    """Every place, with what stands there now and what is to stand there; also those that are right already. Raises
    CannotRectify where a copy's column does not take the value."""
    rows = walk(session, stores, vault, policies, subject_id)
    region = policies.organisation.phone_region
    found: dict[tuple[str, str, str], Change] = {}
    kept: dict[tuple[str, str, str], Change] = {}
    shared: dict[tuple[str, str, str], Change] = {}
    named: list[tuple[Field, Any, list[Change]]] = []
    for name, new in changes.items():
        collection, field = _resolved(policies, kind, name)
        here = [r for r in rows if r.collection.path == collection.path]
        places = [_change(stores, r, field, new) for r in here if not r.shared]
        found.update((_at(c), c) for c in places)
        shared.update((_at(c), c) for r in here if r.shared for c in [_change(stores, r, field, new)])
        named.append((field, new, places))
    for field, new, places in named:
        wrong = {v for c in places if (v := _comparable(field, c.old, region)) is not None}
        for row, copy in _copies(rows, field, wrong, region):
            change = _change(stores, row, copy, new)
            if _at(change) not in found:
                others = row.shared and not _names_alone(copy)
                (kept if copy.erase is Erase.KEEP else shared if others else found)[_at(change)] = change
    shared = {at: c for at, c in shared.items() if at not in found and c.old != c.new}
    _check_copies(stores, found.values(), region)
    return Planned(list(found.values()), list(kept.values()), list(shared.values()))


def _names_alone(field: Field) -> bool:
    return bool(field.identity) or any(within(c, _ALONE) for c in field.categories)


def _at(change: Change) -> tuple[str, str, str]:
    return change.collection.path, change.key, change.field.name


def _change(stores: Stores, row: FoundRow, field: Field, new: Any) -> Change:
    typed = as_typed(stores.bind(row.collection), field, new)
    return Change(row.collection, row.key, field, row.values[field.name], typed)


def _copies(rows: Iterable[FoundRow], field: Field, wrong: set[str], region: str) -> Iterator[tuple[FoundRow, Field]]:
    for row in rows:
        for other in row.collection.fields:
            same = (field.identity and other.identity == field.identity) or set(other.categories) & set(
                field.categories
            )
            if other.erasable and same and _comparable(field, row.values[other.name], region) in wrong:
                yield row, other


def _comparable(field: Field, value: Any, region: str) -> str | None:
    """Equal for what is the same however it is spelled. An empty value has no copies."""
    if value is None or not str(value).strip():
        return None
    text = str(value).strip()
    known = normalise(field.identity, text, region) if field.identity else None
    return known or text.casefold()


def _check_copies(stores: Stores, changes: Iterable[Change], region: str) -> None:
    faults = [
        Fault(f"{c.collection.path}.{c.field.name}", why)
        for c in changes
        if (why := why_not(stores.bind(c.collection), c.field, c.new, region))
    ]
    if faults:
        raise CannotRectify("A place that holds the wrong value does not take the right one.", faults=_once(faults))


def _once(faults: Iterable[Fault]) -> list[Fault]:
    return list(dict.fromkeys(faults))


def check_rectifiable(
    session: Session, stores: Stores, vault: Vault, subject_id: str, changes: Sequence[Change], region: str
) -> None:
    """Whether every database takes it, before any is changed: each is tried and rolled back. An e-mail address that is
    another person's is nobody else's. Raises CannotRectify, Moved."""
    faults = list(_taken(session, stores, vault, subject_id, changes, region))
    if faults:
        raise CannotRectify("A value is taken by another record.", faults=_once(faults))
    for dataset, here in _by_dataset(changes):
        with suppress_rollback():
            _write(session, stores, vault, subject_id, dataset, here, keep=False)


def _taken(
    session: Session, stores: Stores, vault: Vault, subject_id: str, changes: Sequence[Change], region: str
) -> Iterator[Fault]:
    """By the databases' own rules of one column, and by who is known under an address."""
    for c in changes:
        bound = stores.bind(c.collection)
        alone = c.field.name in unique_columns(stores.engine(c.collection.dataset), bound)
        if c.new is None or c.old == c.new or not (alone or c.field.identity == "email"):
            continue
        theirs = {x.key for x in changes if x.collection.path == c.collection.path and x.field.name == c.field.name}
        column = bound.table.c[c.field.name]
        with stores.read(c.collection.dataset) as connection:
            same = func.lower(column) == c.new.lower() if c.field.identity == "email" else column == c.new
            rows = connection.execute(select(*bound.key_columns).where(same).limit(5)).mappings()
            taken = {row_key(c.collection, row) for row in rows} - theirs
        index = next((n for n in c.field.index if n in {"email", "exact", "casefold"}), None)
        if index and not taken:
            value = str(c.new)
            others = blind.others_with(session, vault, c.field, index, [value], subject_id)
            taken = {row for row, whose in others if _is_there(session, stores, vault, c, row, whose, value, region)}
        if taken and (alone or c.collection.subject):
            yield Fault(f"{c.collection.path}.{c.field.name}", "another record has this value, and no two may")


def _is_there(
    session: Session, stores: Stores, vault: Vault, change: Change, row: str, whose: str, value: str, region: str
) -> bool:
    """Index values are truncated: the row is looked at."""
    bound = stores.bind(change.collection)
    with stores.read(change.collection.dataset) as connection:
        held = connection.scalar(select(bound.table.c[change.field.name]).where(by_keys(bound, [row])))
    cipher = vault.ciphers(session, [whose]).get(whose)
    opened = open_with(cipher.at(row), change.field, held) if cipher else None
    return opened is not None and _comparable(change.field, opened, region) == _comparable(change.field, value, region)


def rectify(session: Session, stores: Stores, vault: Vault, subject_id: str, changes: Sequence[Change]) -> None:
    """Write what was planned, one transaction a database, each all of it or nothing. Idempotent. Index entries are
    written in `session`, which the caller commits after the stores have. Raises CannotRectify, and Moved where a place
    holds neither the old nor the new value: nothing was changed in that store."""
    for dataset, here in _by_dataset(changes):
        _write(session, stores, vault, subject_id, dataset, here, keep=True)


def _by_dataset(changes: Iterable[Change]) -> list[tuple[str, list[Change]]]:
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(change.collection.dataset, []).append(change)
    return list(found.items())


class _RolledBackError(Exception):
    """Ends a trial."""


@contextmanager
def suppress_rollback() -> Iterator[None]:
    try:
        yield
    except _RolledBackError:
        return


def _write(
    session: Session,
    stores: Stores,
    vault: Vault,
    subject_id: str,
    dataset: str,
    changes: Sequence[Change],
    *,
    keep: bool,
) -> None:
    """Rows are held before they are compared: what a module or the CRM writes meanwhile comes before or after."""
    cipher = vault.cipher(session, subject_id)
    writer = Writer(session, vault, cipher)
    rows: dict[tuple[str, str], tuple[Collection, dict[str, Any]]] = {}
    for c in changes:
        rows.setdefault((c.collection.path, c.key), (c.collection, {}))[1][c.field.name] = c.new
    try:
        with stores.write(dataset) as connection:
            _compare(connection, stores, cipher, changes)
            for (_, key), (collection, values) in rows.items():
                writer.store(connection, stores.bind(collection), key, values)
            if not keep:
                raise _RolledBackError
    except (IntegrityError, DataError) as error:
        raise CannotRectify(
            "The store refused the values; nothing was changed in it.",
            faults=[Fault(_place(dataset, changes), why_refused(error))],
        ) from None
    for (_, key), (collection, values) in rows.items():
        writer.index(collection, key, values)


def _place(dataset: str, changes: Sequence[Change]) -> str:
    places = {f"{c.collection.path}.{c.field.name}" for c in changes}
    return places.pop() if len(places) == 1 else dataset


def _compare(connection: Any, stores: Stores, cipher: SubjectCipher, changes: Sequence[Change]) -> None:
    for c in changes:
        row = one_row(connection, stores.bind(c.collection), c.key, hold=True)
        held = open_with(cipher.at(c.key), c.field, row[c.field.name])
        if held not in (c.old, c.new) and str(held) not in (str(c.old), str(c.new)):
            raise Moved(
                "A value was changed since it was looked at.",
                faults=[Fault(f"{c.collection.path}.{c.field.name}", "holds neither the old value nor the new one")],
            )
