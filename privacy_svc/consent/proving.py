"""The proof of consent (Art. 7(1) GDPR) as of any past time: who, to what exact text, how, until when, known when.

The text is that of the policy under which the consent was recorded, and only where its digest is the recorded one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log
from privacy_svc.consent import service
from privacy_svc.consent.asking import ask_from
from privacy_svc.consent.asof import Stood, stood, version_at
from privacy_svc.consent.checks import nearest
from privacy_svc.consent.model import Consent, Objection, Restriction
from privacy_svc.consent.schemas import (
    ConsentView,
    CustomerConsents,
    LogPlace,
    NoticeShown,
    NoticeText,
    Proof,
    PurposeConsent,
)
from privacy_svc.errors import BadRequest, Erased
from privacy_svc.http import CustomerRef
from privacy_svc.policy import DIRECT_MARKETING, PROFILING, PolicySet, Purpose, kept_notice, within
from privacy_svc.vault import Subject


@dataclass(frozen=True, slots=True)
class Asked:
    """`as_of`: when it held; `known_at`: when we knew; None: now, and everything. `proof` adds what proves it,
    `evidence` opens what the person's evidence key seals. `purposes`: what the asker may know of, None for all."""

    as_of: datetime | None = None
    known_at: datetime | None = None
    purpose: str | None = None
    proof: bool = False
    evidence: bool = False
    purposes: frozenset[str] | None = None

    def may_know(self, purpose: str) -> bool:
        return self.purposes is None or purpose in self.purposes

    def check(self, now: datetime) -> "Asked":
        """Raises BadRequest."""
        for name in ("as_of", "known_at"):
            at = getattr(self, name)
            if at is not None and (at.tzinfo is None or at > now):
                raise BadRequest(f"{name} is a time that has passed, with its time zone, e.g. 2026-11-01T00:00:00Z.")
        return self

    def told(self) -> dict[str, str]:
        """For the log."""
        times = {"as_of": self.as_of, "known_at": self.known_at}
        told = {name: at.isoformat() for name, at in times.items() if at is not None}
        return told | ({"evidence": "opened"} if self.evidence else {})


def overview(
    session: Session,
    log: Log,
    policies: PolicySet,
    subject_id: str,
    customer: CustomerRef,
    asked: Asked,
    now: datetime,
) -> CustomerConsents:
    """What stood for each purpose that anything had been said about. Raises BadRequest for a purpose that there is not
    and was not, KeyUnavailable where evidence is asked."""
    said = service.history(session, subject_id)
    _require_known(policies, said, asked.purpose)
    objections, restrictions = _all(session, Objection, subject_id), _all(session, Restriction, subject_id)
    everything = [*said, *objections, *restrictions]
    known = version_at(everything, asked.known_at) if asked.known_at else None
    heard = [c for c in said if known is None or c.state_version <= known]
    versions = [version_at(everything, at) for at in (asked.known_at, asked.as_of) if at is not None]
    version = min(versions) if versions else session.get_one(Subject, subject_id).state_version
    against = {o.purpose: o.stands for o in objections if o.state_version <= version}
    restricted = [r.stands for r in restrictions if r.state_version <= version]
    return CustomerConsents(
        customer=customer,
        state_version=version,
        restricted=bool(restricted and restricted[-1]),
        objections=sorted(o for o, stands in against.items() if stands and _reaches(policies, o, asked)),
        consents=_purposes(session, log, policies, heard, asked, now),
        as_of=asked.as_of or now,
        known_at=asked.known_at or now,
    )


def _require_known(policies: PolicySet, said: Sequence[ConsentView], purpose: str | None) -> None:
    """A purpose that is misspelt must not read as one that nobody consented to."""
    if purpose is None or purpose in policies.purposes or any(c.purpose == purpose for c in said):
        return
    raise BadRequest(f"There is no such purpose{nearest(purpose, policies.purposes)}.")


