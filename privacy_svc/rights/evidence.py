"""What outlives an erasure for a claim (Art. 17(3)(e) GDPR), and its own end.

The person's evidence key opens proofs of consent, what was said about requests, the log's payloads of both, and what
the data map keeps sealed. It gets its date with the erasure: the policy's `evidence_kept` later, or when the longest
period of a kept value is over. A legal hold puts off the end, not the date: once it is lifted or over, the next run
destroys the key, and with it what it sealed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Theirs
from privacy_svc.consent import forget_evidence
from privacy_svc.db import Database, now
from privacy_svc.policy import add_duration
from privacy_svc.rights import holds
from privacy_svc.rights.limits_model import RestrictionEnd
from privacy_svc.rights.model import DataRequest, Hold, RequestFile, RequestValue
from privacy_svc.rights.outside_model import RequestWork
from privacy_svc.rights.owed_model import OwedLetter
from privacy_svc.rights.parts import Parts
from privacy_svc.rights.piecewise import end_each
from privacy_svc.rights.recipients_model import RecipientNotice
from privacy_svc.rights.states import Right, State
from privacy_svc.rights.steps import progress
from privacy_svc.vault import Fence

EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class Ended:
    """`people` whose evidence key was destroyed, and how many `payloads` of the log went with it; of how many it could
    not be."""

    people: int
    payloads: int
    refused: int = 0


def last_day(parts: Parts, erased_at: datetime, items: Iterable[Mapping[str, Any]]) -> datetime:
    """When the evidence key of somebody erased then may end. `items` are what the erasure noted."""
    kept = [datetime.fromisoformat(i["keep_until"]) for i in items if i.get("keep_until") and i.get("sealed", True)]
    return max([add_duration(erased_at, parts.organisation.evidence_kept), *kept])


def over(session: Session, parts: Parts, at: datetime) -> list[tuple[str, datetime]]:
    """People whose evidence is to end, with its date, the oldest first: not those under a hold, nor those whose
    erasure is still under way."""
    spared = set(holds.held(session, parts.log)) | set(session.scalars(_running()))
    return [(i, until) for i, until in parts.vault.evidence_over(session, at) if i not in spared]


def end_all(database: Database, parts: Parts, actor: str, *, automatic: bool) -> Ended:
    """One transaction a person; their page keys are replaced afterwards. Can be stopped and run again. Raises
    KeyUnavailable."""
    with database.write() as session:
        _give_dates(session, parts)
    with database.read() as session:
        found = over(session, parts, now())
        last = session.scalar(select(func.max(Fence.evidence_ended_at)))
    ended = end_each(found, lambda who, _: _end(database, parts, who, actor), automatic=automatic, last=last)
    payloads = [gone for gone in ended.done if gone is not None]
    if payloads:
        parts.vault.replace_all_due(database)
        parts.vault.ledger.export(database)
    return Ended(len(payloads), sum(payloads), ended.refused)


def _running() -> Select[str | None]:
    return select(DataRequest.subject_id).where(
        DataRequest.right == Right.ERASURE.value,
        DataRequest.state.in_([State.IN_PROGRESS.value, State.FAILED.value]),
    )


def _give_dates(session: Session, parts: Parts) -> None:
    """To who was erased before evidence keys had an end: the date they would have got."""
    for fence in parts.vault.undated_evidence(session):
        request = session.get(DataRequest, fence.request_id) if fence.request_id else None
        items = progress(request).get("erased", ()) if request else ()
        parts.vault.keep_evidence(session, fence.subject_id, last_day(parts, fence.at, items))


def _end(database: Database, parts: Parts, subject_id: str, actor: str) -> int | None:
    """How many payloads went; None where it may not end any more."""
    with database.write() as session:
        fence = parts.vault.hold_evidence(session, subject_id)
        if fence is None or holds.standing(session, parts.log, subject_id) is not None:
            return None
        theirs = parts.log.theirs(session, subject_id, EVIDENCE)
        parts.vault.end_evidence(session, fence)
        return forget(session, parts, theirs, actor)


def forget(session: Session, parts: Parts, person: Theirs, actor: str) -> int:
    """What the evidence key sealed goes with it, in the log and in our own tables; how many log payloads."""
    forget_evidence(session, person.subject_id)
    mine = select(DataRequest.id).where(DataRequest.subject_id == person.subject_id)
    session.execute(update(DataRequest).where(DataRequest.subject_id == person.subject_id).values(details=None))
    session.execute(delete(RequestValue).where(RequestValue.request_id.in_(mine)))
    session.execute(delete(RequestFile).where(RequestFile.request_id.in_(mine)))
    session.execute(delete(OwedLetter).where(OwedLetter.request_id.in_(mine)))
    session.execute(update(RecipientNotice).where(RecipientNotice.request_id.in_(mine)).values(about=None))
    session.execute(update(RequestWork).where(RequestWork.request_id.in_(mine)).values(about=None, said=None))
    session.execute(update(Hold).where(Hold.subject_id == person.subject_id).values(reason=b""))
    session.execute(update(RestrictionEnd).where(RestrictionEnd.subject_id == person.subject_id).values(reason=b""))
    return parts.log.erase_payloads(session, person, actor=actor)
