"""The suppression list: addresses of people who were erased, objected or unsubscribed, as keyed hashes.

It outlives an erasure, so that an address that somebody imports again is refused (Art. 17(3)(b), 21(3), recital 65
GDPR). No personal data: who has no key can tell neither an address from it nor whose it was.

People share addresses. Each has entries of their own, one for each reason, and an address is free once the last went.
Those of who was erased are nobody's, so that nothing leads from the person to the address any more.
"""

import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import delete, distinct, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.consent.tables import NOBODY, Suppression
from privacy_svc.db import insert_rows, now
from privacy_svc.http import Contact
from privacy_svc.policy import DIRECT_MARKETING, Purpose, and_above
from privacy_svc.vault import AddressDigest, AddressHasher, Vault

ALL = "all"
CHUNK = 500
_ENTRY = (Suppression.scope, Suppression.owner, Suppression.reason, Suppression.since, Suppression.import_id)


class Cause(enum.StrEnum):
    """Why an address is on the list."""

    ERASURE = "erasure"
    OBJECTION = "objection"
    UNSUBSCRIBE = "unsubscribe"


class Owned(NamedTuple):
    """An address, and the tag of the person for whom it is noted."""

    address: AddressDigest
    owner: bytes


class Entry(NamedTuple):
    """Why an address is not to be used."""

    scope: str
    owner: bytes
    reason: str
    since: datetime
    import_id: str | None


def scopes_of(purpose: Purpose) -> frozenset[str]:
    """The entries that keep an address from being used for this purpose."""
    wider = {ALL, DIRECT_MARKETING} if purpose.direct_marketing else {ALL}
    return frozenset({*wider, *and_above(purpose.key)})


def digests(session: Session, vault: Vault, contacts: Iterable[Contact]) -> list[AddressDigest]:
    """What the list keeps of these addresses. Raises KeyUnavailable."""
    return vault.address_hasher(session, write=True).newest(contacts)


def owned(hasher: AddressHasher, subject_id: str, contacts: Iterable[Contact]) -> list[Owned]:
    """What the list keeps of one person's addresses."""
    owner = hasher.owners(subject_id)[-1]
    return [Owned(address, owner) for address in hasher.newest(contacts)]


def owners(session: Session, vault: Vault, subject_id: str) -> list[bytes]:
    """The tags that a person's entries have. Raises KeyUnavailable."""
    return vault.address_hasher(session).owners(subject_id)


def enlist(
    session: Session,
    log: Log,
    wanted: Iterable[Owned],
    scope: str,
    cause: Cause,
    actor: str,
    at: datetime,
    import_id: str | None = None,
) -> int:
    """From the commit on; how many entries were not there yet, with one log entry. `since` of what stands is kept.
    Without `import_id` they are no import's any more."""
    left = iter(dict.fromkeys(wanted))
    added = 0
    while some := list(islice(left, CHUNK)):
        there = select(Suppression.digest, Suppression.owner).where(
            Suppression.scope == scope, Suppression.reason == cause.value
        )
        found = session.execute(there.where(Suppression.digest.in_([o.address.digest for o in some])))
        known = {(digest, owner) for digest, owner in found}
        new = [o for o in some if (o.address.digest, o.owner) not in known]
        added += _add(session, new, scope, cause, at, import_id)
        if import_id is None and len(new) < len(some):
            _said_here(session, some, scope, cause)
    if added:
        payload = {"scope": scope, "reason": str(cause), "addresses": added}
        log.append(session, EventType.ADDRESS_SUPPRESSED, actor=actor, payload=payload)
    return added


def enlist_theirs(
    session: Session,
    vault: Vault,
    log: Log,
    subject_id: str,
    contacts: Iterable[Contact],
    scope: str,
    cause: Cause,
    actor: str,
) -> int:
    """`enlist` for one person's addresses. Raises KeyUnavailable."""
    found = owned(vault.address_hasher(session, write=True), subject_id, contacts)
    return enlist(session, log, found, scope, cause, actor, now())


def enlist_erased(session: Session, log: Log, addresses: Iterable[AddressDigest], actor: str, at: datetime) -> int:
    """`enlist` for everything, and for nobody who could be found by it."""
    return enlist(session, log, [Owned(a, NOBODY) for a in addresses], ALL, Cause.ERASURE, actor, at)


def _said_here(session: Session, some: Sequence[Owned], scope: str, cause: Cause) -> None:
    theirs = (Suppression.digest.in_([o.address.digest for o in some]), Suppression.owner.in_({o.owner for o in some}))
    where = (*theirs, Suppression.scope == scope, Suppression.reason == cause.value, Suppression.import_id.is_not(None))
    session.execute(update(Suppression).where(*where).values(import_id=None))


