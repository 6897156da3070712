"""Which days a date in a text may mean: the person's own birthday is theirs however it is written. Pure."""

import re
from collections.abc import Iterator

_MONTHS = (
    "jan jän ene gen",
    "feb fév fev",
    "mar mär maa",
    "apr avr abr",
    "may mai mei mag",
    "jun juin giu",
    "jul juil lug",
    "aug aoû ago",
    "sep set",
    "oct okt ott",
    "nov",
    "dec dez déc dic",
)
_MONTH = {start: n for n, starts in enumerate(_MONTHS, 1) for start in starts.split()}
_MOST_DAYS = 31
_PARTS = re.compile(r"\d+|[^\W\d_]{3,}")


def days_in(written: str) -> frozenset[str]:
    """`1980-01-31` of each way to read one date; of a year alone `1980`."""
    return frozenset(_days(written))


def _days(written: str) -> Iterator[str]:
    parts = _PARTS.findall(written.casefold())
    numbers = [int(p) for p in parts if p.isdecimal()]
    year = next((n for n in numbers if n > _MOST_DAYS), None)
    if year is None:
        return
    rest = [n for n in numbers if n != year]
    month = next((m for p in parts if (m := _MONTH.get(p[:4]) or _MONTH.get(p[:3]))), None)
    if not rest:
        yield str(year)
    elif month:
        yield f"{year:04}-{month:02}-{rest[0]:02}"
    elif len(rest) > 1:
        yield f"{year:04}-{rest[0]:02}-{rest[1]:02}"
        yield f"{year:04}-{rest[1]:02}-{rest[0]:02}"
