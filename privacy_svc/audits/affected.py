"""Who was touched (Art. 33(3)(a), 34 GDPR): from the log, by the span of a breach and the client it went through.

What is in the log is what went through this service: reads, permits and writes. A copy of the database taken
elsewhere leaves no trace here; who may be in that is everybody.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.auditlog import EntryView, EventType, Log
from privacy_svc.audits.uses import READS, WRITES, Use, uses
from privacy_svc.db import Database
from privacy_svc.store import rows_of_people

MOST_AUDIENCES = 1000


@dataclass(slots=True)
class Touched:
    """One person: the fields that were read or written, how often, and when first and last."""

    fields: set[str] = field(default_factory=set)
    entries: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None

    def add(self, use: Use) -> None:
        self.fields.update(use.fields)
        self.entries += 1
        self.first_at = use.at if self.first_at is None else min(self.first_at, use.at)
        self.last_at = use.at if self.last_at is None else max(self.last_at, use.at)


def affected(database: Database, log: Log, since: datetime, until: datetime, client: str | None) -> dict[str, Any]:
    """`people` with the rows of the store they are, `unnamed`: entries that name nobody any more, because of an
    erasure, and `audiences`: lists of ids that were handed out, which name nobody by themselves."""
    people: dict[str, Touched] = {}
    unnamed, entries = 0, set[str]()
    for page in uses(database, log, since, until, types=(*READS, *WRITES), actor=client, closed=True):
        for use in page:
            entries.add(use.entry)
            if use.person is None:
                unnamed += 1
            else:
                people.setdefault(use.person, Touched()).add(use)
    with database.read() as session:
        named = _rows(session, sorted(people))
        decided = log.search(
            session, types=(EventType.AUDIENCE_DECIDED,), actor=client, since=since, until=until, limit=MOST_AUDIENCES
        )
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "client": client,
        "entries": len(entries),
        "people": [_told(person, touched, named.get(person, [])) for person, touched in sorted(people.items())],
        "unnamed": unnamed,
        "audiences": [_list(e) for e in decided],
    }


def _told(person: str, touched: Touched, rows: list[str]) -> dict[str, Any]:
    return {
        "subject": person,
        "rows": rows,
        "fields": sorted(touched.fields),
        "entries": touched.entries,
        "first_at": touched.first_at and touched.first_at.isoformat(),
        "last_at": touched.last_at and touched.last_at.isoformat(),
    }


def _list(entry: EntryView) -> dict[str, Any]:
    totals = {name: entry.told.get(name) for name in ("purpose", "asked", "permitted")}
    return {"entry": entry.id, "at": entry.at.isoformat()} | totals


def _rows(session: Session, people: list[str]) -> dict[str, list[str]]:
    """dataset.collection/key of each."""
    rows = rows_of_people(session, people)
    return {person: [f"{d}.{c}/{key}" for d, c, key in found] for person, found in rows.items()}
