"""The log as the other rooms use it: append in their transaction, search, prove."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import sequencer
from privacy_svc.auditlog.background import Integrator
from privacy_svc.auditlog.checkpoint import format_proof, open_checkpoint
from privacy_svc.auditlog.entry import Envelope, Sealable, bucket, commitment, instant, month, new_sealable
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.merkle import inclusion_proof
from privacy_svc.auditlog.model import Entry, Outbox, Payload, SignedCheckpoint
from privacy_svc.auditlog.signing import Signer
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.auditlog.verify import Report, verify
from privacy_svc.db import Database, new_id, now
from privacy_svc.errors import Erased, NotFound
from privacy_svc.vault import SubjectCipher, Vault

PAYLOAD_FIELD = 3
"""Field id of log payloads in associated data."""
DATA, EVIDENCE = "data", "evidence"


@dataclass(frozen=True, slots=True)
class Event:
    """One entry to be written. The payload may name things and give reasons, never a person's values."""

    type: EventType
    subject_id: str | None
    payload: Mapping[str, Any]


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


class Log:
    """One log. `export` is the append-only file of checkpoints outside the database."""

    def __init__(self, vault: Vault, signer: Signer, export: Path) -> None:
        self.vault, self.signer, self.export = vault, signer, export
        self._integrator = Integrator(self)

    def __repr__(self) -> str:
        return f"Log({self.signer.name!r})"

    def append(
        self,
        session: Session,
        type: EventType,  # noqa: A002 - the field's own word
        *,
        actor: str,
        subject_id: str | None = None,
        payload: Mapping[str, Any],
        evidence: bool = False,
    ) -> str:
        """Write an entry in the caller's transaction; returns its id. It enters the tree after the commit.

        `evidence` seals the payload with the key that outlives an erasure, for what a legal claim may need.
        """
        event = Event(type, subject_id, payload)
        return self.append_many(session, [event], actor=actor, evidence=evidence)[0]

    def append_many(
        self, session: Session, events: Sequence[Event], *, actor: str, evidence: bool = False
    ) -> list[str]:
        """The same for several, with one look at their keys. An erased person's entries use the evidence key."""
        at = now()
        organisation = self.vault.organisation_cipher(session)
        ciphers = self._ciphers(session, {e.subject_id for e in events if e.subject_id}, evidence=evidence)
        actor_tag = organisation.tag_text(f"audit-actor|{actor}|{month(at)}")
        outbox, payloads = [], []
        for event in events:
            use, cipher = ciphers[event.subject_id] if event.subject_id else (DATA, organisation)
            sealable = new_sealable(event.payload)
            envelope = Envelope(
                id=new_id(),
                type=str(event.type),
                time=instant(at),
                org=self.vault.organisation,
                actor=actor_tag,
                subject=cipher.tag_text(f"audit-tag|{month(at)}") if event.subject_id else None,
                commit=commitment(sealable),
                size=bucket(event.payload),
            )
            outbox.append(
                {
                    "id": envelope.id,
                    "at": at,
                    "type": str(event.type),
                    "actor": actor,
                    "subject_id": event.subject_id,
                    "leaf": envelope.encode(),
                }
            )
            sealed = cipher.seal(PAYLOAD_FIELD, envelope.id, sealable.to_json())
            owner = event.subject_id or cipher.subject_id
            payloads.append({"entry_id": envelope.id, "owner_id": owner, "use": use, "sealed": sealed})
        if outbox:
            session.execute(insert(Outbox), outbox)
            session.execute(insert(Payload), payloads)
            self._integrator.wake()
        return [str(row["id"]) for row in outbox]

    def _ciphers(self, session: Session, ids: Iterable[str], *, evidence: bool) -> dict[str, tuple[str, SubjectCipher]]:
        wanted = set(ids)
        found: dict[str, tuple[str, SubjectCipher]] = {}
        for use in (EVIDENCE,) if evidence else (DATA, EVIDENCE):
            missing = wanted - found.keys()
            if missing:
                found.update({i: (use, c) for i, c in self.vault.ciphers(session, missing, use).items()})
        if wanted - found.keys():
            raise NotFound("A log entry speaks of a subject that is not there.")
        return found

    def integrate(self, database: Database) -> int:
        """Bring what waits into the tree, sign and export; returns how many entries. Any process may call it."""
        return sequencer.integrate(database, self.signer, self.export)

    def start(self, database: Database) -> None:
        """Integrate in the background of this process, within a quarter of a second of an entry."""
        self._integrator.start(database)

    def stop(self) -> None:
        self._integrator.stop()

    def checkpoint(self, session: Session) -> str:
        """The newest signed checkpoint. Raises NotFound for an empty log."""
        found = session.scalars(select(SignedCheckpoint).order_by(SignedCheckpoint.size.desc()).limit(1)).first()
        if found is None:
            raise NotFound("The log has no checkpoint yet.")
        return found.note

    def proof(self, session: Session, index: int) -> str:
        """The `.tlog-proof` of an entry against the newest checkpoint, with the entry as its `extra`."""
        entry = session.get(Entry, index)
        signed = self.checkpoint(session)
        size = open_checkpoint(signed, self.signer.verifier).size
        if entry is None or index >= size:
            raise NotFound(f"The log has no entry {index} yet.")
        return format_proof(index, inclusion_proof(index, size, Tiles(session).node), signed, entry.leaf)

    def search(
        self,
        session: Session,
        *,
        subject_id: str | None = None,
        type: str | None = None,  # noqa: A002 - the field's own word
        since: datetime | None = None,
        until: datetime | None = None,
        after: int | None = None,
        limit: int = 50,
        payloads: bool = True,
    ) -> list[EntryView]:
        """Entries of the tree, newest first, below index `after`. Payloads whose key lives are opened."""
        statement = select(Entry, Payload).outerjoin(Payload, Payload.entry_id == Entry.id)
        if subject_id is not None:
            statement = statement.where(Entry.subject_id == subject_id)
        if type is not None:
            statement = statement.where(or_(Entry.type == type, Entry.type.startswith(type + ":", autoescape=True)))
        if since is not None:
            statement = statement.where(Entry.at >= since)
        if until is not None:
            statement = statement.where(Entry.at < until)
        if after is not None:
            statement = statement.where(Entry.index < after)
        rows = session.execute(statement.order_by(Entry.index.desc()).limit(limit)).all()
        return [
            self._view(session, entry, payload if payloads else None, hidden=not payloads) for entry, payload in rows
        ]

    def _view(self, session: Session, entry: Entry, payload: Payload | None, *, hidden: bool) -> EntryView:
        opened = None if payload is None else self.open_payload(session, payload)
        return EntryView(
            id=entry.id,
            index=entry.index,
            at=entry.at,
            type=entry.type,
            actor=entry.actor,
            subject_id=entry.subject_id,
            payload=opened.payload if opened else None,
            erased=opened is None and not hidden,
        )

    def open_payload(self, session: Session, payload: Payload) -> Sealable | None:
        """None where the key is destroyed. Raises Tampered, KeyUnavailable."""
        try:
            cipher = self.vault.cipher(session, payload.owner_id, payload.use)
            return Sealable.from_json(cipher.open(PAYLOAD_FIELD, payload.entry_id, payload.sealed))
        except (Erased, NotFound):
            return None

    def erase_payloads(self, session: Session, subject_id: str, *, actor: str) -> int:
        """At erasure: payloads under the person's data key go, and an entry without a name says which.

        Entries keep their place; those under the evidence key stay until its own end.
        """
        mine = (Payload.owner_id == subject_id, Payload.use == DATA)
        ids = list(session.scalars(select(Payload.entry_id).where(*mine)))
        session.execute(delete(Payload).where(*mine))
        if ids:
            self.append(session, EventType.PAYLOADS_ERASED, actor=actor, payload={"entries": sorted(ids)})
        return len(ids)

    def verify(self, database: Database, known: str | None = None) -> Report:
        """Recompute everything; `known` is a signed checkpoint somebody kept. See `verify.verify`."""
        return verify(self, database, known)
