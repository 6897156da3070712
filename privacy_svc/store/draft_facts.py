"""Which fields of a table of persons tell a birth date, a country or the end of the relationship, where one can tell.
Where two could be meant, none is taken, and the draft says so."""

import re
from collections.abc import Callable, Sequence
from typing import Protocol

from privacy_svc.db import now
from privacy_svc.policy import Tells, birth_date, country_code
from privacy_svc.store.schema import Column

ENOUGH = 0.9
"""Of the sampled values, that can be read."""
_END = re.compile(
    r"(?:(?:account|contract|customer|membership|relationship)_?)?"
    r"(?:closed|ended|terminated|cancell?ed|churned|left|end|closing|termination|cancellation)_?(?:on|at|date)",
    re.IGNORECASE,
)
_DATED = frozenset({"date", "text"})


class Drafted(Protocol):
    column: Column
    category: str
    reasons: list[str]
    tells: Tells | None


def name_facts(fields: Sequence[Drafted]) -> None:
    """Notes in each what it tells, and why, or why not."""
    today = now().date()
    _name(fields, Tells.BIRTH_DATE, "user.demographic.date_of_birth", lambda v: birth_date(v, today) is not None)
    _name(fields, Tells.COUNTRY, "user.contact.address.country", lambda v: country_code(v) is not None)
    for field in fields:
        if field.column.kind in _DATED and _END.fullmatch(field.column.name):
            field.tells = Tells.RELATIONSHIP_END
            field.reasons.append("its name says when the relationship ended, from where retention counts; please check")


def _name(fields: Sequence[Drafted], what: Tells, category: str, readable: Callable[[object], bool]) -> None:
    found = [f for f in fields if f.category == category]
    for field in found:
        values = field.column.values
        if len(found) > 1:
            names = ", ".join(f.column.name for f in found)
            field.reasons.append(f"one of {names} may get `tells: {what}`; please check which is the person's")
        elif sum(map(readable, values)) < ENOUGH * len(values):
            field.reasons.append(f"it does not get `tells: {what}`: too few of its values can be read as one")
        else:
            field.tells = what
            field.reasons.append(f"decisions about the person take their {what.replace('_', ' ')} from here")
