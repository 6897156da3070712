"""How often something may be done: counts in fixed windows, shared by all processes through the database.

A key is hashed, which hides nothing from whoever tries all networks there are; rows go when their window is over.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.identity.model import Tally


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` in each `period`; `name` is what the log calls it."""

    name: str
    most: int
    period: timedelta


@dataclass(frozen=True, slots=True)
class Reached:
    """A limit that holds somebody up. `first`: this try was the first one too many."""

    limit: Limit
    until: datetime
    first: bool

    @property
    def seconds(self) -> int:
        """To wait, for `Retry-After`."""
        return max(1, math.ceil((self.until - now()).total_seconds()))


def take(session: Session, limit: Limit, key: bytes, cost: int = 1) -> Reached | None:
    """Counts, also what is too many. The boundary commits in both cases, and refuses afterwards."""
    at = now()
    row = {
        "key_hash": hashlib.sha256(f"{limit.name}|{limit.period}|".encode() + key).digest(),
        "count": cost,
        "expires_at": at + limit.period,
    }
    insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    over = _TALLIES.c.expires_at <= at
    new = insert(_TALLIES).values(row)
    counted = new.on_conflict_do_update(
        index_elements=[_TALLIES.c.key_hash],
        set_={
            "count": case((over, cost), else_=_TALLIES.c.count + cost),
            "expires_at": case((over, new.excluded.expires_at), else_=_TALLIES.c.expires_at),
        },
    ).returning(_TALLIES.c.count, _TALLIES.c.expires_at)
    count, until = session.connection().execute(counted).one()
    return Reached(limit, until, first=count - cost <= limit.most) if count > limit.most else None


def forget_over(session: Session) -> None:
    """Counts whose window is over; what somebody else counts at this moment is left to them."""
    over = select(Tally.key_hash).where(Tally.expires_at <= now()).limit(1000).with_for_update(skip_locked=True)
    session.execute(delete(Tally).where(Tally.key_hash.in_(over)))


_TALLIES = cast("Table", Tally.__table__)
