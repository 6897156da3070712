"""Erasures that only the log knows of: a restored database lacks them, and so does the ledger that was replayed.

It is told by what stands in the log, so that a replay says it again until those people are erased: the entry of an
erasure came back without its payload, and its tag is of nobody who is erased.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.appending import subject_label
from privacy_svc.auditlog.entry import Envelope, month
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.model import Entry, Payload
from privacy_svc.auditlog.opening import EVIDENCE, living
from privacy_svc.auditlog.tombstones import LOST
from privacy_svc.vault import Vault

SAME = timedelta(minutes=10)
"""An erasure and its entry are one transaction: their times are nearer than this, also where the clock is set."""
_LOST = (
    select(Entry.leaf)
    .join(Payload, Payload.entry_id == Entry.id)
    .where(Entry.type == EventType.SUBJECT_ERASED, Payload.use == LOST)
)


def untold_erasures(session: Session, vault: Vault, erased: Mapping[str, datetime]) -> int:
    """How many. `erased`: when each person was erased last. Whose an entry is, their evidence key tells; where that has
    ended too, the time of the erasure."""
    told = [(e.subject, datetime.fromisoformat(e.time)) for e in map(Envelope.decode, session.scalars(_LOST))]
    if not told:
        return 0
    ciphers = living(session, vault, erased, EVIDENCE)
    last: dict[str | None, datetime] = {}
    for in_month in {month(at) for _, at in told}:
        last |= {subject_label(cipher, in_month): erased[person] for person, cipher in ciphers.items()}
    untold = [at for subject, at in told if subject not in last or at > last[subject] + SAME]
    for keyless in erased.keys() - ciphers.keys():
        near = [at for at in untold if abs(at - erased[keyless]) <= SAME]
        if near:
            untold.remove(near[0])
    return len(untold)
