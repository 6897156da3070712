"""New entries: the leaf, and beside it the sealed payload, as rows for the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.entry import Envelope, commit_to, instant, month
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.model import Outbox, Payload
from privacy_svc.auditlog.opening import DATA, EVIDENCE, PAYLOAD_FIELD, place
from privacy_svc.db import new_id, now
from privacy_svc.errors import NotFound
from privacy_svc.vault import Subject, SubjectCipher, Vault

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Event:
    """One entry to be written. The payload may name things and give reasons, never a person's values."""

    type: EventType
    subject_id: str | None
    payload: Mapping[str, Any]


def append(session: Session, vault: Vault, events: Sequence[Event], actor: str, *, evidence: bool) -> list[str]:
    """Ids of the entries, in order. Raises NotFound for an unknown subject, TypeError for a payload with fractions."""
    at = now()
    organisation = vault.organisation_cipher(session)
    keys = _keys(session, vault, {e.subject_id for e in events if e.subject_id}, evidence=evidence)
    actor_tag = actor_label(organisation, actor, month(at))
    outbox, payloads = [], []
    for event in events:
        use, cipher = keys[event.subject_id] if event.subject_id else (DATA, organisation)
        committed = commit_to(event.payload)
        envelope = Envelope(
            id=new_id(),
            type=str(event.type),
            time=instant(at),
            org=vault.organisation,
            actor=actor_tag,
            subject=subject_label(cipher, month(at)) if event.subject_id else None,
            commit=committed.commit,
            size=committed.size,
        )
        leaf = envelope.encode()
        sealed = cipher.seal(PAYLOAD_FIELD, place(leaf), committed.sealable.to_json())
        payloads.append({"entry_id": envelope.id, "owner_id": cipher.subject_id, "use": use, "sealed": sealed})
        searched = {"at": at, "type": envelope.type, "actor": actor, "subject_id": event.subject_id}
        outbox.append({"id": envelope.id, "leaf": leaf, **searched})
    if outbox:
        session.execute(insert(Outbox), outbox)
        session.execute(insert(Payload), payloads)
    return [str(row["id"]) for row in outbox]


def actor_label(organisation: SubjectCipher, actor: str, in_month: str) -> str:
    return organisation.tag_text(f"audit-actor|{actor}|{in_month}")


def subject_label(cipher: SubjectCipher, in_month: str) -> str:
    return cipher.tag_text(f"audit-tag|{in_month}")


def _keys(session: Session, vault: Vault, wanted: set[str], *, evidence: bool) -> dict[str, tuple[str, SubjectCipher]]:
    """Each person's data key; the evidence key where it is asked for, or where an erasure left only that."""
    if not evidence:
        _hold(session, wanted)
    found: dict[str, tuple[str, SubjectCipher]] = {}
    for use in (EVIDENCE,) if evidence else (DATA, EVIDENCE):
        missing = wanted - found.keys()
        if missing:
            found.update({i: (use, c) for i, c in vault.ciphers(session, missing, use).items()})
    if wanted - found.keys():
        raise NotFound("A log entry speaks of a subject that is not there.")
    return found


def _hold(session: Session, subject_ids: Iterable[str]) -> None:
    """Until this transaction ends, an erasure of these people waits: it would miss the payload sealed here.

    SQLite lets only one transaction write at a time and needs no lock.
    """
    if session.get_bind().dialect.name == "sqlite":
        return
    ids = sorted(subject_ids)
    for start in range(0, len(ids), CHUNK):
        rows = select(Subject.id).where(Subject.id.in_(ids[start : start + CHUNK])).order_by(Subject.id)
        session.execute(rows.with_for_update(read=True))
