"""Admitting many people at once: from references to subjects, with new ones for those we did not know."""

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log
from privacy_svc.http import CustomerRef, NotAdmitted
from privacy_svc.policy import Collection
from privacy_svc.store import subjects
from privacy_svc.store.facts import FactReader
from privacy_svc.store.resolving import Finder, Found
from privacy_svc.vault import Subject

Collections = Callable[[CustomerRef], tuple[Collection, ...]]


def admit_many(
    session: Session,
    reader: FactReader,
    log: Log,
    finder: Finder,
    collections: Collections,
    customers: Sequence[CustomerRef],
    actor: str,
) -> list[str | NotAdmitted]:
    """In the order of the references; see `http.CustomerDirectory`."""
    named = [_value(ref) for ref in customers]
    rows = _rows(finder, collections, customers, named)
    by_collection: dict[str, tuple[Collection, dict[str, None]]] = {}
    for found in rows:
        if len(found) == 1:
            collection, key = found[0]
            by_collection.setdefault(collection.path, (collection, {}))[1][key] = None
    admitted = {p: subjects.admit(session, reader, log, c, keys, actor) for p, (c, keys) in by_collection.items()}
    return [
        _subject(session, ref.subject) if ref.subject is not None else _one(admitted, found)
        for ref, found in zip(customers, rows, strict=True)
    ]


def _rows(
    finder: Finder, collections: Collections, customers: Sequence[CustomerRef], named: Sequence[tuple[str, str]]
) -> list[Found]:
    """References of one kind and collection are looked up together."""
    alike: dict[tuple[str, str | None], tuple[CustomerRef, list[str]]] = {}
    for ref, (kind, value) in zip(customers, named, strict=True):
        alike.setdefault((kind, ref.collection), (ref, []))[1].append(value)
    found = {p: _look_up(finder, p[0], collections(first), values) for p, (first, values) in alike.items()}
    return [found[kind, ref.collection].get(value, []) for ref, (kind, value) in zip(customers, named, strict=True)]


def _look_up(finder: Finder, kind: str, collections: Sequence[Collection], values: Sequence[str]) -> dict[str, Found]:
    if kind == "subject":
        return {}
    return finder.by_key(collections[0], values) if kind == "id" else finder.by_address(collections, kind, values)


def _value(ref: CustomerRef) -> tuple[str, str]:
    """The kind of reference, and what it names."""
    if ref.id is not None:
        return "id", ref.id
    if ref.email is not None:
        return "email", ref.email
    if ref.phone is not None:
        return "phone", ref.phone
    assert ref.subject is not None
    return "subject", ref.subject


def _one(admitted: dict[str, dict[str, str]], found: Found) -> str | NotAdmitted:
    if len(found) != 1:
        return NotAdmitted.AMBIGUOUS if found else NotAdmitted.UNKNOWN
    collection, key = found[0]
    return admitted[collection.path][key]


def _subject(session: Session, subject_id: str) -> str | NotAdmitted:
    return subject_id if session.get(Subject, subject_id) is not None else NotAdmitted.UNKNOWN
