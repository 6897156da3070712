"""What a decision of one moment reads of a person's age, country and the end of the relationship.

They are facts of the customer store; the store room keeps them beside the subject (`vault.Subject`, decision 11). Here
they become what decisions about one purpose can tell apart, so that a million people fall into few states.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import Counter
from sqlalchemy.orm import Session

from privacy_svc.policy import OF_AGE, PolicySet, Purpose, age_on, anchor, consent_age, last_passed
from privacy_svc.vault import BIRTH, SubjectCipher, Tampered, Vault

_log = structlog.get_logger(__name__)
_UNREADABLE = Counter(
    "privacy_birth_dates_unreadable",
    "People whose birth date does not open, or is none, as this process met them.",
)
YOUNGEST = 0
"""Of somebody known to be young whose birth date cannot be read: erased at this moment, or the value is spoilt."""
TOLD = 10_000
"""People of whom a process remembers that it told."""


@dataclass(frozen=True)
class Reading:
    """`policies` are those that decide: one, or two that are compared. Without a vault nothing is read that the
    customer store tells. Local days are the organisation's."""

    vault: Vault | None
    policies: Sequence[PolicySet]
    purpose: str
    at: datetime

    @cached_property
    def _declared(self) -> list[Purpose]:
        return [p.purposes[self.purpose] for p in self.policies if self.purpose in p.purposes]

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.policies[0].organisation.time_zone)

    @cached_property
    def _today(self) -> date:
        return self.at.astimezone(self._zone).date()

    @cached_property
    def highest(self) -> int:
        """The age from which on it makes no difference; 0 where none does."""
        if self.vault is None:
            return 0
        asked = (limit for p in self.policies for limit in _limits(p, self.purpose))
        return max(asked, default=0)

    @cached_property
    def profiling(self) -> bool:
        """Whether an objection to profiling reaches it."""
        return any(p.profiling for p in self._declared)

    @cached_property
    def _countries(self) -> bool:
        return any(p.age_by_country for p in self._declared)

    @cached_property
    def ends(self) -> list[date]:
        """For each retention, at most two, the last day that is over; early ones first."""
        if self.vault is None:
            return []
        return sorted({last_passed(self._today, p.retention) for p in self._declared if p.retention is not None})

    def age(self, of_age: int) -> int | None:
        """Without a look at a birth date."""
        return OF_AGE if 0 < self.highest <= of_age else None

    def country(self, age: int | None, country: str | None) -> str | None:
        """Of who may be too young somewhere."""
        return country if self._countries and age is not None and age < OF_AGE else None

    def anchor(self, over: int) -> datetime:
        """The latest end for which decisions are the same as for one that does not lie beyond `ends[over]`."""
        return anchor(self.ends[over], self._zone)

    def open_ages(self, session: Session, sealed: Mapping[str, bytes]) -> dict[str, int]:
        """Of people who are not of age. A value that does not open is that one person's, who counts as the youngest: it
        must not keep everybody else from a decision. Raises KeyUnavailable."""
        assert self.vault is not None
        ciphers = self.vault.ciphers(session, sealed)
        born = {i: _open(ciphers[i], i, value) if i in ciphers else None for i, value in sealed.items()}
        return {i: YOUNGEST if day is None else age_on(day, self._today) for i, day in born.items()}


def _limits(policies: PolicySet, purpose: str) -> Iterator[int]:
    declared = policies.purposes.get(purpose)
    if declared is not None and declared.age_by_country:
        yield consent_age(None, policies.organisation.consent_ages)
    elif declared is not None and declared.minimum_age is not None:
        yield declared.minimum_age


def _open(cipher: SubjectCipher, subject_id: str, sealed: bytes) -> date | None:
    try:
        return date.fromisoformat(cipher.open(BIRTH, subject_id, sealed))
    except (Tampered, TypeError, ValueError):
        _tell(subject_id)
        return None


@lru_cache(TOLD)
def _tell(subject_id: str) -> None:
    """Once for each, without the value."""
    _UNREADABLE.inc()
    _log.error("consent.birth_date_unreadable", subject=subject_id)
