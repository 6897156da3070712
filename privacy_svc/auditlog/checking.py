"""One entry against its columns, its payload and the people it names, for `verify`."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.appending import actor_label, subject_label
from privacy_svc.auditlog.entry import Envelope, fits, instant
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.membership import check_members
from privacy_svc.auditlog.model import Entry, Outbox, Payload
from privacy_svc.auditlog.opening import Openers
from privacy_svc.vault import SubjectCipher, Tampered, Vault

Row = Entry | Outbox
Page = Sequence[tuple[Row, Payload | None]]


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
        self._organisation: SubjectCipher | None = None
        self._claimed = self._claims(EventType.PAYLOADS_ERASED)
        self._lost = self._claims(EventType.RESTORE_REPLAYED)
        self.erased = self.lost = 0
        self.groups: set[str] = set()
        """Ids of entries about many people."""

    def check(self, page: Page) -> Iterator[Finding]:
        openers = Openers(self._session, self._vault, [p for _, p in page if p is not None])
        for row, payload in page:
            index = row.index if isinstance(row, Entry) else None
            try:
                envelope = Envelope.decode(row.leaf)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                yield Finding("altered", "the leaf is no envelope", index)
                continue
            found = chain(self._one(row, payload, envelope, openers), self._members(row, envelope))
            for kind, detail in found:
                yield Finding(kind, detail, index)

    def _one(
        self, row: Row, payload: Payload | None, envelope: Envelope, openers: Openers
    ) -> Iterator[tuple[str, str]]:
        columns = {"id": row.id, "type": row.type, "time": instant(row.at)}
        if row.actor or row.id not in self._lost:
            columns["actor"] = self._actor(row, envelope)
        for name, value in columns.items():
            if getattr(envelope, name) != value:
                yield "altered", f"the column {name} says something else than the leaf"
        cipher = openers.cipher(payload) if payload is not None else None
        if payload is None or cipher is None:
            yield from self._gone(row)
            return
        try:
            opened = openers.open(payload, row.leaf)
        except Tampered:
            yield "payload_altered", "the sealed payload does not open in this place"
            return
        if opened is None or not fits(opened, envelope.commit):
            yield "payload_altered", "the payload is not the one committed to"
        label = subject_label(cipher, envelope.time[:7]) if row.subject_id else None
        if label != envelope.subject or row.subject_id not in {None, payload.owner_id}:
            yield "altered", "the column subject_id says something else than the leaf"

    def _members(self, row: Row, envelope: Envelope) -> Iterator[tuple[str, str]]:
        if envelope.members is not None and row.id not in self._lost:
            self.groups.add(row.id)
            yield from check_members(self._session, self._vault, row.id, envelope, self._claimed)

    def _gone(self, row: Row) -> Iterator[tuple[str, str]]:
        if row.id in self._lost:
            self.lost += 1
        elif row.id not in self._claimed:
            yield "payload_missing", "the payload or its key is gone, and no erasure says so"
        elif row.subject_id is not None:
            yield "altered", "the entry names a person again whose erasure took the name away"
        else:
            self.erased += 1

    def _actor(self, row: Row, envelope: Envelope) -> str:
        if self._organisation is None:
            self._organisation = self._vault.organisation_cipher(self._session)
        return actor_label(self._organisation, row.actor, envelope.time[:7])

    def _claims(self, by: EventType) -> Collection[str]:
        """Ids of the entries whose payloads are gone, as the entries of erasures and restores say themselves; and of
        people who are no longer named among those of an entry, as `id#position`."""
        claimed: set[str] = set()
        tables: tuple[type[Row], ...] = (Entry, Outbox)
        for table in tables:
            statement = select(table.leaf, Payload).join(Payload, Payload.entry_id == table.id)
            rows = self._session.execute(statement.where(table.type == by)).all()
            openers = Openers(self._session, self._vault, [payload for _, payload in rows])
            for leaf, payload in rows:
                try:
                    opened, kind = openers.open(payload, leaf), Envelope.decode(leaf).type
                except (Tampered, msgspec.MsgspecError, UnicodeDecodeError):
                    continue  # reported at the entry itself
                if opened is not None and kind == by:
                    claimed.update(opened.payload.get("entries", ()))
                    claimed.update(f"{i}#{n}" for i, n in opened.payload.get("members", ()))
        return claimed
