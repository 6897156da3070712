"""Reading the log: by person, type and time, newest first."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, union_all
from sqlalchemy.orm import Session

from privacy_svc.auditlog.crowds import entries_about
from privacy_svc.auditlog.entry import Envelope
from privacy_svc.auditlog.merkle import leaf_hash
from privacy_svc.auditlog.model import Entry, EntryMember, Payload
from privacy_svc.auditlog.opening import Openers
from privacy_svc.auditlog.tombstones import TOMBSTONES
from privacy_svc.vault import Vault

CHUNK = 500


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry as a reader may have it. `payload` is None where its key is gone (`erased`) or the reader may not."""

    id: str
    index: int | None
    at: datetime
    type: str
    actor: str
    subject_id: str | None
    payload: Mapping[str, Any] | None
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """`type` may be a beginning of one, e.g. `consent` or `consent:record`; `after` is the index to go on below."""

    subject_id: str | None = None
    type: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: int | None = None
    limit: int = 50


def find(session: Session, vault: Vault, wanted: Wanted, *, about_people: bool) -> list[EntryView]:
    """Without `about_people`, payloads that a person's key seals stay closed. Raises Tampered, KeyUnavailable."""
    joined = select(Entry, Payload).outerjoin(Payload, Payload.entry_id == Entry.id)
    statement = narrowed(session, vault, joined, wanted)
    if wanted.after is not None:
        statement = statement.where(Entry.index < wanted.after)
    rows = session.execute(statement.order_by(Entry.index.desc()).limit(wanted.limit)).all()
    openers = Openers(session, vault)
    shown = {e.id: p for e, p in rows if _there(p) and (about_people or is_about_nobody(e.leaf))}
    openers.learn(shown.values())
    return [_view(openers, entry, payload, shown=entry.id in shown) for entry, payload in rows]


def indices(session: Session, ids: Collection[str]) -> dict[str, int]:
    wanted, found = list(ids), dict[str, int]()
    for start in range(0, len(wanted), CHUNK):
        chunk = Entry.id.in_(wanted[start : start + CHUNK])
        found.update((i, index) for i, index in session.execute(select(Entry.id, Entry.index).where(chunk)))
    return found


def narrowed(session: Session, vault: Vault, statement: Any, wanted: Wanted) -> Any:
    """A statement over entries by person, type and time."""
    if wanted.subject_id is not None:
        alone = select(Entry.index).where(Entry.subject_id == wanted.subject_id)
        among = select(Entry.index).join(EntryMember, EntryMember.entry_id == Entry.id)
        among = among.where(EntryMember.subject_id == wanted.subject_id)
        crowd = select(Entry.index).where(Entry.id.in_(entries_about(session, vault, wanted.subject_id)))
        statement = statement.where(Entry.index.in_(union_all(alone, among, crowd)))
    if wanted.type is not None:
        below = Entry.type.startswith(wanted.type + ":", autoescape=True)
        statement = statement.where(or_(Entry.type == wanted.type, below))
    if wanted.since is not None:
        statement = statement.where(Entry.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(Entry.at < wanted.until)
    return statement


def _there(payload: Payload | None) -> bool:
    """The outer join's other side may be missing, which its type does not say."""
    return payload is not None


def is_about_nobody(leaf: bytes) -> bool:
    """By the leaf: the column for searching may have been changed. What cannot be read is about somebody."""
    with suppress(ValueError):
        return Envelope.decode(leaf).subject is None
    return False


def _view(openers: Openers, entry: Entry, payload: Payload | None, *, shown: bool) -> EntryView:
    opened = openers.open(payload, leaf_hash(entry.leaf)) if payload is not None and shown else None
    gone = payload is None or payload.use in TOMBSTONES or (shown and opened is None)
    return EntryView(
        id=entry.id,
        index=entry.index,
        at=entry.at,
        type=entry.type,
        actor=entry.actor,
        subject_id=entry.subject_id,
        payload=opened.payload if opened else None,
        erased=gone,
    )