def _add(
    session: Session, wanted: Sequence[Owned], scope: str, cause: Cause, at: datetime, import_id: str | None
) -> int:
    rows = [
        {
            "digest": address.digest,
            "scope": scope,
            "owner": owner,
            "reason": str(cause),
            "kind": address.kind,
            "generation": address.generation,
            "since": at,
            "import_id": import_id,
        }
        for address, owner in wanted
    ]
    if not rows:
        return 0
    try:
        with session.begin_nested():
            insert_rows(session, Suppression, rows)
    except IntegrityError:  # another transaction noted one of them at this moment
        return sum(_add(session, [o], scope, cause, at, import_id) for o in wanted) if len(wanted) > 1 else 0
    return len(rows)


def disown(session: Session, log: Log, tags: Collection[bytes], actor: str) -> None:
    """At the person's erasure: what stood for them goes on standing, as the erasure's and nobody's."""
    mine = Suppression.owner.in_(tags)
    by_scope: dict[tuple[str, datetime], list[Owned]] = {}
    for row in session.scalars(select(Suppression).where(mine)) if tags else ():
        address = AddressDigest(row.kind, row.generation, row.digest)
        by_scope.setdefault((row.scope, row.since), []).append(Owned(address, NOBODY))
    for (scope, since), found in by_scope.items():
        enlist(session, log, found, scope, Cause.ERASURE, actor, since)
    session.execute(delete(Suppression).where(mine))


def follow_address(
    session: Session, vault: Vault, log: Log, subject_id: str, old: Contact, new: Contact, actor: str, at: datetime
) -> None:
    """Somebody is reached at another address now: what they said about the old one holds for it too. So does what
    somebody said of whom nobody knows any more whether it was they, unless they were erased."""
    found = entries_of(session, vault, [old]).get(old, ())
    if not found:
        return
    hasher = vault.address_hasher(session, write=True)
    theirs = {NOBODY, *hasher.owners(subject_id)}
    said = {(e.scope, e.reason) for e in found if e.owner in theirs and e.reason != Cause.ERASURE}
    for scope, reason in sorted(said):
        enlist(session, log, owned(hasher, subject_id, [new]), scope, Cause(reason), actor, at)


def is_empty(session: Session) -> bool:
    return session.scalar(select(Suppression.scope).limit(1)) is None


def entries_of(session: Session, vault: Vault, contacts: Iterable[Contact]) -> Mapping[Contact, Sequence[Entry]]:
    """What stands against each address; those against which nothing does are absent. Raises KeyUnavailable."""
    if is_empty(session):
        return {}
    hasher = vault.address_hasher(session)
    of = {contact: [d.digest for d in hasher.of(*contact)] for contact in dict.fromkeys(contacts)}
    entries = _entries(session, [d for ds in of.values() for d in ds])
    found = {c: [e for d in ds for e in entries.get(d, ())] for c, ds in of.items()}
    return {contact: against for contact, against in found.items() if against}


def entries_for(session: Session, vault: Vault, subject_ids: Iterable[str]) -> Mapping[str, Sequence[Entry]]:
    """What stands for each of these people, at whatever address: theirs may have changed since. Those for whom nothing
    does are absent. Raises KeyUnavailable."""
    hasher = vault.address_hasher(session)
    whose = {tag: subject_id for subject_id in dict.fromkeys(subject_ids) for tag in hasher.owners(subject_id)}
    found: dict[str, list[Entry]] = {}
    left = iter(whose)
    while some := list(islice(left, CHUNK)):
        for row in session.execute(select(*_ENTRY).where(Suppression.owner.in_(some))):
            entry = Entry(*row)
            found.setdefault(whose[entry.owner], []).append(entry)
    return found


def scopes_by_address(session: Session, vault: Vault, contacts: Iterable[Contact]) -> Mapping[Contact, frozenset[str]]:
    """Under which scopes each address is suppressed; those that are not are absent. Raises KeyUnavailable."""
    found = entries_of(session, vault, contacts)
    return {contact: frozenset(e.scope for e in against) for contact, against in found.items()}


def _entries(session: Session, wanted: Sequence[bytes]) -> dict[bytes, list[Entry]]:
    found: dict[bytes, list[Entry]] = {}
    for start in range(0, len(wanted), CHUNK):
        chunk = Suppression.digest.in_(wanted[start : start + CHUNK])
        for row in session.execute(select(Suppression.digest, *_ENTRY).where(chunk)):
            found.setdefault(row[0], []).append(Entry(*row[1:]))
    return found


def counts(session: Session) -> list[dict[str, Any]]:
    """Addresses by kind, scope and reason, with the oldest and the newest entry."""
    by = (Suppression.kind, Suppression.scope, Suppression.reason)
    columns = (func.count(distinct(Suppression.digest)), func.min(Suppression.since), func.max(Suppression.since))
    names = ("kind", "scope", "reason", "entries", "oldest", "newest")
    rows = session.execute(select(*by, *columns).group_by(*by).order_by(*by))
    return [dict(zip(names, row, strict=True)) for row in rows]
