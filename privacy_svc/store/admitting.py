"""Admitting many people at once: from references to subjects, with new ones for those we did not know."""

from collections.abc import Callable, Iterable, Sequence

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
    rows = _rows(finder, collections, customers)
    by_collection: dict[Collection, dict[str, None]] = {}
    for found in rows:
        if len(found) == 1:
            by_collection.setdefault(found[0][0], {})[found[0][1]] = None
    admitted = {c: subjects.admit(session, reader, log, c, keys, actor) for c, keys in by_collection.items()}
    return [
        _subject(session, ref.subject) if ref.subject is not None else _one(admitted, found)
        for ref, found in zip(customers, rows, strict=True)
    ]


def _rows(finder: Finder, collections: Collections, customers: Sequence[CustomerRef]) -> list[Found]:
    """References of one kind and collection are looked up together."""
    alike: dict[tuple[str, str | None], list[CustomerRef]] = {}
    for ref in customers:
        alike.setdefault((_kind(ref), ref.collection), []).append(ref)
    found = {place: _look_up(finder, place[0], collections(refs[0]), refs) for place, refs in alike.items()}
    return [found[_kind(ref), ref.collection].get(_value(ref), []) for ref in customers]


def _look_up(
    finder: Finder, kind: str, collections: Sequence[Collection], refs: Iterable[CustomerRef]
) -> dict[str, Found]:
    values = [_value(ref) for ref in refs]
    if kind == "subject":
        return {}
    return finder.by_key(collections[0], values) if kind == "id" else finder.by_address(collections, kind, values)


def _kind(ref: CustomerRef) -> str:
    return next(k for k in ("id", "email", "phone", "subject") if getattr(ref, k) is not None)


def _value(ref: CustomerRef) -> str:
    value = getattr(ref, _kind(ref))
    assert isinstance(value, str)
    return value


def _one(admitted: dict[Collection, dict[str, str]], found: Found) -> str | NotAdmitted:
    if len(found) != 1:
        return NotAdmitted.AMBIGUOUS if found else NotAdmitted.UNKNOWN
    collection, key = found[0]
    return admitted[collection][key]


def _subject(session: Session, subject_id: str) -> str | NotAdmitted:
    return subject_id if session.get(Subject, subject_id) is not None else NotAdmitted.UNKNOWN
