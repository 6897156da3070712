"""Recording what a person said about a purpose, and reading it back. Nothing recorded is ever changed."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.consent.asof import stood
from privacy_svc.consent.checks import check
from privacy_svc.consent.facts import Reading
from privacy_svc.consent.model import EVIDENCE, Consent
from privacy_svc.consent.objections import lift_objection, objects_since
from privacy_svc.consent.purpose_states import purpose_states
from privacy_svc.consent.schemas import (
    ConsentRecorded,
    ConsentView,
    NoticeShown,
    PurposeConsent,
    RecordConsent,
)
from privacy_svc.consent.standing import latest
from privacy_svc.consent.states import State
from privacy_svc.consent.versions import hold, raise_version
from privacy_svc.db import insert_rows, new_id
from privacy_svc.errors import NotFound
from privacy_svc.http import CustomerRef
from privacy_svc.policy import PolicySet, Purpose, add_duration, is_objected, remember
from privacy_svc.vault import Vault

_EVENTS = {
    State.REQUESTED: EventType.CONSENT_REQUESTED,
    State.GIVEN: EventType.CONSENT_GIVEN,
    State.REFUSED: EventType.CONSENT_REFUSED,
    State.WITHDRAWN: EventType.CONSENT_WITHDRAWN,
}


def record(  # noqa: PLR0913 - all of them by name
    session: Session,
    vault: Vault,
    log: Log,
    policies: PolicySet,
    *,
    actor: str,
    subject_id: str,
    wanted: RecordConsent,
    at: datetime,
    confirmed: bool = False,
) -> ConsentView:
    """Holds from this transaction's commit. Raises InvalidBody with every fault, Erased, NotFound.
    Where the purpose asks for double opt-in, `given` is `requested` until it is `confirmed`.

    `at` is now. What is said now comes after everything recorded before, whatever two machines' clocks say.
    """
    purpose = check(policies, wanted, at)
    subject = hold(session, subject_id)
    last = next(latest(session, [subject_id], purpose.key), None)
    notice = _notice(policies, purpose, wanted, last)
    state = _state(purpose, wanted, confirmed=confirmed)
    given_at = wanted.given_at or max(at, last.given_at if last else at)
    row = Consent(
        id=new_id(),
        subject_id=subject_id,
        purpose=purpose.key,
        state=state,
        notice_id=notice.id,
        notice_version=notice.version,
        notice_language=notice.language,
        notice_digest=notice.digest,
        policy_version=policies.version,
        channel=wanted.source.channel,
        method=wanted.source.method,
        guardian=wanted.guardian is not None,
        given_at=given_at,
        recorded_at=at,
        valid_until=_valid_until(purpose, wanted, given_at) if state == State.GIVEN else None,
        recorded_by=actor,
        state_version=raise_version(session, subject),
    )
    row.sealed = _seal(session, vault, row, wanted)
    kind = _EVENTS[State(row.state)]
    row.entry_id = log.append(session, kind, actor=actor, subject_id=subject_id, payload=_told(row), evidence=True)
    insert_rows(session, Consent, [{c.name: getattr(row, c.name) for c in Consent.__table__.columns}])
    remember(session, policies)
    objected_at = objects_since(session, subject_id, purpose.key) if row.state == State.GIVEN else None
    if objected_at is not None and given_at >= objected_at:
        lift_objection(session, log, subject_id, purpose.key, actor, f"consent {row.id}")
    return view(row)


def history(session: Session, subject_id: str, purpose: str | None = None) -> list[ConsentView]:
    """Everything recorded, what stands first."""
    found = select(Consent).where(Consent.subject_id == subject_id)
    if purpose is not None:
        found = found.where(Consent.purpose == purpose)
    order = (Consent.purpose, Consent.given_at.desc(), Consent.state_version.desc())
    return [view(c) for c in session.scalars(found.order_by(*order))]


def current(session: Session, subject_id: str, now: datetime) -> list[PurposeConsent]:
    """What stands for each purpose that anything was recorded about, with its history."""
    by_purpose: dict[str, list[ConsentView]] = {}
    for said in history(session, subject_id):
        by_purpose.setdefault(said.purpose, []).append(said)
    found = [(purpose, stood(said, None, now)) for purpose, said in by_purpose.items()]
    return [
        PurposeConsent(purpose, then.state, then.said.valid_until, then.history, then.since, then.until)
        for purpose, then in found
        if then is not None
    ]


def recorded(
    session: Session, subject_id: str, customer: CustomerRef, said: ConsentView, purpose: Purpose, now: datetime
) -> ConsentRecorded:
    """The answer to a caller who recorded `said`."""
    no_facts = Reading(None, (), said.purpose, now)
    person = purpose_states(session, [subject_id], no_facts)[subject_id]
    return ConsentRecorded(
        id=said.id,
        customer=customer,
        purpose=said.purpose,
        state=said.state,
        current=person.consents[said.purpose].state,
        valid_until=said.valid_until,
        state_version=said.state_version,
        receipt=said.receipt,
        objected=is_objected(purpose, person),
    )


def evidence(session: Session, vault: Vault, consent_id: str) -> dict[str, Any]:
    """Reference, evidence and guardian of a consent, for a claim or an authority. Raises NotFound, Erased once the
    evidence key has met its own end."""
    row = find(session, consent_id)
    if row.sealed is None:
        return {}
    opened = vault.cipher(session, row.subject_id, "evidence").open(EVIDENCE, row.id, row.sealed)
    assert isinstance(opened, dict)
    return opened


def forget_evidence(session: Session, subject_id: str) -> None:
    """When the evidence key has ended: nobody can open it any more."""
    session.execute(update(Consent).where(Consent.subject_id == subject_id).values(sealed=None))


def find(session: Session, consent_id: str) -> Consent:
    found = session.get(Consent, consent_id)
    if found is None:
        raise NotFound("There is no such consent.")
    return found


def view(row: Consent) -> ConsentView:
    return ConsentView(
        id=row.id,
        purpose=row.purpose,
        state=row.state,
        notice=NoticeShown(row.notice_id, row.notice_version, row.notice_language, row.notice_digest),
        channel=row.channel,
        method=row.method,
        guardian=row.guardian,
        given_at=row.given_at,
        recorded_at=row.recorded_at,
        valid_until=row.valid_until,
        recorded_by=row.recorded_by,
        state_version=row.state_version,
        entry=row.entry_id,
    )


def _notice(policies: PolicySet, purpose: Purpose, wanted: RecordConsent, last: Consent | None) -> NoticeShown:
    """The text as shown; for a withdrawal without one, the text it is about."""
    if wanted.notice is not None:
        key = (wanted.notice.id, wanted.notice.version, wanted.notice.language)
    elif last is not None:
        return view(last).notice
    else:
        assert purpose.consent is not None
        newest = policies.notice_versions[purpose.consent.notice]
        key = (purpose.consent.notice, newest, policies.organisation.languages[0])
    return NoticeShown(*key, policies.notices[key].digest)


def _state(purpose: Purpose, wanted: RecordConsent, *, confirmed: bool) -> State:
    assert purpose.consent is not None
    unconfirmed = purpose.consent.double_opt_in and not confirmed
    return State.REQUESTED if wanted.state == "given" and unconfirmed else State(wanted.state)


def _valid_until(purpose: Purpose, wanted: RecordConsent, given_at: datetime) -> datetime:
    assert purpose.consent is not None
    return wanted.expires_at or add_duration(given_at, purpose.consent.valid_for)


def _seal(session: Session, vault: Vault, row: Consent, wanted: RecordConsent) -> bytes | None:
    given = {
        "reference": wanted.source.reference,
        "evidence": wanted.source.evidence,
        "guardian": msgspec.to_builtins(wanted.guardian),
    }
    kept = {name: value for name, value in given.items() if value is not None}
    if not kept:
        return None
    return vault.cipher(session, row.subject_id, "evidence").seal(EVIDENCE, row.id, kept)


def _told(row: Consent) -> dict[str, Any]:
    """What the log keeps: the policy's words, never the evidence."""
    return {
        "consent": row.id,
        "purpose": row.purpose,
        "notice": f"{row.notice_id} {row.notice_version} {row.notice_language}",
        "notice_digest": row.notice_digest,
        "policy_version": row.policy_version,
        "channel": row.channel,
        "method": row.method,
        "given_at": row.given_at.isoformat(),
        "valid_until": row.valid_until.isoformat() if row.valid_until else None,
        "state_version": row.state_version,
    }
