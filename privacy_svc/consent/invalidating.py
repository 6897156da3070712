"""Consents that no longer count, though nobody took them back in so many words: those of a person who was erased and
came back, those that a restored backup still has, and those to a purpose that rests on something else by now."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.consent.model import Consent
from privacy_svc.consent.standing import latest
from privacy_svc.consent.states import State
from privacy_svc.consent.versions import hold, raise_version
from privacy_svc.db import new_id, now
from privacy_svc.vault import Subject

_COPIED = ("subject_id", "purpose", "notice_id", "notice_version", "notice_language", "notice_digest", "policy_version")
_ENDS = {State.INVALIDATED: EventType.CONSENT_INVALIDATED, State.WITHDRAWN: EventType.CONSENT_WITHDRAWN}


class _End(NamedTuple):
    """How a consent ended: `state` is what stands from `at` on."""

    state: State
    channel: str
    actor: str
    at: datetime
    reason: str


def invalidate_all(
    session: Session,
    log: Log,
    subject_id: str,
    actor: str,
    at: datetime,
    reason: str,
    *,
    recorded_until: datetime | None = None,
) -> int:
    """Every consent that stands becomes `invalidated`, of those recorded by then; how many. Raises Erased, NotFound."""
    subject = hold(session, subject_id)
    standing = [
        c
        for c in latest(session, [subject_id])
        if c.state == State.GIVEN and (recorded_until is None or c.recorded_at <= recorded_until)
    ]
    for said in standing:
        _end(session, log, subject, said, _End(State.INVALIDATED, "service", actor, at, reason))
    session.flush()
    return len(standing)


def withdraw_former(session: Session, log: Log, subject_id: str, purpose: str, channel: str, actor: str) -> None:
    """What stands of a purpose that asks for no consent any more. Raises Erased, NotFound."""
    subject = hold(session, subject_id)
    said = next(latest(session, [subject_id], [purpose]), None)
    if said is not None and said.state in {State.GIVEN, State.REQUESTED}:
        end = _End(State.WITHDRAWN, channel, actor, now(), "the purpose rests on no consent now")
        _end(session, log, subject, said, end)
        session.flush()


def _end(session: Session, log: Log, subject: Subject, said: Consent, end: _End) -> None:
    row = Consent(
        **{name: getattr(said, name) for name in _COPIED},
        id=new_id(),
        state=end.state,
        channel=end.channel,
        method=said.method,
        guardian=False,
        given_at=max(end.at, said.given_at),
        recorded_at=end.at,
        recorded_by=end.actor,
        state_version=raise_version(session, subject),
    )
    payload = {"consent": row.id, "purpose": row.purpose, "reason": end.reason, "state_version": row.state_version}
    kind = _ENDS[end.state]
    row.entry_id = log.append(session, kind, actor=end.actor, subject_id=subject.id, payload=payload, evidence=True)
    session.add(row)
