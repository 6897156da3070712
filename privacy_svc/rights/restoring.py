"""After a restore: what was erased since the backup is erased again, in our database and in the stores.

A backup of the privacy database brings back keys, log payloads and packages; one of a store brings back values that
erasure nulled, replaced or deleted. Both are repeated from the fence ledger, as often as needed: what is gone
already stays gone. What a restored store or key tells again of somebody is looked for in everybody's texts, as after an
erasure: what was taken out then is taken out again, and what is left is told.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Theirs
from privacy_svc.consent import disown, enlist_erased, invalidate_all, owners, renew
from privacy_svc.db import Database, now
from privacy_svc.errors import KeyUnavailable, NotFound
from privacy_svc.policy import surely_before
from privacy_svc.rights import evidence, holds, leftovers
from privacy_svc.rights.erasing import forget
from privacy_svc.rights.parts import WORKER, Parts
from privacy_svc.rights.readmission import AGAIN
from privacy_svc.store import (
    Known,
    Leftover,
    Searched,
    Sweep,
    erase_subject,
    known_again,
    link_rows,
    read_back,
)
from privacy_svc.vault import AddressDigest, Fence, Kind, Line, Subject, Tampered, Told

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Remains:
    """A place at which an erased person's values still stand: take them out there, or see whose they are."""

    subject: str
    place: str
    rows: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """`entries` of the ledger the database lacked, `erasures` among them; `keys` given back from the key snapshot,
    `lost` keys that nothing opens any more; `logged` entries the audit log took back, `told` of them erasures; `untold`
    erasures, also of earlier restores, that only the log knows of; `undone` people whose erasure single rows of a
    backup had undone, erased again; `cleaned` erased people whose rows in the stores were gone over; `searched` those
    of them whose values were back, and `left` where they still stand. `ended` consents that people may have taken back
    since the backup, people `restricted` again, and who `objected` to what has to be asked."""

    entries: int
    erasures: int
    keys: int
    lost: int
    logged: int
    told: int
    untold: int
    undone: int
    cleaned: int
    searched: int = 0
    left: tuple[Remains, ...] = ()
    ended: int = 0
    restricted: int = 0
    objected: tuple[str, ...] = ()


def replay(database: Database, parts: Parts, actor: str, progress: Progress) -> Replayed:
    """Raises Misconfigured where the ledger is broken, KeyUnavailable, StoreUnavailable; can be run again."""
    with database.write() as session:
        lines, recovered = parts.vault.relearn_keys(session)
    with database.write() as session:
        kept = parts.organisation.log_kept
        over = None if kept is None else surely_before(now(), kept)
        log = parts.log.relearn(session, over, holds.held(session, parts.log), actor=actor)
    again = {line.body["subject_id"]: line.number for line in lines if line.kind is Kind.READMISSION}
    known: dict[str, Known] = {}
    for count, line in enumerate(lines, 1):
        came_back = again.get(line.body.get("subject_id"), 0) > line.number
        _repeat(database, parts, line, known, clean=not came_back)
        progress("ledger", count, len(lines))
    undone = _reinstate(database, parts, known, progress)
    cleaned = _clean_stores(database, parts, known, progress)
    left = _search(database, parts, known)
    erasures = sum(line.kind is Kind.FENCE for line in lines)
    logged = log.until - log.first
    with database.write() as session:
        untold = parts.log.untold_erasures(session, _erased(session))
        wishes = renew(session, parts.log, WORKER, now())
        told = (logged, log.erasures, untold, undone, cleaned, len(known), left)
        done = Replayed(len(lines), erasures, recovered.keys, recovered.lost, *told, *astuple(wishes))
        payload: dict[str, Any] = {"fences": done.entries, "erasures": erasures, "keys": done.keys}
        payload |= {name: count for name, count in (("untold", untold), ("undone", undone)) if count}
        payload |= {
            name: count for name, count in (("ended", wishes.ended), ("restricted", wishes.restricted)) if count
        }
        payload |= {"objected": len(wishes.objected)} if wishes.objected else {}
        payload |= {"left": sorted({remains.place for remains in left})} if left else {}
        parts.log.append(session, EventType.RESTORE_REPLAYED, actor=actor, payload=payload)
    return done


def _erased(session: Session) -> dict[str, datetime]:
    """Everybody who ever was, also who came back, with the time of their last erasure."""
    rows = session.execute(select(Fence.subject_id, Fence.at))
    return {row.subject_id: row.at for row in rows}


