"""A birth date in columns of dates and times: it names nobody in others' rows, but in somebody's own it is theirs."""

import datetime as dt
from collections.abc import Collection as Values
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import String, cast, select
from sqlalchemy import column as sql_column

from privacy_svc.policy import birth_date
from privacy_svc.store.binding import BoundCollection, Stores
from privacy_svc.store.kinds import python_type
from privacy_svc.store.rows import by_keys, chunks

_DAY = 10
"""Characters of a day, in ISO 8601 and as databases write it."""


def day_of(value: Any) -> str | None:
    """`1980-01-31` of a birth date as a CRM writes it; None of a placeholder, and of what is none."""
    found = birth_date(value, dt.datetime.now(dt.UTC).date())
    return None if found is None else found.isoformat()


def date_columns(bound: BoundCollection) -> list[str]:
    """Mapped or not."""
    return [n for n, kind in bound.types.items() if python_type(kind) in {dt.date, dt.datetime}]


def holding_days(
    stores: Stores, bound: BoundCollection, names: Sequence[str], days: Values[str], keys: Sequence[str]
) -> Iterator[str]:
    """The column of each of these days in the rows with these keys, once a row. As the database writes them: it knows
    times that Python does not."""
    if not names or not days:
        return
    columns = [cast(sql_column(n, _selectable=bound.table), String).label(n) for n in names]
    for chunk in chunks(keys):
        with stores.read(bound.collection.dataset) as connection:
            rows = connection.execute(select(*columns).where(by_keys(bound, chunk))).mappings().all()
        yield from (name for row in rows for name in names if row[name] is not None and row[name][:_DAY] in days)
