"""The suppression list: addresses of people who were erased, objected or unsubscribed, as keyed hashes.

It outlives an erasure, so that an address that somebody imports again is refused (Art. 17(3)(b), 21(3), recital 65
GDPR). No personal data: who has no key cannot tell an address from it, and no entry says whose it was.
"""

import enum
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.consent.tables import Suppression
from privacy_svc.db import insert_rows
from privacy_svc.http import Contact
from privacy_svc.policy import DIRECT_MARKETING, Purpose, and_above
from privacy_svc.vault import AddressDigest, Vault

ALL = "all"
CHUNK = 500


class Cause(enum.StrEnum):
    """Why an address is on the list."""

    ERASURE = "erasure"
    OBJECTION = "objection"
    UNSUBSCRIBE = "unsubscribe"


def scopes_of(purpose: Purpose) -> frozenset[str]:
    """The entries that keep an address from being used for this purpose."""
    wider = {ALL, DIRECT_MARKETING} if purpose.direct_marketing else {ALL}
    return frozenset({*wider, *and_above(purpose.key)})


def digests(session: Session, vault: Vault, contacts: Iterable[Contact]) -> list[AddressDigest]:
    """What the list keeps of these addresses. Raises KeyUnavailable."""
    return vault.address_hasher(session, write=True).newest(contacts)


def enlist(
    session: Session, log: Log, addresses: Sequence[AddressDigest], scope: str, cause: Cause, actor: str, at: datetime
) -> int:
    """From the commit on; how many were not there yet, with one log entry. `since` of what stands is kept."""
    wanted = dict.fromkeys(addresses)
    there = select(Suppression.digest).where(Suppression.scope == scope)
    known = set(session.scalars(there.where(Suppression.digest.in_([a.digest for a in wanted]))))
    added = _add(session, [a for a in wanted if a.digest not in known], scope, cause, at)
    if added:
        payload = {"scope": scope, "reason": str(cause), "addresses": added}
        log.append(session, EventType.ADDRESS_SUPPRESSED, actor=actor, payload=payload)
    return added


def _add(session: Session, addresses: Sequence[AddressDigest], scope: str, cause: Cause, at: datetime) -> int:
    rows = [
        {
            "digest": a.digest,
            "scope": scope,
            "kind": a.kind,
            "generation": a.generation,
            "reason": str(cause),
            "since": at,
        }
        for a in addresses
    ]
    if not rows:
        return 0
    try:
        with session.begin_nested():
            insert_rows(session, Suppression, rows)
    except IntegrityError:  # another transaction noted one of them at this moment
        return sum(_add(session, [a], scope, cause, at) for a in addresses) if len(addresses) > 1 else 0
    return len(rows)


def follow_address(
    session: Session, vault: Vault, log: Log, old: Contact, new: Contact, actor: str, at: datetime
) -> None:
    """Somebody is reached at another address now: what they said about the old one holds for it too."""
    scopes = scopes_by_address(session, vault, [old]).get(old, frozenset())
    for scope in sorted(scopes - {ALL}):
        enlist(session, log, digests(session, vault, [new]), scope, Cause.OBJECTION, actor, at)


def release(
    session: Session,
    vault: Vault,
    log: Log,
    contacts: Iterable[Contact],
    scopes: Iterable[str],
    actor: str,
    because: str,
) -> int:
    """The entries of these addresses under these scopes go; how many, with one log entry. `because` names a record."""
    hasher = vault.address_hasher(session)
    mine = [d.digest for kind, value in contacts for d in hasher.of(kind, value)]
    gone = delete(Suppression).where(Suppression.digest.in_(mine), Suppression.scope.in_(list(scopes)))
    count = session.connection().execute(gone).rowcount
    if count:
        payload = {"scopes": sorted(scopes), "entries": count, "because": because}
        log.append(session, EventType.ADDRESS_RELEASED, actor=actor, payload=payload)
    return count


def is_empty(session: Session) -> bool:
    return session.scalar(select(Suppression.scope).limit(1)) is None


def scopes_by_address(session: Session, vault: Vault, contacts: Iterable[Contact]) -> Mapping[Contact, frozenset[str]]:
    """Under which scopes each address is suppressed; those that are not are absent. Raises KeyUnavailable."""
    if is_empty(session):
        return {}
    hasher = vault.address_hasher(session)
    of = {contact: [d.digest for d in hasher.of(*contact)] for contact in dict.fromkeys(contacts)}
    scopes = _scopes(session, [d for ds in of.values() for d in ds])
    found = {c: frozenset(s for d in ds for s in scopes.get(d, ())) for c, ds in of.items()}
    return {contact: under for contact, under in found.items() if under}


def _scopes(session: Session, wanted: Sequence[bytes]) -> dict[bytes, list[str]]:
    found: dict[bytes, list[str]] = {}
    for start in range(0, len(wanted), CHUNK):
        chunk = Suppression.digest.in_(wanted[start : start + CHUNK])
        for digest, scope in session.execute(select(Suppression.digest, Suppression.scope).where(chunk)):
            found.setdefault(digest, []).append(scope)
    return found


def counts(session: Session) -> list[dict[str, Any]]:
    """Entries by kind, scope and reason, with the oldest and the newest."""
    by = (Suppression.kind, Suppression.scope, Suppression.reason)
    columns = (func.count(), func.min(Suppression.since), func.max(Suppression.since))
    names = ("kind", "scope", "reason", "entries", "oldest", "newest")
    rows = session.execute(select(*by, *columns).group_by(*by).order_by(*by))
    return [dict(zip(names, row, strict=True)) for row in rows]
