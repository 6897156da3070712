"""What the log says was released, to whom, about whom: one walk over permits, reads and audiences.

An audience of a crowd names nobody, so it is not among these uses; whoever is in it finds themselves by their tag.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.auditlog import EntryView, EventType, Log
from privacy_svc.db import Database

PAGE = 500
RELEASES = (EventType.DECISION_PERMIT, EventType.RECORD_READ, EventType.AUDIENCE_DECIDED)


@dataclass(frozen=True, slots=True)
class Use:
    """Somebody's data, released to a module for a purpose. `person` is None for somebody of whom nothing else is known;
    `fields` are as the log names them, and none where the question was about the purpose as such."""

    entry: str
    at: datetime
    actor: str
    module: str | None
    purpose: str | None
    person: str | None
    fields: tuple[str, ...]
    policy_version: str | None


def uses(database: Database, log: Log, since: datetime, until: datetime) -> Iterator[list[Use]]:
    """In pages of entries, newest first. What is about erased people cannot be opened: it is left out. Raises
    Tampered."""
    after = None
    while True:
        with database.read() as session:
            found = log.search(session, types=RELEASES, since=since, until=until, after=after, limit=PAGE)
            page = [use for entry in found for use in _of(entry, log, session)]
        yield page
        if len(found) < PAGE:
            return
        after = found[-1].index


def _of(entry: EntryView, log: Log, session: Session) -> Iterator[Use]:
    told = entry.told
    if not told:
        return
    if "groups" in told:
        groups = told["groups"]
        for person, group in log.people(session, entry.id).items():
            if is_released(groups[group]):
                yield _use(entry, told, person, groups[group])
    elif entry.type == EventType.DECISION_PERMIT or is_released(told):
        yield _use(entry, told, entry.subject_id, told)


def is_released(answer: Mapping[str, Any]) -> bool:
    """Some field was given out; or the purpose as such was permitted, where no field was asked for."""
    fields = answer.get("fields", {})
    return bool(fields.get("permit") or fields.get("mask")) or not (fields or answer.get("reasons", True))


def _use(entry: EntryView, told: Mapping[str, Any], person: str | None, answer: Mapping[str, Any]) -> Use:
    fields = answer.get("fields", {})
    return Use(
        entry.id,
        entry.at,
        entry.actor,
        told.get("module"),
        told.get("purpose"),
        person,
        (*fields.get("permit", ()), *fields.get("mask", ())),
        told.get("policy_version"),
    )
