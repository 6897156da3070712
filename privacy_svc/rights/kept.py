"""What erasures left by law, and its end: a kept value whose date has come is emptied, by worker or `retention run`.

Not under a legal hold, and not of who came back since: nobody can tell any more which of their rows are of before. A
run of the worker takes at most a month by the values' own dates, one run a day, as with the evidence keys.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.db import Database, now
from privacy_svc.errors import PrivacyError
from privacy_svc.rights import holds
from privacy_svc.rights.model import DataRequest, KeptValue
from privacy_svc.rights.parts import Event, Parts
from privacy_svc.rights.piecewise import end_each
from privacy_svc.store import end_kept
from privacy_svc.vault import Subject


@dataclass(frozen=True, slots=True)
class EndedValues:
    """Of `people`, `rows` values; `left`: people who came back since, whose values stay until somebody looks;
    `refused`: people of whom the store lets none go, which the log tells."""

    people: int
    rows: int
    left: int
    refused: int = 0


def note(session: Session, request: DataRequest, items: Iterable[Mapping[str, Any]]) -> None:
    """What an erasure left, as it noted it. Where rows say from when the law counts, the first day that is over is
    theirs, however often somebody is erased; else a later date counts."""
    assert request.subject_id is not None
    for item in items:
        if item.get("keep_until"):
            last = datetime.fromisoformat(item["keep_until"])
            first = datetime.fromisoformat(item["first_until"]) if item.get("first_until") else None
            key = (request.subject_id, item["collection"], item["field"])
            there = session.get(KeptValue, key)
            if there is None:
                names = dict(zip(("subject_id", "collection", "field"), key, strict=True))
                session.add(KeptValue(**names, request_id=request.id, until=first or last, last_until=last))
            else:
                there.until = first or max(there.until, last)
                there.last_until = max(there.last_until or there.until, last)
                there.request_id, there.ended_at = request.id, None


def over(session: Session, log: Log, at: datetime) -> tuple[list[KeptValue], int]:
    """What is to end, the oldest first; and of how many people it has to wait for somebody."""
    spared = set(holds.held(session, log))
    due = [v for v in session.scalars(_due(at)) if v.subject_id not in spared]
    back = set(session.scalars(_living(v.subject_id for v in due)))
    return [v for v in due if v.subject_id not in back], len(back)


def _due(at: datetime) -> Select[KeptValue]:
    mine = (KeptValue.ended_at.is_(None), KeptValue.until <= at)
    return select(KeptValue).where(*mine).order_by(KeptValue.until, KeptValue.subject_id)


def _living(subject_ids: Iterable[str]) -> Select[str]:
    return select(Subject.id).where(Subject.id.in_(set(subject_ids)), Subject.erased_at.is_(None))


def end_all(database: Database, parts: Parts, actor: str, *, automatic: bool) -> EndedValues:
    """The stores first, one transaction a store and person; then our note. Can be stopped and run again. Raises
    StoreUnavailable."""
    with database.read() as session:
        due, left = over(session, parts.log, now())
        last = session.scalar(select(func.max(KeptValue.ended_at)))
    theirs: dict[str, list[KeptValue]] = {}
    for value in due:
        theirs.setdefault(value.subject_id, []).append(value)

    def end(subject_id: str, before: datetime | None) -> int:
        values = [v for v in theirs[subject_id] if before is None or v.until < before]
        return _end(database, parts, subject_id, values, actor)

    def refuse(subject_id: str, error: PrivacyError) -> None:
        _note_refused(database, parts, theirs[subject_id], error, actor)

    people = [(subject_id, values[0].until) for subject_id, values in theirs.items()]
    ended = end_each(people, end, refuse, automatic=automatic, last=last)
    return EndedValues(len(ended.done), sum(filter(None, ended.done)), left, ended.refused)


def _note_refused(
    database: Database, parts: Parts, values: Sequence[KeptValue], error: PrivacyError, actor: str
) -> None:
    told = [{"collection": v.collection, "field": v.field} for v in values]
    payload = {"places": told, "request": values[0].request_id, "problem": error.slug}
    with database.write() as session:
        parts.log.append(session, EventType.ROWS_NOT_ERASED, actor=actor, payload=payload)


def _end(database: Database, parts: Parts, subject_id: str, values: Sequence[KeptValue], actor: str) -> int:
    places = {(v.collection, v.field): v.last_until or v.until for v in values}
    with database.write() as session:
        parts.vault.hold(session, [subject_id])  # a hold that is placed meanwhile comes before or after
        if holds.standing(session, parts.log, subject_id) is not None:
            return 0
        ended = end_kept(session, parts.stores, parts.policy, subject_id, places, now())
        for place in places:
            here = (KeptValue.collection == place[0], KeptValue.field == place[1], KeptValue.subject_id == subject_id)
            till = {"until": ended.later[place]} if place in ended.later else {"ended_at": now()}
            session.execute(update(KeptValue).where(*here).values(**till))
        told = [{"collection": c, "field": f} for c, f in sorted(places)]
        parts.log.append(
            session,
            EventType(Event.KEPT_ENDED.value),
            actor=actor,
            payload={"places": told, "rows": ended.rows, "request": values[0].request_id},
        )
    return ended.rows
