"""Who was touched (Art. 33(3)(a), 34 GDPR): from the log, by the span of a breach and the client it went through.

Each entry by which data were handed out or written counts, whoever did it: modules, staff, exports, audiences. What is
in the log is what went through this service. A copy of the database taken elsewhere leaves no trace here; who may be in
that is everybody.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.auditlog import EntryView, EventType, Log, Progress, Wanted, unseen, walk
from privacy_svc.db import Database
from privacy_svc.store import is_released, rows_of_people

TOUCHING = (
    EventType.DECISION_PERMIT,
    EventType.AUDIENCE_DECIDED,
    EventType.RECORD_READ,
    EventType.RECORD_CREATE,
    EventType.RECORD_WRITE,
    EventType.VALUE_RECTIFIED,
    EventType.CONSENT_READ,
    EventType.CONSENT_EXPORTED,
    EventType.DATA_SHOWN,
    EventType.DATA_LOOKED_AT,
    EventType.DETAILS_READ,
    EventType.FILE_READ,
    EventType.HOLD_READ,
    EventType.PACKAGE_DOWNLOADED,
    EventType.RECIPIENT_TOLD,
    EventType.LOG_READ,
)
SAID = (
    EventType.CONSENT_REQUESTED,
    EventType.CONSENT_GIVEN,
    EventType.CONSENT_REFUSED,
    EventType.CONSENT_WITHDRAWN,
    EventType.CONSENT_INVALIDATED,
    EventType.CONSENT_IMPORTED,
    EventType.OBJECTION_RAISED,
    EventType.OBJECTION_LIFTED,
    EventType.RESTRICTION_PLACED,
    EventType.RESTRICTION_LIFTED,
    EventType.REQUEST_RECEIVED,
    EventType.MODULE_EVENT,
)
"""What was said in people's names. People do so themselves all the time: it counts where the client is known."""
NAMELESS = (EventType.SUPPRESSION_CHECKED, EventType.BREACH_AFFECTED)
"""Looks at many people whom the entry does not name: only how many such entries there are can be told."""
NO_TRACE = "A copy of the database taken past this service leaves no trace here; who may be in that is everybody."
_INSTANT = timedelta(microseconds=1)


@dataclass(slots=True)
class Touched:
    """One person: how, which fields, how often, and when first and last."""

    ways: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    entries: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None

    def add(self, entry: EntryView, fields: Iterable[str]) -> None:
        self.ways.add(entry.type)
        self.fields.update(fields)
        self.entries += 1
        self.first_at = entry.at if self.first_at is None else min(self.first_at, entry.at)
        self.last_at = entry.at if self.last_at is None else max(self.last_at, entry.at)


@dataclass(slots=True)
class _Found:
    people: dict[str, Touched] = field(default_factory=dict)
    entries: set[str] = field(default_factory=set)
    unnamed: dict[str, int] = field(default_factory=dict)
    """By entry: how many in it were erased since."""
    nameless: dict[str, int] = field(default_factory=dict)
    audiences: list[dict[str, Any]] = field(default_factory=list)
    crowds: dict[str, dict[str, EntryView]] = field(default_factory=dict)
    """By month and id: told at the end, as each month takes everybody's keys."""

    def add(self, entry: EntryView, person: str | None, group: int = 0) -> None:
        """`person`: None of whom was erased, and it is not known any more what of them was given."""
        fields = _given(entry, group)
        if fields is None and person is not None:
            return
        self.entries.add(entry.id)
        if person is None:
            self.unnamed[entry.id] = self.unnamed.get(entry.id, 0) + 1
        else:
            self.people.setdefault(person, Touched()).add(entry, fields or ())


