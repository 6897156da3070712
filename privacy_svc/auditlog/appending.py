"""New entries: the leaf, and beside it the sealed payload, as rows for the caller's transaction.

People are held first (`Vault.hold`): an erasure of theirs, or the end of an erased person's evidence key, would miss
what is sealed here. Of whom no key is left, an entry is about nobody: no name comes back into the log.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.auditlog import crowds
from privacy_svc.auditlog.crowds import member_tag
from privacy_svc.auditlog.entry import Envelope, Sealable, commit_to, commit_to_padded, instant, month, padded
from privacy_svc.auditlog.events import ABOUT_NOBODY, EventType
from privacy_svc.auditlog.gathering import People
from privacy_svc.auditlog.mac import outbox_mac
from privacy_svc.auditlog.members import Member, commitment, commitment_of_parts
from privacy_svc.auditlog.merkle import leaf_hash
from privacy_svc.auditlog.model import EntryMember, Outbox, Payload
from privacy_svc.auditlog.opening import DATA, EVIDENCE, PAYLOAD_FIELD, place
from privacy_svc.db import insert_rows, new_id, now
from privacy_svc.errors import Conflict, NotFound
from privacy_svc.vault import SubjectCipher, Vault

Ciphers = Mapping[str, SubjectCipher]
"""Keys of people whom the caller holds (`Vault.hold`), of the use asked for, opened in this transaction."""
_MEMBER = ("entry_id", "position", "tag", "group", "version", "subject_id")
NONE: Ciphers = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Event:
    """One entry to be written. The payload may name things and give reasons, never a person's values."""

    type: EventType
    subject_id: str | None
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GroupEvent:
    """One entry about many people. `people`: each one's group, which the payload describes, and state version.
    The payload is about nobody in particular: the organisation's key seals it, and it outlives each of them."""

    type: EventType
    people: Mapping[str, tuple[int, int]]
    payload: Mapping[str, Any]


def append(
    session: Session, vault: Vault, events: Sequence[Event], actor: str, *, evidence: bool, ciphers: Ciphers = NONE
) -> list[str]:
    """Ids of the entries, in order. Raises NotFound for an unknown subject, TypeError for a payload with fractions,
    ValueError for a subject of what is about nobody."""
    if wrong := next((e.type for e in events if e.subject_id and e.type in ABOUT_NOBODY), None):
        raise ValueError(f"An entry of type {wrong} is about nobody.")
    at = now()
    keys = _keys(session, vault, {e.subject_id for e in events if e.subject_id}, ciphers, evidence=evidence)
    organisation = vault.organisation_cipher(session)
    time, in_month = instant(at), month(at)
    actor_tag = actor_label(organisation, actor, in_month)
    rows = []
    payloads: dict[int, bytes] = {}  # of events that share one payload, as decisions on the same question do
    for event in events:
        person = event.subject_id if event.subject_id in keys else None
        use, cipher = keys[person] if person else (DATA, organisation)
        if id(event.payload) not in payloads:
            payloads[id(event.payload)] = padded(event.payload)
        committed = commit_to_padded(payloads[id(event.payload)])
        envelope = Envelope(
            id=new_id(),
            type=str(event.type),
            time=time,
            org=vault.organisation,
            actor=actor_tag,
            subject=subject_label(cipher, in_month) if person else None,
            commit=committed.commit,
            size=committed.size,
        )
        rows.append(_rows(envelope, at, actor, person, committed.sealable, cipher, use))
    _insert(session, organisation, rows)
    return [str(entry["id"]) for entry, _ in rows]


def append_group(session: Session, vault: Vault, event: GroupEvent, actor: str, ciphers: Ciphers = NONE) -> str:
    """Id of the entry. Raises NotFound for an unknown or erased subject."""
    at = now()
    tags = _tags(session, vault, event.people.keys(), month(at), ciphers)
    if tags.keys() != event.people.keys():
        raise NotFound("A log entry speaks of a subject that is not there.")
    tagged = sorted((tags[i], g, version, i) for i, (g, version) in event.people.items())
    members = [Member(tag, g, version).encode() for tag, g, version, _ in tagged]
    if len(tagged) > crowds.MANY:
        return _append_crowd(session, vault, event.type, event.payload, actor, at, members)
    said = commitment(map(leaf_hash, members))
    entry_id = _append_about(session, vault, event.type, event.payload, actor, at, said)
    rows = [(entry_id, n, *member) for n, member in enumerate(tagged)]
    insert_rows(session, EntryMember, [dict(zip(_MEMBER, row, strict=True)) for row in rows])
    return entry_id


