"""For which purposes the log has releases of a person's data, and since when. Read once, and from then on only what is
new: a log of years is not gone through again each time that somebody looks at who got their data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EntryView, EventType
from privacy_svc.rights.model import Recounted
from privacy_svc.rights.parts import Parts
from privacy_svc.store import is_released
from privacy_svc.vault import Subject, Vault

USES = (EventType.RECORD_READ, EventType.DECISION_PERMIT, EventType.AUDIENCE_DECIDED)
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Releases:
    """`since`: the first time of each purpose (RFC 3339), up to the entry `counted`; `is_new`: more than was kept."""

    counted: int
    since: Mapping[str, str]
    is_new: bool


def releases(session: Session, parts: Parts, subject_id: str) -> Releases:
    kept = session.get(Recounted, subject_id)
    counted, since = (kept.counted, msgspec.json.decode(kept.since, type=dict[str, str])) if kept else (-1, {})
    newest = counted
    for entry in _above(session, parts, subject_id, counted):
        assert entry.index is not None
        newest = max(newest, entry.index)
        purpose = purpose_of(session, parts, entry, entry.payload or {}, subject_id)
        if purpose is not None:
            at = entry.at.isoformat()
            since[purpose] = min(at, since.get(purpose, at))
    return Releases(newest, since, newest > counted)


def purpose_of(
    session: Session, parts: Parts, entry: EntryView, told: Mapping[str, Any], subject_id: str
) -> str | None:
    """For which the entry, one of USES, released this person's data. None for a list in which they were refused."""
    if "groups" in told:
        assert entry.index is not None
        group = parts.log.group_of(session, entry.index, subject_id)
        if group is None or not is_released(told["groups"][group]):
            return None
    purpose = told.get("purpose")
    return purpose if isinstance(purpose, str) else None


def keep(session: Session, vault: Vault, subject_id: str, found: Releases) -> None:
    """After their erasure nothing is kept."""
    vault.hold(session, [subject_id])
    if session.get_one(Subject, subject_id, populate_existing=True).erased_at is not None:
        return
    insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"subject_id": subject_id, "counted": found.counted, "since": msgspec.json.encode(found.since).decode()}
    statement = insert(cast("Table", Recounted.__table__)).values(row)
    session.execute(statement.on_conflict_do_update(index_elements=["subject_id"], set_=row))


def _above(session: Session, parts: Parts, subject_id: str, counted: int) -> Iterator[EntryView]:
    """Uses that came after, the newest first."""
    after, more = None, True
    while more:
        found = parts.log.search(session, subject_id=subject_id, types=USES, after=after, limit=_PAGE)
        new = [entry for entry in found if entry.index is not None and entry.index > counted]
        yield from new
        more = len(new) == _PAGE
        after = new[-1].index if new else None
