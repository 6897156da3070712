"""Deadlines by Regulation 1182/71."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy_svc.errors import Misconfigured
from privacy_svc.rights.deadlines import PROFILES, Calendar, Profile, deadline, profile_of, same_day

BERLIN = "Europe/Berlin"


class Given(Calendar):
    """A calendar whose holidays are given."""

    def __init__(self, *days: date) -> None:
        super().__init__("", PROFILES["EU"])
        self._days = frozenset(days)

    def _holidays(self, year: int) -> frozenset[date]:
        return self._days


@pytest.mark.parametrize(
    ("received", "months", "holidays", "due"),
    [
        (date(2026, 3, 5), 1, [], date(2026, 4, 6)),
        (date(2026, 3, 5), 1, [date(2026, 4, 6)], date(2026, 4, 7)),
        (date(2026, 8, 31), 1, [], date(2026, 9, 30)),
        (date(2026, 1, 29), 1, [], date(2026, 3, 2)),
        (date(2026, 1, 31), 1, [], date(2026, 3, 2)),
        (date(2028, 1, 30), 1, [], date(2028, 2, 29)),
        (date(2026, 11, 25), 1, [date(2026, 12, 25), date(2026, 12, 28)], date(2026, 12, 29)),
        (date(2026, 11, 30), 3, [], date(2027, 3, 1)),
        (date(2026, 5, 31), 3, [], date(2026, 8, 31)),
        (date(2026, 3, 31), 1, [], date(2026, 4, 30)),
        (date(2026, 4, 1), 1, [date(2026, 5, 1)], date(2026, 5, 4)),
        (date(2025, 12, 31), 2, [], date(2026, 3, 2)),
    ],
)
def test_vectors(received: date, months: int, holidays: list[date], due: date) -> None:
    """The published vectors of the rule come out."""
    at = datetime(received.year, received.month, received.day, 12, tzinfo=ZoneInfo(BERLIN))
    found = deadline(at, months, BERLIN, Given(*holidays))
    assert found.due_at.astimezone(ZoneInfo(BERLIN)).date() == due


@pytest.mark.parametrize(("country", "profile"), [("DE", "EU"), ("FR", "EU"), ("GB", "UK")])
def test_easter_monday(country: str, profile: str) -> None:
    """The country's real Easter Monday moves the end to Tuesday."""
    received = datetime(2026, 3, 5, 12, tzinfo=UTC)
    found = deadline(received, 1, "Europe/Paris", Calendar(country, PROFILES[profile]))
    assert found.due_at.date() == date(2026, 4, 7)
    assert found.due_conservative.date() == date(2026, 4, 5)


@pytest.mark.parametrize(
    ("zone", "due"),
    [("Europe/Paris", date(2026, 5, 4)), ("UTC", date(2026, 4, 30)), ("America/New_York", date(2026, 4, 30))],
)
def test_day_of_receipt_is_the_controllers(zone: str, due: date) -> None:
    """31 March 22:30 UTC is 1 April in Paris: due from there (1 May is a holiday)."""
    found = deadline(datetime(2026, 3, 31, 22, 30, tzinfo=UTC), 1, zone, Given(date(2026, 5, 1)))
    assert found.due_at.astimezone(ZoneInfo(zone)).date() == due


def test_end_of_day_over_the_clock_change() -> None:
    """A change to summer time in between moves neither the date nor the local end of day."""
    found = deadline(datetime(2026, 2, 28, 23, 30, tzinfo=ZoneInfo(BERLIN)), 1, BERLIN, Given())
    assert found.due_at == datetime(2026, 3, 30, 23, 59, 59, tzinfo=ZoneInfo(BERLIN))
    assert found.due_conservative == datetime(2026, 3, 28, 23, 59, 59, tzinfo=ZoneInfo(BERLIN))


instants = st.dates(date(2020, 1, 1), date(2040, 1, 1)).flatmap(
    lambda d: st.integers(0, 86_399).map(lambda s: datetime(d.year, d.month, d.day, tzinfo=UTC) + timedelta(seconds=s))
)


@given(instants, st.sampled_from([1, 3]), st.sampled_from(["DE", "FR", "IE", "PL"]))
def test_end_is_a_working_day_not_before_the_raw_end(received: datetime, months: int, country: str) -> None:
    """The end is a working day, never before the same-numbered day, never more than ten days after it."""
    days = Calendar(country, PROFILES["EU"])
    found = deadline(received, months, BERLIN, days)
    assert days.is_working(found.due_at.astimezone(ZoneInfo(BERLIN)).date())
    assert timedelta(0) <= found.due_at - found.due_conservative < timedelta(days=10)
    assert found.due_conservative > received + timedelta(days=27 * months)


@given(instants, instants)
def test_later_receipt_is_never_due_earlier(one: datetime, other: datetime) -> None:
    """The rule keeps the order of receipt."""
    days = Calendar("DE", PROFILES["EU"])
    first, second = sorted([one, other])
    assert deadline(first, 1, BERLIN, days).due_at <= deadline(second, 1, BERLIN, days).due_at


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(0, 36))
def test_same_day_has_the_number_or_is_the_last(start: date, months: int) -> None:
    """The raw end has the number of the day of receipt, or is the last of a shorter month."""
    end = same_day(start, months)
    assert end.day == start.day or (end.day < start.day and (end + timedelta(days=1)).day == 1)


def test_unknown_names_are_said() -> None:
    """A country, zone or profile that does not exist is a fault of the configuration."""
    with pytest.raises(Misconfigured, match="holidays"):
        Calendar("XX", PROFILES["EU"]).is_working(date(2026, 1, 5))
    with pytest.raises(Misconfigured, match="time zone"):
        deadline(datetime(2026, 1, 5, tzinfo=UTC), 1, "Mars/Olympus", Given())
    with pytest.raises(Misconfigured, match="EU, UK"):
        profile_of("MARS")


def test_profiles_are_data() -> None:
    """A country's rule is a value: other months need no code."""
    assert profile_of("UK").identity_starts_clock
    assert Profile("X", months=2).extended_months == 3
