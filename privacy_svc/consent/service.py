"""What was recorded, read back. Nothing recorded is ever changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from privacy_svc.consent.asof import stood
from privacy_svc.consent.facts import Reading
from privacy_svc.consent.model import EVIDENCE, Consent
from privacy_svc.consent.purpose_states import purpose_states
from privacy_svc.consent.schemas import ConsentRecorded, ConsentView, NoticeShown, PurposeConsent
from privacy_svc.errors import NotFound
from privacy_svc.http import CustomerRef
from privacy_svc.policy import PolicySet, SubjectState, is_objected
from privacy_svc.vault import Vault


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
    session: Session, policies: PolicySet, said: Sequence[tuple[str, CustomerRef, ConsentView]], now: datetime
) -> list[ConsentRecorded]:
    """The answers to callers who recorded something of these people."""
    people: dict[str, dict[str, SubjectState]] = {}
    for purpose in {view.purpose for _, _, view in said}:
        ids = [subject_id for subject_id, _, view in said if view.purpose == purpose]
        people[purpose] = purpose_states(session, ids, Reading(None, (policies,), purpose, now))
    return [
        _recorded(policies, people[view.purpose][subject_id], customer, view) for subject_id, customer, view in said
    ]


def _recorded(policies: PolicySet, person: SubjectState, customer: CustomerRef, said: ConsentView) -> ConsentRecorded:
    return ConsentRecorded(
        id=said.id,
        customer=customer,
        purpose=said.purpose,
        state=said.state,
        current=person.consents[said.purpose].state,
        valid_until=said.valid_until,
        state_version=said.state_version,
        receipt=said.receipt,
        objected=is_objected(policies.purposes[said.purpose], person),
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
