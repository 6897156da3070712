"""Where dates stand in a text, in the order a language writes them. Pure."""

import re
from collections.abc import Iterator
from datetime import date

_DAY_FIRST = re.compile(
    r"(?<![\d./])(?<!\d-)(\d{1,2})(?P<sign>\.[ ]?|[-/ ])(\d{1,2})(?P=sign)((?:19|20)\d\d|(?<![ ])\d\d)(?!\d|[./-]\d)"
)
_YEAR_FIRST = re.compile(r"(?<![\d./])(?<!\d-)((?:19|20)\d\d)([./-])(\d{1,2})\2(\d{1,2})(?!\d|[./-]\d)")
_MONTH = re.compile(r"(?<![\d./])(?<!\d-)(?:0?[1-9]|1[0-2])[./](?:19|20)\d\d(?![ ]?\d|[./-]\d)")
_MONTH_FIRST = frozenset({"en"})
"""Where Americans write too."""


def dates_in(text: str, language: str) -> Iterator[tuple[int, int]]:
    for found in _DAY_FIRST.finditer(text):
        one, other, year = int(found[1]), int(found[3]), int(found[4])
        year += 2000 if year < 100 else 0
        if _exists(year, other, one) or (language in _MONTH_FIRST and _exists(year, one, other)):
            yield found.span()
    yield from (found.span() for found in _MONTH.finditer(text))
    for found in _YEAR_FIRST.finditer(text):
        if _exists(int(found[1]), int(found[3]), int(found[4])):
            yield found.span()


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
