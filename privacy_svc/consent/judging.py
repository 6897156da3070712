"""Is a row of a file something that can be recorded, as far as the row itself and the policy tell? Pure.

Less is asked than of a consent that is recorded as it is said: an old table may not know what was shown. Such a row
comes in as what it is, `imported`, and the policy says whether it counts. What is no consent at all is refused.
"""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

import msgspec

from privacy_svc.consent.checks import consentable
from privacy_svc.consent.contradicting import contradictions
from privacy_svc.consent.reading import Line
from privacy_svc.consent.rowformat import ImportRow
from privacy_svc.consent.schemas import Guardian, NoticeShown
from privacy_svc.consent.states import DOUBLE_OPT_IN, IMPORTED, Method, State
from privacy_svc.consent.unconsenting import BUNDLED
from privacy_svc.db import CLOCK_SKEW, EARLIEST
from privacy_svc.http import Contact, CustomerRef
from privacy_svc.policy import PolicySet, Purpose, SpecialCondition, add_duration

CHANNEL = "import"
_STATES = frozenset(set(State) - {State.EXPIRED})
_PERMITTING = frozenset({State.GIVEN, State.REQUESTED})
_SEVERAL = re.compile(r"[,;|\s]")


class Why(enum.StrEnum):
    """Why a row is refused: a closed list."""

    MALFORMED = "malformed"
    BAD_TIME = "bad_time"
    FUTURE = "future"
    UNKNOWN_PURPOSE = "unknown_purpose"
    NOT_ON_CONSENT = "not_on_consent"
    UNKNOWN_STATE = "unknown_state"
    UNKNOWN_NOTICE = "unknown_notice"
    NO_CONSENT = "no_consent"
    UNKNOWN_CUSTOMER = "unknown_customer"
    AMBIGUOUS_CUSTOMER = "ambiguous_customer"
    ERASED = "erased"
    BEFORE_READMISSION = "before_readmission"
    SUPPRESSED = "suppressed"


class Refused(msgspec.Struct, frozen=True):
    """One row that did not come in. No value of the row is in it."""

    row: int
    line: int
    reason: Why
    detail: str


class Unfit(Exception):
    """A row that cannot be recorded, and why."""

    def __init__(self, why: Why, detail: str) -> None:
        super().__init__(detail)
        self.why, self.detail = why, detail


@dataclass(frozen=True, slots=True)
class Words:
    """What a row says in the policy's words; thousands of rows say the same."""

    purpose: Purpose
    state: str
    notice: NoticeShown
    method: str


class Wanted(msgspec.Struct, frozen=True):
    """A row that can be recorded if its customer can be. `sealed` is what their evidence key seals."""

    line: Line
    words: Words
    customer: CustomerRef
    contacts: tuple[Contact, ...]
    channel: str
    guardian: bool
    given_at: datetime
    valid_until: datetime | None
    sealed: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Wanted({self.line.number}, …)"

    @property
    def permits(self) -> bool:
        """Whether it could ever let an address be used."""
        return self.words.state in _PERMITTING


class Judge:
    """Of a whole file. A time without a zone is one of `zone`, or refused where that is None."""

    def __init__(self, policies: PolicySet, zone: tzinfo | None = None) -> None:
        self._policies, self._zone = policies, zone
        self._people = {c.path for c in policies.data_map.identities()}
        self._words: dict[tuple[Any, ...], Words | Unfit] = {}

    def judge(self, line: Line, at: datetime) -> Wanted | Refused:
        """`at` is now."""
        try:
            if line.row is None:
                raise Unfit(Why.MALFORMED, line.fault)
            return self._wanted(line, line.row, at)
        except Unfit as unfit:
            return Refused(line.number, line.line, unfit.why, unfit.detail)

    def _wanted(self, line: Line, row: ImportRow, at: datetime) -> Wanted:
        words = self._same_words(row, at)
        given_at = self._time("given_at", row.given_at)
        if given_at > at:
            raise Unfit(Why.FUTURE, "given_at lies in the future")
        if words.state in _PERMITTING:
            _require_consent(row)
        return Wanted(
            line=line,
            words=words,
            customer=_customer(row, self._kind(row)),
            contacts=_contacts(row),
            channel=row.channel or CHANNEL,
            guardian=row.guardian is not None,
            given_at=given_at,
            valid_until=self._until(row, words, given_at),
            sealed=_sealed(row),
        )

    def _kind(self, row: ImportRow) -> str | None:
        if row.collection is None or row.collection in self._people:
            return row.collection
        raise Unfit(Why.MALFORMED, "collection: the data map has no such collection of people")

    def _same_words(self, row: ImportRow, at: datetime) -> Words:
        confirmed = self._confirmed(row, at)
        said = (row.purpose, row.state, row.notice, row.notice_version, row.notice_language, row.method, confirmed)
        found = self._words.get(said)
        if found is None:
            try:
                found = _words(self._policies, row, confirmed=confirmed)
            except Unfit as unfit:
                found = unfit
            if len(self._words) < 10_000:  # a file of nonsense must not fill the memory
                self._words[said] = found
        if isinstance(found, Unfit):
            raise Unfit(found.why, found.detail)
        return found

    def _confirmed(self, row: ImportRow, at: datetime) -> bool:
        """Whether the evidence says when the person confirmed the link of a double opt-in, as our own records do: not
        before they agreed, and not in the future. Another machine's clock may have told one of the times."""
        said = _confirmed_at(row.evidence)
        if said is None or said > at + CLOCK_SKEW:
            return False
        try:
            return said >= self._time("given_at", row.given_at) - CLOCK_SKEW
        except Unfit:
            return False

    def _time(self, name: str, text: str) -> datetime:
        try:
            found = datetime.fromisoformat(text.strip())
            if found.tzinfo is None:
                if self._zone is None:
                    raise Unfit(Why.BAD_TIME, f"{name} has no time zone: give one, or say --timezone")
                found = found.replace(tzinfo=self._zone)
            if found.tzinfo is not UTC:
                found = found.astimezone(UTC)
        except (ValueError, OverflowError):
            raise Unfit(Why.BAD_TIME, f"{name} is no time of ISO 8601, such as 2024-05-31T09:30:00Z") from None
        if found < EARLIEST:
            raise Unfit(Why.BAD_TIME, f"{name} lies before 1970")
        return found

    def _until(self, row: ImportRow, words: Words, given_at: datetime) -> datetime | None:
        """What the row says, but never longer than the policy lets a consent last."""
        if row.guardian is not None and words.state not in _PERMITTING:
            raise Unfit(Why.MALFORMED, "guardian belongs to a consent that is given, or requested")
        if words.state != State.GIVEN:
            if row.expires_at is not None:
                raise Unfit(Why.MALFORMED, "expires_at belongs to a consent that is given")
            return None
        assert words.purpose.consent is not None
        longest = add_duration(given_at, words.purpose.consent.valid_for)
        if row.expires_at is None:
            return longest
        expires_at = self._time("expires_at", row.expires_at)
        if expires_at <= given_at:
            raise Unfit(Why.BAD_TIME, "expires_at lies before the consent was given")
        return min(expires_at, longest)


