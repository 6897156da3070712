"""One entry against its columns, its payload and the people it names, for `verify`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any, Protocol

import msgspec
from sqlalchemy import null, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.appending import actor_label, subject_label
from privacy_svc.auditlog.entry import Envelope, fits, instant
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.membership import check_members
from privacy_svc.auditlog.model import Entry, Outbox, Payload
from privacy_svc.auditlog.opening import Openers
from privacy_svc.auditlog.tombstones import LOST, TOMBSTONES, is_tombstone
from privacy_svc.vault import SubjectCipher, Tampered, Vault


class Row(Protocol):
    """An entry with its payload, as `rows_of` selects them; `index` is None while it waits, `sealed` where there is
    no payload."""

    index: int | None
    id: str
    at: datetime
    type: str
    actor: str
    subject_id: str | None
    leaf: bytes
    owner_id: str
    use: str
    sealed: bytes | None


def rows_of(table: type[Entry] | type[Outbox]) -> Any:
    """A statement for `Row`s: past the mapper, which takes longer than the check."""
    index: Any = Entry.index if table is Entry else null().label("index")
    told: tuple[Any, ...] = (index, table.id, table.at, table.type, table.actor, table.subject_id, table.leaf)
    joined = select(*told, Payload.owner_id, Payload.use, Payload.sealed)
    return joined.outerjoin(Payload, Payload.entry_id == table.id)


MOST_LABELS = 50_000
_AT = "at"
"""Beside a payload: the time of its entry."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind`: altered, missing, reordered, truncated, forked, unsigned, payload_altered or payload_missing."""

    kind: str
    detail: str
    index: int | None = None


class Checker:
    """Checks a page of entries at a time. `erased` counts those whose payload an erasure took, as it should, `lost`
    those whose payload was in no backup when the database was restored."""

    def __init__(self, session: Session, vault: Vault) -> None:
        self._session, self._vault = session, vault
        self._organisation = vault.organisation_cipher(session)
        self._openers = Openers(session, vault)
        self._labels: dict[tuple[str, str], str] = {}
        self.pruned = max((int(p.get("until", 0)) for p in self._told(EventType.LOG_PRUNED) if _in_time(p)), default=0)
        """Entries below it were pruned, as an entry says: those that were older than it may say."""
        self.erased = self.lost = 0
        self.gone: dict[int, str] = {}
        """Entries of the page without a payload, rightly: `erased` or `lost`."""
        self.groups: set[str] = set()
        """Ids of entries about many people."""

    def check(self, page: Sequence[Row]) -> Iterator[Finding]:
        self._openers.learn(row for row in page if row.sealed is not None)
        self._labels = self._labels if len(self._labels) < MOST_LABELS else {}
        self.gone = {}
        for row in page:
            try:
                envelope = Envelope.decode(row.leaf)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                yield Finding("altered", "the leaf is no envelope", row.index)
                continue
            for kind, detail in chain(self._one(row, envelope), self._members(row, envelope)):
                yield Finding(kind, detail, row.index)

    def _one(self, row: Row, envelope: Envelope) -> Iterator[tuple[str, str]]:
        columns = {"id": row.id, "type": row.type, "time": instant(row.at)}
        if row.actor or row.use != LOST:
            columns["actor"] = self._actor(row, envelope)
        for name, value in columns.items():
            if getattr(envelope, name) != value:
                yield "altered", f"the column {name} says something else than the leaf"
        if row.use in TOMBSTONES:
            yield from self._gone(row)
            return
        cipher = self._openers.cipher(row) if row.sealed is not None else None
        if cipher is None:
            yield "payload_missing", "the payload or its key is gone, and no erasure says so"
            return
        try:
            opened = self._openers.open(row, row.leaf)
        except Tampered:
            yield "payload_altered", "the sealed payload does not open in this place"
            return
        if opened is None or not fits(opened, envelope.commit):
            yield "payload_altered", "the payload is not the one committed to"
        label = self._label(subject_label, cipher, envelope.time[:7], row.use) if row.subject_id else None
        if label != envelope.subject or row.subject_id not in {None, row.owner_id}:
            yield "altered", "the column subject_id says something else than the leaf"

    def _members(self, row: Row, envelope: Envelope) -> Iterator[tuple[str, str]]:
        if envelope.members is not msgspec.UNSET and row.use != LOST:
            self.groups.add(row.id)
            yield from check_members(self._session, self._vault, row.id, envelope)

    def _gone(self, row: Row) -> Iterator[tuple[str, str]]:
        if not is_tombstone(self._organisation, row.use, row.leaf, row.sealed or b""):
            yield "payload_missing", "the payload is gone, and what stands in its place is not of this service"
            return
        if row.subject_id is not None:
            yield "altered", "the entry names a person again whose erasure took the name away"
        if row.use == LOST:
            self.lost += 1
        else:
            self.erased += 1
        if row.index is not None:
            self.gone[row.index] = row.use

    def _actor(self, row: Row, envelope: Envelope) -> str:
        named = partial(actor_label, actor=row.actor)
        return self._label(named, self._organisation, envelope.time[:7], row.actor)

    def _label(self, make: Callable[..., str], cipher: SubjectCipher, in_month: str, which: str) -> str:
        """Kept: the same few are met again and again. `which` of the labels made with this cipher's owner's keys."""
        place = (cipher.subject_id, f"{in_month}|{which}")
        if place not in self._labels:
            self._labels[place] = make(cipher, in_month=in_month)
        return self._labels[place]

    def _told(self, by: EventType) -> Iterator[Mapping[str, Any]]:
        """The payloads of these entries of our own. One that does not open is reported at the entry itself."""
        tables: tuple[type[Entry | Outbox], ...] = (Entry, Outbox)
        for table in tables:
            statement = select(table.leaf, Payload).join(Payload, Payload.entry_id == table.id)
            rows = self._session.execute(statement.where(table.type == by)).all()
            openers = Openers(self._session, self._vault)
            openers.learn(payload for _, payload in rows)
            for leaf, payload in rows:
                with suppress(Tampered, msgspec.MsgspecError, UnicodeDecodeError):
                    opened, kind = openers.open(payload, leaf), Envelope.decode(leaf).type
                    if opened is not None and kind == by:
                        yield {**opened.payload, _AT: Envelope.decode(leaf).time}


def _in_time(pruned: Mapping[str, Any]) -> bool:
    """Nobody prunes what is not over yet by the entry's own time."""
    return str(pruned.get("before", "")) <= str(pruned[_AT]) and "before" in pruned
