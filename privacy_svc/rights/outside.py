"""What other systems and people have to do in the course of a request: opened with it, waited for, told at the end.

Two steps of a run: `elsewhere` notes what there is to do, while the person's data can still be read; for an erasure or
a correction together with the step that makes sure that there will be one. `elsewhere_done` is a gate. What is behind
it waits, without a thread, until the last part is done; then the run goes on. The parts themselves are rows that a
courier works off (`outside_courier`), for days where it takes that long.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.errors import BadRequest, Conflict, Fault, NotFound
from privacy_svc.policy import Collection, Connector, Field
from privacy_svc.rights import details, rectifying
from privacy_svc.rights.address import contacts_in
from privacy_svc.rights.backoff import LEASE
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.outside_model import ABOUT, DONE, FAILED, GATHERED, HTTP, MANUAL, OPEN, SAID, RequestWork
from privacy_svc.rights.parts import WORKER, Event, Parts
from privacy_svc.rights.states import Right, State, follow
from privacy_svc.rights.steps import Step, gate, is_done, mark_done, tell_progress
from privacy_svc.store import FoundRow, walk
from privacy_svc.vault import Subject

RIGHTS = frozenset({Right.ACCESS, Right.PORTABILITY, Right.RECTIFICATION, Right.RESTRICTION, Right.ERASURE})
_BEFORE = ("package", "certify", "tell", "finish")
"""The first of these steps that a run has waits for the others."""
_FIRST = ("restrict", "prepare", "remember")
"""What goes before the others are asked: a restriction holds before a store is looked at, an erasure asks for holds and
whether our own stores will take it, a correction whether what was approved is still what there is."""


def serving(parts: Parts, right: Right) -> list[Connector]:
    return [c for c in parts.policy.connectors.values() if c.serves(right.value)]


def with_elsewhere(parts: Parts, request: DataRequest, steps: Sequence[Step]) -> tuple[Step, ...]:
    """The run's steps, with these two where the policy has something for them to do. Once opened they stay, whatever
    becomes of the policy."""
    if request.kind not in RIGHTS:
        return tuple(steps)
    first = 1 if steps[0].name in _FIRST else 0
    if not is_done(request, OPENING):
        begun = any(is_done(request, s) for s in steps[first:])
        if begun or not serving(parts, request.kind):
            return tuple(steps)
    at = next(n for n, step in enumerate(steps) if step.name in _BEFORE)
    # An erasure that was prepared is never without it; a restriction holds though the look at the store fails.
    opening = replace(OPENING, joins=request.kind is Right.ERASURE)
    return (*steps[:first], opening, *steps[first:at], GATE, *steps[at:])


def _look(session: Session, parts: Parts, request: DataRequest) -> list[tuple[Connector, list[str]]]:
    """Who has something to do, and what they know the person by."""
    assert request.subject_id is not None
    connectors = serving(parts, request.kind)
    rows = walk(session, parts.stores, parts.vault, parts.policy, request.subject_id) if connectors else []
    return [(connector, identities(rows, connector)) for connector in connectors]


def _open(session: Session, parts: Parts, request: DataRequest, seen: Sequence[tuple[Connector, list[str]]]) -> None:
    cipher, due = details.cipher_of(session, parts.vault, request), _due(session, request)
    for connector, about in seen:
        work = RequestWork(
            request_id=request.id,
            place=connector.key,
            kind=MANUAL if connector.manual else HTTP,
            state=OPEN,
            opened_at=now(),
            next_at=due,
            about=cipher.seal(ABOUT, _at(request, connector.key), about),
        )
        session.add(work)
        if connector.manual:
            parts.note(session, request, Event.TASK_OPENED, WORKER, place=connector.key, name=connector.title)
    session.flush()
    _settle(session, request)


def _due(session: Session, request: DataRequest) -> datetime:
    """A restriction is not told while a call may be under way that ends the one before it."""
    assert request.subject_id is not None
    if request.kind is not Right.RESTRICTION:
        return now()
    lifting = restrictions_of(request.subject_id).where(RequestWork.lifts, RequestWork.state == OPEN)
    calling = any(work.tries for work in session.scalars(lifting))
    return now() + LEASE if calling else now()


def restrictions_of(subject_id: str) -> Select[RequestWork]:
    """What others have to do for all restrictions of a person, or for their ends."""
    joined = select(RequestWork).join(DataRequest, DataRequest.id == RequestWork.request_id)
    return joined.where(DataRequest.subject_id == subject_id, DataRequest.right == Right.RESTRICTION.value)


OPENING = Step("elsewhere", _open, _look)
GATE = gate("elsewhere_done")


def identities(rows: Iterable[FoundRow], connector: Connector) -> list[str]:
    """What the other system knows the person by; by all of them it is asked."""
    rows = list(rows)
    if connector.manual is not None or connector.identity == "id":
        return list(dict.fromkeys(r.key for r in rows if r.collection.subject is not None))
    values = (c.value.strip() for c in contacts_in(rows) if c.kind == connector.identity)
    return list(dict.fromkeys(values))


def about(session: Session, parts: Parts, request: DataRequest, work: RequestWork) -> list[str]:
    """Raises Erased once the evidence about the person has met its end."""
    if work.about is None:
        return []
    found = details.cipher_of(session, parts.vault, request).open(ABOUT, _at(request, work.place), work.about)
    assert isinstance(found, list)
    return [str(v) for v in found]


def to_correct(session: Session, parts: Parts, request: DataRequest, connector: Connector | None) -> dict[str, Any]:
    """What another system is to correct, by its names of the fields: what was approved, however the fields were named.
    Raises Erased once the evidence about the person has met its end."""
    if request.kind is not Right.RECTIFICATION or connector is None or connector.rectification is None:
        return {}
    kind = session.get_one(Subject, request.subject_id).kind
    corrected, found = rectifying.corrected(session, parts, request), dict[str, Any]()
    for ours, theirs in connector.rectification.send.items():
        named = parts.policy.resolve_field(ours, kind)
        place = (named[0].path, named[1].name) if named else None
        if place in corrected:
            found[theirs] = corrected[place]
    return found


def finish(
    session: Session,
    parts: Parts,
    request: DataRequest,
    work: RequestWork,
    actor: str,
    rows: int,
    gathered: Any = None,
    problem: str | None = None,
) -> None:
    """This part is done; the run goes on where it was the last. `problem`: why nobody could be asked."""
    assert request.subject_id is not None
    if gathered is not None:
        cipher = parts.vault.cipher(session, request.subject_id)
        work.gathered = cipher.seal(GATHERED, _at(request, work.place), gathered)
    work.state, work.done_at, work.done_by, work.next_at = DONE, now(), actor, None
    work.rows, work.problem = rows, problem
    event = Event.ELSEWHERE_LIFTED if work.lifts else Event.ELSEWHERE_DONE
    parts.note(session, request, event, actor, place=work.place, name=name_of(parts, work.place), rows=rows)
    session.flush()
    _settle(session, request)


def _settle(session: Session, request: DataRequest) -> None:
    """Opens the gate when nothing is left; a run that stands before it goes on."""
    left = select(func.count()).where(RequestWork.request_id == request.id, RequestWork.state != DONE)
    if session.scalar(left) or is_done(request, GATE):
        return
    tell_progress(request, elsewhere=list(_told(session, request)))
    mark_done(request, GATE)
    if request.state == State.IN_PROGRESS:
        request.attempt += 1


def give_up(session: Session, parts: Parts, request: DataRequest, work: RequestWork, problem: str, place: str) -> None:
    """A person has to mend something; the request says where, and goes on from here once it is approved again."""
    work.state, work.problem, work.next_at = FAILED, problem, None
    if request.state != State.IN_PROGRESS:
        return
    request.state = follow(State(request.state), State.FAILED, "failed").value
    fault = Fault(place, problem)
    request.failure = {
        "step": GATE.name,
        "slug": "elsewhere",
        "detail": f"{name_of(parts, work.place)} could not do its part.",
        "remedy": "Mend what `places` names and approve the request again, or note by hand that it is done there.",
        "places": [{"place": fault.pointer, "detail": fault.detail}],
        "passing": False,
    }
    parts.note(session, request, Event.FAILED, WORKER, step=work.place, problem=problem)


def again(session: Session, request: DataRequest) -> None:
    """Who approved it anew says that what was wrong is mended."""
    failed = select(RequestWork).where(RequestWork.request_id == request.id, RequestWork.state == FAILED)
    for work in session.scalars(failed.with_for_update()):
        work.state, work.tries, work.next_at = OPEN, 0, now()


def done_by_person(session: Session, parts: Parts, request: DataRequest, place: str, evidence: str, actor: str) -> None:
    """A task, or what a system could not do: a named person says how it is shown to be done."""
    work = find(session, request, place)
    if work.state == DONE:
        raise Conflict("This part of the request is done.")
    if not evidence.strip():
        raise BadRequest("Say by what it is shown to be done: it may have to be shown to an authority.")
    if request.state not in {State.IN_PROGRESS, State.FAILED} and not work.lifts:
        raise Conflict(f"The request is {request.state}.")
    work.said = details.cipher_of(session, parts.vault, request).seal(SAID, _at(request, place), evidence)
    finish(session, parts, request, work, actor, 0)


def find(session: Session, request: DataRequest, place: str) -> RequestWork:
    work = session.get(RequestWork, (request.id, place), with_for_update=True)
    if work is None:
        raise NotFound(f"The request has nothing to do at {place!r}.")
    return work


def works(session: Session, request_id: str) -> Sequence[RequestWork]:
    mine = select(RequestWork).where(RequestWork.request_id == request_id)
    return session.scalars(mine.order_by(RequestWork.place)).all()


def open_places(session: Session, request_id: str) -> list[str]:
    """What a request still waits for."""
    return [w.place for w in works(session, request_id) if w.state != DONE]


def gathered(session: Session, parts: Parts, request: DataRequest) -> list[tuple[Collection, list[dict[str, Any]]]]:
    """The rows that were read elsewhere, by collection. What was read under a file that is gone is told by its key."""
    assert request.subject_id is not None
    cipher, found = parts.vault.cipher(session, request.subject_id), []
    for work in works(session, request.id):
        if work.gathered is None:
            continue
        rows = cipher.open(GATHERED, _at(request, work.place), work.gathered)
        assert isinstance(rows, list)
        connector = parts.policy.connectors.get(work.place)
        if rows and connector is not None and connector.access is not None:
            found.append((connector.access.collection, rows))
        elif rows:
            found.append((Collection(work.place, work.place, tuple(Field(name) for name in rows[0])), rows))
    return found


def said(session: Session, parts: Parts, request: DataRequest, work: RequestWork) -> str | None:
    if work.said is None:
        return None
    return str(details.cipher_of(session, parts.vault, request).open(SAID, _at(request, work.place), work.said))


def name_of(parts: Parts, place: str) -> str:
    connector = parts.policy.connectors.get(place)
    return connector.title if connector else place


def _told(session: Session, request: DataRequest) -> Iterable[dict[str, Any]]:
    """For certificate and package: nothing of the person. `problem`: why nobody was asked."""
    for work in works(session, request.id):
        by = "person" if work.done_by not in {None, WORKER} else "nobody" if work.problem else "call"
        told = {"place": work.place, "by": by, "rows": work.rows, "done_at": _time(work.done_at)}
        yield told | ({"problem": work.problem} if work.problem else {})


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _at(request: DataRequest, place: str) -> str:
    return f"{request.id}/{place}"
