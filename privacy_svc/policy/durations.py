"""ISO 8601 durations in calendar units: years, months, weeks, days. Pure.

Times of day and fractions are refused: retention and consent count in days, and `P1.5M` has no meaning
that two readers would share.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, timedelta
from functools import lru_cache

from privacy_svc.errors import Misconfigured

_SHAPE = re.compile(
    r"P(?=\d)(?:(?P<years>\d{1,3})Y)?(?:(?P<months>\d{1,4})M)?(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?", re.ASCII
)
SHORTEST = 28
"""Days that every month has."""


@dataclass(frozen=True, slots=True)
class Duration:
    months: int
    days: int

    def __bool__(self) -> bool:
        return bool(self.months or self.days)


@lru_cache(maxsize=256)
def parse_duration(iso: str) -> Duration:
    """`P24M`, `P1Y6M`, `P2W`, `P30D`. Raises Misconfigured."""
    found = _SHAPE.fullmatch(iso)
    if not found:
        raise Misconfigured(f"{iso!r} is not an ISO 8601 duration of years, months, weeks and days, such as P24M.")
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    return Duration(years * 12 + months, weeks * 7 + days)


def surely_before(end: datetime, iso: str) -> datetime:
    """An instant at least that long before: a month counts as 31 days, so that nothing ends too early."""
    duration = parse_duration(iso)
    try:
        return end - timedelta(days=31 * duration.months + duration.days)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC if end.tzinfo else None)


def add_duration(start: datetime, iso: str) -> datetime:
    """`start` later by `iso`: months first, then days. The 31st of a shorter month is its last day, so that
    31 January + P1M is 28 or 29 February. A result beyond the calendar is its last instant."""
    duration = parse_duration(iso)
    month = start.year * 12 + start.month - 1 + duration.months
    year, month = month // 12, month % 12 + 1
    if year > MAXYEAR:
        return _last(start)
    day = start.day if start.day <= SHORTEST else min(start.day, calendar.monthrange(year, month)[1])
    try:
        return start.replace(year=year, month=month, day=day) + timedelta(days=duration.days)
    except OverflowError:
        return _last(start)


def _last(start: datetime) -> datetime:
    return datetime.max.replace(tzinfo=UTC if start.tzinfo else None)