def _repeat(database: Database, parts: Parts, line: Line, known: dict[str, Known], *, clean: bool) -> None:
    """The stores first, as in an erasure: what is kept by law is sealed anew while its key still opens it. Not where
    the person was re-admitted since: what the stores hold of them now may be of after that (`clean`)."""
    subject_id = str(line.body.get("subject_id"))
    if line.kind is Kind.FENCE and clean:
        with database.read() as session, suppress(KeyUnavailable, NotFound):
            _erase(session, parts, subject_id, known)
    with database.write() as session:
        theirs = _theirs(session, parts, subject_id, "data") if line.kind is Kind.FENCE else None
        kept = _theirs(session, parts, subject_id, evidence.EVIDENCE) if line.kind is Kind.EVIDENCE_ENDED else None
        parts.vault.repeat(session, line)
        if line.kind is Kind.READMISSION and session.get(Subject, subject_id) is not None:
            invalidate_all(session, parts.log, subject_id, WORKER, now(), AGAIN)
        if line.kind is Kind.SUPPRESSED:
            found = [AddressDigest(k, g, bytes.fromhex(d)) for k, g, d in line.body["addresses"]]
            enlist_erased(session, parts.log, found, WORKER, line.at)
        if kept is not None:
            evidence.forget(session, parts, kept, WORKER)
        if theirs is not None:
            with suppress(KeyUnavailable):
                disown(session, parts.log, owners(session, parts.vault, subject_id), WORKER)
            link_rows(session, subject_id, line.body.get("rows", ()))
            forget(session, parts, theirs)


def _erase(session: Session, parts: Parts, subject_id: str, known: dict[str, Known]) -> None:
    """With what they are known by, as long as it can still be read."""
    where = (session, parts.stores, parts.vault, parts.policy, subject_id)
    found = known_again(*where)
    if found is not None:
        known[subject_id] = known[subject_id].with_(found) if subject_id in known else found
    erase_subject(*where, known.get(subject_id))


def _theirs(session: Session, parts: Parts, subject_id: str, use: str) -> Theirs:
    """By their tags while a key of the backup still makes them."""
    with suppress(KeyUnavailable, NotFound, Tampered):
        found = parts.log.theirs(session, subject_id, use)
        if found.cipher is not None:
            return found
    return Theirs(subject_id, None, use, believed=True)


def _reinstate(database: Database, parts: Parts, known: dict[str, Known], progress: Progress) -> int:
    """After all that the database lacked is repeated: what it knows of, and does not hold to. How many people."""
    with database.read() as session:
        found = parts.vault.told_of_undone(session)
    for count, person in enumerate(found, 1):
        _erase_again(database, parts, person, known)
        progress("erasures undone", count, len(found))
    if found:
        with suppress(KeyUnavailable):
            parts.vault.replace_all_due(database)
    return len(found)


def _erase_again(database: Database, parts: Parts, person: Told, known: dict[str, Known]) -> None:
    """As in `_repeat`; of who came back no more than the keys of before goes."""
    gone = person.readmitted_at is None
    if gone:
        with database.read() as session, suppress(KeyUnavailable, NotFound, Tampered):
            _erase(session, parts, person.subject_id, known)
    with database.write() as session:
        theirs = _theirs(session, parts, person.subject_id, "data")
        kept = _theirs(session, parts, person.subject_id, evidence.EVIDENCE)
        parts.vault.reinstate(session, person)
        if gone:
            link_rows(session, person.subject_id, person.rows)
            forget(session, parts, theirs)
        if gone and person.evidence_ended_at is not None:
            evidence.forget(session, parts, kept, WORKER)


def _clean_stores(database: Database, parts: Parts, known: dict[str, Known], progress: Progress) -> int:
    """Everybody who is erased, not only the newly repeated: a store may have been restored alone."""
    with database.read() as session:
        fenced = list(session.scalars(select(Fence.subject_id).where(Fence.readmitted_at.is_(None))))
    for count, subject_id in enumerate(fenced, 1):
        with database.read() as session:
            _erase(session, parts, subject_id, known)
        progress("erased people", count, len(fenced))
    return len(fenced)


def _search(database: Database, parts: Parts, known: dict[str, Known]) -> tuple[Remains, ...]:
    """Everybody's texts, once for all whose values were back. As was decided after their erasure; what nobody decided
    about is left and told."""
    if not known:
        return ()
    people: dict[str, Searched] = {}
    with database.read() as session:
        for subject_id, values in known.items():
            people[subject_id] = Searched(subject_id, values, leftovers.decided_about(session, subject_id))
    own = {who: _own_left(database, parts, one) for who, one in people.items()}
    sweep = Sweep(database, parts.stores, parts.vault, parts.policy, people)
    sweep.run()
    all_of = {who: (*own[who], *sweep.left(who)) for who in people}
    found = [(w, left) for w, one in people.items() for x in all_of[w] if (left := one.decided.left(x))]
    rows: dict[tuple[str, str], int] = {}
    for who, left in found:
        rows[who, left.place] = max(rows.get((who, left.place), 0), left.rows)
    return tuple(Remains(who, place, n) for (who, place), n in sorted(rows.items()))


def _own_left(database: Database, parts: Parts, person: Searched) -> Sequence[Leftover]:
    with database.read() as session:
        where = (session, parts.stores, parts.vault, parts.policy)
        return read_back(*where, person.subject_id, person.known, person.decided)[0]
