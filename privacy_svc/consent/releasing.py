"""What goes from the suppression list: somebody's own entries, what an erasure left, what nobody can be asked about.

Each time it is logged, under which scopes and why; never which address.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.consent.suppression import CHUNK, Cause
from privacy_svc.consent.tables import NOBODY, Suppression
from privacy_svc.http import Contact
from privacy_svc.vault import Vault


class Released(NamedTuple):
    """Entries of an address that went, and that still stand."""

    released: int
    left: int


def release(
    session: Session,
    log: Log,
    tags: Collection[bytes],
    scopes: Mapping[Cause, Collection[str]],
    actor: str,
    because: str,
) -> int:
    """One person's entries go, by reason, at whatever address; how many, with one log entry. `because` names a
    record."""
    count = 0
    for cause, under in scopes.items():
        where = (Suppression.owner.in_(tags), Suppression.reason == cause.value, Suppression.scope.in_(under))
        count += session.connection().execute(delete(Suppression).where(*where)).rowcount
    _log_release(session, log, {s for under in scopes.values() for s in under}, count, actor, because)
    return count


def release_erased(
    session: Session,
    vault: Vault,
    log: Log,
    contacts: Iterable[Contact],
    scopes: Collection[str],
    actor: str,
    because: str,
) -> int:
    """What people who were erased left at these addresses goes; how many entries. Nobody else could take it back."""
    hasher = vault.address_hasher(session)
    mine = [d.digest for kind, value in contacts for d in hasher.of(kind, value)]
    where = (Suppression.owner == NOBODY, Suppression.reason == Cause.ERASURE.value, Suppression.scope.in_(scopes))
    gone = delete(Suppression).where(Suppression.digest.in_(mine), *where)
    count = session.connection().execute(gone).rowcount
    _log_release(session, log, scopes, count, actor, because)
    return count


def release_unowned(session: Session, vault: Vault, log: Log, contact: Contact, actor: str, because: str) -> Released:
    """Entries of one address go of which nobody knows whose they are, for they are from before entries had owners: no
    word of a person could reach them. What people who were erased left stands, as does what somebody said. `because`:
    what staff know. Raises KeyUnavailable."""
    mine = Suppression.digest.in_([d.digest for d in vault.address_hasher(session).of(*contact)])
    unowned = (mine, Suppression.owner == NOBODY, Suppression.reason != Cause.ERASURE.value)
    scopes = set(session.scalars(select(Suppression.scope).where(*unowned)))
    count = session.connection().execute(delete(Suppression).where(*unowned)).rowcount
    _log_release(session, log, scopes, count, actor, because)
    left = session.scalar(select(func.count()).select_from(Suppression).where(mine))
    return Released(count, left or 0)


def release_imported(session: Session, log: Log, tags: Sequence[bytes], scope: str, import_id: str, actor: str) -> int:
    """What this import alone put there for these people, who agreed again since; how many entries."""
    count = 0
    for start in range(0, len(tags), CHUNK):
        some = tags[start : start + CHUNK]
        mine = (Suppression.owner.in_(some), Suppression.reason == Cause.UNSUBSCRIBE.value)
        where = (*mine, Suppression.scope == scope, Suppression.import_id == import_id)
        count += session.connection().execute(delete(Suppression).where(*where)).rowcount
    _log_release(session, log, [scope], count, actor, f"import {import_id}")
    return count


def _log_release(session: Session, log: Log, scopes: Iterable[str], count: int, actor: str, because: str) -> None:
    if count:
        payload = {"scopes": sorted(scopes), "entries": count, "because": because}
        log.append(session, EventType.ADDRESS_RELEASED, actor=actor, payload=payload)