def affected(
    database: Database,
    log: Log,
    since: datetime,
    until: datetime,
    client: str | None,
    progress: Progress = unseen,
) -> dict[str, Any]:
    """From `since` to `until`, both in it. `people` by pseudonym; `unnamed`: how often somebody was touched whom
    nothing names any more, because of an erasure, and so how many these are at most; `unnamed_at_least`: as many as are
    in one entry. `nameless`: entries by type that name nobody of those they are about; `audiences`: lists of people
    that were handed out, who stand among `people` as well."""
    found = _Found()
    types = (*TOUCHING, *NAMELESS, *(SAID if client is not None else ()))
    wanted = Wanted(types=types, actor=client, since=since, until=until + _INSTANT)
    for page in walk(log, database, wanted, progress):
        with database.read() as session:
            _of_page(session, log, page, found)
    for month, entries in sorted(found.crowds.items()):
        with database.read() as session:
            for entry_id, (person, group) in log.in_crowds(session, month, list(entries)):
                if _given(entries[entry_id], group) is not None:
                    found.add(entries[entry_id], person, group)
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "client": client,
        "entries": len(found.entries),
        "people": [_told(person, touched) for person, touched in sorted(found.people.items())],
        "unnamed": sum(found.unnamed.values()),
        "unnamed_at_least": max(found.unnamed.values(), default=0),
        "nameless": found.nameless,
        "audiences": found.audiences,
        "note": NO_TRACE,
    }


def with_rows(session: Session, touched: Mapping[str, Any]) -> dict[str, Any]:
    """What was found, with the rows of the store that each person is now; none of whom was erased since."""
    people = touched["people"]
    rows = rows_of_people(session, [p["subject"] for p in people])
    named = [p | {"rows": [f"{d}.{c}/{key}" for d, c, key in rows.get(p["subject"], [])]} for p in people]
    return {**touched, "people": named}


def _of_page(session: Session, log: Log, page: Sequence[EntryView], found: _Found) -> None:
    about_many = [entry.id for entry in page if entry.subject_id is None]
    members = log.members(session, about_many)
    crowds = {entry_id: month for month, ids in log.crowds(session, about_many).items() for entry_id in ids}
    for entry in page:
        if entry.type == EventType.AUDIENCE_DECIDED:
            found.audiences.append(_list(entry))
        if entry.type in NAMELESS:
            found.nameless[entry.type] = found.nameless.get(entry.type, 0) + 1
        elif entry.id in crowds:
            found.crowds.setdefault(crowds[entry.id], {})[entry.id] = entry
        elif entry.id in members:
            for person, group in members[entry.id]:
                found.add(entry, person, group)
        elif not _is_about_nobody(entry):
            found.add(entry, entry.subject_id)


def _is_about_nobody(entry: EntryView) -> bool:
    """A list that nobody was in; a look that showed nobody, as they were erased before it; a look at the log, or a
    module's own entry, that is about no person."""
    told = entry.told
    if entry.subject_id is not None:
        return False
    is_of_nobody = entry.type in {EventType.LOG_READ, *SAID} and not entry.erased
    return is_of_nobody or "groups" in told or told.get("erased") is True


def _given(entry: EntryView, group: int) -> tuple[str, ...] | None:
    """The fields, none where the entry names none; None where nothing was given out."""
    told: Mapping[str, Any] = entry.told
    if "groups" in told:
        told = told["groups"][group]
        if not is_released(told):
            return None
    fields = told.get("fields")
    if not isinstance(fields, Mapping):
        return ()
    if entry.type != EventType.DECISION_PERMIT and not is_released(told):
        return None
    return (*fields.get("permit", ()), *fields.get("mask", ()))


def _told(person: str, touched: Touched) -> dict[str, Any]:
    return {
        "subject": person,
        "ways": sorted(touched.ways),
        "fields": sorted(touched.fields),
        "entries": touched.entries,
        "first_at": touched.first_at and touched.first_at.isoformat(),
        "last_at": touched.last_at and touched.last_at.isoformat(),
    }


def _list(entry: EntryView) -> dict[str, Any]:
    totals = {name: entry.told.get(name) for name in ("purpose", "asked", "permitted")}
    return {"entry": entry.id, "at": entry.at.isoformat()} | totals
