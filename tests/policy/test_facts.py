"""What a CRM writes of birth dates, countries and ends, and what is read of it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy_svc.policy import add_duration, age_on, birth_date, country_code, end_date, last_passed
from privacy_svc.policy.facts import anchor

TODAY, BERLIN = date(2026, 11, 23), ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2012-02-29", date(2012, 2, 29)),
        (" 2012-02-29 ", date(2012, 2, 29)),
        ("2012-02-29 00:00:00", date(2012, 2, 29)),
        ("2012-02-29T00:00:00+01:00", date(2012, 2, 29)),
        ("20120229", date(2012, 2, 29)),
        (date(2012, 2, 29), date(2012, 2, 29)),
        (datetime(2012, 2, 29), date(2012, 2, 29)),  # noqa: DTZ001 - as a CRM has it
        ("2011-02-29", None),
        ("29.02.2012", None),
        ("02/03/2012", None),
        ("2012", None),
        ("2012-W09-3", None),
        ("twelve", None),
        ("", None),
        (None, None),
        (20120229, None),
        ("2026-11-24", None),
        ("1900-01-01", None),
        ("0001-01-01", None),
    ],
)
def test_birth_dates(written: object, read: date | None) -> None:
    """Only what has one meaning; a placeholder and the future are unknown."""
    assert birth_date(written, TODAY) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("DE", "DE"), ("de ", "DE"), ("UK", "GB"), ("EL", "GR"), ("Germany", "DE"), ("deutschland", "DE"),
        ("Österreich", "AT"), ("ZZ", None), ("Atlantis", None), ("", None), (None, None), (49, None),
    ],
)  # fmt: skip
def test_countries(written: object, read: str | None) -> None:
    """Codes of ISO 3166 and names; what is neither is unknown."""
    assert country_code(written) == read


def test_an_end_is_a_local_day() -> None:
    """A time with a zone is the organisation's day, one without is local already."""
    assert end_date("2026-11-22T23:30:00+00:00", BERLIN) == date(2026, 11, 23)
    assert end_date("2026-11-22 23:30:00", BERLIN) == date(2026, 11, 22)
    assert anchor(date(2026, 11, 23), BERLIN) == datetime(2026, 11, 22, 23, tzinfo=UTC)


def test_a_birthday() -> None:
    """A year older on the day; who was born on 29 February on 1 March; more than 21 years are 21."""
    assert [age_on(date(2010, 11, 23), date(2026, 11, d)) for d in (22, 23)] == [15, 16]
    assert [age_on(date(2012, 2, 29), d) for d in (date(2028, 2, 29), date(2029, 2, 28), date(2029, 3, 1))] == [
        16,
        16,
        17,
    ]
    assert age_on(date(1950, 1, 1), TODAY) == 21


@given(
    today=st.dates(date(1990, 1, 1), date(2100, 1, 1)),
    retention=st.sampled_from(["P0D", "P1D", "P1M", "P13M", "P1Y", "P3Y2M5D", "P10Y"]),
)
def test_the_last_day_that_is_over(today: date, retention: str) -> None:
    """Of ends of a relationship it is the last whose retention the decision finds passed on that day."""
    last, begin = last_passed(today, retention), datetime.combine(today, datetime.min.time())
    over = [
        add_duration(datetime.combine(day, datetime.min.time()), retention) <= begin
        for day in (last, last + timedelta(days=1))
    ]
    assert over == [True, False]
