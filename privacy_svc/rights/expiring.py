"""Who and what is over by the policy's periods (Art. 5(1)(e) GDPR), and what becomes of it.

A person whose every purpose is over gets a request for erasure of the policy's own, which runs like any other: holds,
recipients, fences, certificate. Rows and fields with a rule of their own are erased in the store. Nobody under a legal
hold, nobody whose data are restricted (Art. 18(1)(b) and (c): they may want them kept), nobody with a request open,
also where they have yet to show who they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Event as LogEvent
from privacy_svc.auditlog import EventType
from privacy_svc.consent import restricted_people
from privacy_svc.db import Database, new_id, now
from privacy_svc.errors import PrivacyError
from privacy_svc.policy import PEOPLE, Collection, PolicySet, RowRule, last_passed, people_over
from privacy_svc.rights import clock, details, holds, others
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import RETENTION, Event, Parts
from privacy_svc.rights.states import Right, State
from privacy_svc.store import FactReader, admit_people, identity_rows, known_people, outdated
from privacy_svc.store.outdated import Person, Range
from privacy_svc.vault import Subject

DUE, HELD, RESTRICTED, BUSY, ERASED = "due", "held", "restricted", "busy", "erased"


@dataclass(frozen=True, slots=True)
class Rule:
    """`of` None: whole persons, the rows of `collection`. `limit`: the last day that is over; `endless`: the purpose
    that has no retention, so that nobody is ever over."""

    name: str
    collection: Collection
    of: RowRule | None
    limit: date | None
    endless: str = ""


@dataclass(slots=True)
class Tally:
    """`due` is what was, or would be, erased; the others were left alone, and why."""

    read: int = 0
    due: int = 0
    held: int = 0
    restricted: int = 0
    busy: int = 0

    def add(self, other: "Tally") -> None:
        for name in ("read", "due", "held", "restricted", "busy"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Piece:
    """`after`: where to go on; None at the end, if `whole`: else the range is to be looked at again."""

    after: str | None
    tally: Tally
    whole: bool


def rules(parts: Parts) -> list[Rule]:
    """Whole persons first. Names are those of the data map, and `people:<kind>`, with the collection where there are
    several of a kind."""
    policies, day = parts.policy, today(parts)
    identities = policies.data_map.identities()
    kinds = [c.subject for c in identities]
    found = [_of_people(policies, c, day, alone=kinds.count(c.subject) == 1) for c in identities]
    for collection in policies.data_map.collections():
        found += [Rule(r.name, collection, r, last_passed(day, r.period)) for r in collection.retention]
    return found


def _of_people(policies: PolicySet, collection: Collection, day: date, *, alone: bool) -> Rule:
    assert collection.subject is not None
    limit = people_over(policies, collection.subject, day)
    name = collection.subject if alone else f"{collection.subject}:{collection.path}"
    rule = Rule(PEOPLE + name, collection, None, None)
    return replace(rule, endless=limit) if isinstance(limit, str) else replace(rule, limit=limit)


def today(parts: Parts) -> date:
    return now().astimezone(ZoneInfo(parts.organisation.time_zone)).date()


def look(session: Session, parts: Parts, rule: Rule, after: str | None) -> tuple[Range, Mapping[str, str]]:
    """The next rows, and of each that is over what it is: one of DUE, HELD …"""
    if rule.limit is None:
        return Range(None, 0, {}), {}
    reader = FactReader(parts.stores, parts.vault, parts.policy)
    if rule.of is None:
        found = outdated.people(session, reader, rule.collection, rule.limit, after)
    else:
        found = outdated.rows(session, reader, rule.collection, rule.of, rule.limit, after)
    known = _known(session, found.due.values())
    standing = _standing(session, parts, set(known.values()))
    return found, {k: standing.get(known.get(_id(p), ""), DUE) for k, p in found.due.items()}


def counted(found: Range, what: Mapping[str, str]) -> Tally:
    said = list(what.values())
    return Tally(found.read, said.count(DUE), said.count(HELD), said.count(RESTRICTED), said.count(BUSY))


def carry_out(database: Database, parts: Parts, rule: Rule, after: str | None, actor: str, most: int | None) -> Piece:
    """The next range, at most `most` of what is due in it; where that was not all, the range is looked at again.
    Raises CannotExpire, StoreUnavailable, KeyUnavailable."""
    with database.read() as session:
        found, what = look(session, parts, rule, after)
    due = [k for k, word in what.items() if word == DUE]
    taken = due if most is None else due[:most]
    if taken and rule.of is None:
        _order(database, parts, rule, taken)
    elif taken and rule.of is not None:
        _erase(database, parts, rule, rule.of, {k: found.due[k] for k in taken}, actor)
    tally = replace(counted(found, what), due=len(taken))
    whole = len(taken) == len(due)
    return Piece(found.after if whole else after, tally, whole)


# People


def _order(database: Database, parts: Parts, rule: Rule, keys: Sequence[str]) -> None:
    """A request for each, in a transaction of its own; looked at again there."""
    reader = FactReader(parts.stores, parts.vault, parts.policy)
    for key in keys:
        with database.write() as session:
            admitted = admit_people(session, reader, parts.log, rule.collection, [key], rule.name)
            subject_id = admitted[key]
            parts.vault.hold(session, [subject_id])
            if not _standing(session, parts, {subject_id}) and _over_everywhere(session, reader, rule, subject_id):
                _request(session, parts, rule, subject_id)


def _over_everywhere(session: Session, reader: FactReader, rule: Rule, subject_id: str) -> bool:
    """Of who stands in several rows, each has ended."""
    assert rule.limit is not None
    rows = identity_rows(session, subject_id)
    for dataset, name, key in rows if len(rows) > 1 else ():
        collection = reader.policies.data_map.collection(dataset, name)
        ended = outdated.ended(session, reader, collection, [key]).get(key) if collection else None
        if ended is None or ended > rule.limit:
            return False
    return True


def _request(session: Session, parts: Parts, rule: Rule, subject_id: str) -> None:
    """The policy's rule stands for the person's wish and, unless the organisation wants people, for the approval."""
    organisation, at, who = parts.organisation, now(), f"policy: {rule.name}"
    request = DataRequest(
        id=new_id(),
        right=Right.ERASURE.value,
        subject_id=subject_id,
        state=State.AWAITING_APPROVAL.value,
        channel=RETENTION,
        opened_by=who,
        received_at=at,
        verified_at=at,
        verified_by=who,
        verified_how=RETENTION,
        paused_days=0,
        stops_clock=False,
        attempt=0,
    )
    clock.begin(parts.policy, request)
    clock.identified(parts.policy, request, at)
    session.add(request)
    session.flush()
    details.add(session, parts.vault, request, retention={"rule": rule.name, "over_since": str(rule.limit)})
    parts.note(session, request, Event.RECEIVED, who, channel=RETENTION, due=request.due_at.isoformat())
    if organisation.retention.by_person:
        return
    if Right.ERASURE.value in organisation.four_eyes.rights:
        request.first_approved_by = who
        parts.note(session, request, Event.FIRST_APPROVAL, who)
        return
    request.approved_at, request.approved_by = at, who
    request.state, request.attempt = State.IN_PROGRESS.value, 1
    parts.note(session, request, Event.APPROVED, who)


# Rows


def _erase(
    database: Database, parts: Parts, rule: Rule, of: RowRule, due: Mapping[str, Person | None], actor: str
) -> None:
    """Our own first, with an entry for each person, then the store (decision 4). What the store refuses is logged."""
    keys = list(due)
    with database.write() as session:
        known = _known(session, due.values())
        parts.vault.hold(session, set(known.values()))
        standing = _standing(session, parts, set(known.values()))
        keys = [k for k in keys if known.get(_id(due[k]), "") not in standing]
        outdated.forget(session, rule.collection, of, keys)
        counts: dict[str | None, int] = {}
        for key in keys:
            person = known.get(_id(due[key]))
            counts[person] = counts.get(person, 0) + 1
        events = [LogEvent(EventType.ROWS_EXPIRED, who, _said(rule, of, n)) for who, n in counts.items()]
        if events:
            parts.log.append_many(session, events, actor=actor, evidence=True)
    if not keys:
        return
    try:
        outdated.erase(parts.stores, rule.collection, of, keys)
    except PrivacyError as error:
        with database.write() as session:
            payload = {**_said(rule, of, len(keys)), "problem": error.slug}
            parts.log.append(session, EventType.ROWS_NOT_ERASED, actor=actor, payload=payload)
        raise


def _said(rule: Rule, of: RowRule, count: int) -> dict[str, object]:
    return {"rule": rule.name, "collection": rule.collection.path, "fields": list(of.fields), "rows": count}


# Who is left alone


def _id(person: Person | None) -> tuple[str, str]:
    return (person[0].path, person[1]) if person else ("", "")


def _known(session: Session, people: Iterable[Person | None]) -> dict[tuple[str, str], str]:
    """Subjects by collection and key, of those we know."""
    keys: dict[str, tuple[Collection, list[str]]] = {}
    for person in people:
        if person is not None:
            keys.setdefault(person[0].path, (person[0], []))[1].append(person[1])
    return {
        (path, key): subject_id
        for path, (collection, some) in keys.items()
        for key, subject_id in known_people(session, collection, dict.fromkeys(some)).items()
    }


def _standing(session: Session, parts: Parts, people: set[str]) -> dict[str, str]:
    """Why somebody is left alone; who is not there is not."""
    if not people:
        return {}
    found = {i: BUSY for i in others.busy(session, parts, people) if i}
    found |= dict.fromkeys((i for i, _ in restricted_people(session, list(people))), RESTRICTED)
    found |= dict.fromkeys(people & set(holds.held(session, parts.log)), HELD)
    gone = select(Subject.id).where(Subject.id.in_(people), Subject.erased_at.is_not(None))
    return found | dict.fromkeys(session.scalars(gone), ERASED)