def _reaches(policies: PolicySet, objection: str, asked: Asked) -> bool:
    """Whether it is about anything that the asker may know of, by its own name or one that stands for it."""
    return asked.purposes is None or any(
        within(purpose.key, (objection,))
        or (objection == DIRECT_MARKETING and purpose.direct_marketing)
        or (objection == PROFILING and purpose.profiling)
        for purpose in policies.purposes.values()
        if asked.may_know(purpose.key)
    )


def _all(session: Session, kind: Any, subject_id: str) -> Sequence[Any]:
    return session.scalars(select(kind).where(kind.subject_id == subject_id).order_by(kind.state_version)).all()


def _purposes(
    session: Session, log: Log, policies: PolicySet, heard: Sequence[ConsentView], asked: Asked, now: datetime
) -> list[PurposeConsent]:
    by_purpose: dict[str, list[ConsentView]] = {}
    for said in heard:
        if asked.purpose in {None, said.purpose} and asked.may_know(said.purpose):
            by_purpose.setdefault(said.purpose, []).append(said)
    places = log.indices(session, [c.entry for c in heard if c.entry]) if asked.proof else {}
    found = []
    for purpose, events in by_purpose.items():
        then = stood(events, asked.as_of, now)
        if then is not None:
            proof = _proof(session, log, policies, then, places, asked) if asked.proof else None
            found.append(_told(policies.purposes.get(purpose), then, places, proof))
    return found


def _told(declared: Purpose | None, then: Stood, places: Mapping[str, int], proof: Proof | None) -> PurposeConsent:
    history = [msgspec.structs.replace(c, index=places.get(c.entry or "")) for c in then.history]
    until = then.said.valid_until
    again = ask_from(declared.consent if declared else None, then.state, then.since, until)
    return PurposeConsent(then.said.purpose, then.state, until, history, then.since, then.until, again, proof)


def _proof(
    session: Session, log: Log, policies: PolicySet, then: Stood, places: Mapping[str, int], asked: Asked
) -> Proof:
    said = then.said
    row = service.find(session, said.id)
    index = places.get(said.entry or "")
    return Proof(
        consent=said.id,
        given_at=said.given_at,
        recorded_at=said.recorded_at,
        recorded_by=said.recorded_by,
        channel=said.channel,
        method=said.method,
        evidence_kept=row.sealed is not None,
        evidence=_evidence(session, log, row) if asked.evidence else None,
        notice=text_shown(session, policies, row, then.history),
        receipt=said.receipt if said.notice.id else None,
        log=LogPlace(said.entry, index, None if index is None else f"/v1/audit/events/{index}/proof"),
    )


def _evidence(session: Session, log: Log, row: Consent) -> dict[str, Any] | None:
    try:
        return service.evidence(session, log.vault, row.id)
    except Erased:  # the evidence key has met its own end
        return None


def text_shown(
    session: Session, policies: PolicySet, row: Consent, history: Sequence[ConsentView]
) -> NoticeText | None:
    """None where nothing says what was shown. `text` is None where the policy of then is not kept, or says another."""
    if not row.notice_id:
        return None
    shown = NoticeShown(row.notice_id, row.notice_version, row.notice_language, row.notice_digest)
    same = [service.find(session, c.id).policy_version for c in history if c.notice == shown]
    for version in dict.fromkeys([policies.version, row.policy_version, *same]):
        key = (shown.id, shown.version, shown.language)
        notice = policies.notices.get(key) if version == policies.version else kept_notice(session, version, key)
        if notice is not None and notice.digest == shown.digest:
            return NoticeText(shown.id, shown.version, shown.language, shown.digest, notice.title, notice.text)
    return NoticeText(shown.id, shown.version, shown.language, shown.digest, None, None)


def entry_of(session: Session, consent_id: str) -> str | None:
    """The entry of the log that proves a consent; None where there is none of this id, or it was recorded before
    entries were noted."""
    return session.scalar(select(Consent.entry_id).where(Consent.id == consent_id))
