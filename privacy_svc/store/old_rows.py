"""Which rows the database itself can leave out when rows of some age are looked for: those whose day it can tell is
later. What is read of the others decides; this may only ever keep too many."""

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, true

from privacy_svc.policy import RELATIONSHIP_END, Collection, DataMap, Field, RowRule, Tells
from privacy_svc.store.binding import BoundCollection, Stores
from privacy_svc.store.kinds import python_type

_SLACK = timedelta(days=2)
"""Times in the store may be of any zone."""


def old_rows(bound: BoundCollection, rule: RowRule, limit: date) -> ColumnElement[bool]:
    """Where the rule counts from a column of its own: not later than `limit`, as far as the database can compare."""
    if rule.start == RELATIONSHIP_END:
        return true()
    return _not_after(bound, bound.collection.by_name[rule.start], limit)


def old_people(stores: Stores, data_map: DataMap, person: Collection, limit: date) -> ColumnElement[bool]:
    """Where a column of their own row tells the end of the relationship: the latest of all of them counts, so none may
    be later."""
    bound = stores.bind(person)
    ends = [f for f in person.telling if f.tells is Tells.RELATIONSHIP_END]
    if not ends:
        return true()
    elsewhere = any(
        f.tells is Tells.RELATIONSHIP_END for c in data_map.collections() if c.path != person.path for f in c.telling
    )
    alone = len(ends) == 1 and not elsewhere
    return and_(*(_not_after(bound, f, limit, unset=not alone) for f in ends))


def _not_after(bound: BoundCollection, field: Field, limit: date, *, unset: bool = False) -> ColumnElement[bool]:
    """Texts sort like the days they begin with, in either spelling. `unset`: an empty one may be of interest too."""
    if field.seal:
        return true()
    column: Any = bound.table.c[field.name]
    end = limit + _SLACK
    empty = (column.is_(None),) if unset else ()
    held = str if bound.raw else python_type(bound.types[field.name])
    if held is str:
        return or_(column < end.isoformat(), column < end.strftime("%Y%m%d"), *empty)
    if held is datetime:
        return or_(column < datetime.combine(end, time()), *empty)
    return or_(column < end, *empty) if held is date else true()
