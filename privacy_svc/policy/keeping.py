"""Until when a law keeps a value that an erasure leaves. Pure."""

from datetime import MAXYEAR, UTC, date, datetime, timedelta, tzinfo

from privacy_svc.policy.datamap import Keep
from privacy_svc.policy.durations import add_duration
from privacy_svc.policy.facts import anchor, end_date


def kept_until(keep: Keep, started: object, zone: tzinfo) -> datetime | None:
    """By the day that the row tells, which does not count itself (as in § 187 BGB). None where it tells none."""
    day = end_date(started, zone)
    return None if day is None else _after(keep, day, zone)


def kept_from(keep: Keep, at: datetime, zone: tzinfo) -> datetime:
    """By the erasure, where no row says more: the latest that it may be."""
    return _after(keep, at.astimezone(zone).date(), zone) if keep.end_of_year else add_duration(at, keep.period)


def _after(keep: Keep, day: date, zone: tzinfo) -> datetime:
    if keep.end_of_year:
        day = date(day.year, 12, 31)
    if day >= date(MAXYEAR, 12, 31):
        return datetime.max.replace(tzinfo=UTC)
    return add_duration(anchor(day + timedelta(days=1), zone), keep.period).astimezone(UTC)
