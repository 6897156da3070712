"""Asking the person for more, and what becomes of the time meanwhile.

Identity is asked for only on reasonable doubts (Art. 12(6) GDPR), so not once it is shown, and clarification only
before the work begins. The clock stops where the law lets it, and only from when the question has gone out. Nobody who
does not answer is refused by that: the clock runs again, and a person decides.
"""

import enum
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.errors import BadRequest, Conflict
from privacy_svc.mail import Letter
from privacy_svc.rights import clock, details
from privacy_svc.rights.deadlines import days_between
from privacy_svc.rights.letters import Letters
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import Event, Parts
from privacy_svc.rights.states import State


class About(enum.StrEnum):
    IDENTITY = "identity"
    CLARIFICATION = "clarification"


_WHILE = frozenset({State.RECEIVED, State.VERIFYING, State.AWAITING_APPROVAL})


def ask(session: Session, parts: Parts, request: DataRequest, about: About, question: str, reason: str) -> Letter:
    """The letter to send; the clock stops when it is `sent`. `reason`: the doubts, or why it cannot be answered as it
    is, to be shown to an authority. A question that never went out is replaced."""
    if State(request.state) not in _WHILE:
        raise Conflict(f"The request is {request.state}: there is nothing to ask any more.")
    if request.waiting_for is not None and request.asked_at is not None:
        raise Conflict("The person was asked already; note their answer first.")
    if about is About.IDENTITY and request.verified_at is not None:
        raise Conflict("The person has shown who they are; no reasonable doubts are left (Art. 12(6) GDPR).")
    if not question.strip() or not reason.strip():
        raise BadRequest("Give the question in words for the person, and the reason why it has to be asked.")
    request.waiting_for, request.asked_at = about.value, None
    request.stops_clock = may_stop(parts, request, about)
    letter = letter_of(parts, request, question)
    _keep(
        session, parts, request, {"about": about.value, "question": question, "reason": reason, "letter": letter.text}
    )
    return letter


def may_stop(parts: Parts, request: DataRequest, about: About) -> bool:
    """By the law's profile, and only where it was asked without undue delay."""
    rules, profile = parts.organisation.deadlines, parts.profile
    begun = request.clock_from or request.received_at
    in_time = days_between(begun, now(), parts.organisation.time_zone) <= rules.ask_days
    return in_time and (about is About.IDENTITY or request.right in profile.clarification_stops_clock)


def sent(session: Session, parts: Parts, request: DataRequest, actor: str, at: datetime, how: str) -> None:
    """The question went out, by mail or by other means."""
    if request.waiting_for is None or request.asked_at is not None:
        raise Conflict("There is no question waiting to be sent.")
    if not request.received_at <= at <= now():
        raise BadRequest("A question is asked after the request came, and not in the future.")
    request.asked_at = at
    if request.stops_clock:
        clock.stop(request, at)
    about, stops = request.waiting_for, request.stops_clock
    parts.note(session, request, Event.ASKED, actor, about=about, how=how, clock="stops" if stops else "runs")


def answer(session: Session, parts: Parts, request: DataRequest, text: str, actor: str, at: datetime | None) -> None:
    """What the person answered; the clock runs again from when it came. A shown identity is noted by verifying."""
    if request.waiting_for is None or request.asked_at is None:
        raise Conflict("The person was not asked anything.")
    if not text.strip():
        raise BadRequest("Say what the person answered.")
    came = at or now()
    if not request.asked_at <= came <= now():
        raise BadRequest("The answer came after the question, and not in the future.")
    if request.waiting_for == About.IDENTITY and parts.profile.identity_starts_clock:
        request.clock_from = came
    _keep(session, parts, request, {"answer": text})
    settle(session, parts, request, actor, how="answered", at=came)


def settle(
    session: Session, parts: Parts, request: DataRequest, actor: str, *, how: str, at: datetime | None = None
) -> None:
    """Ends the question, if there is one: answered, or overtaken by what happened to the request."""
    if request.waiting_for is None:
        return
    waited, request.waiting_for, request.stops_clock = request.asked_at, None, False
    clock.resume(parts.policy, request, at or now())
    if waited is not None:
        event = Event.UNANSWERED if how == "unanswered" else Event.ANSWERED
        parts.note(session, request, event, actor, how=how, due=request.due_at.isoformat())
    request.asked_at = None


def letter_of(parts: Parts, request: DataRequest, question: str, *, again: bool = False) -> Letter:
    until = (request.asked_at or now()) + timedelta(days=parts.organisation.deadlines.answer_days)
    letters = Letters(parts.organisation, request.language)
    about = request.waiting_for or About.CLARIFICATION
    return letters.question(request.kind, about, question, until, stops_clock=request.stops_clock, again=again)


def asked(session: Session, parts: Parts, request: DataRequest) -> str:
    """The question that is open, in the words the person got."""
    return str(details.read(session, parts.vault, request)["questions"][-1]["question"])


def _keep(session: Session, parts: Parts, request: DataRequest, said: dict[str, str]) -> None:
    """Questions in order; an answer belongs to the last one."""
    known = list(details.read(session, parts.vault, request).get("questions", ()))
    if "answer" in said:
        known[-1] = known[-1] | said
    else:
        known.append(said)
    details.add(session, parts.vault, request, questions=known)
