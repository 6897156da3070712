"""Durations follow the calendar."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy_svc.errors import Misconfigured
from privacy_svc.policy import add_duration, parse_duration, surely_before

aware = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants bounds without a zone


@pytest.mark.parametrize(
    ("start", "iso", "end"),
    [
        ((2026, 1, 31), "P1M", (2026, 2, 28)),
        ((2028, 1, 31), "P1M", (2028, 2, 29)),
        ((2028, 2, 29), "P1Y", (2029, 2, 28)),
        ((2026, 11, 23), "P24M", (2028, 11, 23)),
        ((2026, 12, 31), "P2M", (2027, 2, 28)),
        ((2026, 1, 31), "P1M1D", (2026, 3, 1)),
        ((2026, 11, 23), "P1Y6M", (2028, 5, 23)),
        ((2026, 11, 23), "P2W", (2026, 12, 7)),
        ((2026, 11, 23), "P0D", (2026, 11, 23)),
    ],
)
def test_example(start: tuple[int, int, int], iso: str, end: tuple[int, int, int]) -> None:
    """Months keep the day or take the month's last; days are counted after."""
    assert add_duration(datetime(*start, 8, 30, tzinfo=UTC), iso) == datetime(*end, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize("iso", ["", "P", "1Y", "P1", "PT1H", "P1.5M", "P-1M", "p1y", "P1Y ", "P1D1Y", "P٣D", "P9999Y"])
def test_what_is_not_a_duration_is_refused(iso: str) -> None:
    """No guessing: a duration that two readers could read differently is none."""
    with pytest.raises(Misconfigured):
        parse_duration(iso)


def test_beyond_the_calendar_is_its_end() -> None:
    """A period without an end in sight does not fail."""
    assert add_duration(datetime(9000, 1, 1, tzinfo=UTC), "P999Y").year == 9999
    assert add_duration(datetime(9999, 12, 30, tzinfo=UTC), "P99D").year == 9999


@given(start=aware, months=st.integers(0, 600), days=st.integers(0, 9999))
def test_never_earlier_and_never_far_off(start: datetime, months: int, days: int) -> None:
    """The end is not before the start, grows with days, and is within a day's count of months."""
    end = add_duration(start, f"P{months}M{days}D")
    assert end >= start
    assert end.time() == start.time()
    assert timedelta(days=28 * months) <= end - start - timedelta(days=days) <= timedelta(days=31 * months)


@given(aware, st.integers(0, 40), st.integers(0, 30), st.integers(0, 90))
def test_surely_before_is_never_too_late(end: datetime, years: int, months: int, days: int) -> None:
    """What was before that instant is over at `end` by the calendar's own count."""
    iso = f"P{years}Y{months}M{days}D"
    assert add_duration(surely_before(end, iso), iso) <= end


def test_surely_before_ends_at_the_calendars_beginning() -> None:
    """A duration longer than the calendar keeps everything."""
    assert surely_before(datetime(2026, 1, 1, tzinfo=UTC), "P999Y9999M9999W").year == 1
