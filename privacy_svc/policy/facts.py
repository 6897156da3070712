"""What a customer store says of a person that decisions need: birth date, country, the relationship's end. Pure.

Values are taken as a CRM writes them. What cannot be read is unknown, and never guessed.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from functools import lru_cache

from privacy_svc.policy.durations import add_duration, surely_before

OF_AGE = 21
"""No purpose asks for a higher age, so `SubjectState.age` is never more: 21 means 21 or older."""
GROWN = (OF_AGE, 18)
"""What the privacy database tells in clear of an age: the first of these that was reached."""
OLDEST = 120
"""A birth date further back is a placeholder, such as 1900-01-01, and says nothing."""
_WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}(?:$|[ T])|\d{8}$", re.ASCII)
_CODE = re.compile(r"[A-Z]{2}")
_OTHER_CODES = {"UK": "GB", "EL": "GR"}
"""Both are reserved in ISO 3166 for these countries, and in use."""


@dataclass(frozen=True, slots=True)
class Facts:
    """None: unknown, or the relationship lasts. Values never appear in `repr`."""

    born: date | None = None
    country: str | None = None
    """ISO 3166, two capital letters."""
    ended_on: date | None = None

    def __repr__(self) -> str:
        return "Facts(…)"


def age_on(born: date, today: date) -> int:
    """Whole years, at most OF_AGE. Who was born on 29 February is a year older on 1 March of other years."""
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return max(0, min(years, OF_AGE))


def birth_date(value: object, today: date) -> date | None:
    """Also None for the future, and for what nobody alive was born on."""
    found = _day(value, None)
    if found is None or found > today or today.year - found.year > OLDEST:
        return None
    return found


def end_date(value: object, zone: tzinfo) -> date | None:
    """The local day; a time without a zone is local already."""
    return _day(value, zone)


def _day(value: object, zone: tzinfo | None) -> date | None:
    if isinstance(value, str):
        value = _written(value.strip())
    if isinstance(value, datetime):
        return (value.astimezone(zone) if zone is not None and value.tzinfo is not None else value).date()
    return value if isinstance(value, date) else None


def _written(text: str) -> datetime | None:
    if not _WRITTEN.match(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def country_code(value: object) -> str | None:
    """Of a code or a country's name, in one of the languages that `phonenumbers` has names in."""
    if not isinstance(value, str) or not (text := value.strip()):
        return None
    code = text.upper()
    if _CODE.fullmatch(code):
        code = _OTHER_CODES.get(code, code)
        return code if code in _codes() else None
    return _names().get(text.casefold())


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415 - only where countries are read

    return frozenset(SUPPORTED_REGIONS)


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    from phonenumbers.geodata.locale import LOCALE_DATA  # noqa: PLC0415 - slow: half a second, and megabytes

    return {
        name.casefold(): code
        for code, names in LOCALE_DATA.items()
        if code in _codes()
        for name in names.values()
        if not name.startswith("*")  # the same as in another language
    }


def anchor(ended_on: date, zone: tzinfo) -> datetime:
    """The instant from which retention counts: the local day's beginning."""
    return datetime.combine(ended_on, time(), zone)


@lru_cache(maxsize=1024)
def last_passed(today: date, retention: str) -> date:
    """The last day a relationship may have ended on for its retention to have passed by the beginning of today."""
    now = datetime.combine(today, time())
    day = surely_before(now, retention).date()
    while day < today and add_duration(datetime.combine(_next(day), time()), retention) <= now:
        day = _next(day)
    return day


def _next(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)