def _require_consent(row: ImportRow) -> None:
    for name, said in (("channel", row.channel), ("reference", row.reference), ("evidence", row.evidence)):
        for _, why in contradictions(said) if said is not None else ():
            raise Unfit(Why.NO_CONSENT, f"{name}: {why}")


def _words(policies: PolicySet, row: ImportRow, *, confirmed: bool) -> Words:
    purpose = policies.purposes.get(row.purpose)
    if purpose is None and _SEVERAL.search(row.purpose.strip()):
        raise Unfit(Why.NO_CONSENT, f"purpose: {BUNDLED}")
    if purpose is None:
        raise Unfit(Why.UNKNOWN_PURPOSE, "the policy has no such purpose")
    if purpose.key not in consentable(policies):
        raise Unfit(Why.NOT_ON_CONSENT, f"{purpose.key} rests on {purpose.legal_basis}: there is no consent to record")
    if row.state not in _STATES:
        raise Unfit(Why.UNKNOWN_STATE, f"state is one of {', '.join(sorted(_STATES))}")
    notice = _notice(policies, purpose, row)
    method = row.method if row.method is not None and notice.id else IMPORTED
    if row.method is not None and row.method not in {*Method, IMPORTED}:
        raise Unfit(Why.NO_CONSENT, f"method is {', '.join(sorted(Method))}; anything less is none (Art. 4(11))")
    assert purpose.consent is not None
    if purpose.consent.double_opt_in and row.state == State.GIVEN and not confirmed:
        method = IMPORTED  # nobody could show that it was confirmed
    explicit = purpose.special_condition is SpecialCondition.EXPLICIT_CONSENT
    if explicit and row.state == State.GIVEN and method != Method.EXPLICIT:
        raise Unfit(Why.NO_CONSENT, "special categories need explicit consent to a notice (Art. 9(2)(a))")
    return Words(purpose, row.state, notice, str(method))


def _confirmed_at(evidence: Any) -> datetime | None:
    proof = evidence.get(DOUBLE_OPT_IN) if isinstance(evidence, Mapping) else None
    said = proof.get("confirmed_at") if isinstance(proof, Mapping) else None
    try:
        found = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _notice(policies: PolicySet, purpose: Purpose, row: ImportRow) -> NoticeShown:
    given = (row.notice, row.notice_version, row.notice_language)
    if given == (None, None, None):
        return NoticeShown("", 0, "", "")
    if row.notice is None or row.notice_version is None or row.notice_language is None:
        raise Unfit(Why.UNKNOWN_NOTICE, "notice, notice_version and notice_language belong together")
    key = (row.notice, row.notice_version, row.notice_language)
    found = policies.notices.get(key)
    if found is None:
        raise Unfit(Why.UNKNOWN_NOTICE, "the policy has no such notice in this version and language")
    if purpose.key not in found.purposes:
        raise Unfit(Why.UNKNOWN_NOTICE, f"this notice does not name {purpose.key}")
    return NoticeShown(*key, found.digest)


def _customer(row: ImportRow, collection: str | None) -> CustomerRef:
    if row.id is not None:
        return CustomerRef(id=str(row.id), collection=collection)
    if row.email is not None:
        return CustomerRef(email=row.email, collection=collection)
    if row.phone is not None:
        return CustomerRef(phone=row.phone, collection=collection)
    raise Unfit(Why.MALFORMED, "names no customer: id, email or phone")


def _contacts(row: ImportRow) -> tuple[Contact, ...]:
    given = (("email", row.email), ("phone", row.phone))
    return tuple(Contact(kind, value) for kind, value in given if value is not None)


def _sealed(row: ImportRow) -> Mapping[str, Any]:
    if row.reference is None and row.evidence is None and row.guardian is None:
        return {}
    guardian = Guardian(row.guardian) if isinstance(row.guardian, str) else row.guardian
    told = msgspec.to_builtins(guardian) if guardian is not None else None
    given = {"reference": row.reference, "evidence": row.evidence, "guardian": told}
    return {name: value for name, value in given.items() if value is not None}
