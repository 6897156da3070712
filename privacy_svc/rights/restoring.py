"""After a restore: what was erased since the backup is erased again, in our database and in the stores.

A backup of the privacy database brings back keys, log payloads and packages; one of a store brings back values that
erasure nulled, replaced or deleted. Both are repeated from the fence ledger, as often as needed: what is gone
already stays gone.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Theirs
from privacy_svc.consent import SUPPRESS_ALL, Cause, enlist
from privacy_svc.db import Database
from privacy_svc.errors import KeyUnavailable, NotFound
from privacy_svc.rights import evidence
from privacy_svc.rights.erasing import forget
from privacy_svc.rights.parts import WORKER, Parts
from privacy_svc.store import erase_subject, link_rows
from privacy_svc.vault import AddressDigest, Fence, Kind, Line, Tampered, Told

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Replayed:
    """`entries` of the ledger the database lacked, `erasures` among them; `keys` given back from the key snapshot,
    `lost` keys that nothing opens any more; `logged` entries the audit log took back, `told` of them erasures; `untold`
    erasures, also of earlier restores, that only the log knows of; `undone` people whose erasure single rows of a
    backup had undone, erased again; `cleaned` erased people whose rows in the stores were gone over."""

    entries: int
    erasures: int
    keys: int
    lost: int
    logged: int
    told: int
    untold: int
    undone: int
    cleaned: int


def replay(database: Database, parts: Parts, actor: str, progress: Progress) -> Replayed:
    """Raises Misconfigured where the ledger is broken, KeyUnavailable, StoreUnavailable; can be run again."""
    with database.write() as session:
        lines, recovered = parts.vault.relearn_keys(session)
    with database.write() as session:
        log = parts.log.relearn(session, actor=actor)
    again = {line.body["subject_id"]: line.number for line in lines if line.kind is Kind.READMISSION}
    for count, line in enumerate(lines, 1):
        came_back = again.get(line.body.get("subject_id"), 0) > line.number
        _repeat(database, parts, line, clean=not came_back)
        progress("ledger", count, len(lines))
    undone = _reinstate(database, parts, progress)
    cleaned = _clean_stores(database, parts, progress)
    erasures = sum(line.kind is Kind.FENCE for line in lines)
    logged = log.until - log.first
    with database.write() as session:
        untold = parts.log.untold_erasures(session, _erased(session))
        done = Replayed(
            len(lines), erasures, recovered.keys, recovered.lost, logged, log.erasures, untold, undone, cleaned
        )
        payload = {"fences": done.entries, "erasures": erasures, "keys": done.keys}
        payload |= {name: count for name, count in (("untold", untold), ("undone", undone)) if count}
        parts.log.append(session, EventType.RESTORE_REPLAYED, actor=actor, payload=payload)
    return done


def _erased(session: Session) -> dict[str, datetime]:
    """Everybody who ever was, also who came back, with the time of their last erasure."""
    rows = session.execute(select(Fence.subject_id, Fence.at))
    return {row.subject_id: row.at for row in rows}


def _repeat(database: Database, parts: Parts, line: Line, *, clean: bool) -> None:
    """The stores first, as in an erasure: what is kept by law is sealed anew while its key still opens it. Not where
    the person was re-admitted since: what the stores hold of them now may be of after that (`clean`)."""
    subject_id = str(line.body.get("subject_id"))
    if line.kind is Kind.FENCE and clean:
        with database.read() as session, suppress(KeyUnavailable, NotFound):
            erase_subject(session, parts.stores, parts.vault, parts.policy, subject_id)
    with database.write() as session:
        theirs = _theirs(session, parts, subject_id, "data") if line.kind is Kind.FENCE else None
        kept = _theirs(session, parts, subject_id, evidence.EVIDENCE) if line.kind is Kind.EVIDENCE_ENDED else None
        parts.vault.repeat(session, line)
        if line.kind is Kind.SUPPRESSED:
            found = [AddressDigest(k, g, bytes.fromhex(d)) for k, g, d in line.body["addresses"]]
            enlist(session, parts.log, found, SUPPRESS_ALL, Cause.ERASURE, WORKER, line.at)
        if kept is not None:
            evidence.forget(session, parts, kept, WORKER)
        if theirs is not None:
            link_rows(session, subject_id, line.body.get("rows", ()))
            forget(session, parts, theirs)


def _theirs(session: Session, parts: Parts, subject_id: str, use: str) -> Theirs:
    """By their tags while a key of the backup still makes them."""
    with suppress(KeyUnavailable, NotFound, Tampered):
        found = parts.log.theirs(session, subject_id, use)
        if found.cipher is not None:
            return found
    return Theirs(subject_id, None, use, believed=True)


def _reinstate(database: Database, parts: Parts, progress: Progress) -> int:
    """After all that the database lacked is repeated: what it knows of, and does not hold to. How many people."""
    with database.read() as session:
        found = parts.vault.told_of_undone(session)
    for count, person in enumerate(found, 1):
        _erase_again(database, parts, person)
        progress("erasures undone", count, len(found))
    if found:
        with suppress(KeyUnavailable):
            parts.vault.replace_all_due(database)
    return len(found)


def _erase_again(database: Database, parts: Parts, person: Told) -> None:
    """As in `_repeat`; of who came back no more than the keys of before goes."""
    gone = person.readmitted_at is None
    if gone:
        with database.read() as session, suppress(KeyUnavailable, NotFound, Tampered):
            erase_subject(session, parts.stores, parts.vault, parts.policy, person.subject_id)
    with database.write() as session:
        theirs = _theirs(session, parts, person.subject_id, "data")
        kept = _theirs(session, parts, person.subject_id, evidence.EVIDENCE)
        parts.vault.reinstate(session, person)
        if gone:
            link_rows(session, person.subject_id, person.rows)
            forget(session, parts, theirs)
        if gone and person.evidence_ended_at is not None:
            evidence.forget(session, parts, kept, WORKER)


def _clean_stores(database: Database, parts: Parts, progress: Progress) -> int:
    """Everybody who is erased, not only the newly repeated: a store may have been restored alone."""
    with database.read() as session:
        fenced = list(session.scalars(select(Fence.subject_id).where(Fence.readmitted_at.is_(None))))
    for count, subject_id in enumerate(fenced, 1):
        with database.read() as session:
            erase_subject(session, parts.stores, parts.vault, parts.policy, subject_id)
        progress("erased people", count, len(fenced))
    return len(fenced)
