"""Recording what people said about purposes, of many at once as of one: a statement a table, whoever they are. Nothing
recorded is ever changed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Event, EventType, Log
from privacy_svc.consent.checks import check
from privacy_svc.consent.model import EVIDENCE, Consent
from privacy_svc.consent.objections import lift_objection, stand_since
from privacy_svc.consent.policies import keep_policy
from privacy_svc.consent.schemas import ConsentView, NoticeShown, RecordConsent
from privacy_svc.consent.service import view
from privacy_svc.consent.standing import latest
from privacy_svc.consent.states import State
from privacy_svc.consent.versions import hold, hold_many, raise_versions, readmissions
from privacy_svc.db import EARLIEST, insert_rows, new_id
from privacy_svc.errors import Fault, InvalidBody, PrivacyError
from privacy_svc.policy import PolicySet, Purpose, add_duration
from privacy_svc.vault import SubjectCipher, Vault

_EVENTS = {
    State.REQUESTED: EventType.CONSENT_REQUESTED,
    State.GIVEN: EventType.CONSENT_GIVEN,
    State.REFUSED: EventType.CONSENT_REFUSED,
    State.WITHDRAWN: EventType.CONSENT_WITHDRAWN,
}
_NO = frozenset({State.REFUSED, State.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Saying:
    """What somebody has to say, and who tells us. Where the purpose asks for double opt-in, `given` is `requested`
    until it is `confirmed`. `superseded`: a no that what the person said since outweighs."""

    subject_id: str
    wanted: RecordConsent
    actor: str
    confirmed: bool = False
    superseded: bool = False


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
    """`record_all` of one. Raises InvalidBody with every fault, Erased, NotFound."""
    saying = Saying(subject_id, wanted, actor, confirmed)
    found = record_all(session, vault, log, policies, [saying], at)[0]
    if isinstance(found, PrivacyError):
        raise found
    return found


def record_all(
    session: Session, vault: Vault, log: Log, policies: PolicySet, sayings: Sequence[Saying], at: datetime
) -> list[ConsentView | PrivacyError]:
    """They hold from this transaction's commit. Each one's record or refusal: InvalidBody, Erased, NotFound.

    `at` is now. What is said now comes after everything recorded before, whatever two machines' clocks say.
    """
    found: dict[int, ConsentView | PrivacyError] = {}
    checked: dict[int, Purpose] = {}
    for n, saying in enumerate(sayings):
        try:
            checked[n] = check(policies, saying.wanted, at)
        except PrivacyError as error:
            found[n] = error
    versions = hold_many(session, {sayings[n].subject_id for n in checked}) if checked else {}
    for n in [n for n in checked if sayings[n].subject_id not in versions]:
        found[n] = _why_not_held(session, sayings[n].subject_id)
        del checked[n]
    for n in _before_readmission(session, {n: sayings[n] for n in checked}):
        fault = Fault("/given_at", "lies before this person was erased and came back: ask them again")
        found[n] = InvalidBody("What was agreed before an erasure does not count after it.", faults=[fault])
        del checked[n]
    if checked:
        made = _Records(session, policies, at, versions).make([(sayings[n], checked[n]) for n in checked])
        found |= zip(checked, _write(session, vault, log, policies, made), strict=True)
    return [found[n] for n in range(len(sayings))]


def _why_not_held(session: Session, subject_id: str) -> PrivacyError:
    try:
        hold(session, subject_id)
    except PrivacyError as error:
        return error
    raise AssertionError("somebody came back who was erased while they were held")


def _before_readmission(session: Session, sayings: Mapping[int, Saying]) -> list[int]:
    """A no is taken whenever it was said."""
    given = {n: s for n, s in sayings.items() if s.wanted.state == "given"}
    dated = {n: (s.subject_id, s.wanted.given_at) for n, s in given.items() if s.wanted.given_at is not None}
    back = readmissions(session, {subject_id for subject_id, _ in dated.values()}) if dated else {}
    return [n for n, (subject_id, at) in dated.items() if subject_id in back and at < back[subject_id]]


Made = list[tuple[Saying, Consent]]


class _Records:
    """Rows of people who are held, whose `versions` they raise."""

    def __init__(self, session: Session, policies: PolicySet, at: datetime, versions: dict[str, int]) -> None:
        self._session, self._policies, self._at, self._versions = session, policies, at, versions

    def make(self, wanted: Sequence[tuple[Saying, Purpose]]) -> Made:
        """In order: what is said later of the same person comes after what is said before."""
        purposes = sorted({purpose.key for _, purpose in wanted})
        last = {(c.subject_id, c.purpose): c for c in latest(self._session, list(self._versions), purposes)}
        made = []
        for saying, purpose in wanted:
            place = (saying.subject_id, purpose.key)
            row = self._row(saying, purpose, last.get(place))
            if place not in last or row.given_at >= last[place].given_at:
                last[place] = row
            made.append((saying, row))
        raise_versions(self._session, Counter(saying.subject_id for saying, _ in wanted))
        return made

    def _row(self, saying: Saying, purpose: Purpose, last: Consent | None) -> Consent:
        wanted, at = saying.wanted, self._at
        notice = _notice(self._policies, purpose, wanted, last)
        state = _state(purpose, wanted, confirmed=saying.confirmed)
        given_at = _holds_from(saying, last, at)
        self._versions[saying.subject_id] += 1
        return Consent(
            id=new_id(),
            subject_id=saying.subject_id,
            purpose=purpose.key,
            state=state,
            notice_id=notice.id,
            notice_version=notice.version,
            notice_language=notice.language,
            notice_digest=notice.digest,
            policy_version=self._policies.version,
            channel=wanted.source.channel,
            method=wanted.source.method,
            guardian=wanted.guardian is not None,
            given_at=given_at,
            recorded_at=at,
            valid_until=_valid_until(purpose, wanted, given_at) if state == State.GIVEN else None,
            recorded_by=saying.actor,
            state_version=self._versions[saying.subject_id],
        )


def _write(session: Session, vault: Vault, log: Log, policies: PolicySet, made: Made) -> Iterator[ConsentView]:
    people = {row.subject_id for _, row in made}
    ciphers = vault.ciphers(session, people, "evidence")
    for subject_id in people - ciphers.keys():
        vault.cipher(session, subject_id, "evidence")  # says why there is none
    for saying, row in made:
        row.sealed = _seal(ciphers[row.subject_id], row, saying.wanted)
    _log(session, log, made, ciphers)
    names = [c.name for c in Consent.__table__.columns]
    insert_rows(session, Consent, [{name: getattr(row, name) for name in names} for _, row in made])
    keep_policy(session, log, policies)
    _lift_objections(session, log, [row for _, row in made if row.state == State.GIVEN])
    return (view(row) for _, row in made)


def _log(session: Session, log: Log, made: Made, ciphers: Mapping[str, SubjectCipher]) -> None:
    for actor in dict.fromkeys(row.recorded_by for _, row in made):
        mine = [(saying, row) for saying, row in made if row.recorded_by == actor]
        events = [Event(_EVENTS[State(row.state)], row.subject_id, _told(saying, row)) for saying, row in mine]
        entries = log.append_many(session, events, actor=actor, evidence=True, ciphers=ciphers)
        for (_, row), entry in zip(mine, entries, strict=True):
            row.entry_id = entry


def _lift_objections(session: Session, log: Log, given: Sequence[Consent]) -> None:
    """Of who agrees to what they objected to before."""
    objected = stand_since(session, {row.subject_id for row in given}, {row.purpose for row in given}) if given else {}
    for row in given:
        since = objected.get((row.subject_id, row.purpose))
        if since is not None and row.given_at >= since and not _is_late(session, row):
            lift_objection(session, log, row.subject_id, row.purpose, row.recorded_by, f"consent {row.id}")


def _is_late(session: Session, row: Consent) -> bool:
    """What the person said after it was recorded before it."""
    known = (Consent.subject_id == row.subject_id, Consent.purpose == row.purpose)
    later = exists().where(*known, Consent.state_version < row.state_version, Consent.given_at > row.given_at)
    return bool(session.scalar(select(later)))


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


def _holds_from(saying: Saying, last: Consent | None, at: datetime) -> datetime:
    """When it was said. What comes without a time, or with one that a clock ahead of ours gave, is said now. A no ends
    what was recorded before it, whatever a slow clock says (Art. 7(3))."""
    said = saying.wanted.given_at
    before = last.given_at if last else EARLIEST
    if said is None or said > at:
        return max(at, before)
    return max(said, before) if saying.wanted.state in _NO and not saying.superseded else said


def _valid_until(purpose: Purpose, wanted: RecordConsent, given_at: datetime) -> datetime:
    assert purpose.consent is not None
    return wanted.expires_at or add_duration(given_at, purpose.consent.valid_for)


def _seal(cipher: SubjectCipher, row: Consent, wanted: RecordConsent) -> bytes | None:
    given = {
        "reference": wanted.source.reference,
        "evidence": wanted.source.evidence,
        "guardian": msgspec.to_builtins(wanted.guardian),
    }
    kept = {name: value for name, value in given.items() if value is not None}
    return cipher.seal(EVIDENCE, row.id, kept) if kept else None


def _told(saying: Saying, row: Consent) -> dict[str, Any]:
    """What the log keeps: the policy's words, never the evidence. `said_at`: the time the caller gave, where it holds
    from another."""
    said = saying.wanted.given_at
    return {
        **({"said_at": said.isoformat()} if said is not None and said != row.given_at else {}),
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
