"""Rows that are persons, and their subjects."""

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Event, EventType, GroupEvent, Log
from privacy_svc.db import among, insert_rows
from privacy_svc.policy import Collection
from privacy_svc.store.facts import FactReader
from privacy_svc.store.keeping import keep_first
from privacy_svc.store.model import SealedColumn, SubjectRow

_KNOWN = select(SubjectRow.key, SubjectRow.subject_id).where(
    SubjectRow.dataset == bindparam("dataset"),
    SubjectRow.collection == bindparam("collection"),
    among(SubjectRow.key, "keys"),
)
_ROWS = select(SubjectRow.dataset, SubjectRow.collection, SubjectRow.key).where(
    SubjectRow.subject_id == bindparam("subject")
)
_FIRST = (
    select(SealedColumn.path)
    .where(among(SealedColumn.field_id, "ids"))
    .order_by(SealedColumn.sealed_at.is_(None), SealedColumn.sealed_at)
    .limit(1)
)


def known_as(session: Session, collection: Collection) -> tuple[str, str]:
    """Dataset and name under which rows of this collection are people: those it was first sealed with. So a rename in
    the store and in the data map, where the fields keep their ids, changes nobody; nor does a restore across it."""
    ids = [f.id for f in collection.sealed]
    session.flush()
    path = session.connection().scalar(_FIRST, {"ids": ids}) if ids else None
    dataset, name = path.split(".")[:2] if path else (collection.dataset, collection.name)
    return dataset, name


def rename(session: Session, collection: Collection) -> None:
    """From now on by its present name: what it was first sealed with is about to be forgotten."""
    dataset, name = known_as(session, collection)
    mine = update(SubjectRow).where(SubjectRow.dataset == dataset, SubjectRow.collection == name)
    if (dataset, name) != (collection.dataset, collection.name):
        session.execute(mine.values(dataset=collection.dataset, collection=collection.name))


def known(session: Session, collection: Collection, keys: Iterable[str]) -> dict[str, str]:
    """Row key to subject id, for the rows of an identity collection that have a subject."""
    dataset, name = known_as(session, collection)
    asked = {"dataset": dataset, "collection": name, "keys": list(dict.fromkeys(keys))}
    return dict(session.connection().execute(_KNOWN, asked).all())


def admit(
    session: Session, reader: FactReader, log: Log, collection: Collection, keys: Iterable[str], actor: str
) -> dict[str, str]:
    """The same, with a new subject and its keys for each row that has none yet.

    The caller knows that the rows exist. What decisions need of them is read with it. Two transactions that admit the
    same person end with one subject.
    """
    wanted = list(dict.fromkeys(keys))
    found = known(session, collection, wanted)
    missing = [k for k in wanted if k not in found]
    if not missing:
        return found
    try:
        with session.begin_nested():
            return found | _create(session, reader, log, collection, missing, actor)
    except IntegrityError:
        # Somebody else admitted one of them between our look and our insert; theirs stand.
        return found | admit(session, reader, log, collection, missing, actor)


def _create(
    session: Session, reader: FactReader, log: Log, collection: Collection, keys: list[str], actor: str
) -> dict[str, str]:
    assert collection.subject is not None
    made = dict(zip(keys, reader.vault.create_subjects(session, len(keys), kind=collection.subject), strict=True))
    place = dict(zip(("dataset", "collection"), known_as(session, collection), strict=True))
    insert_rows(session, SubjectRow, [{**place, "key": k, "subject_id": s} for k, s in made.items()])
    keep_first(session, reader, collection, made)
    payload = {"collection": collection.path}
    if len(made) > 1:
        people = dict.fromkeys(made.values(), (0, 1))
        log.append_group(session, GroupEvent(EventType.SUBJECT_CREATED, people, payload), actor=actor)
    else:
        log.append_many(session, [Event(EventType.SUBJECT_CREATED, i, payload) for i in made.values()], actor=actor)
    return made


def rows_of(session: Session, subject_id: str) -> list[tuple[str, str, str]]:
    """(dataset, collection, key) of each identity row of a person, in the words of `known_as`."""
    session.flush()
    return [(d, c, k) for d, c, k in session.connection().execute(_ROWS, {"subject": subject_id})]


def rows_of_many(session: Session, subject_ids: Sequence[str]) -> dict[str, list[tuple[str, str, str]]]:
    """The same of thousands; who has no row is absent."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    told = select(SubjectRow.subject_id, SubjectRow.dataset, SubjectRow.collection, SubjectRow.key)
    rows = told.where(among(SubjectRow.subject_id, "ids")).order_by(SubjectRow.key)
    for subject_id, *row in session.execute(rows, {"ids": list(subject_ids)}):
        found.setdefault(subject_id, []).append((row[0], row[1], row[2]))
    return found


def link(session: Session, subject_id: str, rows: Iterable[Sequence[str]]) -> None:
    """Ties identity rows to a person a restored backup did not know yet, so that they answer `erased`."""
    for dataset, collection, key in rows:
        if session.get(SubjectRow, (dataset, collection, key)) is None:
            session.add(SubjectRow(dataset=dataset, collection=collection, key=key, subject_id=subject_id))
    session.flush()