def append_people(
    session: Session, vault: Vault, kind: EventType, people: People, payload: Mapping[str, Any], actor: str
) -> str:
    """The same about people who were gathered. Raises Conflict when the month of their tags is over."""
    if not people.many:
        return append_group(session, vault, GroupEvent(kind, people.named, payload), actor)
    at = now()
    if month(at) != people.month:
        raise Conflict("The month ended meanwhile; ask again.")
    people.settle(session, vault)
    return _append_crowd(session, vault, kind, payload, actor, at, people.members())


def _append_crowd(
    session: Session,
    vault: Vault,
    kind: EventType,
    payload: Mapping[str, Any],
    actor: str,
    at: datetime,
    members: Sequence[bytes],
) -> str:
    roots = crowds.roots_of(members)
    said = commitment_of_parts(len(members), roots)
    entry_id = _append_about(session, vault, kind, payload, actor, at, said)
    crowds.write(session, entry_id, month(at), members, roots)
    return entry_id


def _append_about(
    session: Session,
    vault: Vault,
    kind: EventType,
    payload: Mapping[str, Any],
    actor: str,
    at: datetime,
    said: dict[str, Any],
) -> str:
    """The entry itself; the caller keeps its members, of whom it says this."""
    organisation, committed = vault.organisation_cipher(session), commit_to(payload)
    envelope = Envelope(
        id=new_id(),
        type=str(kind),
        time=instant(at),
        org=vault.organisation,
        actor=actor_label(organisation, actor, month(at)),
        subject=None,
        commit=committed.commit,
        size=committed.size,
        members=said,
    )
    _insert(session, organisation, [_rows(envelope, at, actor, None, committed.sealable, organisation, DATA)])
    return envelope.id


def _tags(
    session: Session, vault: Vault, people: AbstractSet[str], in_month: str, ciphers: Ciphers
) -> dict[str, bytes]:
    """A crowd is not held: nothing is written that an erasure would have to take away."""
    if len(people) > crowds.MANY:
        return crowds.month_tags(session, vault, people, in_month)
    if not people <= ciphers.keys():
        vault.hold(session, people)
        ciphers = vault.ciphers(session, people)
    return {i: member_tag(ciphers[i], in_month) for i in people if i in ciphers}


def _rows(
    envelope: Envelope,
    at: datetime,
    actor: str,
    subject_id: str | None,
    sealable: Sealable,
    cipher: SubjectCipher,
    use: str,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of the outbox and of the payloads."""
    leaf = envelope.encode()
    sealed = cipher.seal(PAYLOAD_FIELD, place(leaf_hash(leaf)), sealable.to_bytes())
    searched = {"at": at, "type": envelope.type, "actor": actor, "subject_id": subject_id}
    payload = {"entry_id": envelope.id, "owner_id": cipher.subject_id, "use": use, "sealed": sealed}
    return {"id": envelope.id, "leaf": leaf, **searched}, payload


def _insert(
    session: Session, organisation: SubjectCipher, rows: Sequence[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    if rows:
        mac = outbox_mac(organisation)
        insert_rows(session, Outbox, [{**entry, "mac": mac.of(entry["leaf"])} for entry, _ in rows])
        insert_rows(session, Payload, [payload for _, payload in rows])


def actor_label(organisation: SubjectCipher, actor: str, in_month: str) -> str:
    return organisation.tag_text(f"audit-actor|{actor}|{in_month}")


def subject_label(cipher: SubjectCipher, in_month: str) -> str:
    return cipher.tag_text(f"audit-tag|{in_month}")


def _keys(
    session: Session, vault: Vault, wanted: set[str], ciphers: Ciphers, *, evidence: bool
) -> dict[str, tuple[str, SubjectCipher]]:
    """Each person's data key; the evidence key where it is asked for, or where an erasure left only that. Those whose
    keys are all gone are absent."""
    if wanted <= ciphers.keys():
        return {i: (EVIDENCE if evidence else DATA, ciphers[i]) for i in wanted}
    vault.hold(session, wanted, erased=evidence)
    found: dict[str, tuple[str, SubjectCipher]] = {}
    for use in (EVIDENCE,) if evidence else (DATA, EVIDENCE):
        missing = wanted - found.keys()
        if missing:
            found.update({i: (use, c) for i, c in vault.ciphers(session, missing, use).items()})
    missing = wanted - found.keys()
    if missing and missing != vault.keyless(session, missing):
        raise NotFound("A log entry speaks of a subject that is not there.")
    return found
