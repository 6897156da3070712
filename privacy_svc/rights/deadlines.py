"""When a request must be answered. Pure.

Regulation (EEC, Euratom) 1182/71 Art. 3 on the month of Art. 12(3) GDPR: the day of receipt is not
counted, the period ends with the end of the same-numbered day, or of the month's last day where
there is none; a Saturday, Sunday or public holiday moves the end to the next working day. Days are
the controller's own: a request of 22:30 UTC may belong to tomorrow in Paris.
"""

import calendar
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from privacy_svc.errors import Misconfigured

_LAST_SECOND = time(23, 59, 59)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a law says about time. Data: proposals to change it are under way in the EU."""

    key: str
    months: int = 1
    extended_months: int = 3
    """Counted from receipt, not from the old end."""
    weekend: frozenset[int] = frozenset({5, 6})
    identity_starts_clock: bool = False
    """UK GDPR Art. 12A (2026): the clock starts at the latest of receipt and proof of identity."""
    clarification_stops_clock: AbstractSet[str] = frozenset({"access"})
    """Rights where a question what is meant suspends the time, as one about identity always does. EU: access, where
    much is held about the person (recital 63; EDPB 01/2022, 5.3). UK: any."""
    subdivisions: Mapping[str, str] = field(default_factory=dict)
    """Country to the part of it whose public holidays count."""


PROFILES: Mapping[str, Profile] = {
    "EU": Profile("EU"),
    "UK": Profile(
        "UK",
        identity_starts_clock=True,
        clarification_stops_clock=frozenset(
            "access rectification erasure restriction portability objection automated_decision".split()  # noqa: SIM905
        ),
        subdivisions={"GB": "ENG"},
    ),
}


@dataclass(frozen=True, slots=True)
class Deadline:
    due_at: datetime
    due_conservative: datetime
    """Without the move to a working day: authorities differ little, people differ a lot, so warnings use this."""


class Calendar:
    """The working days of the controller's country, or of the region of it that is named; `more` are further
    public holidays."""

    def __init__(self, country: str, profile: Profile, region: str = "", more: AbstractSet[date] = frozenset()) -> None:
        self.profile = profile
        self._country, self._more = country, more
        self._region = region or profile.subdivisions.get(country)

    def is_working(self, day: date) -> bool:
        free = day.weekday() in self.profile.weekend or day in self._more
        return not free and day not in _public_holidays(self._country, self._region, day.year)


@lru_cache(maxsize=64)
def _public_holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    if not country:
        return frozenset()
    try:
        return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))
    except NotImplementedError:
        raise Misconfigured(f"No public holidays are known for the controller's country {country!r}.") from None


def same_day(start: date, months: int) -> date:
    """The day with the same number `months` later, or that month's last."""
    month = start.year * 12 + start.month - 1 + months
    year, month = month // 12, month % 12 + 1
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


def next_working(day: date, days: Calendar) -> date:
    while not days.is_working(day):
        day += timedelta(days=1)
    return day


def deadline(received: datetime, months: int, zone: str, days: Calendar, stopped: int = 0) -> Deadline:
    """The end of a period of `months` that an event at `received` begins; days it was `stopped` are added."""
    here = time_zone(zone)
    raw = same_day(received.astimezone(here).date(), months) + timedelta(days=stopped)
    return Deadline(_end_of(next_working(raw, days), here), _end_of(raw, here))


def days_between(stopped: datetime, resumed: datetime, zone: str) -> int:
    """Whole days for which a clock stood still: what is asked and answered on one day costs the person none."""
    here = time_zone(zone)
    return max(0, (resumed.astimezone(here).date() - stopped.astimezone(here).date()).days)


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, _LAST_SECOND, zone).astimezone(UTC)


def time_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise Misconfigured(f"organisation.time_zone: there is no time zone {name!r}.") from None


def profile_of(name: str) -> Profile:
    found = PROFILES.get(name)
    if found is None:
        raise Misconfigured(f"organisation.deadlines.law is one of {', '.join(PROFILES)}, not {name!r}.")
    return found
