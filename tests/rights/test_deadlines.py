"""Deadlines by Regulation 1182/71."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy_svc.errors import Misconfigured
from privacy_svc.rights.deadlines import PROFILES, Calendar, Profile, days_between, deadline, profile_of, same_day

BERLIN = "Europe/Berlin"


RULE = "standards.md D1: Reg. 1182/71 Art. 3, EDPB 01/2022 5.3, ICO “corresponding calendar date”"
EASTER, CHRISTMAS, LABOUR = date(2026, 4, 6), [date(2026, 12, 25), date(2026, 12, 28)], date(2026, 5, 1)
VECTORS = {
    "a Sunday moves to Monday": (date(2026, 3, 5), 1, [], date(2026, 4, 6)),
    "and over Easter Monday": (date(2026, 3, 5), 1, [EASTER], date(2026, 4, 7)),
    "no 31 September (the EDPB's example)": (date(2026, 8, 31), 1, [], date(2026, 9, 30)),
    "28 February is a Saturday": (date(2026, 1, 29), 1, [], date(2026, 3, 2)),
    "no 31 February": (date(2026, 1, 31), 1, [], date(2026, 3, 2)),
    "leap day": (date(2028, 1, 30), 1, [], date(2028, 2, 29)),
    "Christmas and its substitute": (date(2026, 11, 25), 1, CHRISTMAS, date(2026, 12, 29)),
    "extended over February": (date(2026, 11, 30), 3, [], date(2027, 3, 1)),
    "extended": (date(2026, 5, 31), 3, [], date(2026, 8, 31)),
    "no 31 April": (date(2026, 3, 31), 1, [], date(2026, 4, 30)),
    "1 May, then a weekend": (date(2026, 4, 1), 1, [LABOUR], date(2026, 5, 4)),
    "two months": (date(2025, 12, 31), 2, [], date(2026, 3, 2)),
}


def given_days(*days: date) -> Calendar:
    """A calendar of no country, whose holidays are given."""
    return Calendar("", PROFILES["EU"], more=frozenset(days))


@pytest.mark.parametrize(("received", "months", "holidays", "due"), VECTORS.values(), ids=VECTORS)
def test_vectors(received: date, months: int, holidays: list[date], due: date) -> None:
    """All published vectors of the rule come out (RULE names the source)."""
    at = datetime(received.year, received.month, received.day, 12, tzinfo=ZoneInfo(BERLIN))
    found = deadline(at, months, BERLIN, given_days(*holidays))
    assert found.due_at.astimezone(ZoneInfo(BERLIN)).date() == due, RULE


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
    found = deadline(datetime(2026, 3, 31, 22, 30, tzinfo=UTC), 1, zone, given_days(date(2026, 5, 1)))
    assert found.due_at.astimezone(ZoneInfo(zone)).date() == due


def test_end_of_day_over_the_clock_change() -> None:
    """A change to summer time in between moves neither the date nor the local end of day."""
    found = deadline(datetime(2026, 2, 28, 23, 30, tzinfo=ZoneInfo(BERLIN)), 1, BERLIN, given_days())
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
        deadline(datetime(2026, 1, 5, tzinfo=UTC), 1, "Mars/Olympus", given_days())
    with pytest.raises(Misconfigured, match="EU, UK"):
        profile_of("MARS")


def test_profiles_are_data() -> None:
    """A country's rule is a value: other months need no code."""
    assert profile_of("UK").identity_starts_clock
    assert Profile("X", months=2).extended_months == 3


@pytest.mark.parametrize(
    ("country", "region", "profile", "day", "works"),
    [
        ("DE", "", "EU", date(2026, 10, 31), False),  # a Saturday
        ("DE", "SH", "EU", date(2025, 10, 31), False),
        ("DE", "BY", "EU", date(2025, 10, 31), True),
        ("DE", "", "EU", date(2025, 10, 31), True),
        ("DE", "BY", "EU", date(2026, 1, 6), False),
        ("GB", "", "UK", date(2026, 8, 3), True),
        ("GB", "SCT", "UK", date(2026, 8, 3), False),
        ("GB", "", "UK", date(2026, 8, 31), False),
        ("GB", "SCT", "UK", date(2026, 8, 31), True),
    ],
)
def test_holidays_are_those_of_the_region(country: str, region: str, profile: str, day: date, works: bool) -> None:
    """Reformation Day is one in Kiel and not in Munich, the August bank holiday another one in Edinburgh; without a
    region the country's own count, and under the UK profile England's."""
    assert Calendar(country, PROFILES[profile], region).is_working(day) == works


def test_a_holiday_that_comes_but_once() -> None:
    """The organisation adds what no list of holidays knows, such as a day of mourning."""
    day = date(2026, 9, 14)
    assert not Calendar("GB", PROFILES["UK"], more=frozenset({day})).is_working(day)


@given(instants, st.integers(0, 90), st.sampled_from(["DE", "FR"]))
def test_a_pause_never_brings_the_end_nearer(received: datetime, stopped: int, country: str) -> None:
    """D2: due never earlier than without the pause; no days, no change; raw it moves by exactly the days."""
    days = Calendar(country, PROFILES["EU"])
    without, paused = deadline(received, 1, BERLIN, days), deadline(received, 1, BERLIN, days, stopped)
    assert paused.due_at >= without.due_at
    assert stopped or paused == without
    zone = ZoneInfo(BERLIN)
    raw = [d.due_conservative.astimezone(zone).date() for d in (without, paused)]
    assert (raw[1] - raw[0]).days == stopped


def test_days_of_a_pause_are_local_days() -> None:
    """Asked and answered on one day costs nothing; over local midnight one day, whatever UTC says."""
    asked = datetime(2026, 3, 31, 21, 30, tzinfo=UTC)
    assert days_between(asked, datetime(2026, 3, 31, 21, 59, tzinfo=UTC), BERLIN) == 0
    assert days_between(asked, datetime(2026, 3, 31, 22, 1, tzinfo=UTC), BERLIN) == 1
    assert days_between(asked, asked - timedelta(days=3), BERLIN) == 0
