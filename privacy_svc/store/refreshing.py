"""Looking again at what the stores tell: of one person after a change through us, of everybody for what the CRM
changed by itself. Everybody is looked at in turn, in ranges of keys, by whichever worker is free; where it stands is
kept, so a worker that ends loses nothing."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log
from privacy_svc.db import now
from privacy_svc.policy import Collection
from privacy_svc.store import subjects
from privacy_svc.store.facts import FactReader, told_of
from privacy_svc.store.keeping import keep
from privacy_svc.store.model import FactWalk, SubjectRow
from privacy_svc.store.sealer import Sealer

RANGE = 1_000
"""People looked at in one transaction."""
RANGES = 20
"""In one go of the worker."""
EVERY = timedelta(hours=1)
"""How long after a round ended the next begins."""


def keep_person(session: Session, reader: FactReader, log: Log, subject_id: str, actor: str) -> None:
    """After a change in the store. Raises StoreUnavailable, KeyUnavailable."""
    rows = subjects.rows_of(session, subject_id)
    for person in reader.policies.data_map.identities():
        here = subjects.known_as(session, person)
        keep(session, reader, log, person, {k: subject_id for d, c, k in rows if (d, c) == here}, actor)


def refresh_facts(sealer: Sealer, ranges: int = RANGES) -> int:
    """The next ranges that are due; how many people changed. Raises StoreUnavailable: nothing of that range changed."""
    changed = 0
    for person in sealer.policies.data_map.identities():
        while ranges and told_of(sealer.policies, person):
            ranges -= 1
            found = _refresh_range(sealer, person)
            if found is None:
                break
            changed += found
    return changed


def _refresh_range(sealer: Sealer, person: Collection) -> int | None:
    """How many of them changed; None where the collection's round has ended."""
    with sealer.database.write() as session:
        dataset, name = subjects.known_as(session, person)
        walk = session.get(FactWalk, (dataset, name), with_for_update=True)
        if walk is None:
            walk = FactWalk(dataset=dataset, collection=name, after="")
            session.add(walk)
        if walk.ended_at is not None:
            if now() - walk.ended_at < EVERY:
                return None
            walk.ended_at, walk.after = None, ""
        mine = (SubjectRow.dataset == dataset, SubjectRow.collection == name, SubjectRow.key > walk.after)
        some = select(SubjectRow.key, SubjectRow.subject_id).where(*mine).order_by(SubjectRow.key).limit(RANGE)
        subject_of: dict[str, str] = dict(session.execute(some).all())
        if not subject_of:
            walk.ended_at = now()
            return None
        changed = keep(session, sealer.facts, sealer.log, person, subject_of, sealer.actor)
        walk.after = list(subject_of)[-1]
        return changed
